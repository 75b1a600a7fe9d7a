"""A commit as a stream for `git fast-import`: one process writes the blobs and only the trees on the touched paths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeChange
from bot.core.errors import Refused
from bot.core.names import CommitSha
from bot.git_store.commits import Author

_REF = b"refs/cadence/import"


def import_stream(
    base: CommitSha, changes: Sequence[TreeChange], *, message: str, author: Author, date: datetime
) -> bytes:
    """The stream; fast-import answers it with the new commit's sha and leaves no ref behind.

    Raises Refused(`path.unsafe`) for a path no checkout should ever see or named twice, and
    Refused(`contract.commit`) for a message, author or mode that git cannot hold.
    """
    _check(changes, message, author)
    who = f"{author.name} <{author.email}> {int(date.astimezone(UTC).timestamp())} +0000".encode()
    text = message.encode()
    parts = [
        b"feature done\ncommit %b\nmark :1\nauthor %b\ncommitter %b\n" % (_REF, who, who),
        b"data %d\n%b\nfrom %b\n" % (len(text), text, base.encode()),
        *_changes(changes),
        # `reset` without `from` forgets the branch before the end, so no ref is ever written.
        b"\nget-mark :1\nreset %b\n\ndone\n" % _REF,
    ]
    return b"".join(parts)


def _changes(changes: Sequence[TreeChange]) -> Iterator[bytes]:
    # Removals first: a file may become a directory and a directory a file.
    ordered = sorted(changes, key=lambda change: (change.content is not None, change.path))
    for change in ordered:
        path = _quoted(change.path)
        if change.content is None:
            yield b"D %b\n" % path
        else:
            yield b"M %b inline %b\ndata %d\n" % (change.mode.encode(), path, len(change.content))
            yield change.content
            yield b"\n"


def _quoted(path: str) -> bytes:
    raw = path.encode("utf-8", "surrogateescape")
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'


def _check(changes: Sequence[TreeChange], message: str, author: Author) -> None:
    seen: set[str] = set()
    for change in changes:
        if change.path in seen or not safe_path(change.path):
            raise Refused(f"The path {change.path!r} is unsafe or named twice.", code="path.unsafe")
        seen.add(change.path)
        if change.content is not None and change.mode not in (MODE_FILE, MODE_EXECUTABLE):
            raise Refused(f"{change.path!r} would get mode {change.mode}.", code="contract.commit")
    if "\0" in message or any(mark in author.name + author.email for mark in "<>\n\0"):
        raise Refused("git cannot hold this message or author.", code="contract.commit")


def safe_path(path: str) -> bool:
    """Whether git may hold the path and a checkout on any system stays inside its directory and out of `.git`."""
    if "\0" in path:
        return False
    names = path.split("/")
    return all(name not in ("", ".", "..") and not _is_dot_git(name) for name in names)


def _is_dot_git(name: str) -> bool:
    # Windows drops trailing dots and spaces and knows a short name; HFS+ ignores some invisible characters.
    plain = "".join(c for c in name if c not in "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff").lower()
    return plain.split(":")[0].rstrip(". ") in (".git", "git~1")
