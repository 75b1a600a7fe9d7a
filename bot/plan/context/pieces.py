"""The pieces of a file: consecutive lines that belong together, mostly one definition each. Every line is in one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.syntax.structure import Definition

SMALL_SCOPE = 25
"""Lines: a class up to this size is one piece."""
LONG = 120
"""Lines: a longer definition is split at blank lines, so that one long function does not hide all others."""
CHUNK = 60
"""Lines of a piece of plain text, or of a long definition."""

_ATTACHED = re.compile(r"^[ \t]*(@|#(?!\s*(if|else|endif|include|define)\b)|//|/\*|\*(/|\s|$)|--|export default$)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines `start` to `end` from 1, both included. `names` are those of the definition and of the scopes around it,
    outermost first; none for what is outside of every definition. `whole` tells that it is a complete definition."""

    start: int
    end: int
    names: tuple[str, ...]
    whole: bool = False


def pieces_of(lines: Sequence[str], definitions: Sequence[Definition]) -> list[Piece]:
    """The partition of a file's lines by its definitions, in the order of lines."""
    if not lines:
        return []
    found: list[Piece] = []
    _divide(lines, _tree(lines, definitions), 1, len(lines), (), found)
    return found


@dataclass(slots=True)
class _Node:
    """A definition and those inside it; `start` includes its comments and decorators."""

    name: str
    start: int
    end: int
    scope: bool
    children: list[_Node]


def _tree(lines: Sequence[str], definitions: Sequence[Definition]) -> list[_Node]:
    roots: list[_Node] = []
    open_nodes: list[_Node] = []
    last_end = 0
    for one in definitions:
        end = min(one.end, len(lines))
        if one.start > end:
            continue
        while open_nodes and open_nodes[-1].end < one.start:
            last_end = open_nodes.pop().end
        above = open_nodes[-1] if open_nodes else None
        # A definition that shares lines with the one before it, as `a = () => {}, b = () => {}` on one line.
        if above is not None and end > above.end:
            continue
        floor = max(last_end, above.start if above is not None else 0)
        start = _with_head(lines, one.start, floor)
        node = _Node(one.name, start, end, one.scope, [])
        (above.children if above is not None else roots).append(node)
        open_nodes.append(node)
        last_end = max(last_end, floor)
    return roots


def _with_head(lines: Sequence[str], start: int, floor: int) -> int:
    """The first line of the comments and decorators that stand directly above a definition."""
    while start - 1 > floor and _ATTACHED.match(lines[start - 2]):
        start -= 1
    return start


def _divide(
    lines: Sequence[str], nodes: Sequence[_Node], first: int, last: int, names: tuple[str, ...], found: list[Piece]
) -> None:
    at = first
    for node in nodes:
        if node.start < at:
            # Two definitions on one line: the second belongs to the piece of the first.
            if node.end < at:
                continue
            node.start = at
        if node.start > at:
            _chunks(lines, at, node.start - 1, names, found)
        inner = (*names, node.name)
        size = node.end - node.start + 1
        if node.children and (size > LONG or (node.scope and size > SMALL_SCOPE)):
            _divide(lines, node.children, node.start, node.end, inner, found)
        elif size > LONG:
            _chunks(lines, node.start, node.end, inner, found)
        else:
            found.append(Piece(node.start, node.end, inner, whole=True))
        at = node.end + 1
    if at <= last:
        _chunks(lines, at, last, names, found)


def _chunks(lines: Sequence[str], first: int, last: int, names: tuple[str, ...], found: list[Piece]) -> None:
    """Split lines without definitions of their own into pieces of about CHUNK lines, at blank lines where there are."""
    # Blank lines between two definitions are a part of the piece before them.
    while first <= last and not lines[first - 1].strip() and found and found[-1].end == first - 1:
        found[-1] = Piece(found[-1].start, first, found[-1].names, found[-1].whole)
        first += 1
    while first <= last:
        end = min(last, first + CHUNK - 1)
        if last - end > CHUNK // 3:
            blank = next((n for n in range(end, first + CHUNK // 2, -1) if not lines[n - 1].strip()), end)
            end = blank
        else:
            end = last
        found.append(Piece(first, end, names))
        first = end + 1
