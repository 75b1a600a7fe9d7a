"""Context packs for tests of what is made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.plan.context.pack import ContextPack, Excerpt, LeftOut, ModuleSummary, Outline
from tests.fakes.memory_tree import MemoryTree

Shown = Mapping[str, Sequence[tuple[int, int]] | None]
"""By path the line ranges that are shown, from 1; None for the whole file."""


def pack_of(
    files: Mapping[str, str],
    shown: Shown,
    *,
    base: str = "b" * 40,
    outlines: Sequence[Outline] = (),
    summaries: Sequence[ModuleSummary] = (),
    left_out: Sequence[LeftOut] = (),
    unlisted: int = 0,
) -> ContextPack:
    """A pack that shows these lines of the files, in the order of `shown`."""
    tree, excerpts = MemoryTree(files), []
    for rank, (path, ranges) in enumerate(shown.items(), 1):
        lines = files[path].splitlines(keepends=True)
        entry = tree.entry(path)
        assert entry is not None
        for first, last in ranges or [(1, len(lines))]:
            text = "".join(lines[first - 1 : last])
            whole = ranges is None
            excerpts.append(
                Excerpt(path, first, last, text, entry.sha, whole, rank, "like the text", total_lines=len(lines))
            )
    return ContextPack(
        tuple(excerpts), (), tuple(outlines), tuple(sorted(files)), unlisted, tuple(summaries), tuple(left_out), base,
        24_000, 1_234,
    )  # fmt: skip
