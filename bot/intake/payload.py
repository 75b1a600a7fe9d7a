"""The fields of GitHub's webhook payloads that `parse` reads; everything else in a payload is left out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class PayloadPart(BaseModel):
    """A part of a payload; GitHub adds fields without notice."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class UserPayload(PayloadPart):
    login: str
    id: int
    type: str = "User"


class RepositoryPayload(PayloadPart):
    id: int
    full_name: str


class IdPayload(PayloadPart):
    id: int


class LabelPayload(PayloadPart):
    name: str


class NumberedPayload(PayloadPart):
    number: int


class IssuePayload(NumberedPayload):
    """`pull_request` is there only when the issue is a pull request."""

    pull_request: dict[str, Any] | None = None


class CommentPayload(PayloadPart):
    id: int
    body: str | None = None
    created_at: datetime
    updated_at: datetime | None = None
    user: UserPayload | None = None
    performed_via_github_app: IdPayload | None = None


class ChangedPayload(PayloadPart):
    """What an edited field said before."""

    before: str | None = Field(default=None, alias="from")


class ChangedBasePayload(PayloadPart):
    ref: ChangedPayload | None = None


class ChangesPayload(PayloadPart):
    body: ChangedPayload | None = None
    base: ChangedBasePayload | None = None


class RefPayload(PayloadPart):
    """`repo` is null when the fork is gone."""

    sha: str
    ref: str
    repo: IdPayload | None = None


class PullPayload(NumberedPayload):
    """`merged` is missing in reviews' payloads."""

    head: RefPayload
    base: RefPayload | None = None
    user: UserPayload | None = None
    merged: bool | None = None


class AppPayload(PayloadPart):
    id: int | None = None
    slug: str | None = None


class CheckRunPayload(PayloadPart):
    name: str
    head_sha: str
    app: AppPayload | None = None
    pull_requests: tuple[NumberedPayload | None, ...] = ()


class CheckSuitePayload(PayloadPart):
    head_sha: str
    app: AppPayload | None = None
    pull_requests: tuple[NumberedPayload | None, ...] = ()


class WorkflowRunPayload(PayloadPart):
    """Its list of pull requests may hold nulls (GitHub's webhook schema)."""

    head_sha: str
    pull_requests: tuple[NumberedPayload | None, ...] = ()


class MergeGroupPayload(PayloadPart):
    """`head_ref` is `refs/heads/gh-readonly-queue/<base>/pr-<number>-<sha>`, `base_ref` `refs/heads/<base>`."""

    head_sha: str
    head_ref: str = ""
    base_ref: str = ""


class ActionPayload(PayloadPart):
    identifier: str = ""


class Payload(PayloadPart):
    """The fields any handler uses; each handler asks for those its event must have."""

    action: str = ""
    repository: RepositoryPayload | None = None
    installation: IdPayload | None = None
    sender: UserPayload | None = None
    issue: IssuePayload | None = None
    label: LabelPayload | None = None
    comment: CommentPayload | None = None
    changes: ChangesPayload | None = None
    pull_request: PullPayload | None = None
    check_run: CheckRunPayload | None = None
    check_suite: CheckSuitePayload | None = None
    workflow_run: WorkflowRunPayload | None = None
    merge_group: MergeGroupPayload | None = None
    requested_action: ActionPayload | None = None
    sha: str | None = None
    ref: str | None = None
    before: str | None = None
    after: str | None = None
    deleted: bool = False
    zen: str = ""
    repositories_removed: tuple[IdPayload, ...] = ()
    repositories_added: tuple[IdPayload, ...] = ()
