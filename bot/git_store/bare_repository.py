"""A bare repository on this machine: reads its objects and adds commits to it. No index, work tree, hook or network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from bot.changeset.tree import PathChange, TreeChange
from bot.core.errors import GitFailed, Refused
from bot.core.names import CommitSha, TreeSha
from bot.git_store.commit_graph import CommitGraph
from bot.git_store.commits import Author, CommitRecord
from bot.git_store.git_errors import last_lines
from bot.git_store.objects import GitTree, ObjectReader, RawChange, raw_changes
from bot.git_store.process import GitRunner
from bot.git_store.searching import CommitSearch
from bot.git_store.writing import import_stream

FULL_SHA = re.compile(r"[0-9a-f]{40}")

# Every option is named, because the repository's own configuration must not change what people and reviewers read.
# https://git-scm.com/docs/git-diff
_PATCH_FORM = (
    "--no-ext-diff", "--no-textconv", "--no-color", "--full-index", "-M", "--submodule=short", "--src-prefix=a/",
    "--dst-prefix=b/", "--unified=3", "--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic",
    "--ignore-submodules=none", "-O/dev/null", "-l1000",
)  # fmt: skip

MERGE_BASES = 1000
"""Answers kept for each repository; about a hundred bytes each."""


class BareRepository:
    """Reads and writes objects of one bare repository. Safe to share between threads.

    Every method raises GitFailed when git fails in a way that the method does not describe.
    """

    def __init__(self, path: Path, *, protocols: str) -> None:
        """`protocols` are the transports that git may use, colon-separated; "" allows none."""
        self.path = path
        self._runner = GitRunner(path, protocols=protocols)
        self._reader = ObjectReader(self._runner)
        self.history = CommitGraph(self._runner, self._reader)
        """Commit objects, and merges computed again."""
        self._recent: tuple[tuple[CommitSha, int], list[str]] | None = None
        self._merge_bases: dict[tuple[CommitSha, CommitSha], CommitSha | None] = {}

    def tip(self, branch: str) -> CommitSha | None:
        """The commit of a branch (or full ref) here, or None."""
        return self._commit_at(full_ref(branch)) if self._exists() else None

    def has(self, commit: str) -> bool:
        """Whether the commit of that full sha is here."""
        if not FULL_SHA.fullmatch(commit) or not self._exists():
            return False
        info = self._reader.info(commit)
        return info is not None and info[1] == "commit"

    def tree(self, commit: CommitSha | TreeSha) -> GitTree:
        """A reader of the tree of that commit (or of that tree). Raises GitFailed(`git.missing_commit`)."""
        return GitTree(self._reader, self._runner, commit)

    def search(self, commit: CommitSha) -> CommitSearch:
        """Searches in the text of a commit, and in its history."""
        return CommitSearch(self._runner, commit)

    def read_file(self, commit: CommitSha, path: str) -> bytes | None:
        """The raw bytes of one file (or symlink) at a commit, or None when there is none."""
        try:
            return self.tree(commit).read(path)
        except KeyError:
            return None

    def write_commit(
        self, base: CommitSha, changes: Sequence[TreeChange], *, message: str, author: Author, date: datetime
    ) -> CommitSha:
        """Add a commit on `base` with exactly these changes, as objects only: no ref points to it.

        The same arguments give the same sha. Deleting a path that does not exist changes nothing. Raises Refused
        (`path.unsafe`, `contract.commit`, or `loss.path` when a path would replace a directory or a file above it) and
        GitFailed(`git.missing_commit`).
        """
        stream = import_stream(base, changes, message=message, author=author, date=date)
        if not self.has(base):
            raise GitFailed(f"The mirror does not have commit {base}.", code="git.missing_commit")
        done = self._runner.run("fast-import", "--quiet", stdin=stream)
        if done.status:
            # fast-import leaves a crash report with the head of the stream. https://git-scm.com/docs/git-fast-import
            for report in self.path.glob("fast_import_crash_*"):
                report.unlink(missing_ok=True)
            raise GitFailed("git fast-import failed.", log_lines=last_lines(done.err))
        commit = CommitSha(done.out.decode().strip())
        # fast-import silently replaces a directory by a file, and a file by the directory above a new path: what else
        # is lost is found by comparing the trees.
        out = self._runner.check("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-commit-id", base, commit)
        touched = {path.decode("utf-8", "surrogateescape") for path in out.split(b"\0") if path}
        lost = sorted(touched - {change.path for change in changes})
        if lost:
            raise Refused(
                f"The change would also remove {lost[0]!r}" + (f" and {len(lost) - 1} more." if lost[1:] else "."),
                code="loss.path",
                remedy="Delete these paths explicitly, or choose another path for the new file.",
                details=lost[:20],
            )
        return commit

    def diff(self, base: CommitSha, head: CommitSha) -> str:
        """The unified diff from base to head, with renames; binary files are only named, invalid UTF-8 is replaced."""
        return self._runner.check("diff", *_PATCH_FORM, base, head, "--").decode("utf-8", "replace")

    def patch(self, base: CommitSha, head: CommitSha) -> bytes:
        """The whole change as `git apply` takes it, with binary content."""
        return self._runner.check("diff", "--binary", *_PATCH_FORM, base, head, "--")

    def changed(self, base: CommitSha | TreeSha, head: CommitSha | TreeSha) -> list[RawChange]:
        """The differences between two commits or trees, with renames, in path order."""
        out = self._runner.check("diff-tree", "-r", "-z", "-M", "--raw", "--no-commit-id", f"{base}^{{tree}}", head)
        return list(raw_changes(out))

    def changes(self, base: CommitSha, head: CommitSha) -> tuple[PathChange, ...]:
        """Every path that differs between two commits, with renames, in path order."""
        return tuple(
            PathChange(None if one.status == "A" else one.source, None if one.status == "D" else one.path)
            for one in self.changed(base, head)
        )

    def parent(self, commit: CommitSha) -> CommitSha | None:
        """The commit's first parent, or None for a root or an unknown commit."""
        # `^1` of a merge commit is the branch that was merged into. https://git-scm.com/docs/gitrevisions
        return self._commit_at(f"{commit}^1")

    def merge_base(self, a: CommitSha, b: CommitSha) -> CommitSha | None:
        """The best common ancestor, or None for unrelated histories."""
        # Status 1 is the answer "none"; from 2 on git failed. https://git-scm.com/docs/git-merge-base
        # Every look at a pull request asks it for the same two commits, whose history never changes.
        if (a, b) not in self._merge_bases:
            done = self._runner.run("merge-base", a, b)
            if done.status > 1:
                raise GitFailed("git merge-base failed.", log_lines=last_lines(done.err))
            if len(self._merge_bases) >= MERGE_BASES:
                self._merge_bases.clear()
            self._merge_bases[a, b] = CommitSha(done.out.decode().split()[0]) if done.status == 0 else None
        return self._merge_bases[a, b]

    def is_ancestor(self, ancestor: CommitSha, descendant: CommitSha) -> bool:
        """Whether `ancestor` is reachable from `descendant`; a commit is its own ancestor."""
        done = self._runner.run("merge-base", "--is-ancestor", ancestor, descendant)
        if done.status > 1:
            raise GitFailed("git merge-base failed.", log_lines=last_lines(done.err))
        return done.status == 0

    def commits(self, base: CommitSha, head: CommitSha) -> list[CommitRecord]:
        """The commits reachable from head and not from base, oldest first."""
        # A .mailmap of the repository could show another e-mail address than the commit holds.
        # https://git-scm.com/docs/gitmailmap
        out = self._runner.check(
            "log", "-z", "--reverse", "--topo-order", "--no-mailmap", "--format=%H%n%ae%n%B", f"{base}..{head}", "--"
        )
        rows = (row.split("\n", 2) for row in out.decode("utf-8", "replace").split("\0") if row)
        return [CommitRecord(CommitSha(sha), email, message) for sha, email, message in rows]

    def recent_paths(self, commit: CommitSha, commits: int = 100) -> list[str]:
        """Paths that the last commits before and with this one changed, newest first, each as often as it changed."""
        # The estimate and the plan of a run ask for the same commit, one after the other.
        kept = self._recent
        if kept is not None and kept[0] == (commit, commits):
            return list(kept[1])
        # In a shallow or young repository there are fewer. Merges change nothing that their commits did not.
        out = self._runner.check(
            "log",
            "-z",
            f"--max-count={commits}",
            "--no-merges",
            "--no-renames",
            "--name-only",
            "--format=",
            commit,
            "--",
        )
        paths = [path.decode("utf-8", "surrogateescape") for path in out.split(b"\0") if path]
        self._recent = ((commit, commits), paths)
        return list(paths)

    def close(self) -> None:
        """End the reading processes; the next read starts new ones."""
        self._reader.close()

    def _commit_at(self, revision: str) -> CommitSha | None:
        # The lasting `cat-file` looks every ref up again, and answers in a tenth of the time of a new process.
        info = self._reader.info(f"{revision}^{{commit}}")
        return CommitSha(info[0]) if info is not None else None

    def _exists(self) -> bool:
        # What git itself looks for. https://git-scm.com/docs/gitrepository-layout
        return (self.path / "HEAD").is_file() and (self.path / "objects").is_dir() and (self.path / "refs").is_dir()


def full_ref(branch: str) -> str:
    """The full ref of a branch; a full ref stays as it is."""
    return branch if branch.startswith("refs/") else f"refs/heads/{branch}"
