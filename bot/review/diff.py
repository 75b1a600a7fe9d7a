"""A unified diff as git writes it, read into files, hunks and lines, so that a review can name exact places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from unidiff.patch import PatchedFile, PatchSet

from bot.core.errors import CadenceError

Status = Literal["added", "modified", "deleted", "renamed"]
Place = tuple[str, str, int]
"""A changed line: (path, `+` or `-`, line number in the new or the old file); 0 for a file without changed lines."""

_FILE = re.compile(r"^(?=diff --git )", re.MULTILINE)
_HUNK = re.compile(r"^(?=@@ )", re.MULTILINE)
# Paths with unusual characters are quoted like C strings: https://git-scm.com/docs/git-config (core.quotePath)
_ESCAPE = re.compile(rb'\\(?P<octal>[0-7]{3})|\\(?P<sign>[abtnvfr"\\])')
_SIGNS = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}


@dataclass(frozen=True, slots=True)
class AddedLine:
    """A line that the change adds; `line` counts from 1 in the new file, `text` has no line end."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file of a diff. `head` and `hunks` are git's own text, byte for byte; `places` are all changed lines.

    `shown` are the lines of the new file in the diff, the only ones that GitHub accepts a comment on with side RIGHT:
    https://docs.github.com/en/rest/pulls/comments#create-a-review-comment-for-a-pull-request
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
        """Whether that line of the new file is in the diff."""
        # git shows a file that became a symlink as two files of one path: deleted, then added.
        return any(file.path == path and line in file.shown for file in self.files)

    def cites(self, path: str | None, line: int) -> bool:
        """Whether the diff shows a line of that number in the new file, or one that the change removes from the old."""
        removed = any(file.path == path and (file.path, "-", line) in file.places for file in self.files)
        return removed or self.shows(path, line)


def read_diff(text: str) -> Diff:
    """Read the output of `git diff`. Raises CadenceError `review.unreadable` when a part of it cannot be read."""
    try:
        patch = PatchSet.from_string(text)
    except Exception as error:
        # The diff holds other people's text, and the parser raises more than its documented errors for some of it.
        raise CadenceError(f"the diff cannot be read: {error}", code="review.unreadable") from error
    # Counted again without the parser, which skips what it does not understand. A line of content starts with a sign
    # or a space, so it never looks like a header.
    raw = [block for block in _FILE.split(text) if block]
    if len(patch) != len(raw):
        raise CadenceError(
            f"the diff has {len(raw)} files, but only {len(patch)} could be read", code="review.unreadable"
        )
    return Diff(tuple(_file(patched, block) for patched, block in zip(patch, raw, strict=True)))


def _file(patched: PatchedFile, block: str) -> FileDiff:
    source, target = _name(patched.source_file, "a/"), _name(patched.target_file, "b/")
    status: Status = "renamed" if patched.is_rename else "modified"
    if patched.is_added_file or patched.is_removed_file:
        status = "added" if patched.is_added_file else "deleted"
    path = source if status == "deleted" else target
    head, *hunks = _HUNK.split(block)
    if len(hunks) != len(patched):
        raise CadenceError(
            f"the diff of {path} has {len(hunks)} hunks, but only {len(patched)} could be read",
            code="review.unreadable",
        )
    added, shown, places = [], set(), set()
    for sign, line, text in _lines(patched):
        if sign != "-":
            shown.add(line)
        if sign == "+":
            added.append(AddedLine(line, text))
        if sign != " ":
            places.add((path, sign, line))
    return FileDiff(
        path=path,
        status=status,
        binary=bool(patched.is_binary_file),
        added=tuple(added),
        removed=patched.removed,
        shown=frozenset(shown),
        # A renamed, emptied or binary file has no changed line, and still has to be covered.
        places=frozenset(places or {(path, "+", 0)}),
        head=head,
        hunks=tuple(hunks),
        old_path=source if status == "renamed" else None,
    )


def _lines(patched: PatchedFile) -> Iterator[tuple[str, int, str]]:
    """(sign, line number on its own side, text) of every line that has a number."""
    for hunk in patched:
        for line in hunk:
            number = line.source_line_no if line.is_removed else line.target_line_no
            # `\ No newline at end of file` is a line of the hunk, but not of the file.
            if number is not None:
                yield line.line_type, number, line.value.rstrip("\r\n")


def _name(shown: str, prefix: str) -> str:
    """The path itself: git writes it with a prefix, and quoted like a C string where it has unusual characters."""
    if len(shown) > 1 and shown[0] == shown[-1] == '"':
        # A path in git is bytes and need not be UTF-8.
        shown = _ESCAPE.sub(_unescaped, shown[1:-1].encode()).decode("utf-8", "surrogateescape")
    return shown.removeprefix(prefix)


def _unescaped(match: re.Match[bytes]) -> bytes:
    if match["octal"]:
        return bytes([int(match["octal"], 8)])
    return _SIGNS.get(match["sign"], match["sign"])
