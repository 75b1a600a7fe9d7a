"""Choosing whole files within a token budget, and a listing of the rest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeReader
from bot.core.globs import matching
from bot.plan.context.index import SourceFile, candidates, presentable, read_texts
from bot.plan.context.ranking import mentioned, rank, rank_paths

READ_AT_MOST = 400
LISTED_AT_MOST = 600
LISTED_CHARACTERS = 40_000
LEFT_OUT_AT_MOST = 20
LARGEST_SHARE = 0.6
"""No single file that the blueprint does not name may take more of the budget than this."""
FRAME_TOKENS = 40
"""What a file's heading and fences cost beside its content."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a planner is shown: whole files, the paths there are, and how many more are not listed.

    `left_out` names the files that come next in relevance but found no room, or are asked for and no readable text.
    `unmatched` are the globs of `always` that no file of the tree matches.
    """

    files: tuple[SourceFile, ...]
    listing: tuple[str, ...]
    unlisted: int
    left_out: tuple[str, ...]
    unmatched: tuple[str, ...] = ()


def gather(
    tree: TreeReader, text: str, *, budget: int, count_tokens: Callable[[str], int], always: Sequence[str] = ()
) -> Context:
    """The files that matter most for the text, whole, within `budget` tokens; deterministic.

    `always` are globs (`plan.context_docs`) of files that come first, whatever the text says. At most 400 files are
    read: those whose paths rank best.
    """
    paths = [entry.path for entry in tree.files() if presentable(entry.path)]
    named = mentioned(_files(tree), text)
    wanted = list(dict.fromkeys([*(path for path in paths if matching(always, path)), *named]))
    entries = candidates(tree, frozenset(wanted))
    if len(entries) > READ_AT_MOST:
        best = rank_paths([entry.path for entry in entries], text)
        kept = frozenset(list(dict.fromkeys([*wanted, *best]))[:READ_AT_MOST])
        entries = [entry for entry in entries if entry.path in kept]
    read = read_texts(tree, entries)
    order = list(dict.fromkeys([*wanted, *rank(read, text)]))
    files, left_out = _choose(read, order, frozenset(wanted), budget, count_tokens)
    listing = _listing(paths, text, frozenset(file.path for file in files))
    return Context(
        files=tuple(files),
        listing=tuple(listing),
        unlisted=len(tree.files()) - len(listing),
        left_out=tuple(left_out[:LEFT_OUT_AT_MOST]),
        unmatched=tuple(glob for glob in always if not any(matching((glob,), path) for path in paths)),
    )


def _files(tree: TreeReader) -> list[str]:
    return [e.path for e in tree.files() if e.mode in (MODE_FILE, MODE_EXECUTABLE) and presentable(e.path)]


def _choose(
    read: Sequence[SourceFile],
    order: Sequence[str],
    wanted: Collection[str],
    budget: int,
    count_tokens: Callable[[str], int],
) -> tuple[list[SourceFile], list[str]]:
    by_path = {file.path: file for file in read}
    chosen: list[SourceFile] = []
    left_out: list[str] = []
    left = budget
    for path in order:
        file = by_path.get(path)
        most = left if path in wanted else min(left, int(budget * LARGEST_SHARE))
        cost = most + 1 if file is None else _cost(file, most, count_tokens)
        if file is None or cost > most:
            left_out.append(path)
        else:
            chosen.append(file)
            left -= cost
    return chosen, left_out


def _cost(file: SourceFile, most: int, count_tokens: Callable[[str], int]) -> int:
    """Tokens of a file; of one that cannot fit anyway only a lower bound, because counting is what takes the time."""
    least = len(file.text) // 12
    if least > most:
        return least
    return count_tokens(file.path) + count_tokens(file.text) + FRAME_TOKENS


def _listing(paths: Sequence[str], text: str, shown: Collection[str]) -> list[str]:
    """The tree's paths in order, or of a large tree the best of them, the shown ones included."""
    if len(paths) <= LISTED_AT_MOST and sum(map(len, paths)) <= LISTED_CHARACTERS:
        return list(paths)
    kept: list[str] = []
    room = LISTED_CHARACTERS
    for path in dict.fromkeys([*(p for p in paths if p in shown), *rank_paths(paths, text)]):
        if len(kept) == LISTED_AT_MOST:
            break
        if len(path) < room:
            kept.append(path)
            room -= len(path) + 1
    return sorted(kept)
