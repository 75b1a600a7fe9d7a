"""CI, lint and coverage that a change drops, silences or loosens (`ci.*`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.changeset.tree import TreeReader
from bot.weakening.ci.commands import checks_of, kinds
from bot.weakening.ci.config import Config, concerns_ci, is_pipeline, read
from bot.weakening.ci.hooks import hook_findings
from bot.weakening.ci.lists import LinterFiles
from bot.weakening.ci.pipeline import Pipelines
from bot.weakening.ci.settings import setting_findings
from bot.weakening.ci.severities import cop_findings, severity_findings
from bot.weakening.ci.triggers import allowed_failures, lost_platforms, trigger_findings
from bot.weakening.files import FilePair
from bot.weakening.model import WeakeningFinding


def ci_findings(pairs: Sequence[FilePair], head: TreeReader) -> Iterator[WeakeningFinding]:
    """Every `ci.*` finding of a change, in no particular order."""
    sides = [
        (read(pair.old_path, pair.before), read(pair.path, pair.after)) for pair in pairs if concerns_ci(pair.path)
    ]
    if not sides:
        return
    linters = LinterFiles(sides, frozenset(pair.path for pair in pairs if pair.change.old is None))
    yield from setting_findings(sides, linters, lambda path: _vanished(path, pairs, head))
    yield from _unreadable(sides)
    yield from linters.findings()
    for old, new in sides:
        if old.text and new.text:
            yield from severity_findings(old, new)
            yield from cop_findings(old, new)
    yield from hook_findings(sides, linters.selects_more)
    # Reading all pipelines of the head takes time, and matters only for one that moved.
    deleted = any(old.text and not new.text and is_pipeline(old.path) for old, new in sides)
    elsewhere = _checked_elsewhere(head) if deleted else frozenset()
    yield from Pipelines(sides, elsewhere).findings()
    for old, new in sides:
        if old.text and new.text:
            yield from trigger_findings(old, new)
            yield from allowed_failures(old, new)
            yield from lost_platforms(old, new)


def _vanished(path: str, pairs: Sequence[FilePair], head: TreeReader) -> bool:
    plain = path.strip("./")
    return bool(plain) and pairs[0].base.entry(plain) is not None and head.entry(plain) is None


def _unreadable(sides: Sequence[tuple[Config, Config]]) -> Iterator[WeakeningFinding]:
    """Files that could be parsed and no longer can: nothing is known of what they check."""
    for old, new in sides:
        if new.unreadable and not old.unreadable and old.text:
            message = "The file could be read before and cannot be parsed any more: its checks are not known."
            yield WeakeningFinding("ci.unreadable", new.path, 1, message)


def _checked_elsewhere(head: TreeReader) -> frozenset[str]:
    """Kinds of checks that the head's pipelines run: a pipeline that moved to another CI is not lost.

    A Makefile's first target is what the project calls its checks; who lints has the format looked at, too.
    """
    found: set[str] = set()
    for entry in head.files():
        if is_pipeline(entry.path) and entry.size < 200_000:
            for line in head.read(entry.path).decode("utf-8", "replace").split("\n"):
                command = line.split("run:", 1)[-1].strip(" -")
                found.update(kinds(checks_of(command)))
                if re.search(r"\bmake$", command):
                    found.add("test")
    # The common linters check the format, too.
    return frozenset(found | {"format"} if "lint" in found else found)
