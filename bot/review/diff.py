"""A unified diff as git writes it, read into files and lines, so that rules and reviews can speak of exact places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile, PatchSet

from bot.errors import CadenceError

Status = Literal["added", "modified", "deleted", "renamed"]

_ESCAPE = re.compile(rb'\\(?P<octal>[0-7]{3})|\\(?P<sign>[abtnvfr"\\])')
_SIGNS = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


@dataclass(frozen=True, slots=True)
class AddedLine:
    """A line that the change brings; `line` counts from 1 in the new file, `text` has no line end."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file of a diff. `shown` are the lines of the new file that GitHub takes a comment on (side RIGHT)."""

    path: str
    status: Status
    binary: bool
    added: tuple[AddedLine, ...]
    removed: int
    shown: frozenset[int]
    old_path: str | None = None


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

    def file(self, path: str) -> FileDiff | None:
        """The file that the diff shows under that new path."""
        return next((file for file in self.files if file.path == path), None)

    def shows(self, path: str | None, line: int | None) -> bool:
        """Whether that line of that file stands in the diff."""
        found = self.file(path) if path else None
        return found is not None and line is not None and line in found.shown


def read_diff(text: str) -> Diff:
    """The diff that a text holds. Raises CadenceError `review.unreadable` for one that cannot be read whole."""
    try:
        patch = PatchSet.from_string(text)
    except (UnidiffParseError, ValueError, IndexError) as error:
        raise CadenceError(f"the diff cannot be read: {error}", code="review.unreadable") from error
    files = tuple(_file(one) for one in patch)
    wanted = len(re.findall(r"^diff --git ", text, re.MULTILINE))
    if len(files) != wanted:
        raise CadenceError(f"the diff names {wanted} files and {len(files)} were read", code="review.unreadable")
    return Diff(files)


def _file(one: PatchedFile) -> FileDiff:
    added, shown = [], set()
    for hunk in one:
        for line in hunk:
            if line.target_line_no is None:
                continue
            shown.add(line.target_line_no)
            if line.is_added:
                added.append(AddedLine(line.target_line_no, line.value.rstrip("\r\n")))
    source, target = _name(one.source_file, "a/"), _name(one.target_file, "b/")
    status: Status = (
        "added"
        if one.is_added_file
        else "deleted"
        if one.is_removed_file
        else "renamed"
        if one.is_rename
        else "modified"
    )
    return FileDiff(
        path=source if status == "deleted" else target,
        status=status,
        binary=bool(one.is_binary_file),
        added=tuple(added),
        removed=one.removed,
        shown=frozenset(shown),
        old_path=source if status == "renamed" else None,
    )


def _name(shown: str, prefix: str) -> str:
    """The path behind git's spelling: quoted in C's manner where it holds quotes, tabs or line ends."""
    if len(shown) > 1 and shown[0] == shown[-1] == '"':
        shown = _ESCAPE.sub(_unescaped, shown[1:-1].encode()).decode("utf-8", "surrogateescape")
    return shown.removeprefix(prefix)


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match["octal"]:
        return bytes([int(match["octal"], 8)])
    return _SIGNS.get(match["sign"], match["sign"])
