"""What the types of `.github/cadence.yml` cannot say: keys that are well-formed and mean nothing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bot.changeset.codes import CODES
from bot.changeset.globs import is_glob
from bot.config_text import Path, Places, dotted, place_of
from bot.names import OWN_NAMES
from bot.patterns import PatternInvalid, compiled

if TYPE_CHECKING:
    from bot.repo_config import RepoConfig, Rule

GUARD_FAMILIES = frozenset({"loss", "syntax", "imports", "secret", "message", "protected", "size"})
"""Families of guard codes whose severity a repository may set."""

STRICT_FAMILIES = frozenset({"contract", "path", "stale"})
"""Families that cannot be weakened: without them a ChangeSet would no longer mean one thing."""

NEVER_WEAKENED = frozenset({"message.blank"})
"""A commit needs a subject."""


def mistakes_in(config: RepoConfig, places: Places) -> Iterator[str]:
    """One line for each mistake: where it stands, the key, the fault, and what is allowed."""
    for path, fault in _faults(config):
        line, column = place_of(places, path)
        yield f"line {line}, column {column}: {dotted(path)}: {fault}"


def _faults(config: RepoConfig) -> Iterator[tuple[Path, str]]:
    yield from _rule_faults(config.review.rules)
    yield from _severity_faults(config)
    yield from _glob_faults(config)
    for key in ("expect", "allow_skipped"):
        for index, name in enumerate(getattr(config.ci, key)):
            if name.casefold() in OWN_NAMES:
                fault = f"`{name}` is Cadence's own check and nobody's CI. Allowed: names of other Apps' checks"
                yield ("ci", key, index), fault
    if "{summary}" not in config.commit.template:
        yield ("commit", "template"), "it must hold {summary}"


def _rule_faults(rules: Iterable[Rule]) -> Iterator[tuple[Path, str]]:
    """Patterns that do not compile, ids given twice, ids that cannot be a reason code."""
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        path: Path = ("review", "rules", index)
        if rule.id in seen:
            yield path, f"the id `{rule.id}` is given twice"
        seen.add(rule.id)
        if not re.fullmatch(r"[a-z0-9][a-z0-9_.-]{0,63}", rule.id):
            yield path, "an id is lower-case letters, digits, `.`, `_` and `-`"
        if rule.type != "max_lines":
            try:
                compiled(f"(?m){rule.pattern}" if rule.type == "require" else rule.pattern)
            except PatternInvalid as error:
                yield path, f"the pattern does not compile: {error}"


def _severity_faults(config: RepoConfig) -> Iterator[tuple[Path, str]]:
    """Severities of codes that no guard has, or of those that may not be weakened."""
    for code, severity in config.guards.severities.items():
        path: Path = ("guards", "severities", code)
        family = code.partition(".")[0]
        if family in STRICT_FAMILIES or code in NEVER_WEAKENED:
            if severity != "error":
                yield path, f"`{code if code in NEVER_WEAKENED else family}` is always an error"
        elif family not in GUARD_FAMILIES:
            yield path, f"no guard has this code. Families: {', '.join(sorted(GUARD_FAMILIES))}"
        elif code != family and code not in CODES:
            allowed = sorted(one for one in CODES if one.partition(".")[0] == family)
            yield path, f"no guard has this code. Allowed: {', '.join(dict.fromkeys((family, *allowed)))}"


def _glob_faults(config: RepoConfig) -> Iterator[tuple[Path, str]]:
    """Globs that cannot be read. One that guards a path must not turn into a name that no file has."""
    lists: list[tuple[Path, Iterable[str]]] = [
        (("plan", "protected"), config.plan.protected),
        (("plan", "context_docs"), config.plan.context_docs),
        (("review", "unreviewable", "allow"), config.review.unreviewable.allow),
    ]
    lists += [
        (("review", "rules", index, "paths"), rule.paths)
        for index, rule in enumerate(config.review.rules)
        if rule.type != "max_lines"
    ]
    for path, globs in lists:
        for index, glob in enumerate(globs):
            if not is_glob(glob):
                yield (*path, index), "not a glob: a range in brackets runs backwards, or it is far too long"
