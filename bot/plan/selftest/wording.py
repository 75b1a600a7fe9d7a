"""The text of a task's blueprint: what the edit was for, and exactly which text to restore where. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from bot.changeset.files_tree import Files
from bot.plan.selftest.mutation import Mutation, lines_of_file

LONGEST_ANCHOR = 12
"""Lines: so many of those before a place are quoted at most, until they occur only once."""


def blueprint_body(mutation: Mutation, files: Files) -> str:
    """The Markdown under the title. With it the sample is the only right result, byte for byte."""
    parts = [mutation.intent]
    if mutation.exact:
        for path, undone in mutation.undone.items():
            parts += _file(path, undone, files.get(path))
    parts.append("Change nothing else: no other file or line, no further tests, no white space.")
    return "\n\n".join(parts) + "\n"


def _file(path: str, undone: str | None, wanted: str | None) -> Iterator[str]:
    if undone is None and wanted is not None:
        yield f"The whole text of `{path}`, which ends with a line end:"
        yield _quoted(wanted)
    elif undone is not None and wanted is not None:
        now, then = lines_of_file(undone), lines_of_file(wanted)
        for first, after, start, end in _places(now, then):
            yield from _edit(path, now, (first, after), then[start:end])


def _places(now: Sequence[str], then: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Each place that differs: its lines in `now`, from and up to, and in `then`.

    Lines that are only inserted or removed are taken as far down as possible: a function is then shown from its first
    line to its last, and not from the last line of the one before.
    """
    codes = difflib.SequenceMatcher(None, now, then, autojunk=False).get_opcodes()
    for at, (tag, a, b, c, d) in enumerate(codes):
        if tag == "equal":
            continue
        room = codes[at + 1][2] - codes[at + 1][1] - 1 if at + 1 < len(codes) else 0
        moved = 0
        while moved < room and (
            (tag == "insert" and then[c + moved] == then[d + moved])
            or (tag == "delete" and now[a + moved] == now[b + moved])
        ):
            moved += 1
        yield a + moved, b + moved, c + moved, d + moved


def _edit(path: str, now: Sequence[str], span: tuple[int, int], then: Sequence[str]) -> Iterator[str]:
    """One place of a file: what is there now, and what has to be there."""
    first, after = span
    if first == after:
        if first == 0:
            yield f"At the very start of `{path}`, before its first line, insert exactly {_count(then)}:"
        else:
            anchor = _anchor(now, first)
            yield f"In `{path}`, directly after {_named(first, len(anchor), 'which reads', 'which read')}"
            yield _quoted("".join(anchor))
            yield f"insert exactly {_count(then)}:"
        yield _quoted("".join(then))
        return
    yield f"In `{path}`, {_named(after, after - first, 'which reads', 'which read')}"
    yield _quoted("".join(now[first:after]))
    if not then:
        yield "must go."
        return
    yield f"must be replaced by exactly {_count(then)}:"
    yield _quoted("".join(then))


def _anchor(now: Sequence[str], first: int) -> Sequence[str]:
    """The lines before a place: at least one that is not blank, and so many that they occur only once."""
    whole = "".join(now)
    for count in range(1, min(first, LONGEST_ANCHOR) + 1):
        lines = now[first - count : first]
        text = "".join(lines)
        # Counted at starts of lines, because `x = 1` is also in `max = 1`.
        once = f"\n{whole}".count(f"\n{text}") == 1
        if once and any(line.strip() for line in lines):
            return lines
    return now[first - min(first, LONGEST_ANCHOR) : first]


def _named(after: int, count: int, one: str, several: str) -> str:
    """Words for the last `count` lines before line `after` (from 0)."""
    return f"line {after}, {one}" if count == 1 else f"lines {after - count + 1} to {after}, {several}"


def _count(lines: Sequence[str]) -> str:
    words = "this line" if len(lines) == 1 else f"these {len(lines)} lines"
    # A reader takes blank lines at the edge of a quotation for layout.
    first = next((at for at, line in enumerate(lines) if line.strip()), len(lines))
    last = next((at for at, line in enumerate(reversed(lines)) if line.strip()), 0)
    edges = [_blank_edge("first", first), _blank_edge("last", last)]
    said = " and ".join(edge for edge in edges if edge)
    return f"{words} ({said})" if said else words


def _blank_edge(which: str, count: int) -> str:
    if count == 0:
        return ""
    return f"the {which} is blank" if count == 1 else f"the {which} {count} are blank"


def _quoted(text: str) -> str:
    """The text in a fence that is longer than any in the text."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{text}{fence}"
