"""A person's repository on this machine: Cadence reads it, adds objects and one branch, and changes nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from git import Repo
from git.exc import InvalidGitRepositoryError, NoSuchPathError

from bot.core.errors import Refused, WrongUse
from bot.core.names import ZERO_SHA, CommitSha, sha256
from bot.git_store.bare_repository import BareRepository
from bot.git_store.git_errors import last_lines
from bot.git_store.process import GitRunner
from bot.git_store.scratch import Scratch, scratch

# No transport at all: what a partial clone left out stays missing instead of being fetched with a person's credentials.
# https://git-scm.com/docs/partial-clone
NO_PROTOCOLS = ""


class LocalRepository:
    """The repository of a work tree, of a linked work tree, or a bare one. Index, work tree and hooks are not used."""

    def __init__(self, git_dir: Path, common_dir: Path, *, work_tree: Path | None) -> None:
        """`work_tree` is the folder with the checked-out files; None for a bare repository."""
        self.work_tree = work_tree
        self.bare = work_tree is None
        self._git_dir = git_dir
        self._common_dir = common_dir
        self._runner = GitRunner(common_dir, protocols=NO_PROTOCOLS)
        self.mirror = BareRepository(common_dir, protocols=NO_PROTOCOLS)

    @classmethod
    def open(cls, directory: Path) -> Self:
        """The repository of a directory or of one above it. Raises WrongUse(`repository.missing`)."""
        try:
            with Repo(directory, search_parent_directories=True) as found:
                folder = found.working_tree_dir
                work_tree = Path(folder).resolve() if folder is not None and not found.bare else None
                return cls(Path(found.git_dir).resolve(), Path(found.common_dir).resolve(), work_tree=work_tree)
        except (InvalidGitRepositoryError, NoSuchPathError):
            raise WrongUse(
                f"{directory} is not a git repository.",
                code="repository.missing",
                remedy="Name one with --repo DIR, or run the command inside one.",
            ) from None

    def commit(self, revision: str) -> CommitSha:
        """The commit that a revision names (`HEAD` is that of the opened work tree).

        Raises WrongUse (`base.missing`, or `repository.sha256` for a repository in that object format).
        """
        # The common directory of a linked work tree has the main work tree's HEAD; its own is below `worktrees/`.
        # https://git-scm.com/docs/git-worktree#_refs
        asked = revision
        if self._git_dir != self._common_dir and re.match(r"HEAD(?![\w/.-])", revision):
            asked = f"worktrees/{self._git_dir.name}/{revision}"
        done = self._runner.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{asked}^{{commit}}")
        sha = done.out.decode().strip()
        if done.status or not sha:
            raise WrongUse(
                f"{revision!r} is not a commit in {self._common_dir}.",
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
        """The commit's committer date, in UTC."""
        out = self._runner.check("log", "-1", "--no-show-signature", "--format=%ct", commit, "--")
        return datetime.fromtimestamp(int(out), UTC)

    @property
    def identity(self) -> str:
        """A name for the repository among others of this machine: the same for all its work trees."""
        return sha256(str(self._common_dir))[:24]

    def is_branch_name(self, name: str) -> bool:
        """Whether git accepts the name for a branch."""
        # `check-ref-format` allows a leading dash, which git commands would read as an option.
        # https://git-scm.com/docs/git-check-ref-format
        return not name.startswith("-") and self._runner.run("check-ref-format", f"refs/heads/{name}").status == 0

    def create_branch(self, name: str, commit: CommitSha) -> None:
        """Create the branch at the commit; success when it is already there.

        Raises Refused(`branch.taken`) when it is at another commit, or when git cannot hold both it and another branch.
        """
        if self.mirror.tip(name) == commit:
            return
        # Forty zeros as the old value: the ref must not exist.
        # https://git-scm.com/docs/git-update-ref#_description
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
        """A temporary repository that can read every object of this one."""
        with scratch(self._common_dir / "objects") as made:
            yield made

    def close(self) -> None:
        """End the reading processes."""
        self.mirror.close()
