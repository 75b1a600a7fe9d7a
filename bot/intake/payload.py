"""The fields of GitHub's webhook payloads that `parse` reads; everything else in a payload is left out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class PayloadPart(BaseModel):
    """A part of a payload; GitHub adds fields without notice."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class User(PayloadPart):
    login: str
    id: int
    type: str = "User"


class Repository(PayloadPart):
    id: int
    full_name: str


class Id(PayloadPart):
    id: int


class Label(PayloadPart):
    name: str


class Numbered(PayloadPart):
    number: int


class Issue(Numbered):
    """`pull_request` is there only when the issue is a pull request."""

    pull_request: dict[str, Any] | None = None


class Comment(PayloadPart):
    id: int
    body: str | None = None
    created_at: datetime
    updated_at: datetime | None = None
    user: User | None = None
    performed_via_github_app: Id | None = None


class Changed(PayloadPart):
    """What an edited field said before."""

    before: str | None = Field(default=None, alias="from")


class ChangedBase(PayloadPart):
    ref: Changed | None = None


class Changes(PayloadPart):
    body: Changed | None = None
    base: ChangedBase | None = None


class Ref(PayloadPart):
    """`repo` is null when the fork is gone."""

    sha: str
    ref: str
    repo: Id | None = None


class Pull(Numbered):
    """`merged` is missing in reviews' payloads."""

    head: Ref
    base: Ref | None = None
    user: User | None = None
    merged: bool | None = None


class App(PayloadPart):
    id: int | None = None
    slug: str | None = None


class CheckRun(PayloadPart):
    name: str
    head_sha: str
    app: App | None = None
    pull_requests: tuple[Numbered | None, ...] = ()


class CheckSuite(PayloadPart):
    head_sha: str
    app: App | None = None
    pull_requests: tuple[Numbered | None, ...] = ()


class WorkflowRun(PayloadPart):
    """Its list of pull requests may hold nulls (GitHub's webhook schema)."""

    head_sha: str
    pull_requests: tuple[Numbered | None, ...] = ()


class MergeGroup(PayloadPart):
    """`head_ref` is `refs/heads/gh-readonly-queue/<base>/pr-<number>-<sha>`, `base_ref` `refs/heads/<base>`."""

    head_sha: str
    head_ref: str = ""
    base_ref: str = ""


class Action(PayloadPart):
    identifier: str = ""


class Payload(PayloadPart):
    """The fields any handler uses; each handler asks for those its event must have."""

    action: str = ""
    repository: Repository | None = None
    installation: Id | None = None
    sender: User | None = None
    issue: Issue | None = None
    label: Label | None = None
    comment: Comment | None = None
    changes: Changes | None = None
    pull_request: Pull | None = None
    check_run: CheckRun | None = None
    check_suite: CheckSuite | None = None
    workflow_run: WorkflowRun | None = None
    merge_group: MergeGroup | None = None
    requested_action: Action | None = None
    sha: str | None = None
    ref: str | None = None
    before: str | None = None
    after: str | None = None
    deleted: bool = False
    zen: str = ""
    repositories_removed: tuple[Id, ...] = ()
    repositories_added: tuple[Id, ...] = ()
