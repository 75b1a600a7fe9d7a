"""Settings of linters, test runners and coverage that ask for less than before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.weakening.ci.limits import level_findings, switch_findings, threshold_findings
from bot.weakening.ci.lists import Side, ignore_findings, left_out, select_findings, switched_on, warning_findings
from bot.weakening.model import WeakeningFinding


def lint_findings(sides: Sequence[Side], added: frozenset[str]) -> Iterator[WeakeningFinding]:
    """Every finding about the settings of the changed files; `added` are the paths that the change brings."""
    old_ignored = {item for old, _ in sides for item in left_out(old)}
    enabling = switched_on(sides)
    for old, new in sides:
        if old.text and new.text:
            yield from ignore_findings(old, new, old_ignored, enabling, added)
            yield from select_findings(old, new, sides)
            yield from threshold_findings(old, new, enabling)
            yield from switch_findings(old, new, sides)
            yield from level_findings(old, new)
            yield from warning_findings(old, new)
