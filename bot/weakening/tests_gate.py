"""Tests that were removed, skipped, narrowed or loosened by a change (`tests.*`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.changeset.tree import TreeReader
from bot.weakening.checked_less import checked_less
from bot.weakening.collected import collected_findings
from bot.weakening.features import Vanished
from bot.weakening.fewer_rows import fewer_rows
from bot.weakening.files import FilePair
from bot.weakening.gone import gone_findings
from bot.weakening.hooks import hook_findings
from bot.weakening.matching import match
from bot.weakening.model import WeakeningFinding
from bot.weakening.skips import constraint_findings, focus_findings, setup_findings, skip_findings
from bot.weakening.textual import textual_findings


def test_findings(pairs: Sequence[FilePair], head: TreeReader) -> Iterator[WeakeningFinding]:
    """Every `tests.*` finding of a change, in no particular order. Raises what the reader raises (GitFailed)."""
    vanished = Vanished(pairs)
    matching = match([pair for pair in pairs if pair.old_units or pair.new_units])
    for pair in pairs:
        # A grammar recovers from errors, so this is a file that the parser refuses as a whole.
        if pair.unparsed:
            message = "The file of tests cannot be parsed: what it checks is not known."
            yield WeakeningFinding("tests.unreadable", pair.path, None, message)
    yield from gone_findings(matching, pairs, vanished)
    yield from collected_findings(matching, pairs, head)
    yield from hook_findings(pairs)
    yield from skip_findings(matching)
    yield from setup_findings(matching)
    yield from checked_less(matching, vanished)
    yield from fewer_rows(matching, vanished)
    yield from focus_findings(matching)
    yield from constraint_findings(matching)
    yield from textual_findings(pairs, vanished)
