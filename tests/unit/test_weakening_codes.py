"""The table of codes is whole: in the code, in the table, on the page."""

from __future__ import annotations

import re
from pathlib import Path

from bot.core.codes.weakened import WEAKENED

ROOT = Path(__file__).resolve().parents[2]


def test_every_code_that_is_given_is_in_the_table_and_the_other_way_round() -> None:
    sources = [path.read_text() for path in (ROOT / "bot" / "weakening").rglob("*.py")]
    given = set(re.findall(r"\"((?:tests|ci)\.[a-z_]+)\"", "\n".join(sources)))
    assert given == {row.code for row in WEAKENED}


def test_the_page_lists_them_in_the_same_words() -> None:
    page = (ROOT / "docs" / "weakening.md").read_text()
    assert [(code, text) for code, text in re.findall(r"^\| `([\w.]+)` \| (.+) \|$", page, re.MULTILINE)] == [
        (row.code, row.meaning) for row in WEAKENED
    ]
