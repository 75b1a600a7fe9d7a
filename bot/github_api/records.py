"""What GitHub tells us, as frozen values. No object of the client library leaves this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.gate.snapshot import CheckState, SuiteState
from bot.names import AppId, BaseSha, CommentId, CommitSha, HeadSha, IssueNumber, PullNumber, RepositoryId


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """Who Cadence is on this GitHub: the App, and the bot user under whose name it writes."""

    app_id: AppId
    slug: str
    name: str
    bot_login: str
    """`<slug>[bot]`, as REST spells it; GraphQL leaves the ending out."""
    bot_user_id: int
    permissions: Mapping[str, str]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Permission:
    """A person's permission on one repository: GitHub's `admin|write|read|none`, and the finer role's name."""

    permission: str
    role: str


@dataclass(frozen=True, slots=True)
class RepositoryRecord:
    """A repository as it stands now."""

    id: RepositoryId
    full_name: str
    default_branch: str
    archived: bool
    private: bool


@dataclass(frozen=True, slots=True)
class IssueEvent:
    """One event of an issue's timeline. `kind` is REST's word: labeled, unlabeled, renamed, closed, reopened."""

    id: str
    kind: str
    actor: str | None
    actor_is_bot: bool
    at: datetime
    label: str | None = None
    previous_title: str | None = None


@dataclass(frozen=True, slots=True)
class BodyEdit:
    """One edit of an issue's body; `editor` None is an account that is gone."""

    editor: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class IssueHistory:
    """An issue's text and who did what to it. `complete` says that every event and edit was read."""

    number: IssueNumber
    node_id: str
    title: str
    body: str
    state: str
    author: str | None
    author_is_bot: bool
    created_at: datetime
    labels: tuple[str, ...]
    events: tuple[IssueEvent, ...]
    edits: tuple[BodyEdit, ...]
    complete: bool
    html_url: str


@dataclass(frozen=True, slots=True)
class CommentRecord:
    """A comment on an issue or pull request."""

    id: CommentId
    author: str | None
    body: str
    html_url: str
    created_at: datetime
    updated_at: datetime
    """When its present text was written, by GitHub's clock."""


@dataclass(frozen=True, slots=True)
class PullRecord:
    """A pull request. `mergeable` None: GitHub has not computed it yet (or was not asked)."""

    number: PullNumber
    state: str
    merged: bool
    draft: bool
    head_branch: str
    head: HeadSha
    head_repository_id: RepositoryId | None
    base_branch: str
    base: BaseSha
    author: str | None
    author_is_bot: bool
    body: str
    title: str
    html_url: str
    merge_commit: CommitSha | None
    mergeable: bool | None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReviewRecord:
    """A review of a pull request."""

    id: int
    author: str | None
    body: str
    state: str
    commit: CommitSha | None
    html_url: str


@dataclass(frozen=True, slots=True)
class CheckRunRecord:
    """One of our check runs."""

    id: int
    name: str
    head: HeadSha
    status: str
    conclusion: str | None
    external_id: str
    app_id: AppId | None
    html_url: str


@dataclass(frozen=True, slots=True)
class PullReading:
    """Everything one look at a pull request needs, read in one query.

    `base_tip` and `base_checks` are None when the base branch is gone; `issue_open` and `issue_labels` when the issue
    could not be seen. `review_decision` is GitHub's word in lower case, None where no rule asks for reviews.
    """

    pull: PullRecord
    review_decision: str | None
    checks: tuple[CheckState, ...]
    base_tip: BaseSha | None
    base_checks: tuple[CheckState, ...] | None
    issue_open: bool | None
    issue_labels: frozenset[str] | None
    repository_methods: frozenset[str]
    delete_branch_on_merge: bool
    open_conversations: int | None
    """Review threads nobody has resolved; None when there are more threads than one query tells."""
    queued: bool = False
    suites: tuple[SuiteState, ...] | None = ()
    """The check suites of the head."""


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """A pull request as its base's merge queue sees it."""

    node_id: str
    head: HeadSha
    queued: bool
    merged: bool


@dataclass(frozen=True, slots=True)
class QueuedPull:
    """An entry of a merge queue."""

    number: PullNumber
    head: HeadSha


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What is there after a merge: `branch_tip` None when the branch is gone, `issue_open` None when unseen.

    `base_branch` is the branch that was merged into.
    """

    merged: bool
    merge_commit: CommitSha | None
    base_branch: str
    branch_tip: CommitSha | None
    issue_open: bool | None


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark at lines of the new file, shown beside the diff by GitHub."""

    path: str
    start_line: int
    end_line: int
    level: Literal["notice", "warning", "failure"]
    message: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class CheckOutput:
    """What a check run shows. GitHub takes 65,535 characters of `summary` and of `text`, and 50 annotations a call."""

    title: str
    summary: str
    text: str = ""
    annotations: tuple[Annotation, ...] = ()


@dataclass(frozen=True, slots=True)
class InlineComment:
    """A review comment on a line of the new file (side RIGHT), counted from 1."""

    path: str
    line: int
    body: str


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What GitHub says of a merge it made."""

    sha: CommitSha
    merged: bool


@dataclass(frozen=True, slots=True)
class BranchFile:
    """A file at a branch's tip. `text` is None for an absent file, and for one that is there and is no whole text."""

    branch_exists: bool
    present: bool
    text: str | None
