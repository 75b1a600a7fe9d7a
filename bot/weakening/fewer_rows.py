"""Tests that run on fewer rows of data than before, counted over the whole change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.weakening.features import Vanished
from bot.weakening.matching import Matching
from bot.weakening.model import WeakeningFinding
from bot.weakening.skips import name_of
from bot.weakening.successors import Matched


def fewer_rows(matching: Matching, vanished: Vanished) -> Iterator[WeakeningFinding]:
    """Rows of data that a test ran on and no longer does, counted over the whole change."""
    came: Counter[str] = Counter()
    changed = [one for one in matching.same if one.old.text != one.new.text]
    for one in changed:
        came.update(Counter(one.new.body.rows) - Counter(one.old.body.rows))
    for _, unit in matching.born:
        came.update(unit.body.rows)
    for one in changed:
        old, new = one.old.body.rows, one.new.body.rows
        if one.old.kind in ("code", "group"):
            continue
        cut = [text for text in one.new.body.cut if text not in one.old.body.cut]
        if cut and len(one.new.body.cut) > len(one.old.body.cut) and not _sliced_new(one):
            message = f"{name_of(one.new)} runs on a part of its cases only: {cut[0][:80]}"
            yield WeakeningFinding("tests.cases_removed", one.pair.path, one.new.line, message)
        emptied = not new and one.new.body.row_lists > 0
        if len(old) <= len(new) or not (new or emptied):
            continue
        gone = [row for row in dict.fromkeys(old) if row not in set(new)]
        fresh = sum((Counter(new) - Counter(old)).values())
        gone = [row for row in gone if not came[row] and not vanished.explains_text(row)]
        if len(gone) > fresh and len(gone) - fresh > 0:
            where = name_of(one.new) if one.new.names else "the file's table"
            message = f"{where} runs on {len(gone) - fresh} cases fewer, among them {gone[0][:80]}"
            yield WeakeningFinding("tests.cases_removed", one.pair.path, one.new.line, message)


def _sliced_new(one: Matched) -> bool:
    """Whether the test ran over no list before, so that nothing was cut."""
    return (
        not one.old.body.rows
        and not one.old.body.row_lists
        and not re.search(r"parametrize|\beach\b|\bfor\b|Each|range", one.old.text)
    )
