"""A repository that somebody else keeps on this machine, bare or with a work tree: read only."""

from __future__ import annotations

from pathlib import Path

from bot.changeset.tree import PathChange
from bot.errors import CadenceError
from bot.git_store.changes import path_changes
from bot.git_store.objects import GitTree, ObjectReader
from bot.git_store.process import GitRunner
from bot.names import CommitSha


class NotARepository(CadenceError):
    """The directory holds no git repository, or it does not have the commit that was named."""

    code = "git.not_found"


class LocalRepository:
    """Reads commits of a local repository. Its work tree, index, hooks and configuration are never looked at."""

    def __init__(self, path: Path) -> None:
        """`path`: a work tree (linked ones too) or a bare repository. Raises NotARepository."""
        self._own, common = _git_directories(path)
        self._runner = GitRunner(common, protocols="file")
        self._reader = ObjectReader(self._runner)

    def resolve(self, name: str) -> CommitSha:
        """The commit that a sha, branch, tag or expression (`HEAD~2`) names. Raises NotARepository."""
        wanted = name
        head = self._own / "HEAD"
        if self._own != self._runner.git_dir and name.startswith(("HEAD", "@")) and head.is_file():
            # The common directory's HEAD is another work tree's.
            wanted = head.read_text().strip().removeprefix("ref: ") + name.removeprefix("HEAD").removeprefix("@")
        done = self._runner.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{wanted}^{{commit}}")
        if done.status:
            raise NotARepository(f"There is no commit {name!r}.", remedy="Name a commit that the repository has.")
        return CommitSha(done.out.decode().split()[-1])

    def tree(self, commit: CommitSha) -> GitTree:
        """A reader of that commit's tree."""
        return GitTree(self._reader, self._runner, commit)

    def changes(self, base: CommitSha, head: CommitSha) -> tuple[PathChange, ...]:
        """Every path that differs between two commits, renames found."""
        return path_changes(self._runner, base, head)

    def close(self) -> None:
        """End the reading processes."""
        self._reader.close()


def _git_directories(path: Path) -> tuple[Path, Path]:
    """(the work tree's own git directory, the one with the objects); the same but for a linked work tree."""
    for place in (path / ".git", path):
        own = place
        if place.is_file():
            own = (path / place.read_text().partition("gitdir:")[2].strip()).resolve()
        if not (own / "HEAD").is_file():
            continue
        link = own / "commondir"
        common = (own / link.read_text().strip()).resolve() if link.is_file() else own
        if (common / "objects").is_dir():
            return own.absolute(), common.absolute()
    raise NotARepository(f"{path} is no git repository.", remedy="Give the work tree's root or a bare repository.")
