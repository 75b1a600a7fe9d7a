"""What the checks of a ChangeSet read of a repository at one commit, and the changes that a commit is built from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from bot.core.names import BlobSha

# The only modes git stores: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
MODE_FILE = "100644"
MODE_EXECUTABLE = "100755"
MODE_SYMLINK = "120000"
MODE_SUBMODULE = "160000"
MODE_DIRECTORY = "040000"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One path at one commit; `size` is in bytes, 0 for directories and submodules."""

    path: str
    mode: str
    sha: BlobSha
    size: int


class TreeReader(Protocol):
    """Reads one commit's tree. Paths are POSIX, relative to the root, without a leading slash."""

    def entry(self, path: str) -> TreeEntry | None:
        """The entry at exactly that path (file, symlink, submodule or directory), or None."""

    def read(self, path: str) -> bytes:
        """The raw bytes of the file at that path. Raises KeyError when there is no blob there."""

    def files(self) -> Sequence[TreeEntry]:
        """Every file, symlink and submodule of the tree, in path order (no directories)."""


@runtime_checkable
class TreeSearcher(Protocol):
    """A tree that can be listed and searched without reading every file of it."""

    def paths(self) -> Sequence[str]:
        """Paths of the regular files."""

    def names(self, directory: str) -> Sequence[str]:
        """Names in a directory ("" for the root); none when there is not a directory."""

    def holding(self, words: Sequence[str], suffixes: Sequence[str]) -> Sequence[str]:
        """Paths of the files with one of the extensions that hold one of the texts as a word."""


@runtime_checkable
class AttributeReader(Protocol):
    """A tree that knows what git's attributes say of its paths."""

    def attributes(
        self, paths: Sequence[str], names: Sequence[str], files: Mapping[str, bytes | None]
    ) -> Mapping[str, Mapping[str, str]]:
        """By path, the named attributes that are not unspecified: "set", "unset" or their value.

        `files` are `.gitattributes` files by path that count in place of the tree's own; None takes one away.
        """


@dataclass(frozen=True, slots=True)
class TreeChange:
    """One path's new state: `content` None deletes it; otherwise `mode` is 100644 or 100755."""

    path: str
    content: bytes | None
    mode: str = MODE_FILE


@dataclass(frozen=True, slots=True)
class PathChange:
    """One path that differs between two trees.

    `old` is None for an added file, `new` for a deleted one; both are set, and differ, for a rename.
    """

    old: str | None
    new: str | None

    @property
    def path(self) -> str:
        """Where a finding about this file is shown: the new path, or the old one when the file is gone."""
        return self.new or self.old or ""
