"""Finding the old lines of an edit in a file: exactly, and exactly as often as the edit says."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from bot.changeset.model import Replacement
from bot.changeset.replacing import nearest_lines
from bot.core.text_content import lines_of

SHOWN_PLACES = 8


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file's text: characters from `start` to before `end`, in lines `first` to `last` counted from 1.

    `text` is what replaces the part.
    """

    start: int
    end: int
    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Miss:
    """Why the old lines do not say which part of the file is meant: a code, and words for whoever wrote them."""

    code: str
    message: str
    line: int | None = None


class FileText:
    """One file's text with the places of its lines."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = lines_of(text)
        self._starts = [0]
        for line in text.split("\n")[:-1]:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self.end_of_line = "\r\n" if "\r\n" in text and text.count("\r\n") == text.count("\n") else "\n"

    def spans(self, old: Sequence[str], new: Sequence[str], count: int) -> list[Span] | Miss:
        """Where `old` is: as whole lines, else as a part of lines. Never anything but exactly the same text."""
        if not any(old):
            return Miss("contract.replace_empty", "the old text is empty")
        whole = [self.of_lines(row + 1, row + len(old), new) for row in self._rows(old)]
        if whole and len(whole) == count:
            return whole
        parts = [] if whole else self._parts(old, new)
        if parts and len(parts) == count:
            return parts
        found = whole or parts
        if found:
            where = ", ".join(str(span.first) for span in found[:SHOWN_PLACES])
            message = f"the old text occurs {len(found)} times (lines {where}), not {_times(count)}"
            return Miss("contract.replace_ambiguous", message, found[0].first)
        return self._missing(old)

    def of_lines(self, first: int, last: int, new: Sequence[str]) -> Span:
        """The whole lines from `first` to `last`; without new lines their line ends go too."""
        start, end = self._starts[first - 1], self._end(last)
        if new:
            return Span(start, end, first, last, self.end_of_line.join(new))
        if last < len(self._starts):
            return Span(start, self._starts[last], first, last, "")
        # The last lines of a file without a line end at its end: the line end before them goes.
        return Span(max(0, start - len(self.end_of_line)), end, first, last, "")

    def line_at(self, position: int) -> int:
        """The number of the line that holds a character."""
        return self.text.count("\n", 0, position) + 1

    def _end(self, line: int) -> int:
        return self._starts[line - 1] + len(self.lines[line - 1])

    def _rows(self, old: Sequence[str]) -> list[int]:
        """Indices of the lines at which all of `old` begins."""
        size, wanted = len(old), list(old)
        return [
            row
            for row in range(len(self.lines) - size + 1)
            if self.lines[row] == wanted[0] and self.lines[row : row + size] == wanted
        ]

    def _parts(self, old: Sequence[str], new: Sequence[str]) -> list[Span]:
        wanted = self.end_of_line.join(old)
        found, at = [], self.text.find(wanted)
        while at >= 0:
            end = at + len(wanted)
            found.append(Span(at, end, self.line_at(at), self.line_at(end - 1), self.end_of_line.join(new)))
            at = self.text.find(wanted, at + 1)
        return found

    def _missing(self, old: Sequence[str]) -> Miss:
        """What is most like the old text: the same lines indented otherwise, else the nearest ones."""
        bare, wanted = [line.strip() for line in self.lines], [line.strip() for line in old]
        rows = [row for row in range(len(bare) - len(wanted) + 1) if bare[row : row + len(wanted)] == wanted]
        if rows:
            shown = _numbered(self.lines, rows[0], len(old))
            many = "" if len(rows) == 1 else f" ({len(rows)} places are like it)"
            message = (
                f"the old text differs in white space from lines {rows[0] + 1}-{rows[0] + len(old)}{many}:\n{shown}"
            )
            return Miss("contract.replace_missing", message, rows[0] + 1)
        line, near = nearest_lines(self.text, "\n".join(old))
        shown = f"; the nearest lines are\n{near}" if near else ""
        return Miss("contract.replace_missing", f"the old text is not in the file{shown}", line)


def pairs_of(file: FileText, spans: Sequence[Span]) -> list[Replacement] | Miss:
    """The spans as exact replacements of which each occurs once in the file: what a ChangeSet holds.

    A span whose text occurs elsewhere too is widened by the lines around it; spans that meet in this way become one.
    """
    ordered = sorted(spans, key=lambda span: (span.start, span.end))
    for before, after in itertools.pairwise(ordered):
        if after.start < before.end or (after.start, after.end) == (before.start, before.end):
            return Miss("contract.replace_overlap", f"two edits overlap at line {after.first}", after.first)
    groups = [[span] for span in ordered]
    bounds = [_widened(file, span.start, span.end) for span in ordered]
    index = 1
    while index < len(groups):
        if bounds[index][0] >= bounds[index - 1][1]:
            index += 1
            continue
        groups[index - 1] += groups.pop(index)
        start, end = bounds[index - 1][0], max(bounds[index - 1][1], bounds.pop(index)[1])
        bounds[index - 1] = _widened(file, start, end)
        # The wider part may now meet the one before it.
        index = max(1, index - 1)
    return [_pair(file, group, *bound) for group, bound in zip(groups, bounds, strict=True)]


def _pair(file: FileText, group: Sequence[Span], start: int, end: int) -> Replacement:
    out, at = [], start
    for span in group:
        out += [file.text[at : span.start], span.text]
        at = span.end
    return Replacement(old=file.text[start:end], new="".join([*out, file.text[at:end]]))


def _widened(file: FileText, start: int, end: int) -> tuple[int, int]:
    """The part and as many whole lines around it, in turn after and before, as make it occur once in the file."""
    after = True
    while (
        start == end
        or file.text.find(file.text[start:end]) != start
        or file.text.find(file.text[start:end], start + 1) >= 0
    ):
        if after and end < len(file.text):
            newline = file.text.find("\n", end)
            end = len(file.text) if newline < 0 else newline + 1
        elif start > 0:
            start = file.text.rfind("\n", 0, start - 1) + 1
        elif end == len(file.text):
            break
        after = not after
    return start, end


def like(name: str, names: Sequence[str]) -> str:
    """Up to three of the names that are most like one, for an error's text; "" if none is."""
    close = difflib.get_close_matches(name, list(names), 3, 0.5)
    return ", ".join(f"`{one}`" for one in close)


def _numbered(lines: Sequence[str], row: int, size: int) -> str:
    return "\n".join(f"{row + n + 1}: {line}" for n, line in enumerate(lines[row : row + min(size, 12)]))


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
