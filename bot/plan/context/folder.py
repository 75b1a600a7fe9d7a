"""A plain folder read as a tree, with or without `.git`: a file is read again only when its size or times changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeEntry
from bot.core.names import BlobSha
from bot.plan.context.index import ContextIndex
from bot.plan.context.paths import considered

_NOT_ENTERED = frozenset({".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".cadence"})
RACY_NANOSECONDS = 2_000_000_000
"""A file that was changed so shortly before it was read may change again without a new time, as git takes care of, too.
https://git-scm.com/docs/racy-git"""


class FolderTree:
    """bot.changeset.tree.TreeReader for the files below a folder; symbolic links are left out."""

    def __init__(self, root: Path, index: ContextIndex) -> None:
        self._root = root
        self._entries = {entry.path: entry for entry in _listed(root, index)}

    def entry(self, path: str) -> TreeEntry | None:
        """The entry of a file, or None."""
        return self._entries.get(path)

    def read(self, path: str) -> bytes:
        """The bytes of a file now. Raises KeyError for a path that was not listed, or is gone."""
        if path not in self._entries:
            raise KeyError(path)
        try:
            return (self._root / path).read_bytes()
        except FileNotFoundError:
            raise KeyError(path) from None

    def files(self) -> Sequence[TreeEntry]:
        """Every file in path order."""
        return tuple(self._entries[path] for path in sorted(self._entries))


def _listed(root: Path, index: ContextIndex) -> Iterator[TreeEntry]:
    known = index.known_stats()
    new: dict[str, tuple[int, int, int, str]] = {}
    found = list(_walked(str(root), ""))
    newest = max((info.st_mtime_ns for _, info in found), default=0)
    for path, info in found:
        mode = MODE_EXECUTABLE if info.st_mode & stat.S_IXUSR else MODE_FILE
        # What is never looked at is not read; the id of its content plays no part.
        if not considered(path):
            yield TreeEntry(path, mode, BlobSha("0" * 40), info.st_size)
            continue
        before = known.get(path)
        if before is not None and before[:3] == (info.st_size, info.st_mtime_ns, info.st_ino):
            yield TreeEntry(path, mode, BlobSha(before[3]), info.st_size)
            continue
        try:
            raw = (root / path).read_bytes()
        except OSError:
            continue
        blob = hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
        if newest - info.st_mtime_ns > RACY_NANOSECONDS:
            new[path] = (info.st_size, info.st_mtime_ns, info.st_ino, blob)
        yield TreeEntry(path, mode, BlobSha(blob), len(raw))
    index.note_stats(new)


def _walked(folder: str, below: str) -> Iterator[tuple[str, os.stat_result]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if entry.name not in _NOT_ENTERED:
                yield from _walked(entry.path, f"{below}{entry.name}/")
        elif entry.is_file(follow_symlinks=False):
            yield f"{below}{entry.name}", entry.stat(follow_symlinks=False)
