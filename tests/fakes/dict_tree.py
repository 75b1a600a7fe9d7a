"""A commit's tree held in a dictionary, and the changes between two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from bot.changeset.tree import MODE_DIRECTORY, MODE_FILE, MODE_SUBMODULE, PathChange, TreeEntry
from bot.core.names import BlobSha
from bot.git_store.attributes import GITATTRIBUTES, check_attributes, folders_of


def blob_sha(content: bytes) -> BlobSha:
    """The id git gives these bytes."""
    return BlobSha(hashlib.sha1(b"blob %d\x00" % len(content) + content, usedforsecurity=False).hexdigest())


class DictTree:
    """Files by path; `modes` for those that are no plain file."""

    def __init__(self, files: Mapping[str, bytes | str], modes: Mapping[str, str] | None = None) -> None:
        self.contents = {p: c.encode() if isinstance(c, str) else c for p, c in files.items()}
        self._modes = modes or {}

    def entry(self, path: str) -> TreeEntry | None:
        if path in self.contents:
            content = self.contents[path]
            return TreeEntry(path, self._modes.get(path, MODE_FILE), blob_sha(content), len(content))
        if any(other.startswith(f"{path}/") for other in self.contents):
            return TreeEntry(path, MODE_DIRECTORY, BlobSha("0" * 40), 0)
        return None

    def read(self, path: str) -> bytes:
        if self._modes.get(path) == MODE_SUBMODULE:
            raise KeyError(path)
        return self.contents[path]

    def attributes(
        self, paths: Sequence[str], names: Sequence[str], files: Mapping[str, bytes | None]
    ) -> Mapping[str, Mapping[str, str]]:
        ours = {folder + GITATTRIBUTES: self.contents.get(folder + GITATTRIBUTES) for folder in folders_of(paths)}
        there = {path: content for path, content in {**ours, **files}.items() if content is not None}
        return check_attributes(there, paths, names) if there else {}

    def files(self) -> Sequence[TreeEntry]:
        entries = (self.entry(path) for path in sorted(self.contents))
        return [entry for entry in entries if entry is not None]


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
