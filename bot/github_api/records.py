"""What GitHub tells us, as frozen values. No object of the client library leaves this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.names import (
    AppId,
    BaseSha,
    CommentId,
    CommitSha,
    HeadSha,
    IssueNumber,
    PullNumber,
    RepositoryId,
)


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
    """A repository as it is now."""

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
    """A file at a branch's tip. `text` is None for an absent file, and for one that is there and is not complete
    text."""

    branch_exists: bool
    present: bool
    text: str | None


@dataclass(frozen=True, slots=True)
class CheckState:
    """A check run (`app_id` set) or a commit status (`app_id` None) on one commit.

    `conclusion` uses GitHub's words in lower case and is None while unfinished; a status maps success, failure,
    error -> failure, pending -> None.
    """

    name: str
    app_id: AppId | None
    app_slug: str
    conclusion: str | None
    external_id: str = ""
    url: str = ""
    started_at: datetime | None = None
    database_id: int = 0
    workflow: str = ""
    """Which workflow of GitHub Actions reported it, and for which event; empty for every other App."""
    completed_at: datetime | None = None
    suite: str = ""
    """GitHub's global id of the check suite that holds it; empty for a commit status."""
    workflow_run: int = 0
    """The id of the workflow run that it is a job of; 0 for every other App."""


@dataclass(frozen=True, slots=True)
class SuiteState:
    """A check suite of one commit: what one App reports there, or one workflow run of GitHub Actions.

    `status` is GitHub's word in lower case; `conclusion` is None until the suite is completed. `check_runs` counts
    every check run that the suite holds, those of earlier attempts as well. `workflow` is the key of the workflow and
    its event (empty for every App but GitHub Actions), `name` the workflow's name. A workflow run whose jobs GitHub
    does not list is not completed, whatever GitHub says of it.
    """

    id: str
    app_id: AppId | None
    app_slug: str
    status: str
    conclusion: str | None
    check_runs: int
    created_at: datetime | None = None
    workflow: str = ""
    workflow_run: int = 0
    name: str = ""
    event: str = ""
    url: str = ""
    database_id: int = 0

    @property
    def age_key(self) -> tuple[int, float, int]:
        """Orders the runs of one workflow, the newest last. GitHub counts the ids of runs and suites upwards."""
        # GitHub's times are whole seconds, so a second attempt may have the time of the first: the id decides then.
        return self.workflow_run, self.created_at.timestamp() if self.created_at else 0.0, self.database_id


@dataclass(frozen=True, slots=True)
class RequiredCheck:
    """A check that GitHub's own rules require; `app_id` None accepts any App."""

    name: str
    app_id: AppId | None


@dataclass(frozen=True, slots=True)
class BranchRules:
    """What rulesets and classic protection ask of the base branch, as far as it could be read.

    `readable` is False where something may be asked that this App cannot see. `unchecked` are the types of rules that
    GitHub enforces at the merge and the gate does not check itself. `may_bypass` says whether GitHub would let this App
    merge past a ruleset that holds such a rule; None where GitHub does not tell. `queue_method` is how the merge queue
    merges (`merge`, `squash`, `rebase`).
    """

    required_checks: tuple[RequiredCheck, ...] = ()
    required_approvals: int = 0
    strict: bool = False
    allowed_methods: frozenset[str] = frozenset({"merge", "squash", "rebase"})
    merge_queue: bool = False
    queue_method: str = ""
    linear_history: bool = False
    conversations: bool = False
    code_owner: bool = False
    last_push_approval: bool = False
    signatures: bool = False
    update: bool = False
    restricted: bool = False
    locked: bool = False
    unchecked: tuple[str, ...] = ()
    may_bypass: bool | None = False
    readable: bool = True


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it. `is_bot` is GitHub's own `type == Bot`."""

    login: str
    id: int
    is_bot: bool
