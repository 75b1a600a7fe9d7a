"""Somebody's repository on this machine: read, given objects and one new branch, otherwise left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from git import Repo
from git.exc import InvalidGitRepositoryError, NoSuchPathError

from bot.core.clock import SystemClock
from bot.core.errors import Refused, WrongUse
from bot.core.names import ZERO_SHA, CommitSha
from bot.git_store.failures import last_lines
from bot.git_store.mirror import Mirror
from bot.git_store.process import GitRunner
from bot.git_store.scratch import Scratch, scratch

NO_PROTOCOLS = ""
"""No transport at all: a partial clone's missing objects stay missing instead of being fetched."""


class LocalRepository:
    """A work tree's repository, a linked work tree's, or a bare one. Its index, work tree and hooks are never used."""

    def __init__(self, git_dir: Path, common_dir: Path, *, bare: bool) -> None:
        self.bare = bare
        self._git_dir = git_dir
        self._common_dir = common_dir
        self._runner = GitRunner(common_dir, protocols=NO_PROTOCOLS)
        self.mirror = Mirror(common_dir, origin=str(common_dir), clock=SystemClock(), protocols=NO_PROTOCOLS)

    @classmethod
    def open(cls, directory: Path) -> Self:
        """The repository that holds the directory. Raises WrongUse(`repository.missing`)."""
        try:
            with Repo(directory, search_parent_directories=True) as found:
                return cls(Path(found.git_dir).resolve(), Path(found.common_dir).resolve(), bare=found.bare)
        except (InvalidGitRepositoryError, NoSuchPathError):
            raise WrongUse(
                f"{directory} is not a git repository.",
                code="repository.missing",
                remedy="Name one with --repo DIR, or run the command inside one.",
            ) from None

    def commit(self, revision: str) -> CommitSha:
        """The commit a revision names (`HEAD` is the opened work tree's own).

        Raises WrongUse (`base.missing`, or `repository.sha256` for a repository in that object format).
        """
        asked = revision
        if self._git_dir != self._common_dir and re.match(r"HEAD(?![\w/.-])", revision):
            asked = f"worktrees/{self._git_dir.name}/{revision}"
        done = self._runner.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{asked}^{{commit}}")
        sha = done.out.decode().strip()
        if done.status or not sha:
            raise WrongUse(
                f"{revision!r} names no commit in {self._common_dir}.",
                code="base.missing",
                remedy="Make a first commit, or name the commit to build on with --base REV.",
                log_lines=last_lines(done.err),
            )
        if len(sha) != len(ZERO_SHA):
            raise WrongUse(
                "The repository uses SHA-256 object names, which Cadence does not read.", code="repository.sha256"
            )
        return CommitSha(sha)

    def committed_at(self, commit: CommitSha) -> datetime:
        """The commit's committer date."""
        out = self._runner.check("log", "-1", "--no-show-signature", "--format=%ct", commit, "--")
        return datetime.fromtimestamp(int(out), UTC)

    def is_branch_name(self, name: str) -> bool:
        """Whether git accepts the name for a branch."""
        return not name.startswith("-") and self._runner.run("check-ref-format", f"refs/heads/{name}").status == 0

    def create_branch(self, name: str, commit: CommitSha) -> None:
        """Make the branch at the commit; that it stands there already is success.

        Raises Refused(`branch.taken`) when it stands anywhere else or another branch's name is in its way.
        """
        if self.mirror.tip(name) == commit:
            return
        done = self._runner.run("update-ref", "-m", "cadence apply", f"refs/heads/{name}", commit, ZERO_SHA)
        if done.status:
            raise Refused(
                f"The branch {name} could not be made: it exists at another commit, or a name is in its way.",
                code="branch.taken",
                remedy="Choose another name with --branch NAME, or delete the branch.",
                log_lines=last_lines(done.err),
            )

    @contextmanager
    def scratch(self) -> Iterator[Scratch]:
        """A throw-away repository that can read every object of this one."""
        with scratch(self._common_dir / "objects") as made:
            yield made

    def close(self) -> None:
        """End the reading processes."""
        self.mirror.close()
