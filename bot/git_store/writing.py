"""A commit as an input stream for `git fast-import`, which writes its blobs and the changed trees in one process.

https://git-scm.com/docs/git-fast-import
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeChange
from bot.core.errors import Refused
from bot.core.names import CommitSha
from bot.git_store.commits import Author

_REF = b"refs/cadence/import"
_IGNORED_BY_HFS = "\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff"


def import_stream(
    base: CommitSha, changes: Sequence[TreeChange], *, message: str, author: Author, date: datetime
) -> bytes:
    """The stream; fast-import prints the new commit's sha for it and leaves no ref.

    Raises Refused(`path.unsafe`) for a path that is unsafe in a checkout or named twice, and
    Refused(`contract.commit`) for a message, author or mode that git cannot hold.
    """
    _check(changes, message, author)
    # Whole seconds in UTC, so that the same arguments give the same sha on every machine.
    who = f"{author.name} <{author.email}> {int(date.astimezone(UTC).timestamp())} +0000".encode()
    text = message.encode()
    parts = [
        # With `feature done` a stream that was cut off is an error instead of a shorter commit.
        b"feature done\ncommit %b\nmark :1\nauthor %b\ncommitter %b\n" % (_REF, who, who),
        b"data %d\n%b\nfrom %b\n" % (len(text), text, base.encode()),
        *_changes(changes),
        # fast-import writes refs at the end; `reset` without `from` drops the branch before that.
        # https://git-scm.com/docs/git-fast-import#_reset
        b"\nget-mark :1\nreset %b\n\ndone\n" % _REF,
    ]
    return b"".join(parts)


def _changes(changes: Sequence[TreeChange]) -> Iterator[bytes]:
    # Deletions first, because a file may become a directory and a directory a file.
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
    # https://git-scm.com/docs/git-fast-import#_filemodify
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
    """Whether git can hold the path, and a checkout of it on any system stays inside its folder and outside `.git`."""
    if "\0" in path:
        return False
    for name in path.split("/"):
        # HFS+ ignores some invisible characters. Windows drops dots and spaces at the end, reads what follows a colon
        # as a name of a stream, and gives `.git` the short name `git~1`. Each of them made git write into `.git` once.
        # https://git-scm.com/docs/git-config#Documentation/git-config.txt-coreprotectNTFS
        plain = "".join(char for char in name if char not in _IGNORED_BY_HFS).lower()
        if name in ("", ".", "..") or plain.split(":")[0].rstrip(". ") in (".git", "git~1"):
            return False
    return True
