"""What a planner is shown of a repository: excerpts with their places, a listing, summaries, and what was left out.

Plain values without I/O. `bot.plan.context.building.build_context` makes a ContextPack; prompts and the text of pull
requests are built from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Role = Literal["source", "test", "document"]
"""What a file is to a change: code, a test of it, or text that describes it (documentation, a changelog, a config)."""

Ranges = tuple[tuple[int, int], ...]
"""Line ranges of one file: first and last line, both included, from 1."""


def joined(ranges: Iterable[tuple[int, int]], *, between: int = 0) -> Ranges:
    """The ranges in order; those that overlap, or have at most so many lines `between` them, as one."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if found and first - found[-1][1] <= between + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return tuple(found)


TOO_LARGE = "context.too_large"
"""A file that was asked for, or a part of it, did not fit into the budget."""
NOT_TEXT = "context.not_text"
"""A file that was asked for is not readable text, or is a key file, which is never shown."""
NO_MATCH = "context.no_match"
"""A glob of `plan.context_docs` or a path of `/cadence use` that matches no file of the tree."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Consecutive whole lines of one file, exactly as the file has them.

    Lines count from 1, both ends included. `text` is the file's text between them with its own line ends (CRLF stays),
    so a `replace` can be copied from it. `blob_id` is the git blob id of the whole file. `whole` means that the
    excerpt is the whole file. `total_lines` is the number of lines of the whole file. `rank` is the file's place in
    the ranking, from 1. `reason` says in a few words why the file was chosen, for people.
    """

    path: str
    start_line: int
    end_line: int
    text: str
    blob_id: str
    whole: bool
    rank: int
    reason: str
    role: Role = "source"
    total_lines: int = 0


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file, or a part of one, that was wanted and is not shown: `code` is a reason code.

    `message` is a sentence without the path. `path` is a glob where no file matches it.
    """

    path: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Outline:
    """The definitions of a file that is shown in part: one text line each, `  120-164: def parse(self, text)`."""

    path: str
    blob_id: str
    total_lines: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModuleSummary:
    """One line that says what a file is for, from its docstring or the comment at its head."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class ContextPack:
    """Everything that a planner is shown, within `budget` tokens; equal inputs give equal packs.

    `excerpts` come best file first, and in the order of lines within one file. `documents` are shown on top of the
    ranking: `AGENTS.md`, `CONTRIBUTING` and the files of `plan.context_docs`. `outlines` belong to files of which only
    a part is shown. `listing` is a short part of the tree's paths, sorted; `unlisted` counts the rest. `left_out` names
    what was asked for (by the text, `always` or `use_paths`) and is not shown. `base` is the commit the pack was made
    from, empty for a plain folder. `used_tokens` counts excerpts, documents, outlines, listing and summaries.
    """

    excerpts: tuple[Excerpt, ...]
    documents: tuple[Excerpt, ...]
    outlines: tuple[Outline, ...]
    listing: tuple[str, ...]
    unlisted: int
    summaries: tuple[ModuleSummary, ...]
    left_out: tuple[LeftOut, ...]
    base: str
    budget: int
    used_tokens: int

    def shown_paths(self) -> tuple[str, ...]:
        """The paths of which at least one line is shown, best first, documents last."""
        return tuple(dict.fromkeys(one.path for one in (*self.excerpts, *self.documents)))

    def shown_whole(self, path: str) -> bool:
        """Whether every line of the file is shown."""
        return any(one.path == path and one.whole for one in (*self.excerpts, *self.documents))

    def shows(self, path: str, text: str) -> bool:
        """Whether `text` is inside one shown excerpt of the file, and so could be copied from it."""
        return any(one.path == path and text in one.text for one in (*self.excerpts, *self.documents))

    def ranges(self, path: str) -> tuple[tuple[int, int], ...]:
        """The shown lines of a file, as (first, last) from 1, in the order of the file."""
        found = {(one.start_line, one.end_line) for one in (*self.excerpts, *self.documents) if one.path == path}
        return tuple(sorted(found))
