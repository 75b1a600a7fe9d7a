"""Kinds of effects, and the actor that an effect is recorded under."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.core.names import InstallationId, RepositoryId, RunId


class EffectKind(StrEnum):
    """Everything that Cadence changes outside itself. The values are stored in the ledger and stay as they are."""

    MODEL_CALL = "model.call"
    BRANCH_PUSH = "branch.push"
    BRANCH_DELETE = "branch.delete"
    PULL_OPEN = "pull.open"
    PULL_EDIT = "pull.edit"
    PULL_CLOSE = "pull.close"
    PULL_DRAFT = "pull.draft"
    PULL_READY = "pull.ready"
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
"""Effects that only inform people. A run that has ended still makes them, because it has to say that it ended."""

FENCED_TWICE = frozenset({EffectKind.BRANCH_PUSH, EffectKind.MERGE, EffectKind.QUEUE_ENTER})
"""Kinds that ask the fence again directly before the request is sent: what they do cannot be taken back."""

NOT_PACED = frozenset({EffectKind.MODEL_CALL, EffectKind.BRANCH_PUSH})
"""Kinds that do not wait for a write slot: neither is a call that creates content in GitHub's REST API."""


@dataclass(frozen=True, slots=True)
class EffectActor:
    """Who makes an effect. `scope` is the run's id, or `repo:<id>` for what belongs to no run.

    Natural keys are unique within a scope. `run` is None where no run is concerned: then no fence and no budget apply.
    """

    scope: str
    repository_id: RepositoryId
    installation_id: InstallationId
    run: RunId | None = None


def repository_actor(repository_id: RepositoryId, installation_id: InstallationId) -> EffectActor:
    """The actor for effects that belong to no run: the answer to a wrong command, a check on another pull request."""
    return EffectActor(f"repo:{repository_id}", repository_id, installation_id)
