"""Builds the context of one planning: which excerpts of a tree matter for a text, within a budget of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bot.changeset.tree import TreeReader
from bot.core.globs import matching
from bot.plan.context.analysis import decoded, lines_with_ends
from bot.plan.context.index import ContextIndex
from bot.plan.context.outlines import outline_of
from bot.plan.context.pack import (
    NO_MATCH,
    NOT_TEXT,
    TOO_LARGE,
    ContextPack,
    Excerpt,
    LeftOut,
    ModuleSummary,
    Outline,
)
from bot.plan.context.packing import gaps
from bot.plan.context.paths import presentable, readable, role_of
from bot.plan.context.question import read_question
from bot.plan.context.selection import Chosen, Request, Selection, Selector

GUIDES = ("AGENTS.md", "CONTRIBUTING.md", "CONTRIBUTING.rst", "CONTRIBUTING", ".github/CONTRIBUTING.md")
"""Documents that say how to work in a repository; the first two that exist are shown."""
GUIDE_SHARE = 0.04
DOCUMENTS_SHARE = 0.2
"""The documents of `plan.context_docs` may take this share together: a maintainer wants them in every plan."""
OUTLINE_SHARE = 0.05
LISTING_SHARE = 0.03
SUMMARY_SHARE = 0.03
LISTED_AT_MOST = 200
OUTLINED_FROM = 120
"""Lines: of a shorter file the excerpts tell enough."""


def build_context(
    tree: TreeReader,
    text: str,
    *,
    budget: int,
    count_tokens: Callable[[str], int],
    always: Sequence[str] = (),
    use_paths: Sequence[str] = (),
    base: str = "",
    recent: Sequence[str] = (),
    index_path: Path | None = None,
) -> ContextPack:
    """The excerpts of the tree that matter most for the text (title, body and guidance), within `budget` tokens.

    The text's first line is its title. `always` are globs of `plan.context_docs`, `use_paths` the paths or globs of
    `/cadence use`: their files come first, whatever the text says. `base` is the commit of the tree. `recent` are paths
    that recent commits changed, newest first, a path as often as it changed. `index_path` is the file in which the
    index of the repository is kept; None keeps the index in memory for this call. Equal inputs give equal packs.
    """
    builder = _Builder(tree, budget, count_tokens)
    documents = builder.documents(always)
    frame = int(budget * (OUTLINE_SHARE + LISTING_SHARE + SUMMARY_SHARE))
    title, _, body = text.partition("\n")
    selector = Selector(tree, ContextIndex(index_path))
    selection = selector.select(
        Request(
            question=read_question(title, body),
            budget=max(0, budget - builder.spent - frame),
            count_tokens=count_tokens,
            asked=use_paths,
            recent=recent,
            without=frozenset(one.path for one in documents if one.whole),
        )
    )
    excerpts = tuple(one for file in selection.files for one in _excerpts(file))
    builder.spent += selection.used
    outlines = tuple(builder.outlines(selection))
    listing, unlisted = builder.listing(selection)
    return ContextPack(
        excerpts=excerpts,
        documents=documents,
        outlines=outlines,
        listing=listing,
        unlisted=unlisted,
        summaries=tuple(builder.summaries(selection)),
        left_out=(*builder.left_out, *_left_out(tree, selection, use_paths, budget)),
        base=base,
        budget=budget,
        used_tokens=builder.spent,
    )


def _excerpts(file: Chosen) -> Iterator[Excerpt]:
    lines = lines_with_ends(file.text)
    for start, end in file.ranges:
        yield Excerpt(
            path=file.path,
            start_line=start,
            end_line=end,
            text="".join(lines[start - 1 : end]),
            blob_id=file.blob,
            whole=start == 1 and end == len(lines),
            rank=file.rank,
            reason=file.reason,
            role=file.role,
            total_lines=len(lines),
        )


def _left_out(tree: TreeReader, selection: Selection, use_paths: Sequence[str], budget: int) -> Iterator[LeftOut]:
    """What the text names, or a person asked for, and is not shown, or only in part where it was asked for."""
    files = {file.path: file for file in selection.files}
    for path in dict.fromkeys([*selection.named, *selection.asked]):
        file = files.get(path)
        if path in selection.unreadable:
            yield LeftOut(path, NOT_TEXT, "It is not text that may be shown.")
        elif path in selection.shown_already:
            continue
        elif file is None or (not file.ranges and file.text):
            yield LeftOut(path, TOO_LARGE, f"It does not fit into {budget} tokens.")
        elif path in selection.asked and file.text:
            last = len(lines_with_ends(file.text))
            shown = sum(end - start + 1 for start, end in file.ranges)
            if shown < last:
                yield LeftOut(path, TOO_LARGE, f"Only {shown} of its {last} lines fit into {budget} tokens.")
    paths = [entry.path for entry in tree.files()]
    for glob in use_paths:
        if not any(matching((glob,), path) for path in paths):
            yield LeftOut(glob, NO_MATCH, "No file matches.")


class _Builder:
    """Adds the parts of a pack one after another; `spent` tokens so far."""

    def __init__(self, tree: TreeReader, budget: int, count_tokens: Callable[[str], int]) -> None:
        self._tree = tree
        self._budget = budget
        self._count = count_tokens
        self.spent = 0
        self.left_out: list[LeftOut] = []

    def documents(self, always: Sequence[str]) -> tuple[Excerpt, ...]:
        """The documents of the config, whole where they fit, and the head of the repository's own guides."""
        paths = [entry.path for entry in self._tree.files()]
        wanted = [path for path in paths if matching(always, path)]
        found = []
        room = int(self._budget * DOCUMENTS_SHARE)
        for path in wanted:
            excerpt = self._document(path, room, "in `plan.context_docs`", whole=True)
            if excerpt is not None:
                found.append(excerpt)
                room -= self._count(excerpt.text)
        for glob in always:
            if not any(matching((glob,), path) for path in paths):
                self.left_out.append(LeftOut(glob, NO_MATCH, "No file matches."))
        guides = [path for path in GUIDES if path in paths and path not in wanted][:2]
        for path in guides:
            excerpt = self._document(
                path, int(self._budget * GUIDE_SHARE), "how to work in this repository", whole=False
            )
            if excerpt is not None:
                found.append(excerpt)
        self.spent += sum(self._count(one.text) for one in found)
        return tuple(found)

    def _document(self, path: str, room: int, reason: str, *, whole: bool) -> Excerpt | None:
        """The head of a document, as many lines as fit; what a config asks for and is cut has its code."""
        entry = self._tree.entry(path)
        text = decoded(self._tree.read(path)) if readable(path) else None
        if entry is None or text is None:
            if whole:
                self.left_out.append(LeftOut(path, NOT_TEXT, "It is not text that may be shown."))
            return None
        lines = lines_with_ends(text)
        shown = len(lines)
        while shown and self._count("".join(lines[:shown])) > room:
            shown = shown * 3 // 4
        if whole and shown < len(lines):
            message = f"Only {shown} of its {len(lines)} lines fit into its share of {self._budget} tokens."
            self.left_out.append(LeftOut(path, TOO_LARGE, message))
        if not shown:
            return None
        return Excerpt(
            path,
            1,
            shown,
            "".join(lines[:shown]),
            str(entry.sha),
            shown == len(lines),
            0,
            reason,
            "document",
            len(lines),
        )

    def outlines(self, selection: Selection) -> Iterator[Outline]:
        """Of each larger file that is shown in part, the definitions that are not in its excerpts."""
        room = self._room(OUTLINE_SHARE)
        for file in selection.files:
            last = len(lines_with_ends(file.text))
            if not file.ranges or last < OUTLINED_FROM or file.role == "document":
                continue
            lines = outline_of(file.analysis, file.text, gaps(file.ranges, last))
            # The best file gets half of the space at most, so that the next ones have an outline, too.
            while lines and self._count("\n".join(lines)) > room // 2:
                lines = lines[: len(lines) * 3 // 4]
            if lines:
                cost = self._count("\n".join(lines))
                room -= cost
                self.spent += cost
                yield Outline(file.path, file.blob, last, lines)

    def listing(self, selection: Selection) -> tuple[tuple[str, ...], int]:
        """The paths that are shown or ranked, then those beside them, then those nearest to the root; and the rest's
        number."""
        paths = [entry.path for entry in self._tree.files()]
        allowed = [path for path in paths if presentable(path)]
        known = frozenset(allowed)
        ranked = [file.path for file in selection.files if file.path in known]
        folders = {path.rpartition("/")[0] for path in ranked[:10]}
        beside = [path for path in allowed if path.rpartition("/")[0] in folders and role_of(path) == "source"]
        rest = sorted(allowed, key=lambda path: (path.count("/"), path))
        room, found = self._room(LISTING_SHARE), []
        for path in list(dict.fromkeys([*ranked, *beside, *rest]))[:LISTED_AT_MOST]:
            cost = self._count(path) + 1
            if cost > room:
                break
            room -= cost
            self.spent += cost
            found.append(path)
        return tuple(sorted(found)), len(paths) - len(found)

    def summaries(self, selection: Selection) -> Iterator[ModuleSummary]:
        """One line for each of the best files that says what it is for, and for the files beside them."""
        ranked = [file.path for file in selection.files]
        folders = {path.rpartition("/")[0] for path in ranked[:5]}
        beside = sorted(path for path in selection.summaries if path.rpartition("/")[0] in folders)
        room = self._room(SUMMARY_SHARE)
        for path in dict.fromkeys([*ranked, *(path for path in beside if role_of(path) == "source")]):
            text = selection.summaries.get(path, "")
            cost = self._count(f"{path}: {text}\n")
            if text and cost <= room:
                room -= cost
                self.spent += cost
                yield ModuleSummary(path, text)

    def _room(self, share: float) -> int:
        return max(0, min(int(self._budget * share), self._budget - self.spent))
