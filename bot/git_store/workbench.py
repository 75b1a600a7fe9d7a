"""A scratch repository on top of somebody's clone: reads all of its objects, writes none into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from git import InvalidGitRepositoryError, NoSuchPathError, Repo

from bot.core.errors import CadenceError
from bot.git_store.mirror import Mirror
from bot.git_store.scratch import scratch


@contextmanager
def workbench(directory: Path) -> Iterator[Mirror]:
    """A mirror that sees the clone's objects and keeps what it makes to itself; gone when the block ends.

    `directory` is a clone's top directory or a bare repository. Raises CadenceError `proof.repository` for anything
    else, and for a shallow clone, whose history ends too early to find a merge base in it.
    """
    common = _common_dir(directory)
    if (common / "shallow").is_file():
        raise CadenceError(
            f"{directory} is a shallow clone", code="proof.repository", remedy="Run `git fetch --unshallow` in it."
        )
    with scratch(common / "objects") as mirror:
        yield mirror


def _common_dir(directory: Path) -> Path:
    try:
        with Repo(directory) as repo:
            return Path(repo.common_dir).resolve()
    except (InvalidGitRepositoryError, NoSuchPathError):
        raise CadenceError(
            f"{directory} is not a git repository",
            code="proof.repository",
            remedy="Name a clone of the merged repository with --repo.",
        ) from None
