"""A unified diff as git writes it, read into files, hunks and lines, so that reviews can speak of exact places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from unidiff.patch import PatchedFile, PatchSet

from bot.core.errors import CadenceError

Status = Literal["added", "modified", "deleted", "renamed"]
Place = tuple[str, str, int]
"""A changed line: (path, `+` or `-`, line number in the new or the old file); 0 stands for a file without any."""

_FILE = re.compile(r"^(?=diff --git )", re.MULTILINE)
_HUNK = re.compile(r"^(?=@@ )", re.MULTILINE)
_ESCAPE = re.compile(rb'\\(?P<octal>[0-7]{3})|\\(?P<sign>[abtnvfr"\\])')
_SIGNS = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


@dataclass(frozen=True, slots=True)
class AddedLine:
    """A line that the change brings; `line` counts from 1 in the new file, `text` has no line end."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file of a diff. `shown` are the lines of the new file that GitHub takes a comment on (side RIGHT).

    `head` and `hunks` are git's own text, to the byte; `places` are all changed lines.
    """

    path: str
    status: Status
    binary: bool
    added: tuple[AddedLine, ...]
    removed: int
    shown: frozenset[int]
    places: frozenset[Place]
    head: str
    hunks: tuple[str, ...]
    old_path: str | None = None

    @property
    def text(self) -> str:
        """The file's part of the diff."""
        return self.head + "".join(self.hunks)


@dataclass(frozen=True, slots=True)
class Diff:
    """All files of a diff, in git's order."""

    files: tuple[FileDiff, ...]

    @property
    def added(self) -> int:
        return sum(len(file.added) for file in self.files)

    @property
    def removed(self) -> int:
        return sum(file.removed for file in self.files)

    @property
    def places(self) -> frozenset[Place]:
        """Every changed line of every file."""
        return frozenset().union(*(file.places for file in self.files))

    def file(self, path: str) -> FileDiff | None:
        """The file that the diff shows under that new path."""
        return next((file for file in self.files if file.path == path), None)

    def shows(self, path: str | None, line: int | None) -> bool:
        """Whether that line of the new file is in the diff. A file that became a link stands there twice."""
        return any(file.path == path and line in file.shown for file in self.files)

    def cites(self, path: str | None, line: int) -> bool:
        """Whether the diff shows a line of that number: of the new file, or one that the change takes out."""
        removed = any(file.path == path and (file.path, "-", line) in file.places for file in self.files)
        return removed or self.shows(path, line)


def read_diff(text: str) -> Diff:
    """The diff that a text holds. Raises CadenceError `review.unreadable` for one that cannot be read whole."""
    try:
        patch = PatchSet.from_string(text)
    except Exception as error:
        # The boundary to a parser of other people's text.
        raise CadenceError(f"the diff cannot be read: {error}", code="review.unreadable") from error
    # No line of content begins like a header: content is indented by a sign or a blank.
    raw = [block for block in _FILE.split(text) if block]
    if len(patch) != len(raw):
        raise CadenceError(f"the diff names {len(raw)} files and {len(patch)} were read", code="review.unreadable")
    return Diff(tuple(_file(one, block) for one, block in zip(patch, raw, strict=True)))


def _file(one: PatchedFile, block: str) -> FileDiff:
    source, target = _name(one.source_file, "a/"), _name(one.target_file, "b/")
    status = _status(one)
    path = source if status == "deleted" else target
    head, *hunks = _HUNK.split(block)
    if len(hunks) != len(one):
        raise CadenceError(
            f"the diff of {path} has {len(hunks)} hunks and {len(one)} were read", code="review.unreadable"
        )
    added, shown, places = [], set(), set()
    for sign, line, text in _lines(one):
        if sign != "-":
            shown.add(line)
        if sign == "+":
            added.append(AddedLine(line, text))
        if sign != " ":
            places.add((path, sign, line))
    return FileDiff(
        path=path,
        status=status,
        binary=bool(one.is_binary_file),
        added=tuple(added),
        removed=one.removed,
        shown=frozenset(shown),
        places=frozenset(places or {(path, "+", 0)}),
        head=head,
        hunks=tuple(hunks),
        old_path=source if status == "renamed" else None,
    )


def _status(one: PatchedFile) -> Status:
    if one.is_added_file:
        return "added"
    if one.is_removed_file:
        return "deleted"
    return "renamed" if one.is_rename else "modified"


def _lines(one: PatchedFile) -> Iterator[tuple[str, int, str]]:
    """(sign, line number on its own side, text) of every line that has a number."""
    for hunk in one:
        for line in hunk:
            number = line.source_line_no if line.is_removed else line.target_line_no
            if number is not None:
                yield line.line_type, number, line.value.rstrip("\r\n")


def _name(shown: str, prefix: str) -> str:
    """The path behind git's spelling: quoted in C's manner where it holds quotes, tabs or line ends."""
    if len(shown) > 1 and shown[0] == shown[-1] == '"':
        shown = _ESCAPE.sub(_unescaped, shown[1:-1].encode()).decode("utf-8", "surrogateescape")
    return shown.removeprefix(prefix)


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match["octal"]:
        return bytes([int(match["octal"], 8)])
    return _SIGNS.get(match["sign"], match["sign"])
