"""Which lines of the ranked files fit into the budget: pieces by what they are worth for each token. Pure.

A piece is worth more in a better file and where it is more like the question; small files and files that will be
rewritten go in whole. What is chosen of one file is joined where little is between, and the head of a class comes with
its methods, so that an edit can be made safely.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.plan.context.analysis import line_offsets
from bot.plan.context.pack import Ranges, joined
from bot.plan.context.pieces import Piece

WHOLE_TOKENS = 500
"""A file of at most so many tokens is shown whole or not at all: its parts say little without each other."""
WHOLE_SHARE = 0.7
"""A file of which this share is chosen is shown whole, where it fits: the gaps cost more attention than tokens."""
JOIN_LINES = 4
"""Chosen lines with at most so many lines between them become one excerpt."""
HEAD_LINES = 12
"""Of a class whose methods are shown, its first lines at most: its name, bases and the beginning of its docstring."""
PIECE_POWER = 2
PIECE_FLOOR = 0.02
COST_POWER = 0.6
COST_FLOOR = 40.0
FRAME_TOKENS = 12
"""Tokens of an excerpt's heading and fences."""


@dataclass(frozen=True, slots=True)
class Packable:
    """A file that may be shown: its text, its pieces with scores from 0, best file first by the order of the list.

    `whole` asks for the whole file, where it fits. `certain` asks for at least the best part of it before others.
    """

    path: str
    text: str
    pieces: Sequence[tuple[Piece, float]]
    whole: bool = False
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Packed:
    """What is shown of each file: lines from 1, both ends included. `used` tokens of the budget."""

    ranges: Mapping[str, Ranges]
    used: int


def pack(files: Sequence[Packable], budget: int, count_tokens: Callable[[str], int]) -> Packed:
    """The ranges of lines that are worth most within `budget` tokens; files without any are not in the result."""
    costs = {file.path: _Costs(file.text, count_tokens) for file in files}
    chosen: dict[str, set[int]] = {}
    left = float(budget)
    for file in files:
        if file.whole and costs[file.path].all() <= left:
            chosen[file.path] = set(range(len(file.pieces)))
            left -= costs[file.path].all()
    for _, number, at in _offers(files, costs):
        file = files[number]
        cost, taken = costs[file.path], chosen.get(file.path, set())
        if at in taken:
            continue
        if not taken and cost.all() <= WHOLE_TOKENS:
            parts, price = set(range(len(file.pieces))), cost.all()
        else:
            parts, price = {at}, cost.of(file.pieces[at][0]) + (0 if {at - 1, at + 1} & taken else FRAME_TOKENS)
        if price <= left:
            chosen.setdefault(file.path, set()).update(parts)
            left -= price
    return _finished(files, costs, chosen, budget)


def _offers(files: Sequence[Packable], costs: Mapping[str, _Costs]) -> list[tuple[float, int, int]]:
    """(worth for its cost, file, piece) of every piece, best first."""
    offers = []
    for number, file in enumerate(files):
        top = max((score for _, score in file.pieces), default=0.0) or 1.0
        worth = [(score / top) ** PIECE_POWER + PIECE_FLOOR for _, score in file.pieces]
        share = 1 / ((number + 1) * sum(worth) ** 0.5) if worth else 0.0
        best = max(range(len(worth)), key=lambda at: (worth[at], -at), default=0)
        for at, (piece, score) in enumerate(file.pieces):
            # What shares no word with the question is not shown only because there is space.
            if not score and not (file.certain and at == best):
                continue
            value = share * worth[at] / (costs[file.path].of(piece) + COST_FLOOR) ** COST_POWER
            # What the blueprint names is never left out silently, so its best part comes before everything else.
            offers.append((-value - (1_000 if file.certain and at == best else 0), number, at))
    # Rounded, because powers differ in their last digits between processors, and the order must not.
    return sorted((round(value, 9), number, at) for value, number, at in offers)


def _finished(
    files: Sequence[Packable], costs: Mapping[str, _Costs], chosen: Mapping[str, set[int]], budget: int
) -> Packed:
    """Add heads of classes, join what is close, show whole what is nearly whole: best file first, while it fits."""
    ranges = {file.path: _plain(file, chosen[file.path]) for file in files if chosen.get(file.path)}
    used = sum(costs[path].ranges(found) for path, found in ranges.items())
    for file in files:
        if file.path not in ranges:
            continue
        cost = costs[file.path]
        for step in (_with_heads, _whole):
            now = ranges[file.path]
            better = step(file, now, chosen[file.path])
            if used - cost.ranges(now) + cost.ranges(better) <= budget:
                used += cost.ranges(better) - cost.ranges(now)
                ranges[file.path] = better
    return Packed(ranges, round(used))


def _plain(file: Packable, chosen: set[int]) -> Ranges:
    found: list[tuple[int, int]] = []
    for at in sorted(chosen):
        piece = file.pieces[at][0]
        if found and found[-1][1] == piece.start - 1:
            found[-1] = (found[-1][0], piece.end)
        else:
            found.append((piece.start, piece.end))
    return tuple(found)


def _with_heads(file: Packable, ranges: Ranges, chosen: set[int]) -> Ranges:
    """With the first lines of each class of which only methods are chosen, and joined where little is between."""
    found = list(ranges)
    for at in sorted(chosen):
        piece = file.pieces[at][0]
        scope = piece.names[:-1] if piece.whole else piece.names
        first = next((one for one, _ in file.pieces if scope and one.names == scope), None)
        if first is not None and first.start < piece.start:
            found.append((first.start, min(first.end, first.start + HEAD_LINES - 1)))
    return joined(found, between=JOIN_LINES)


def _whole(file: Packable, ranges: Ranges, _: set[int]) -> Ranges:
    """The whole file where most of it is chosen."""
    last = file.pieces[-1][0].end
    shown = sum(end - start + 1 for start, end in ranges)
    return ((1, last),) if shown >= WHOLE_SHARE * last else ranges


class _Costs:
    """Tokens of the parts of one text, from one count of its parts' characters."""

    def __init__(self, text: str, count_tokens: Callable[[str], int]) -> None:
        self._ends = line_offsets(text)
        # Counting each piece on its own would take as many calls as there are pieces in the repository's best files.
        # A sample from the middle tells how many tokens this file's characters are.
        sample = text[max(0, len(text) // 2 - 2_000) : len(text) // 2 + 2_000]
        self._rate = max(count_tokens(sample) / len(sample), 0.05) if sample else 0.3

    def between(self, start: int, end: int) -> float:
        """Of the lines `start` to `end`."""
        return (self._ends[end] - self._ends[start - 1]) * self._rate

    def of(self, piece: Piece) -> float:
        """Of one piece."""
        return self.between(piece.start, piece.end)

    def all(self) -> float:
        """Of the whole text with its heading."""
        return self._ends[-1] * self._rate + FRAME_TOKENS

    def ranges(self, ranges: Ranges) -> float:
        """Of several excerpts with their headings."""
        return sum(self.between(start, end) + FRAME_TOKENS for start, end in ranges)


def gaps(ranges: Ranges, last: int) -> Ranges:
    """The lines from 1 to `last` that are in none of the ranges."""
    edges = [(0, 0), *ranges, (last + 1, last + 1)]
    return tuple((before[1] + 1, after[0] - 1) for before, after in pairwise(edges) if after[0] - before[1] > 1)
