"""Finds values of `.github/cadence.yml` that have the right type and cannot work, such as impossible globs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from bot.config.template import template_faults
from bot.config.yaml_text import Path, Places, YamlMistake, dotted, place_of
from bot.core.codes.lookup import CHANGESET_CODES
from bot.core.globs import glob_fault
from bot.core.names import OWN_NAMES
from bot.core.patterns import PatternInvalid, compiled

if TYPE_CHECKING:
    from bot.config.model import RepoConfig, Rule

GUARD_FAMILIES = frozenset({"loss", "syntax", "imports", "secret", "message", "protected", "size"})
"""Families of guard codes whose severity a repository may set."""

STRICT_FAMILIES = frozenset({"contract", "path", "stale"})
"""Families that cannot be weakened: without them a ChangeSet would no longer mean one thing."""

NEVER_WEAKENED = frozenset({"message.blank"})
"""A commit needs a subject."""

_SAID = ("matches", "holds", "is a regular")
_WILD_MARK = re.compile(r"\?(?!$)|(?<![A-Za-z])\?$")
"""A question mark that is not an end of a question; a check may be called `Ready to merge?`."""
# https://git-scm.com/docs/git-check-ref-format
_BRANCH = re.compile(
    r"\A(?!refs/|origin/|[-/.])(?!.*(?:\.\.|//|@\{|/\.|\.lock$|[/.]$))[^\x00-\x20\x7f~^:?*\[\\]{1,250}"
)
"""What `git check-ref-format --branch` takes, without a ref's or a remote's prefix."""


WITHOUT_EFFECT = ("repair", "backlog")
"""Sections that are accepted, so that a file written for a later version stays valid, and that nothing reads yet."""


def keys_without_effect(config: RepoConfig, places: Places) -> Iterator[YamlMistake]:
    """One note for each section of the file that has no effect yet; never a mistake."""
    for key in WITHOUT_EFFECT:
        if key in config.model_fields_set:
            yield YamlMistake(*place_of(places, (key,)), f"{key}: the key is accepted and has no effect yet")


def semantic_errors(config: RepoConfig, places: Places) -> Iterator[str]:
    """One line for each mistake: where it is, the key, the fault, and what is allowed."""
    for path, fault in _faults(config):
        line, column = place_of(places, path)
        yield f"line {line}, column {column}: {dotted(path)}: {fault}"


def _faults(config: RepoConfig) -> Iterator[tuple[Path, str]]:
    yield from _rule_faults(config.review.rules)
    yield from _severity_faults(config)
    yield from _glob_faults(config)
    for key in ("expect", "allow_skipped"):
        for index, name in enumerate(getattr(config.ci, key)):
            fault = _check_name_fault(name)
            if fault:
                yield ("ci", key, index), fault
    if config.plan.base is not None and not _BRANCH.fullmatch(config.plan.base):
        fault = f"`{config.plan.base[:60]}` is not a branch's name; write it as GitHub shows it, such as `main`"
        yield ("plan", "base"), fault
    for fault in template_faults(config.commit.template):
        yield ("commit", "template"), fault


def _check_name_fault(name: str) -> str:
    """Why no check of another App can have this name; "" when one may. Names are compared exactly, without case."""
    if name.casefold() in OWN_NAMES:
        return f"`{name}` is Cadence's own check and does not count as CI. Allowed: names of other Apps' checks"
    if not name.strip():
        return "is empty; write a check's name as GitHub shows it, or leave the entry out"
    if name != name.strip() or "\n" in name:
        return f"`{name.strip()[:60]}` must be one line without spaces at its ends, as GitHub shows the check's name"
    if "*" in name or "${{" in name or _WILD_MARK.search(name):
        return (
            f"`{name[:60]}` matches no check: names are compared as they are, without wildcards or expressions. Write "
            "every name as GitHub shows it, such as `test (3.12)`"
        )
    return ""


def _rule_faults(rules: Iterable[Rule]) -> Iterator[tuple[Path, str]]:
    """Patterns that do not compile, ids given twice, ids that cannot be a reason code."""
    # The id becomes the reason code `rule.<id>`, so it is limited to what a code may hold.
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
                # RE2 runs in linear time, whatever a pattern is: https://github.com/google/re2/wiki/Syntax
                pattern = compiled(f"(?m){rule.pattern}" if rule.type == "require" else rule.pattern)
            except PatternInvalid as error:
                yield path, f"the pattern does not compile: {error}"
            else:
                if rule.type == "require" and pattern.found_in(""):
                    yield (
                        path,
                        "the pattern matches an empty file too, so it requires nothing",
                    )


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
        elif code != family and code not in CHANGESET_CODES:
            allowed = sorted(one for one in CHANGESET_CODES if one.partition(".")[0] == family)
            yield path, f"no guard has this code. Allowed: {', '.join(dict.fromkeys((family, *allowed)))}"


def _glob_faults(config: RepoConfig) -> Iterator[tuple[Path, str]]:
    """Globs that match nothing. One that guards a path must not turn into a name that no file has."""
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
            fault = glob_fault(glob)
            if fault:
                yield (*path, index), f"`{glob.strip()[:60]}` {fault}" if fault.startswith(_SAID) else fault
