"""Reads objects of a bare repository through two long-running `git cat-file` processes, and trees on top of that."""

from __future__ import annotations

import subprocess
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.changeset.tree import MODE_DIRECTORY, MODE_EXECUTABLE, MODE_FILE, MODE_SUBMODULE, TreeEntry
from bot.core.errors import GitFailed
from bot.core.names import BlobSha, CommitSha, TreeSha
from bot.git_store.attributes import GITATTRIBUTES, check_attributes, folders_of
from bot.git_store.git_errors import last_lines
from bot.git_store.process import GitRunner, end


@dataclass(slots=True)
class _Running:
    """The processes of one reader. A separate object, so that the reader's finalizer does not keep the reader alive."""

    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def end(self) -> None:
        while self.processes:
            end(self.processes.popitem()[1])


# One process per object would cost some milliseconds each; a review reads thousands.
# https://git-scm.com/docs/git-cat-file#_batch_output
class ObjectReader:
    """Reads objects by name. Safe to share between threads. A process that died is started again once."""

    def __init__(self, runner: GitRunner) -> None:
        self._runner = runner
        self._lock = threading.Lock()
        self._running = _Running()
        self._finalizer = weakref.finalize(self, self._running.end)

    def info(self, name: str) -> tuple[str, str, int] | None:
        """(sha, type, size in bytes) of an object, or None when the repository has none of that name."""
        with self._lock:
            return self._ask("--batch-check", name)[0]

    def read(self, sha: str) -> bytes | None:
        """The raw content of an object, or None when the repository does not have it."""
        with self._lock:
            return self._ask("--batch", sha)[1]

    def close(self) -> None:
        """End the processes; the next read starts new ones."""
        with self._lock:
            self._running.end()

    def _ask(self, mode: str, name: str) -> tuple[tuple[str, str, int] | None, bytes | None]:
        # A line end would be a second request, and its answer would be read as that of the next one.
        if not name or "\n" in name:
            return None, None
        try:
            return self._exchange(mode, name)
        except (BrokenPipeError, EOFError):
            # It was killed, or the mirror was made again meanwhile. A second failure is reported.
            self._running.end()
        try:
            return self._exchange(mode, name)
        except (BrokenPipeError, EOFError):
            self._running.end()
            raise GitFailed("git cat-file ended before it answered.") from None

    def _exchange(self, mode: str, name: str) -> tuple[tuple[str, str, int] | None, bytes | None]:
        process = self._running.processes.get(mode)
        if process is None:
            process = self._runner.spawn("cat-file", mode, stdin=True)
            self._running.processes[mode] = process
        if process.stdin is None or process.stdout is None:
            raise EOFError
        process.stdin.write(name.encode("utf-8", "surrogateescape") + b"\n")
        process.stdin.flush()
        header = process.stdout.readline()
        if not header.endswith(b"\n"):
            raise EOFError
        # `<sha> <type> <size>`, or `<name> missing` and `<name> ambiguous`, where the name may hold spaces.
        fields = header.decode("utf-8", "replace").split()
        if len(fields) != 3 or not fields[2].isdigit():
            return None, None
        size = int(fields[2])
        if mode != "--batch":
            return (fields[0], fields[1], size), None
        # A line end follows the content.
        content = process.stdout.read(size + 1)
        if len(content) != size + 1:
            raise EOFError
        return (fields[0], fields[1], size), content[:-1]


class GitTree:
    """One commit's tree. `entry` and `read` load only the directories above a path; `files` lists everything, once."""

    def __init__(self, reader: ObjectReader, runner: GitRunner, commit: CommitSha | TreeSha) -> None:
        root = reader.info(f"{commit}^{{tree}}")
        if root is None:
            raise GitFailed(f"The mirror does not have commit {commit}.", code="git.missing_commit")
        self.root = TreeSha(root[0])
        self._reader = reader
        self._runner = runner
        self._directories: dict[str, dict[str, tuple[str, BlobSha]]] = {}
        self._sizes: dict[BlobSha, int] = {}
        self._files: tuple[TreeEntry, ...] | None = None

    def entry(self, path: str) -> TreeEntry | None:
        """The file, symlink, submodule or directory at exactly that path, or None."""
        found = self._find(path)
        if found is None:
            return None
        mode, sha = found
        size = 0 if mode in (MODE_DIRECTORY, MODE_SUBMODULE) else self._size(sha)
        return TreeEntry(path, mode, sha, size)

    def read(self, path: str) -> bytes:
        """The raw bytes of a file, or the target of a symlink. Raises KeyError when there is no blob at the path."""
        found = self._find(path)
        if found is None or found[0] in (MODE_DIRECTORY, MODE_SUBMODULE):
            raise KeyError(path)
        content = self._reader.read(found[1])
        if content is None:
            raise GitFailed(f"The mirror lacks blob {found[1]}.", code="git.missing_object")
        return content

    def files(self) -> Sequence[TreeEntry]:
        """Every file, symlink and submodule, in path order."""
        if self._files is None:
            # `-z`: without it git quotes unusual names. https://git-scm.com/docs/git-ls-tree#_output_format
            listing = self._runner.check("ls-tree", "-r", "-l", "-z", "--full-tree", self.root)
            rows = (row.partition(b"\t") for row in listing.split(b"\0") if row)
            found = []
            for facts, _, path in rows:
                mode, _, sha, size = facts.split()
                # A submodule has `-` instead of a size.
                length = int(size) if size != b"-" else 0
                found.append(TreeEntry(_text(path), mode.decode(), BlobSha(sha.decode()), length))
            self._files = tuple(found)
        return self._files

    def holding(self, words: Sequence[str], suffixes: Sequence[str]) -> Sequence[str]:
        """Paths of the files with one of the suffixes that contain one of `words` as a whole word."""
        # Status 1 means no match. `-a` also searches files that git takes for binary.
        # https://git-scm.com/docs/git-grep
        if not words or not suffixes:
            return ()
        texts = [part for word in words for part in ("-e", word)]
        globs = [f"*{suffix}" for suffix in suffixes]
        done = self._runner.run("grep", "-l", "-z", "-a", "-F", "-w", *texts, self.root, "--", *globs)
        if done.status > 1:
            raise GitFailed("git grep failed.", log_lines=last_lines(done.err))
        start = len(self.root) + 1
        return tuple(_text(row[start:]) for row in done.out.split(b"\0") if row)

    def paths(self) -> Sequence[str]:
        """Paths of the regular files. Cheaper than `files`, for which git looks up every size."""
        # Modes 100644 and 100755. https://git-scm.com/docs/git-fast-import#_filemodify
        listing = self._runner.check("ls-tree", "-r", "-z", "--full-tree", self.root)
        rows = (row.partition(b"\t") for row in listing.split(b"\0") if row.startswith(b"100"))
        return tuple(_text(path) for _, _, path in rows)

    def attributes(
        self, paths: Sequence[str], names: Sequence[str], files: Mapping[str, bytes | None]
    ) -> Mapping[str, Mapping[str, str]]:
        """By path, the named attributes from the `.gitattributes` files of this tree, with `files` in place of some.

        A `files` entry of None means that the file is absent. See `check_attributes`.
        """
        found: dict[str, bytes] = {}
        for folder in folders_of(paths):
            path = folder + GITATTRIBUTES
            # git ignores a symlink of this name. https://git-scm.com/docs/gitattributes#_notes
            entry = self._find(path)
            content = self.read(path) if entry is not None and entry[0] in (MODE_FILE, MODE_EXECUTABLE) else None
            content = files.get(path, content)
            if content is not None:
                found[path] = content
        return check_attributes(found, paths, names) if found else {}

    def names(self, directory: str) -> Sequence[str]:
        """The names in a directory ("" for the root); empty when the path is not a directory."""
        found = (MODE_DIRECTORY, BlobSha(self.root)) if not directory else self._find(directory)
        return tuple(self._directory(found[1])) if found is not None and found[0] == MODE_DIRECTORY else ()

    def _find(self, path: str) -> tuple[str, BlobSha] | None:
        directory: str = self.root
        found: tuple[str, BlobSha] | None = None
        for name in path.split("/"):
            if found is not None:
                if found[0] != MODE_DIRECTORY:
                    return None
                directory = found[1]
            found = self._directory(directory).get(name)
            if found is None:
                return None
        return found

    def _directory(self, sha: str) -> dict[str, tuple[str, BlobSha]]:
        known = self._directories.get(sha)
        if known is None:
            raw = self._reader.read(sha)
            if raw is None:
                raise GitFailed(f"The mirror lacks tree {sha}.", code="git.missing_object")
            known = self._directories[sha] = _parse_tree(raw)
        return known

    def _size(self, sha: BlobSha) -> int:
        # Every check of a ChangeSet reads its entries again, and each read is an exchange with another process.
        known = self._sizes.get(sha)
        if known is None:
            info = self._reader.info(sha)
            if info is None:
                raise GitFailed(f"The mirror lacks blob {sha}.", code="git.missing_object")
            known = self._sizes[sha] = info[2]
        return known


def _parse_tree(raw: bytes) -> dict[str, tuple[str, BlobSha]]:
    """A tree object's rows: `<octal mode> <name>NUL<20 bytes of sha>`."""
    # A tree writes the mode of a directory without the leading zero that `ls-tree` prints.
    rows: dict[str, tuple[str, BlobSha]] = {}
    at = 0
    while at < len(raw):
        stop = raw.index(b"\0", at)
        mode, _, name = raw[at:stop].partition(b" ")
        rows[_text(name)] = (mode.decode().zfill(6), BlobSha(raw[stop + 1 : stop + 21].hex()))
        at = stop + 21
    return rows


def _text(path: bytes) -> str:
    # git's paths are bytes without an encoding; surrogateescape gives each a str that encodes to the same bytes.
    # https://peps.python.org/pep-0383/
    return path.decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class RawChange:
    """One path that differs between two trees. `source` is the old path, which differs from `path` for a rename.

    `status` is git's letter (A, D, M, R or T); modes and blobs are zeros on the side where there is nothing.
    https://git-scm.com/docs/diff-format
    """

    status: str
    source: str
    path: str
    old_mode: str
    new_mode: str
    old_blob: BlobSha


def raw_changes(raw: bytes) -> Iterator[RawChange]:
    """Read `git diff-tree --raw -z`: `:<mode> <mode> <blob> <blob> <status>NUL<path>NUL[<new path>NUL]`."""
    fields = iter(raw.split(b"\0"))
    for head in fields:
        if not head:
            return
        old_mode, new_mode, old_blob, _, status = head.decode().lstrip(":").split()
        source = _text(next(fields))
        path = _text(next(fields)) if status[0] == "R" else source
        yield RawChange(status[0], source, path, old_mode, new_mode, BlobSha(old_blob))
