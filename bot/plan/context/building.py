"""Builds the context of one planning: which excerpts of a tree matter for a text, within a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bot.changeset.tree import TreeReader
from bot.core.globs import matching
from bot.plan.context.gathering import gather
from bot.plan.context.index import candidates, read_texts
from bot.plan.context.pack import NO_MATCH, NOT_TEXT, TOO_LARGE, ContextPack, Excerpt, LeftOut


def build_context(
    tree: TreeReader,
    text: str,
    *,
    budget: int,
    count_tokens: Callable[[str], int],
    always: Sequence[str] = (),
    use_paths: Sequence[str] = (),
    base: str = "",
    recent: Sequence[str] = (),  # noqa: ARG001 - the ranking that uses it follows
    index_path: Path | None = None,  # noqa: ARG001 - the index that uses it follows
) -> ContextPack:
    """The excerpts of the tree that matter most for the text (title, body and guidance), within `budget` tokens.

    `always` are globs of `plan.context_docs`, `use_paths` the paths or globs of `/cadence use`: their files come first,
    whatever the text says. `base` is the commit of the tree. `recent` are paths that recent commits changed, newest first,
    a path as often as it changed. `index_path` is the file in which the index of the repository is kept; None keeps
    the index in memory for this call. Equal inputs give equal packs.
    """
    wanted = (*always, *use_paths)
    found = gather(tree, text, budget=budget, count_tokens=count_tokens, always=wanted)
    excerpts = []
    for rank, file in enumerate(found.files, 1):
        entry = tree.entry(file.path)
        lines = file.text.count("\n") + (not file.text.endswith("\n") and bool(file.text))
        excerpts.append(
            Excerpt(
                path=file.path,
                start_line=1,
                end_line=lines,
                text=file.text,
                blob_id=entry.sha if entry else "",
                whole=True,
                rank=rank,
                reason="asked for" if matching(wanted, file.path) else "like the text",
                total_lines=lines,
            )
        )
    left_out = [_left_out(tree, path, budget) for path in found.left_out]
    left_out += [LeftOut(glob, NO_MATCH, "No file matches.") for glob in found.unmatched]
    return ContextPack(
        excerpts=tuple(excerpts),
        documents=(),
        outlines=(),
        listing=found.listing,
        unlisted=found.unlisted,
        summaries=(),
        left_out=tuple(left_out),
        base=base,
        budget=budget,
        used_tokens=sum(count_tokens(one.text) for one in excerpts),
    )


def _left_out(tree: TreeReader, path: str, budget: int) -> LeftOut:
    if not read_texts(tree, [entry for entry in candidates(tree, {path}) if entry.path == path]):
        return LeftOut(path, NOT_TEXT, "It is not text that may be shown.")
    return LeftOut(path, TOO_LARGE, f"It does not fit into {budget} tokens.")
