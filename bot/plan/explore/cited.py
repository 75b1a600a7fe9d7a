"""Puts lines that were cited, or that an editor asked for, into a context pack."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.changeset.tree import TreeReader
from bot.plan.answer.assemble import Definitions
from bot.plan.context.analysis import lines_with_ends
from bot.plan.context.pack import ContextPack, Excerpt, joined
from bot.plan.explore.citations import Citation, fitting
from bot.plan.explore.looking import RepositoryLook

WIDENED_LINES = 150
"""A longer definition is a class, or a function whose cited part has to be enough."""
NAMED_PLACES = 3
"""Definitions of one name that are shown at most."""


def with_cited(
    pack: ContextPack,
    citations: Sequence[Citation],
    tree: TreeReader,
    *,
    text_of: Callable[[str], str | None],
    count_tokens: Callable[[str], int],
) -> ContextPack:
    """The pack with the cited lines in it, those of a file joined with what the pack shows of it.

    Cited files come first, in the order of the citations. Lines that the pack shows already cost nothing again.
    """
    excerpts = list(pack.excerpts)
    added: list[Excerpt] = []
    for path in dict.fromkeys(one.path for one in citations):
        text, entry = text_of(path), tree.entry(path)
        own = [one for one in citations if one.path == path]
        if text is None or entry is None or pack.shown_whole(path):
            continue
        before = [one for one in excerpts if one.path == path]
        ranges = joined([*((one.first, one.last) for one in own), *((o.start_line, o.end_line) for o in before)])
        excerpts = [one for one in excerpts if one.path != path]
        lines = lines_with_ends(text)
        why = "; ".join(dict.fromkeys(one.why for one in own if one.why)) or "cited"
        added += [
            Excerpt(
                path=path,
                start_line=first,
                end_line=last,
                text="".join(lines[first - 1 : last]),
                blob_id=str(entry.sha),
                whole=(first, last) == (1, len(lines)),
                rank=0,
                reason=f"explorer: {why}"[:200],
                role=before[0].role if before else "source",
                total_lines=len(lines),
            )
            for first, last in ranges
        ]
    paths = {one.path for one in added}
    cost = sum(count_tokens(one.text) for one in added)
    saved = sum(count_tokens(one.text) for one in pack.excerpts if one.path in paths)
    return replace(
        pack,
        excerpts=(*added, *excerpts),
        left_out=tuple(one for one in pack.left_out if one.path not in paths),
        used_tokens=pack.used_tokens + cost - saved,
    )


def widened(
    citations: Sequence[Citation], *, text_of: Callable[[str], str | None], definitions: Definitions
) -> tuple[Citation, ...]:
    """The citations, each begun and ended with the definitions that it cuts, where these are not long.

    A model that cites the first lines of a function needs the rest of it to edit it.
    """
    found: list[Citation] = []
    for one in citations:
        text = text_of(one.path)
        first, last = one.first, one.last
        for each in definitions(one.path, text) if text is not None else ():
            touches = each.first <= one.last and one.first <= each.last
            if touches and each.last - each.first < WIDENED_LINES:
                first, last = min(first, each.first), max(last, each.last)
        found.append(Citation(one.path, first, last, one.why))
    return fitting(found, text_of)[0]


def cost_of(
    citations: Sequence[Citation],
    *,
    text_of: Callable[[str], str | None],
    count_tokens: Callable[[str], int],
    most: int,
) -> tuple[tuple[Citation, ...], int]:
    """As many of the citations, from the first on, as fit into `most` tokens, and their tokens."""
    kept: list[Citation] = []
    used = 0
    for one in citations:
        text = text_of(one.path)
        if text is None:
            continue
        cost = count_tokens("".join(lines_with_ends(text)[one.first - 1 : one.last]))
        if used + cost > most:
            continue
        kept.append(one)
        used += cost
    return tuple(kept), used


def needed(needs: Sequence[str], tree: TreeReader, look: RepositoryLook | None) -> tuple[list[str], list[Citation]]:
    """What an editor's `needs` mean: paths to be shown, and places. A name is where it is defined."""
    paths: list[str] = []
    places: list[Citation] = []
    for one in needs:
        path, _, lines = one.strip("`").partition(":")
        first, _, last = lines.partition("-")
        if tree.entry(path) is not None:
            if first.strip().isdigit():
                end = int(last) if last.strip().isdigit() else int(first)
                places.append(Citation(path, int(first), end, "asked for by the editor"))
            else:
                paths.append(path)
        elif look is not None:
            places += look.defined(one)[:NAMED_PLACES]
    if look is not None:
        places = list(fitting(places, look.text_of)[0])
    return paths, places
