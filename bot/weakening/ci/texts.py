"""What the rows for scripts and build files say about a change: lines that came, and lines that are gone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.weakening.ci.config import Config
from bot.weakening.ci.table import TextRow
from bot.weakening.model import WeakeningFinding


def text_gone(row: TextRow, old: Config, new: Config, kept: str) -> Iterator[WeakeningFinding]:
    """A line of the base that the row looks for and that no file of the change has any more, in whatever words."""
    had, has = ([line.strip() for line in side.text.split("\n") if row.pattern.search(line)] for side in (old, new))
    lost = [line for line in had if line not in kept and line.lstrip("#/ ") not in has]
    # A line in other words is another way to do the same.
    if (
        len(has) < len(had)
        and lost
        and all(line in had for line in has)
        and not lost[0].startswith(("//", "#", "*")[: 1 + 2 * (row.tool != "shell")])
    ):
        message = f"{row.says[0].upper()}{row.says[1:]}: {' '.join(lost[0].split())[:80]} ({row.tool})."
        yield WeakeningFinding(row.code, new.path, None, message)


def of_text(row: TextRow, old: Config, new: Config) -> Iterator[WeakeningFinding]:
    """The first line that the row looks for and the base has not; as many as before, in other words, are none."""
    had = Counter(" ".join(line.split()) for line in old.text.split("\n") if row.pattern.search(line))
    lines = new.text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith(("//", "#", "*")) or not row.pattern.search(line):
            continue
        if row.code == "ci.condition" and _is_in_new_stage(lines[:number], old.text):
            continue
        stated = " ".join(line.split())
        if had[stated] > 0:
            had[stated] -= 1
            continue
        if had.total() > 0:
            # Reworded: as many as before.
            had.subtract([next(iter(+had))])
            continue
        yield WeakeningFinding(
            row.code, new.path, number, f"{row.says[0].upper()}{row.says[1:]}: {stated[:80]} ({row.tool})."
        )
        return


def _is_in_new_stage(lines: Sequence[str], old: str) -> bool:
    """Whether the last of the lines belongs to a Jenkins stage that the base has not: it never ran without `when`."""
    # https://www.jenkins.io/doc/book/pipeline/syntax/#when
    stage = next((line for line in reversed(lines) if re.search(r"\bstage\s*\(", line)), "")
    named = re.search(r"stage\s*\(\s*['\"]([^'\"]*)", stage)
    return named is not None and named[1] not in old
