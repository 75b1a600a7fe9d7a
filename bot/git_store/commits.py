"""Commits as values: who wrote one, and what is read back of one."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.names import CommitSha


@dataclass(frozen=True, slots=True)
class Author:
    """Name and e-mail as they are in a commit; for Cadence always the bot's own."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class CommitRecord:
    """One commit as git holds it; `message` is whole, with its trailers."""

    sha: CommitSha
    author_email: str
    message: str
