"""A commit's tree in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from bot.changeset.tree import MODE_DIRECTORY, MODE_FILE, TreeEntry
from bot.core.names import BlobSha


class MemoryTree:
    """bot.changeset.tree.TreeReader for tests; `modes` of what is not a plain file, `read_paths` in order of
    reading."""

    def __init__(self, files: Mapping[str, str | bytes], modes: Mapping[str, str] | None = None) -> None:
        self._files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        self._modes = dict(modes or {})
        self.read_paths: list[str] = []

    def entry(self, path: str) -> TreeEntry | None:
        if path in self._files:
            raw = self._files[path]
            blob = hashlib.sha1(b"blob %d\0" % len(raw) + raw, usedforsecurity=False).hexdigest()
            return TreeEntry(path, self._modes.get(path, MODE_FILE), BlobSha(blob), len(raw))
        if any(one.startswith(f"{path}/") for one in self._files):
            return TreeEntry(path, MODE_DIRECTORY, BlobSha("0" * 40), 0)
        return None

    def read(self, path: str) -> bytes:
        self.read_paths.append(path)
        return self._files[path]

    def files(self) -> Sequence[TreeEntry]:
        return tuple(entry for path in sorted(self._files) if (entry := self.entry(path)) is not None)
