"""One repository's bare mirror: fetching, reading, writing commits and pushing them. No work tree anywhere."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from bot.changeset.tree import PathChange, TreeChange
from bot.core.clock import Clock
from bot.core.errors import GitFailed, Refused, SettingsInvalid, Unavailable, UnknownOutcome
from bot.core.names import CommitSha, TreeSha
from bot.effects.guard import side_effect
from bot.git_store.commits import Author, CommitRecord
from bot.git_store.failures import (
    fetch_failure,
    hit_file_limit,
    is_damaged,
    last_lines,
    missing_ref,
    push_failure,
)
from bot.git_store.history import History
from bot.git_store.objects import GitTree, ObjectReader, RawChange, raw_changes
from bot.git_store.process import Credential, Finished, GitRunner, GitTimeout, too_large
from bot.git_store.writing import import_stream

FETCH_SECONDS = 1800.0
PUSH_SECONDS = 300.0
ASK_SECONDS = 60.0
TIDY_SECONDS = 1800.0
LOCK_SECONDS = 1800.0
MOST_FETCHED = 8 * 1024**3
"""Bytes of one fetched pack. GitHub recommends repositories below 5 GB (docs.github.com, "Repository limits")."""
MERGE_BASES = 1000
"""Answers kept for each mirror; a hundred bytes each."""

_SHA = re.compile(r"[0-9a-f]{40}")
# The repository's own configuration must not shape what people and reviewers read.
_PATCH_FORM = (
    "--no-ext-diff", "--no-textconv", "--no-color", "--full-index", "-M", "--submodule=short", "--src-prefix=a/",
    "--dst-prefix=b/", "--unified=3", "--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic",
    "--ignore-submodules=none", "-O/dev/null", "-l1000",
)  # fmt: skip


class Mirror:
    """A bare repository kept in step with the server's. Fetch and push take a lock; reading takes none."""

    def __init__(self, path: Path, *, origin: str, clock: Clock, protocols: str | None = None) -> None:
        """`protocols` is git's allow-list of transports, colon-separated ("": none); else the origin's decides."""
        self.path = path
        self.fetched_at: datetime | None = None
        """When this process last fetched."""
        self._origin = origin
        self._clock = clock
        if protocols is None:
            protocols = "http:https" if urlsplit(origin).scheme in ("http", "https") else "file"
        self._runner = GitRunner(path, protocols=protocols)
        self._reader = ObjectReader(self._runner)
        self.history = History(self._runner, self._reader)
        """Commit objects, and merges made again."""
        self._merge_bases: dict[tuple[CommitSha, CommitSha], CommitSha | None] = {}
        self._lock = FileLock(f"{path}.lock", timeout=LOCK_SECONDS)

    def fetch(self, url: str, token: Callable[[], str] | None, branches: Sequence[str] | None = None) -> None:
        """Bring the remote's branches here (all of them, or the named ones), forced.

        A name is a branch, a full ref (`refs/...`) or a commit sha, which gets no ref. A branch the remote no longer
        has is removed here, so `tip` answers None. A missing or damaged mirror is built again.
        Raises Unauthorized, Forbidden, NotFound, Limited, Unavailable or GitFailed.
        """
        credential = self._credential(url, token)
        with self._locked():
            self._ensure()
            done = self._fetch(url, branches, credential)
            if done.status and is_damaged(done.err):
                self._rebuild()
                done = self._fetch(url, branches, credential)
            if done.status:
                raise fetch_failure(done.err, credential.secrets() if credential else ())
            # By this the daily purge knows that the mirror is in use, after a restart too.
            os.utime(self.path)
        self.fetched_at = self._clock.now()

    def tip(self, branch: str) -> CommitSha | None:
        """The commit a branch (or full ref) stood at when last fetched, or None."""
        if not self._exists():
            return None
        # The lasting `cat-file` looks every ref up again, and answers in a tenth of the time of a new process.
        info = self._reader.info(f"{_ref(branch)}^{{commit}}")
        return CommitSha(info[0]) if info is not None else None

    def has(self, commit: str) -> bool:
        """Whether the mirror holds that commit."""
        if not _SHA.fullmatch(commit) or not self._exists():
            return False
        info = self._reader.info(commit)
        return info is not None and info[1] == "commit"

    def tree(self, commit: CommitSha | TreeSha) -> GitTree:
        """A reader of that commit's (or just that) tree. Raises GitFailed(`git.missing_commit`)."""
        return GitTree(self._reader, self._runner, commit)

    def read_file(self, commit: CommitSha, path: str) -> bytes | None:
        """The raw bytes of one file (or symlink) at a commit, or None when there is none."""
        try:
            return self.tree(commit).read(path)
        except KeyError:
            return None

    def write_commit(
        self, base: CommitSha, changes: Sequence[TreeChange], *, message: str, author: Author, date: datetime
    ) -> CommitSha:
        """A commit on `base` with exactly these changes, in the object store only: no ref, index, hook or filter.

        The same arguments give the same sha. Deleting a path that is not there changes nothing. Raises Refused
        (`path.unsafe`, `contract.commit`, or `loss.path` when a path would replace a directory or a file on its way).
        """
        stream = import_stream(base, changes, message=message, author=author, date=date)
        if not self.has(base):
            raise GitFailed(f"The mirror does not have commit {base}.", code="git.missing_commit")
        done = self._runner.run("fast-import", "--quiet", stdin=stream)
        if done.status:
            for report in self.path.glob("fast_import_crash_*"):
                report.unlink(missing_ok=True)
            raise GitFailed("git fast-import failed.", log_lines=last_lines(done.err))
        commit = CommitSha(done.out.decode().strip())
        self._only_named(base, commit, changes)
        return commit

    def diff(self, base: CommitSha, head: CommitSha) -> str:
        """The unified diff from base to head, renames found, binary files only named; not UTF-8 is replaced."""
        return self._runner.check("diff", *_PATCH_FORM, base, head, "--").decode("utf-8", "replace")

    def patch(self, base: CommitSha, head: CommitSha) -> bytes:
        """The whole change as `git apply` takes it, binary content included."""
        return self._runner.check("diff", "--binary", *_PATCH_FORM, base, head, "--")

    def changed(self, base: CommitSha | TreeSha, head: CommitSha | TreeSha) -> list[RawChange]:
        """What differs between two commits or trees, renames found, in path order."""
        out = self._runner.check("diff-tree", "-r", "-z", "-M", "--raw", "--no-commit-id", f"{base}^{{tree}}", head)
        return list(raw_changes(out))

    def parent(self, commit: CommitSha) -> CommitSha | None:
        """The commit's first parent, or None for a root or an unknown commit."""
        info = self._reader.info(f"{commit}^1")
        return CommitSha(info[0]) if info is not None else None

    def changes(self, base: CommitSha, head: CommitSha) -> tuple[PathChange, ...]:
        """Every path that differs between two commits, renames found."""
        return tuple(
            PathChange(None if one.status == "A" else one.source, None if one.status == "D" else one.path)
            for one in self.changed(base, head)
        )

    def merge_base(self, a: CommitSha, b: CommitSha) -> CommitSha | None:
        """The best common ancestor, or None for unrelated histories."""
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
        """Whether descendant holds ancestor (a commit holds itself)."""
        done = self._runner.run("merge-base", "--is-ancestor", ancestor, descendant)
        if done.status > 1:
            raise GitFailed("git merge-base failed.", log_lines=last_lines(done.err))
        return done.status == 0

    def commits(self, base: CommitSha, head: CommitSha) -> list[CommitRecord]:
        """The commits in head and not in base, oldest first."""
        out = self._runner.check(
            "log", "-z", "--reverse", "--topo-order", "--no-mailmap", "--format=%H%n%ae%n%B", f"{base}..{head}", "--"
        )
        rows = (row.split("\n", 2) for row in out.decode("utf-8", "replace").split("\0") if row)
        return [CommitRecord(CommitSha(sha), email, message) for sha, email, message in rows]

    @side_effect
    def push(
        self, url: str, token: Callable[[], str] | None, *, commit: CommitSha, branch: str, expect: CommitSha | None
    ) -> None:
        """Move the remote branch from exactly `expect` (None: it must not exist) to `commit`.

        The branch already standing at `commit` is success, also when git says that the push failed: its answer may
        have been lost after it landed, and a second try of the transport is then refused as stale. The commit's SHA
        is fixed by the run, so nobody else can have put exactly it there.

        Raises PushRefused (`branch.taken`, `protected.workflow`, `secret.push_protection`, `size`, `rule.push`),
        Unauthorized, Forbidden, NotFound, Limited, UnknownOutcome.
        """
        credential = self._credential(url, token)
        ref = _ref(branch)
        lease = f"--force-with-lease={ref}:{expect or ''}"
        with self._locked():
            try:
                done = self._runner.run(
                    "push", "--porcelain", "--no-verify", lease, url, f"{commit}:{ref}",
                    timeout=PUSH_SECONDS, credential=credential,
                )  # fmt: skip
            except GitTimeout:
                raise UnknownOutcome(f"The push did not end within {PUSH_SECONDS:g} seconds.") from None
            if done.status:
                secrets = credential.secrets() if credential else ()
                error = push_failure(done.out.decode("utf-8", "replace"), done.err, secrets)
                in_doubt = isinstance(error, UnknownOutcome) or error.code == "branch.taken"
                if not in_doubt or self._remote_tip(url, ref, credential) != commit:
                    raise error
            self._runner.check("update-ref", ref, commit)

    def _remote_tip(self, url: str, ref: str, credential: Credential | None) -> str | None:
        """Where the remote's ref is now; None when there is none, or when the remote does not say."""
        try:
            done = self._runner.run("ls-remote", "--refs", url, ref, timeout=ASK_SECONDS, credential=credential)
        except GitTimeout:
            return None
        rows = (line.split("\t") for line in done.out.decode("utf-8", "replace").split("\n"))
        return next((row[0] for row in rows if len(row) == 2 and row[1] == ref), None) if done.status == 0 else None

    def keep(self, name: str, commit: CommitSha) -> None:
        """Keep a commit and all it needs, whatever becomes of its branch; the name is ours, free of white space."""
        self._runner.check("update-ref", f"refs/cadence/kept/{name}", commit)

    def tidy(self) -> None:
        """Drop the heads of other people's pull requests, then pack the mirror. Raises GitFailed.

        Such a head is read once, when its pull request changes, and fetched again when it is needed again. What no
        ref has reached for a month is gone for good.
        """
        with self._locked():
            if not self._exists():
                return
            foreign = self._runner.check("for-each-ref", "--format=delete %(refname)", "refs/pull/")
            if foreign:
                self._runner.check("update-ref", "--stdin", stdin=foreign)
            try:
                done = self._runner.run("gc", "--quiet", "--prune=30.days.ago", timeout=TIDY_SECONDS)
            except GitTimeout:
                raise GitFailed(f"git gc did not end within {TIDY_SECONDS:g} seconds.") from None
            if done.status:
                raise GitFailed("git gc failed.", log_lines=last_lines(done.err))

    def close(self) -> None:
        """End the reading processes; they start again on the next read."""
        self._reader.close()

    def _fetch(self, url: str, branches: Sequence[str] | None, credential: Credential | None) -> Finished:
        wanted = None if branches is None else [name for name in branches if not self.has(name)]
        while wanted is None or wanted:
            specs = ["+refs/heads/*:refs/heads/*"] if wanted is None else [_refspec(name) for name in wanted]
            prune = ["--prune"] if wanted is None else []
            try:
                done = self._runner.run(
                    "fetch", "--force", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--quiet",
                    *prune, url, *specs, timeout=FETCH_SECONDS, credential=credential, most_written=MOST_FETCHED,
                )  # fmt: skip
            except GitTimeout:
                self._drop_unfinished()
                raise Unavailable(f"The fetch did not end within {FETCH_SECONDS:g} seconds.") from None
            if done.status and hit_file_limit(done.err):
                self._drop_unfinished()
                raise too_large("fetch")
            gone = missing_ref(done.err) if done.status else None
            rest = [name for name in wanted or () if _ref(name) != gone]
            if gone is None or wanted is None or len(rest) == len(wanted):
                return done
            self._runner.check("update-ref", "-d", gone)
            wanted = rest
        return Finished(0, b"", "")

    def _drop_unfinished(self) -> None:
        """Remove what a fetch that was cut off left behind. The lock is held, so no other fetch is writing."""
        for path in self.path.glob("objects/*/tmp_*"):
            path.unlink(missing_ok=True)

    def _only_named(self, base: CommitSha, commit: CommitSha, changes: Sequence[TreeChange]) -> None:
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

    def _credential(self, url: str, token: Callable[[], str] | None) -> Credential | None:
        """Raises SettingsInvalid when the URL does not belong to the configured server: a token goes nowhere else."""
        here, there = urlsplit(self._origin), urlsplit(url)
        local = here.scheme not in ("http", "https")
        inside = local and there.scheme in ("", "file") and Path(there.path).is_relative_to(here.path)
        if not inside and (local or (there.scheme, there.netloc) != (here.scheme, here.netloc)):
            raise SettingsInvalid("A git URL does not belong to the configured GitHub server.")
        return None if local or token is None else Credential.for_url(url, token())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._lock:
                yield
        except Timeout:
            raise GitFailed("Another process holds the mirror's lock.", code="git.busy") from None

    def _exists(self) -> bool:
        return (self.path / "HEAD").is_file() and (self.path / "objects").is_dir() and (self.path / "refs").is_dir()

    def _ensure(self) -> None:
        if not self._exists() or self._runner.run("rev-parse", "--git-dir").status:
            self._rebuild()

    def _rebuild(self) -> None:
        """Put an empty repository in the place of what is there; a half-made one is never seen under the name."""
        self._reader.close()
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=f"{self.path.name}.new-") as room:
            fresh = Path(room) / "mirror"
            GitRunner(fresh, protocols="file").check("init", "--bare", "--quiet", "--template=")
            if self.path.exists():
                self.path.rename(Path(room) / "old")
            fresh.rename(self.path)


def _ref(branch: str) -> str:
    return branch if branch.startswith("refs/") else f"refs/heads/{branch}"


def _refspec(name: str) -> str:
    return name if _SHA.fullmatch(name) else f"+{_ref(name)}:{_ref(name)}"


def forget(path: Path) -> None:
    """Remove a mirror and its lock file for good."""
    shutil.rmtree(path, ignore_errors=True)
    Path(f"{path}.lock").unlink(missing_ok=True)
