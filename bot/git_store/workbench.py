"""A temporary repository on top of a person's clone: reads all of its objects and writes none into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from git import InvalidGitRepositoryError, NoSuchPathError, Repo

from bot.core.errors import CadenceError
from bot.git_store.scratch import Scratch, scratch


@contextmanager
def workbench(directory: Path) -> Iterator[Scratch]:
    """A repository that reads the clone's objects and keeps new ones to itself; removed when the block ends.

    `directory` is a clone's top directory or a bare repository. Raises CadenceError `proof.repository` for anything
    else, and for a shallow clone.
    """
    try:
        with Repo(directory) as repo:
            common = Path(repo.common_dir).resolve()
    except (InvalidGitRepositoryError, NoSuchPathError):
        raise CadenceError(
            f"{directory} is not a git repository",
            code="proof.repository",
            remedy="Name a clone of the merged repository with --repo.",
        ) from None
    # The history of a shallow clone may end before the merge base.
    # https://git-scm.com/docs/gitrepository-layout#Documentation/gitrepository-layout.txt-shallow
    if (common / "shallow").is_file():
        raise CadenceError(
            f"{directory} is a shallow clone", code="proof.repository", remedy="Run `git fetch --unshallow` in it."
        )
    with scratch(common / "objects") as repository:
        yield repository
