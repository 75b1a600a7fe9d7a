"""The outline of a file that is shown in part: its definitions that are not shown, with their lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.plan.context.analysis import Analysis, lines_with_ends

LINES_AT_MOST = 80
CHARACTERS_AT_MOST = 110


def outline_of(analysis: Analysis, text: str, hidden: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """A line for each definition that begins in one of the `hidden` ranges: its lines and its first line of code.

    Inner definitions are indented. The innermost are left out first where there are too many.
    """
    lines = lines_with_ends(text)
    found: list[tuple[int, str]] = []
    ends: list[int] = []
    for one in analysis.definitions:
        while ends and ends[-1] < one.start:
            ends.pop()
        depth = len(ends)
        ends.append(one.end)
        if one.start > len(lines) or not any(start <= one.start <= end for start, end in hidden):
            continue
        code = " ".join(lines[one.start - 1].split())[:CHARACTERS_AT_MOST]
        found.append((depth, f"{'  ' * depth}{one.start}-{one.end}: {code}"))
    for deepest in range(max((depth for depth, _ in found), default=0), 0, -1):
        if len(found) <= LINES_AT_MOST:
            break
        found = [(depth, line) for depth, line in found if depth < deepest]
    return tuple(line for _, line in found[:LINES_AT_MOST])
