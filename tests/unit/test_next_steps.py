"""What Cadence advises must work today."""

from __future__ import annotations

import re
from pathlib import Path

from bot.core.command_table import LATER, VERBS

ROOT = Path(__file__).resolve().parents[2]
GIVEN = re.compile(r"(?<![\w.])/cadence[ \u00a0]+([a-z]+)")
MADE = ("docs/codes-shown.md", "docs/commands-shown.md")
"""Show what tests saw, also of a command that does not work yet."""


def test_every_command_that_a_text_or_page_names_works() -> None:
    pages = [
        *(ROOT / "bot").rglob("*.py"),
        *(ROOT / "docs").rglob("*.md"),
        ROOT / "README.md",
        *ROOT.glob("deploy/**/*"),
    ]
    named = {
        (path.relative_to(ROOT).as_posix(), verb)
        for path in pages
        if path.is_file() and path.relative_to(ROOT).as_posix() not in MADE
        for verb in GIVEN.findall(path.read_text(encoding="utf-8", errors="replace"))
    }
    assert {verb for _, verb in named} >= {"go", "replan"}
    assert not [one for one in sorted(named) if one[1] not in VERBS]
    assert not LATER & set(VERBS)
