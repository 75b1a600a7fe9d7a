"""One repository's bare mirror, and its exchange with the git server: fetch and push, with the token only there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from bot.core.errors import GitFailed, SettingsInvalid, Unavailable, UnknownOutcome
from bot.core.names import CommitSha
from bot.effects.guard import before_sending, side_effect
from bot.git_store.ask_before_push import ask_before_push
from bot.git_store.bare_repository import FULL_SHA, BareRepository, full_ref
from bot.git_store.git_errors import fetch_error, hit_file_limit, is_damaged, last_lines, missing_ref, push_error
from bot.git_store.process import Credential, Finished, GitRunner, GitTimeout, too_large

FETCH_SECONDS = 1800.0
PUSH_SECONDS = 300.0
ASK_SECONDS = 60.0
TIDY_SECONDS = 1800.0
LOCK_SECONDS = 1800.0
# Bytes of one fetched pack. GitHub recommends repositories far below this size.
# https://docs.github.com/en/repositories/creating-and-managing-repositories/repository-limits
MOST_FETCHED = 8 * 1024**3


class Mirror(BareRepository):
    """A bare copy of the server's repository. Fetch, push and tidy take a lock between processes; reads take none."""

    def __init__(self, path: Path, *, origin: str) -> None:
        """`origin` is the git server's address (or a directory); URLs outside it are refused."""
        # Without this list a URL could name a transport that runs a command (`ext::`).
        # https://git-scm.com/docs/git#Documentation/git.txt-GITALLOWPROTOCOL
        super().__init__(path, protocols="http:https" if urlsplit(origin).scheme in ("http", "https") else "file")
        self._origin = origin
        self._lock = FileLock(f"{path}.lock", timeout=LOCK_SECONDS)

    def fetch(self, url: str, token: Callable[[], str] | None, branches: Sequence[str] | None = None) -> None:
        """Copy the remote's branches here (all of them, or the named ones), also where they were force-pushed.

        A name is a branch, a full ref (`refs/...`) or a commit sha, which gets no ref. A branch that the remote no
        longer has is removed here, so that `tip` returns None. A missing or damaged mirror is made again.
        Raises Unauthorized, Forbidden, NotFound, Limited, Unavailable, SettingsInvalid or GitFailed.
        """
        credential = self._credential(url, token)
        with self._locked():
            if not self._exists() or self._runner.run("rev-parse", "--git-dir").status:
                self._rebuild()
            done = self._fetch(url, branches, credential)
            if done.status and is_damaged(done.err):
                self._rebuild()
                done = self._fetch(url, branches, credential)
            if done.status:
                raise fetch_error(done.err, credential.secrets() if credential else ())
            # The daily purge reads the time of the directory to see that the mirror is in use.
            os.utime(self.path)

    @side_effect
    def push(
        self, url: str, token: Callable[[], str] | None, *, commit: CommitSha, branch: str, expect: CommitSha | None
    ) -> None:
        """Move the remote branch from exactly `expect` (None: it must not exist) to `commit`.

        A branch that is already at `commit` is success, also when git reports that the push failed.

        Raises PushRefused (`branch.taken`, `protected.workflow`, `secret.push_protection`, `size`, `rule.push`),
        Unauthorized, Forbidden, NotFound, Limited, UnknownOutcome.
        """
        credential = self._credential(url, token)
        ref = full_ref(branch)
        # The expected value is given: without one git compares with the last fetch, which protects nothing here. An
        # empty one means that the branch must not exist.
        # https://git-scm.com/docs/git-push#Documentation/git-push.txt---force-with-leaserefnameexpect
        lease = f"--force-with-lease={ref}:{expect or ''}"
        with self._locked():
            try:
                with ask_before_push(self.path.parent, before_sending) as hooks:
                    done = self._runner.run(
                        "push", "--porcelain", lease, url, f"{commit}:{ref}",
                        timeout=PUSH_SECONDS, credential=credential, hooks=hooks,
                    )  # fmt: skip
            except GitTimeout:
                raise UnknownOutcome(f"The push did not end within {PUSH_SECONDS:g} seconds.") from None
            if done.status:
                secrets = credential.secrets() if credential else ()
                error = push_error(done.out.decode("utf-8", "replace"), done.err, secrets)
                # The answer may have been lost after the push landed, and git's own second try is then refused as
                # stale. Only this run makes exactly this commit, so a branch at it was pushed by this run.
                in_doubt = isinstance(error, UnknownOutcome) or error.code == "branch.taken"
                if not in_doubt or self._remote_tip(url, ref, credential) != commit:
                    raise error
            self._runner.check("update-ref", ref, commit)

    def keep(self, name: str, commit: CommitSha) -> None:
        """Protect a commit and its history from `tidy` by a ref; `name` has no white space."""
        self._runner.check("update-ref", f"refs/cadence/kept/{name}", commit)

    def tidy(self) -> None:
        """Drop the fetched heads of pull requests, then pack the mirror. Raises GitFailed.

        Such a head is fetched again when it is needed again. Objects that no ref has reached for a month are deleted.
        """
        with self._locked():
            if not self._exists():
                return
            pulls = self._runner.check("for-each-ref", "--format=delete %(refname)", "refs/pull/")
            if pulls:
                self._runner.check("update-ref", "--stdin", stdin=pulls)
            # A commit of a run in progress has no ref yet, so recent objects are left alone.
            # https://git-scm.com/docs/git-gc#Documentation/git-gc.txt---prunedate
            try:
                done = self._runner.run("gc", "--quiet", "--prune=30.days.ago", timeout=TIDY_SECONDS)
            except GitTimeout:
                raise GitFailed(f"git gc did not end within {TIDY_SECONDS:g} seconds.") from None
            if done.status:
                raise GitFailed("git gc failed.", log_lines=last_lines(done.err))

    def _remote_tip(self, url: str, ref: str, credential: Credential | None) -> str | None:
        """The commit of the remote's ref; None when there is none, or when the remote does not answer."""
        try:
            done = self._runner.run("ls-remote", "--refs", url, ref, timeout=ASK_SECONDS, credential=credential)
        except GitTimeout:
            return None
        # The pattern matches every ref that ends in it, so the name is compared.
        # https://git-scm.com/docs/git-ls-remote#Documentation/git-ls-remote.txt-patterns
        rows = (line.split("\t") for line in done.out.decode("utf-8", "replace").split("\n"))
        return next((row[0] for row in rows if len(row) == 2 and row[1] == ref), None) if done.status == 0 else None

    def _fetch(self, url: str, branches: Sequence[str] | None, credential: Credential | None) -> Finished:
        wanted = None if branches is None else [name for name in branches if not self.has(name)]
        while wanted is None or wanted:
            # A plus allows a forced update. A bare sha is fetched without a ref.
            # https://git-scm.com/docs/git-fetch#Documentation/git-fetch.txt-refspec
            specs = ["+refs/heads/*:refs/heads/*"]
            if wanted is not None:
                specs = [one if FULL_SHA.fullmatch(one) else f"+{full_ref(one)}:{full_ref(one)}" for one in wanted]
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
            # git stops at the first ref that the remote does not have: it is removed here and the rest fetched.
            gone = missing_ref(done.err) if done.status else None
            rest = [name for name in wanted or () if full_ref(name) != gone]
            if gone is None or wanted is None or len(rest) == len(wanted):
                return done
            self._runner.check("update-ref", "-d", gone)
            wanted = rest
        return Finished(0, b"", "")

    def _drop_unfinished(self) -> None:
        """Remove the temporary packs of a fetch that was cut off. The lock is held, so no other fetch writes any."""
        for path in self.path.glob("objects/*/tmp_*"):
            path.unlink(missing_ok=True)

    def _credential(self, url: str, token: Callable[[], str] | None) -> Credential | None:
        """Raises SettingsInvalid for a URL outside the configured server: the token is sent nowhere else."""
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

    def _rebuild(self) -> None:
        """Replace what is there by an empty repository. A rename, so that no reader sees a half-made one."""
        self._reader.close()
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=f"{self.path.name}.new-") as room:
            fresh = Path(room) / "mirror"
            # An empty template: no hooks and no excludes of this machine get into the mirror.
            # https://git-scm.com/docs/git-init#_template_directory
            GitRunner(fresh, protocols="file").check("init", "--bare", "--quiet", "--template=")
            if self.path.exists():
                self.path.rename(Path(room) / "old")
            fresh.rename(self.path)


def remove_mirror(path: Path) -> None:
    """Remove a mirror and its lock file for good."""
    shutil.rmtree(path, ignore_errors=True)
    Path(f"{path}.lock").unlink(missing_ok=True)
