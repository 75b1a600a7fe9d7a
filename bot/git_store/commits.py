"""Commits as values: who wrote one, and what is read back of one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.names import CommitSha, TreeSha


@dataclass(frozen=True, slots=True)
class Author:
    """Name and e-mail as in the commit. For Cadence's own commits they are the bot's."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """One commit of a log; `message` is whole, with its trailers."""

    sha: CommitSha
    author_email: str
    message: str


@dataclass(frozen=True, slots=True)
class CommitObject:
    """A commit object. `author` and `message` are None where they are not UTF-8, `date` where it is not in UTC.

    Such a commit is not Cadence's, which writes UTF-8 and UTC.
    """

    sha: CommitSha
    tree: TreeSha
    parents: tuple[CommitSha, ...]
    author: Author | None
    date: datetime | None
    message: str | None
