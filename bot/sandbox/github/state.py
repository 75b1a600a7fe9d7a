"""What the embedded GitHub knows: plain records, changed only while the world's lock is held."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bot.core.json_types import JsonDict
from bot.sandbox.github.accounts import Account, App
from bot.sandbox.github.branch_rules import Protection, Ruleset

ROLES = ("none", "read", "triage", "write", "maintain", "admin")


@dataclass(eq=False)
class Installation:
    """One App on one account, with the repositories selected there and the permissions accepted there."""

    id: int
    app: App
    account: Account
    permissions: dict[str, str]
    created_at: datetime
    updated_at: datetime
    repositories: list[Repository] = field(default_factory=list)
    suspended_at: datetime | None = None
    deleted: bool = False

    @property
    def events(self) -> list[str]:
        automatic = ["check_run", "check_suite"] if self.permissions.get("checks") == "write" else []
        return list(dict.fromkeys([*self.app.events, *automatic]))


@dataclass(eq=False)
class Token:
    """An installation token: which repositories (None = all selected) and which permissions it was narrowed to."""

    value: str = field(repr=False)
    installation: Installation
    repository_ids: frozenset[int] | None
    permissions: dict[str, str]
    expires_at: datetime


@dataclass(eq=False)
class Label:
    id: int
    name: str
    color: str = "ededed"
    description: str = ""


@dataclass(eq=False)
class TimelineEvent:
    """One entry of an issue's timeline; `detail` holds what its kind adds (label, from/to title, commit)."""

    id: int
    kind: str
    actor: Account
    at: datetime
    detail: JsonDict = field(default_factory=dict)


@dataclass(eq=False)
class BodyEdit:
    editor: Account
    at: datetime


@dataclass(eq=False)
class Reaction:
    id: int
    user: Account
    content: str
    at: datetime


@dataclass(eq=False)
class Comment:
    """A conversation comment; `reactions` by (account id, content)."""

    id: int
    issue: Issue
    user: Account
    body: str
    created_at: datetime
    updated_at: datetime
    reactions: dict[tuple[int, str], Reaction] = field(default_factory=dict)


@dataclass(eq=False)
class Issue:
    """An issue, or the conversation half of a pull request (`pull` set)."""

    id: int
    number: int
    repository: Repository
    title: str
    body: str | None
    user: Account
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: Account | None = None
    labels: list[Label] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    timeline: list[TimelineEvent] = field(default_factory=list)
    edits: list[BodyEdit] = field(default_factory=list)
    reactions: dict[tuple[int, str], Reaction] = field(default_factory=dict)
    pull: Pull | None = None

    @property
    def place(self) -> str:
        """`pull` or `issues`: under which of them its page is."""
        return "pull" if self.pull else "issues"

    def has_label(self, name: str) -> bool:
        return any(label.name.casefold() == name.casefold() for label in self.labels)


@dataclass(eq=False)
class ReviewComment:
    id: int
    review: Review
    path: str
    body: str
    line: int
    side: str
    start_line: int | None
    start_side: str | None
    diff_hunk: str
    created_at: datetime
    resolved: bool = False


@dataclass(eq=False)
class Review:
    id: int
    pull: Pull
    user: Account
    body: str
    state: str
    commit_id: str
    submitted_at: datetime
    comments: list[ReviewComment] = field(default_factory=list)


@dataclass(eq=False)
class Pull:
    """The code half of a pull request. `mergeable` was computed for the (head, base tip) pair `mergeable_for`."""

    id: int
    issue: Issue
    head_ref: str
    head_sha: str
    base_ref: str
    base_sha: str
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: Account | None = None
    merge_commit_sha: str | None = None
    closed_base_sha: str | None = None
    mergeable_for: tuple[str, str] | None = None
    mergeable: bool | None = None
    unread: int = 0
    reviews: list[Review] = field(default_factory=list)
    drafts: list[Review] = field(default_factory=list)
    """Reviews that their authors have begun and not submitted: GitHub shows them to no one else."""

    @property
    def number(self) -> int:
        return self.issue.number

    @property
    def repository(self) -> Repository:
        return self.issue.repository

    @property
    def is_open(self) -> bool:
        return self.issue.state == "open"


@dataclass(eq=False)
class CheckRun:
    id: int
    repository: Repository
    app: App
    suite_id: int
    name: str
    head_sha: str
    status: str = "queued"
    conclusion: str | None = None
    external_id: str = ""
    details_url: str = ""
    started_at: datetime | None = None
    completed_at: datetime | None = None
    title: str | None = None
    summary: str | None = None
    text: str | None = None
    annotations: list[JsonDict] = field(default_factory=list)
    actions: list[JsonDict] = field(default_factory=list)
    workflow: tuple[str, str] | None = None
    """(name, event) of the workflow that reports it; only GitHub Actions has workflows."""
    attempt: int = 1
    """Which attempt of the workflow run made it."""


@dataclass(eq=False)
class CheckSuite:
    """What one App reports on one commit, or one run of a workflow (`workflow` set, as (name, event)).

    `status` None means that it follows from the check runs that it holds; else it is as set, also where they differ.
    `run_id` is the workflow run's id: each attempt of a workflow run may have a suite of its own.
    """

    id: int
    repository: Repository
    app: App
    head_sha: str
    created_at: datetime
    workflow: tuple[str, str] | None = None
    run_id: int = 0
    attempt: int = 1
    status: str | None = None
    conclusion: str | None = None


@dataclass(eq=False)
class Status:
    id: int
    repository: Repository
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    creator: Account
    created_at: datetime


@dataclass(eq=False)
class QueueEntry:
    """A pull request in its base's merge queue, with the temporary branch on which it is tested."""

    id: int
    pull: Pull
    enqueuer: Account
    at: datetime
    head_sha: str
    ref: str = ""
    base_sha: str = ""
    group_sha: str = ""


@dataclass(eq=False)
class Repository:
    """One repository and everything in it. `path` is its bare git repository."""

    id: int
    name: str
    owner: Account
    path: Path
    created_at: datetime
    default_branch: str = "main"
    private: bool = False
    archived: bool = False
    allow_merge_commit: bool = True
    allow_squash_merge: bool = True
    allow_rebase_merge: bool = True
    delete_branch_on_merge: bool = False
    next_number: int = 1
    collaborators: dict[str, str] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    suites: dict[int, CheckSuite] = field(default_factory=dict)
    statuses: list[Status] = field(default_factory=list)
    rulesets: list[Ruleset] = field(default_factory=list)
    protections: dict[str, Protection] = field(default_factory=dict)
    queues: dict[str, list[QueueEntry]] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    def role(self, account: Account) -> str:
        """The account's role here; strangers may read a public repository."""
        if account is self.owner:
            return "admin"
        return self.collaborators.get(account.login.casefold(), "none" if self.private else "read")

    def at_least(self, account: Account, role: str) -> bool:
        """Whether the account holds that role or a stronger one."""
        return ROLES.index(self.role(account)) >= ROLES.index(role)

    def pulls(self) -> list[Pull]:
        return [issue.pull for issue in self.issues.values() if issue.pull]
