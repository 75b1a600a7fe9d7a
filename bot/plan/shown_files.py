"""Which files a model was shown for a plan, without their text: what is kept of a run and told to people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.changeset.tree import TreeReader
from bot.plan.context.pack import ContextPack, joined


@dataclass(frozen=True, slots=True)
class ShownFile:
    """One file: the `ranges` of lines that were shown, from 1, both ends included; none where only its outline was.

    `rank` is its place in the ranking, from 1, and `reason` why it was chosen. `blob` is the id of the file's content.
    """

    path: str
    ranges: tuple[tuple[int, int], ...]
    total_lines: int
    whole: bool
    rank: int
    reason: str
    role: str
    blob: str

    def lines(self) -> str:
        """The ranges for people: `all 40`, `12-40, 71-90 of 900`, or `outline of 900`."""
        if self.whole:
            return f"all {self.total_lines}"
        if not self.ranges:
            return f"outline of {self.total_lines}"
        ranges = (str(first) if first == last else f"{first}-{last}" for first, last in self.ranges)
        return f"{', '.join(ranges)} of {self.total_lines}"


def shown_files(pack: ContextPack) -> tuple[ShownFile, ...]:
    """Each file of a pack once: documents first, then by rank, then files of which only the outline is shown."""
    found: dict[str, ShownFile] = {}
    for one in (*pack.documents, *pack.excerpts):
        if one.path not in found:
            whole, ranges = pack.shown_whole(one.path), joined(pack.ranges(one.path))
            found[one.path] = ShownFile(
                one.path, ranges, one.total_lines, whole, one.rank, one.reason, one.role, one.blob_id
            )
    for outline in pack.outlines:
        only = ShownFile(outline.path, (), outline.total_lines, False, 0, "outline only", "source", outline.blob_id)
        found.setdefault(outline.path, only)
    return tuple(found.values())


def changed_files(files: Iterable[ShownFile], tree: TreeReader) -> tuple[str, ...]:
    """The paths whose content in the tree is not what was shown, those that are gone included."""
    entries = ((one, tree.entry(one.path)) for one in files)
    return tuple(one.path for one, entry in entries if entry is None or entry.sha != one.blob)
