"""A tree of files in memory, for a self test. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from bot.changeset.tree import MODE_DIRECTORY, MODE_FILE, TreeEntry
from bot.core.names import BlobSha

Files = Mapping[str, str]
"""Text by path; every text ends with a line end."""


class FilesTree:
    """A `TreeReader` over files in memory."""

    def __init__(self, files: Files) -> None:
        self._contents = {path: text.encode() for path, text in files.items()}
        self._folders = {path[:at] for path in files for at, sign in enumerate(path) if sign == "/"}

    def entry(self, path: str) -> TreeEntry | None:
        raw = self._contents.get(path)
        if raw is not None:
            return TreeEntry(path, MODE_FILE, blob_id(raw), len(raw))
        # No caller reads the id of a directory, so it has none of its own.
        return TreeEntry(path, MODE_DIRECTORY, blob_id(b""), 0) if path in self._folders else None

    def read(self, path: str) -> bytes:
        return self._contents[path]

    def files(self) -> Sequence[TreeEntry]:
        return [TreeEntry(path, MODE_FILE, blob_id(raw), len(raw)) for path, raw in sorted(self._contents.items())]


def blob_id(raw: bytes) -> BlobSha:
    """The id that git gives these bytes."""
    # https://git-scm.com/book/en/v2/Git-Internals-Git-Objects#_object_storage
    return BlobSha(hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest())
