"""A throw-away bare repository beside another one: patches are tried and commits built there, and nothing is left."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.core.clock import SystemClock
from bot.core.names import CommitSha, TreeSha
from bot.git_store.failures import last_lines
from bot.git_store.mirror import Mirror
from bot.git_store.process import GitRunner


@dataclass(frozen=True, slots=True)
class PatchRefused:
    """git did not apply the patch; `lines` are its own words, without `error: `."""

    lines: tuple[str, ...]


class Scratch(Mirror):
    """A mirror without a server, with an index of its own for the one thing that needs one: `git apply`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, origin=str(path), clock=SystemClock(), protocols="")
        self._git = GitRunner(path, protocols="")

    def apply_patch(self, base: CommitSha, patch: bytes) -> TreeSha | PatchRefused:
        """The tree that a unified diff makes of the base, exactly (no fuzz, no white space forgiven)."""
        self._git.check("read-tree", base)
        # Without --unsafe-paths git itself refuses paths outside the tree and through symlinks.
        done = self._git.run("apply", "--cached", "--whitespace=nowarn", "--no-ignore-whitespace", "-", stdin=patch)
        if done.status:
            return PatchRefused(tuple(line.removeprefix("error: ") for line in last_lines(done.err)))
        return TreeSha(self._git.check("write-tree").decode().strip())


@contextmanager
def scratch(objects: Path) -> Iterator[Scratch]:
    """A scratch repository that borrows the objects of an object directory; removed when the block ends."""
    with tempfile.TemporaryDirectory(prefix="cadence-scratch-") as room:
        path = Path(room) / "scratch.git"
        (path / "objects" / "info").mkdir(parents=True)
        (path / "refs").mkdir()
        (path / "HEAD").write_text("ref: refs/heads/none\n")
        (path / "objects" / "info" / "alternates").write_bytes(_quoted(objects))
        made = Scratch(path)
        try:
            yield made
        finally:
            made.close()


def _quoted(path: Path) -> bytes:
    # A bare line would be misread when it begins with `#` or holds a line end (gitrepository-layout, alternates).
    raw = str(path.absolute()).encode("utf-8", "surrogateescape")
    return b'"' + raw.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"\n'
