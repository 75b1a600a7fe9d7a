"""Choosing whole files within a token budget, and a listing of the rest."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeReader
from bot.core.globs import matching
from bot.plan.context.index import SourceFile, candidates, presentable, read_texts
from bot.plan.context.ranking import mentioned, rank, rank_paths

READ_AT_MOST = 400
"""Files: each read costs a git object, and ranking needs them all in memory."""
LISTED_AT_MOST = 600
LISTED_CHARACTERS = 40_000
"""About 10,000 tokens, which come on top of the budget for contents."""
LEFT_OUT_AT_MOST = 20
LARGEST_SHARE = 0.6
"""A file that the blueprint does not name may take at most this share of the budget."""
FRAME_TOKENS = 40
"""Tokens of a file's heading and fences, on top of its content."""


@dataclass(frozen=True, slots=True)
class GatheredFiles:
    """What a planner is shown: whole files, the tree's paths, and how many more paths are not listed.

    `left_out` names relevant files that did not fit into the budget, or that are named and are not readable text.
    `unmatched` are the globs of `always` that match no file of the tree.
    """

    files: tuple[SourceFile, ...]
    listing: tuple[str, ...]
    unlisted: int
    left_out: tuple[str, ...]
    unmatched: tuple[str, ...] = ()


def gather(
    tree: TreeReader, text: str, *, budget: int, count_tokens: Callable[[str], int], always: Sequence[str] = ()
) -> GatheredFiles:
    """The files that matter most for the text, whole, within `budget` tokens. Equal inputs give equal results.

    `always` are globs (`plan.context_docs`) of files that come first, whatever the text says. At most
    `READ_AT_MOST` files are read: those whose paths rank best.
    """
    paths = [entry.path for entry in tree.files() if presentable(entry.path)]
    regular = [e.path for e in tree.files() if e.mode in (MODE_FILE, MODE_EXECUTABLE) and presentable(e.path)]
    named = mentioned(regular, text)
    # Documents of the config come before named files: a maintainer wants them in every plan.
    wanted = list(dict.fromkeys([*(path for path in paths if matching(always, path)), *named]))
    entries = candidates(tree, frozenset(wanted))
    if len(entries) > READ_AT_MOST:
        best = rank_paths([entry.path for entry in entries], text)
        kept = frozenset(list(dict.fromkeys([*wanted, *best]))[:READ_AT_MOST])
        entries = [entry for entry in entries if entry.path in kept]
    read = read_texts(tree, entries)
    order = list(dict.fromkeys([*wanted, *rank(read, text)]))
    files, left_out = _choose(read, order, frozenset(wanted), budget, count_tokens)
    # The listing costs few tokens and lets the model name a file that it was not shown.
    listing = _listing(paths, text, frozenset(file.path for file in files))
    return GatheredFiles(
        files=tuple(files),
        listing=tuple(listing),
        unlisted=len(tree.files()) - len(listing),
        left_out=tuple(left_out[:LEFT_OUT_AT_MOST]),
        unmatched=tuple(glob for glob in always if not any(matching((glob,), path) for path in paths)),
    )


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
        if file is None:
            left_out.append(path)
            continue
        # A token has fewer than 12 characters on average, and counting takes the time: a file that is certainly too
        # large is not counted.
        fits = len(file.text) // 12 <= most
        cost = count_tokens(file.path) + count_tokens(file.text) + FRAME_TOKENS if fits else most + 1
        # Not the end: a smaller file further down may still fit.
        if cost > most:
            left_out.append(path)
        else:
            chosen.append(file)
            left -= cost
    return chosen, left_out


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
