"""Git plumbing on one bare repository, by subprocess: merges, commits and diffs are git's own."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bot.core.names import ZERO_SHA

_FIXED = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}
GITHUB_COMMITTER = ("GitHub", "noreply@github.com")
_CONFIG = """
[core]
\thooksPath = "{hooks}"
[receive]
\tprocReceiveRefs = refs
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
[gc]
\tauto = 0
"""
_SHA = re.compile(r"[0-9a-f]{40}")
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


T = TypeVar("T")


class GitError(Exception):
    """A git command failed; the text is its stderr."""


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of every git process: the machine's PATH and nothing of its user's git."""
    base = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**base, **_FIXED, **(extra or {})}


@dataclass(frozen=True)
class Person:
    name: str
    email: str


@dataclass(frozen=True)
class CommitInfo:
    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    date: str
    message: str


@dataclass(frozen=True)
class FileChange:
    """One file of a diff; `right` and `left` are the line numbers a review comment may name."""

    path: str
    previous: str | None
    status: str
    sha: str
    additions: int
    deletions: int
    patch: str | None
    right: frozenset[int]
    left: frozenset[int]


class Bare:
    """One bare repository.

    Raises GitError where a command fails that was expected to work.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept: dict[tuple[str, ...], Any] = {}
        self._commits: set[str] = set()

    def _once(self, ask: Callable[[], T], *key: str) -> T:
        """The kept answer of a question about commits named by their full SHA: what those say never changes."""
        if not all(map(_SHA.fullmatch, key[1:])):
            return ask()
        if key not in self._kept:
            self._kept[key] = ask()
        return self._kept[key]  # type: ignore[no-any-return]

    def git(self, *args: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> bytes:
        done = self.attempt(*args, stdin=stdin, env=env)
        if done.returncode != 0:
            raise GitError(f"git {args[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout

    def attempt(
        self, *args: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", "-C", str(self.path), *args], input=stdin, capture_output=True, env=environment(env), check=False
        )

    def text(self, *args: str, stdin: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        return self.git(*args, stdin=stdin, env=env).decode("utf-8", "replace").strip()

    @classmethod
    def create(cls, path: Path, *, default_branch: str, hooks: Path) -> Bare:
        """Make an empty bare repository whose pushes are checked by the sandbox's own hook and no other."""
        path.mkdir(parents=True)
        bare = cls(path)
        bare.git("init", "--quiet", "--bare", f"--initial-branch={default_branch}", "--template=", str(path))
        # One write is much faster than one `git config` per key, and tests make many repositories.
        with (path / "config").open("a") as config:
            config.write(_CONFIG.format(hooks=str(hooks).replace("\\", "\\\\").replace('"', '\\"')))
        return bare

    def refs(self) -> dict[str, str]:
        """Every ref of the repository with its commit."""
        lines = self.text("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split(" ", 1) for line in lines)

    def tip(self, branch: str) -> str | None:
        # A loose ref is a file with the SHA (git-scm.com/docs/gitrepository-layout), read here without a process.
        loose = self.path / "refs" / "heads" / branch
        if ".." not in branch and loose.is_file() and _SHA.fullmatch(sha := loose.read_text().strip()):
            return sha
        done = self.attempt("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}^{{commit}}")
        return done.stdout.decode().strip() or None

    def commit_of(self, name: str) -> str | None:
        """The commit a SHA, branch or `heads/...` names, or None."""
        if name in self._commits:
            return name
        for candidate in (name, f"refs/heads/{name}", f"refs/{name}"):
            done = self.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", f"{candidate}^{{commit}}")
            if done.returncode == 0:
                self._commits.add(found := done.stdout.decode().strip())
                return found
        return None

    def set_ref(self, ref: str, new: str, old: str | None = None) -> None:
        self.git("update-ref", ref, new, *([old] if old is not None else []))

    def delete_ref(self, ref: str) -> None:
        self.git("update-ref", "-d", ref)

    def info(self, sha: str) -> CommitInfo:
        return self._once(lambda: self._info(sha), "info", sha)

    def _info(self, sha: str) -> CommitInfo:
        fields = self.git("show", "-s", "--format=%H%n%T%n%P%n%an%n%ae%n%cn%n%ce%n%cI%n%B", sha).decode(
            "utf-8", "replace"
        )
        full, tree, parents, name, email, cname, cemail, date, message = fields.split("\n", 8)
        people = Person(name, email), Person(cname, cemail)
        return CommitInfo(full, tree, tuple(parents.split()), *people, date, message.rstrip("\n"))

    def between(self, base: str, head: str) -> list[str]:
        """Commits of head that base lacks, oldest first."""
        asked = "rev-list", "--reverse", "--topo-order", f"{base}..{head}"
        return list(self._once(lambda: self.text(*asked).split(), "between", base, head))

    def merge_base(self, one: str, other: str) -> str | None:
        def ask() -> str | None:
            return self.attempt("merge-base", one, other).stdout.decode().strip() or None

        return self._once(ask, "merge-base", one, other)

    def is_ancestor(self, old: str, new: str) -> bool:
        asked = "merge-base", "--is-ancestor", old, new
        return self._once(lambda: self.attempt(*asked).returncode == 0, "is-ancestor", old, new)

    def merged_tree(self, ours: str, theirs: str) -> str | None:
        """The tree of a clean merge, or None when the two conflict."""

        def ask() -> str | None:
            done = self.attempt("merge-tree", "--write-tree", "--no-messages", ours, theirs)
            return done.stdout.decode().split("\n", 1)[0] if done.returncode == 0 else None

        return self._once(ask, "merged", ours, theirs)

    def commit_tree(
        self, tree: str, parents: Sequence[str], message: str, *, author: Person, committer: Person, date: str
    ) -> str:
        env = {
            "GIT_AUTHOR_NAME": author.name,
            "GIT_AUTHOR_EMAIL": author.email,
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": committer.name,
            "GIT_COMMITTER_EMAIL": committer.email,
            "GIT_COMMITTER_DATE": date,
        }
        flags = [part for parent in parents for part in ("-p", parent)]
        return self.text("commit-tree", tree, *flags, "-F", "-", stdin=(message.rstrip("\n") + "\n").encode(), env=env)

    def write_files(self, base: str | None, files: Mapping[str, str | bytes | None]) -> str:
        """The tree of `base` with those files written (None = removed); modes of existing files are kept."""
        with tempfile.TemporaryDirectory(dir=self.path, prefix="writing-") as room:
            env = {"GIT_INDEX_FILE": str(Path(room) / "index")}
            self.git("read-tree", *([base] if base else ["--empty"]), env=env)
            written = [path for path, content in files.items() if content is not None]
            blobs = dict(zip(written, self._blobs(Path(room), [files[path] or "" for path in written]), strict=True))
            listed = self.git("ls-files", "-s", "-z", env=env).decode("utf-8", "replace").split("\0")
            modes = {row.split("\t", 1)[1]: row.split(" ", 1)[0] for row in listed if row}
            rows = (
                f"{modes.get(path, '100644')} {blobs[path]}\t{path}\0"
                if path in blobs
                # `--force-remove` wants a work tree; mode 0 takes the entry out without one.
                else f"0 {ZERO_SHA}\t{path}\0"
                for path in files
            )
            self.git("update-index", "-z", "--index-info", stdin="".join(rows).encode(), env=env)
            return self.text("write-tree", env=env)

    def _blobs(self, room: Path, contents: Sequence[str | bytes]) -> list[str]:
        """Write all contents with one git process: starting one for each file is what takes the time."""
        names = []
        for number, content in enumerate(contents):
            name = room / f"file-{number}"
            name.write_bytes(content.encode() if isinstance(content, str) else content)
            names.append(f"{name}\n")
        return self.text("hash-object", "-w", "--no-filters", "--stdin-paths", stdin="".join(names).encode()).split()

    def read(self, commit: str, path: str) -> bytes | None:
        done = self.attempt("cat-file", "blob", f"{commit}:{path}")
        return done.stdout if done.returncode == 0 else None

    def replay(self, onto: str, commits: Sequence[str], *, committer: Person, date: str) -> str | None:
        """Rebase: each commit replayed on top of `onto`; None on a conflict."""
        tip = onto
        for sha in commits:
            info = self.info(sha)
            if len(info.parents) != 1:
                continue
            tree = self._picked_tree(tip, info)
            if tree is None:
                return None
            tip = self.commit_tree(tree, [tip], info.message, author=info.author, committer=committer, date=date)
        return tip

    def _picked_tree(self, tip: str, info: CommitInfo) -> str | None:
        # git 2.39 has no `merge-tree --merge-base`, so the three trees become a small history of their own.
        placeholder = Person("sandbox", "sandbox@localhost")
        date = "2000-01-01T00:00:00Z"

        def as_commit(tree: str, parents: Sequence[str]) -> str:
            return self.commit_tree(tree, parents, "x", author=placeholder, committer=placeholder, date=date)

        origin = as_commit(self.info(info.parents[0]).tree, [])
        return self.merged_tree(as_commit(self.info(tip).tree, [origin]), as_commit(info.tree, [origin]))

    def touched(self, base: str, head: str) -> list[str]:
        asked = "diff", "--name-only", "-z", base, head
        raw = self._once(lambda: self.git(*asked), "touched", base, head)
        return [path for path in raw.decode("utf-8", "replace").split("\0") if path]

    def object(self, commit: str, path: str) -> tuple[str, str, bytes] | None:
        """The SHA, the type (`blob`, `tree`) and the content of a blob or tree at a commit or ref, or None."""

        def ask() -> tuple[str, str, bytes] | None:
            header, _, content = self.git("cat-file", "--batch", stdin=f"{commit}:{path}\n".encode()).partition(b"\n")
            words = header.decode("utf-8", "replace").split(" ")
            # `<sha> <type> <size>`, or the name that was asked for and `missing`.
            return (words[0], words[1], content[:-1]) if len(words) == 3 and words[2].isdigit() else None

        return self._once(ask, f"object:{path}", commit)

    def files(self, base: str, head: str) -> list[FileChange]:
        """What a pull request shows: the diff from the merge base to head, with rename detection."""
        return list(self._once(lambda: self._files(base, head), "files", base, head))

    def _files(self, base: str, head: str) -> list[FileChange]:
        start = self.merge_base(base, head) or base
        raw = self.git("diff", "--raw", "-z", "-M", "--abbrev=40", start, head).decode("utf-8", "replace").split("\0")
        found: list[FileChange] = []
        position = 0
        while position < len(raw) and raw[position].startswith(":"):
            _, _, _, sha, kind = raw[position].split(" ")
            moved = kind[0] in "RC"
            previous, path = (raw[position + 1], raw[position + 2]) if moved else (None, raw[position + 1])
            position += 3 if moved else 2
            found.append(self._change(start, head, path=path, previous=previous, sha=sha, kind=kind[0]))
        return found

    def _change(self, start: str, head: str, *, path: str, previous: str | None, sha: str, kind: str) -> FileChange:
        status = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied"}.get(kind, "changed")
        names = [previous, path] if previous else [path]
        diff = self.git("diff", "-M", "-U3", start, head, "--", *names).decode("utf-8", "replace")
        at = diff.find("\n@@ ")
        patch = diff[at + 1 :].rstrip("\n") if at >= 0 else None
        right, left, plus, minus = diff_lines(patch or "")
        if kind == "D":
            sha = self.text("rev-parse", f"{start}:{path}")
        return FileChange(path, previous, status, sha, plus, minus, patch, right, left)


def diff_lines(patch: str) -> tuple[frozenset[int], frozenset[int], int, int]:
    """Line numbers inside a patch's hunks on the right and left side, and how many lines it adds and deletes."""
    right: set[int] = set()
    left: set[int] = set()
    plus = minus = old = new = 0
    for line in patch.split("\n"):
        if match := _HUNK.match(line):
            old, new = int(match[1]), int(match[3])
        elif line.startswith("+"):
            right.add(new)
            new, plus = new + 1, plus + 1
        elif line.startswith("-"):
            left.add(old)
            old, minus = old + 1, minus + 1
        elif line.startswith(" ") or line == "":
            right.add(new)
            left.add(old)
            old, new = old + 1, new + 1
    return frozenset(right), frozenset(left), plus, minus
