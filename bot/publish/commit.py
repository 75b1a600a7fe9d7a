"""From the changes that passed the guards to a commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.changeset.tree import TreeChange
from bot.core.errors import Refused
from bot.core.names import CommitSha
from bot.git_store.bare_repository import BareRepository
from bot.git_store.commits import Author


def build_commit(
    mirror: BareRepository,
    *,
    base: CommitSha,
    changes: Sequence[TreeChange],
    message: str,
    author: Author,
    date: datetime,
) -> CommitSha:
    """The run's commit. The same run, base and changes always give the same sha, so building twice does no harm.

    Raises Refused(`contract.empty`) without changes: GitHub opens no pull request for an empty one.
    """
    if not changes:
        raise Refused("The ChangeSet changes nothing.", code="contract.empty", remedy="Replan, or close the issue.")
    whole = date.astimezone(UTC).replace(microsecond=0)
    return mirror.write_commit(base, changes, message=message, author=author, date=whole)
