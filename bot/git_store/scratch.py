"""A temporary bare repository that borrows another one's objects. Patches are tried and commits made in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.core.names import CommitSha, TreeSha
from bot.git_store.bare_repository import BareRepository
from bot.git_store.git_errors import last_lines


@dataclass(frozen=True, slots=True)
class PatchRefused:
    """git did not apply the patch; `lines` are its messages, without `error: `."""

    lines: tuple[str, ...]


class Scratch(BareRepository):
    """A bare repository with an index, which `git apply --cached` needs. It uses no transport."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, protocols="")

    def apply_patch(self, base: CommitSha, patch: bytes) -> TreeSha | PatchRefused:
        """The tree of the base with a unified diff applied exactly: no fuzz, and white space must match."""
        self._runner.check("read-tree", base)
        # Without --unsafe-paths git refuses paths outside the tree and behind symlinks.
        # https://git-scm.com/docs/git-apply#Documentation/git-apply.txt---unsafe-paths
        done = self._runner.run("apply", "--cached", "--whitespace=nowarn", "--no-ignore-whitespace", "-", stdin=patch)
        if done.status:
            return PatchRefused(tuple(line.removeprefix("error: ") for line in last_lines(done.err)))
        return TreeSha(self._runner.check("write-tree").decode().strip())


@contextmanager
def scratch(objects: Path) -> Iterator[Scratch]:
    """A scratch repository that reads the objects of an object directory; removed when the block ends."""
    # The few files that make a directory a repository, written directly: `git init` would cost a process for each use.
    # https://git-scm.com/docs/gitrepository-layout
    with tempfile.TemporaryDirectory(prefix="cadence-scratch-") as room:
        path = Path(room) / "scratch.git"
        (path / "objects" / "info").mkdir(parents=True)
        (path / "refs").mkdir()
        (path / "HEAD").write_text("ref: refs/heads/none\n")
        # A bare line would be misread if it began with `#` or held a line end; a quoted one is not.
        # https://git-scm.com/docs/gitrepository-layout#Documentation/gitrepository-layout.txt-objectsinfoalternates
        raw = str(objects.absolute()).encode("utf-8", "surrogateescape")
        quoted = raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
        (path / "objects" / "info" / "alternates").write_bytes(b'"%b"\n' % quoted)
        made = Scratch(path)
        try:
            yield made
        finally:
            made.close()
