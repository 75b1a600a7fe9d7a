"""A tree of texts, and the changes between two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from bot.changeset.tree import MODE_FILE, PathChange, TreeEntry
from bot.names import BlobSha


class DictTree:
    """A commit's tree that holds exactly these files."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self._files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}

    def entry(self, path: str) -> TreeEntry | None:
        if path not in self._files:
            return None
        raw = self._files[path]
        return TreeEntry(path, MODE_FILE, BlobSha(hashlib.sha1(raw, usedforsecurity=False).hexdigest()), len(raw))

    def read(self, path: str) -> bytes:
        return self._files[path]

    def files(self) -> tuple[TreeEntry, ...]:
        return tuple(entry for path in sorted(self._files) if (entry := self.entry(path)) is not None)


def changes(
    base: Mapping[str, str], head: Mapping[str, str], renames: Mapping[str, str] | None = None
) -> tuple[PathChange, ...]:
    """What differs; `renames` says which old path became which new one."""
    renames = renames or {}
    found = [PathChange(old, new) for old, new in renames.items()]
    for path in sorted({*base, *head} - {*renames, *renames.values()}):
        if base.get(path) != head.get(path):
            found.append(PathChange(path if path in base else None, path if path in head else None))
    return tuple(found)
