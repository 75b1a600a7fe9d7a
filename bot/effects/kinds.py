"""Kinds of effects, and the actor in whose name an effect is made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.names import InstallationId, RepositoryId, RunId


class EffectKind(StrEnum):
    """Everything Cadence does to the outside. From this list come the fault matrix, the counts and the audit."""

    MODEL_CALL = "model.call"
    BRANCH_PUSH = "branch.push"
    BRANCH_DELETE = "branch.delete"
    PULL_OPEN = "pull.open"
    PULL_EDIT = "pull.edit"
    PULL_CLOSE = "pull.close"
    REVIEW_POST = "review.post"
    REVIEW_DECIDE = "review.decide"
    CHECK_PUT = "check.put"
    COMMENT_CREATE = "comment.create"
    COMMENT_EDIT = "comment.edit"
    REACTION = "reaction"
    MERGE = "merge"
    QUEUE_ENTER = "queue.enter"
    QUEUE_LEAVE = "queue.leave"
    ISSUE_CLOSE = "issue.close"
    ISSUE_REOPEN = "issue.reopen"


INFORMING = frozenset(
    {
        EffectKind.COMMENT_CREATE,
        EffectKind.COMMENT_EDIT,
        EffectKind.REACTION,
        EffectKind.CHECK_PUT,
        EffectKind.ISSUE_CLOSE,
        EffectKind.ISSUE_REOPEN,
    }
)
"""Effects that only tell people where things stand; an ended run still has to say that it ended."""


NOT_PACED = frozenset({EffectKind.MODEL_CALL, EffectKind.BRANCH_PUSH})
"""Everything else is a content-creating call of one installation and keeps the least time between two of them."""


@dataclass(frozen=True, slots=True)
class EffectActor:
    """In whose name an effect is made. `scope` is the run's id, or `repo:<id>` for what belongs to no run."""

    scope: str
    repository_id: RepositoryId
    installation_id: InstallationId
    run: RunId | None = None


def repository_actor(repository_id: RepositoryId, installation_id: InstallationId) -> EffectActor:
    """The mandate for answers that belong to no run (a command that is wrong, say)."""
    return EffectActor(f"repo:{repository_id}", repository_id, installation_id)
