"""Repositories, pull requests, checks and branch rules as frozen values. No object of PyGithub leaves this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.names import AppId, BaseSha, CommitSha, HeadSha, PullNumber, RepositoryId


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """The App on this GitHub, and the bot user under whose name it writes."""

    app_id: AppId
    slug: str
    name: str
    bot_login: str
    """`<slug>[bot]`, as REST spells it. GraphQL leaves `[bot]` out."""
    bot_user_id: int
    permissions: Mapping[str, str]
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Permission:
    """A person's permission on one repository: `admin`, `write`, `read` or `none`, and the name of the role.

    GitHub reports `maintain` as `write` and `triage` as `read` in `permission`; only `role` tells them apart.
    https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
    """

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
class PullRecord:
    """A pull request. `mergeable` is None in a list and until GitHub computes it. `state` is `open` or `closed`."""

    number: PullNumber
    state: str
    merged: bool
    draft: bool
    head_branch: str
    head: HeadSha
    base_branch: str
    base: BaseSha
    author: str | None
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
    """One of the App's own check runs."""

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
    """Everything that one evaluation of a pull request needs, read in one query.

    `base_tip` and `base_checks` are None when the base branch is gone, `issue_open` and `issue_labels` when the issue
    could not be seen. `review_decision` is GitHub's `reviewDecision` in lower case, None when no rule asks for reviews.
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
    """Unresolved review threads; None when there are more threads than one query returns."""
    queued: bool = False
    suites: tuple[SuiteState, ...] | None = ()
    """The check suites of the head."""


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """A pull request's place in the merge queue of its base branch."""

    node_id: str
    head: HeadSha
    queued: bool
    merged: bool
    open: bool = True
    draft: bool = False


@dataclass(frozen=True, slots=True)
class QueuedPull:
    """An entry of a merge queue."""

    number: PullNumber
    head: HeadSha


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The state after a merge. `branch_tip` is None without the branch, `issue_open` when the issue is not visible.

    `base_branch` is the branch that was merged into.
    """

    merged: bool
    merge_commit: CommitSha | None
    base_branch: str
    branch_tip: CommitSha | None
    issue_open: bool | None


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message at lines of the new file, counted from 1, which GitHub shows beside the diff."""

    path: str
    start_line: int
    end_line: int
    level: Literal["notice", "warning", "failure"]
    message: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class CheckOutput:
    """What a check run shows, in Markdown. `summary` and `text` may have 65,535 characters each.

    https://docs.github.com/en/rest/checks/runs#create-a-check-run
    """

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
    """GitHub's answer to a successful merge."""

    sha: CommitSha
    merged: bool


@dataclass(frozen=True, slots=True)
class BranchFile:
    """A file at a branch's tip. `text` is None when the file is absent, binary, or too large to be read whole."""

    branch_exists: bool
    present: bool
    text: str | None


@dataclass(frozen=True, slots=True)
class CheckState:
    """A check run (`app_id` set) or a commit status (`app_id` None) on one commit.

    `conclusion` is GitHub's in lower case, None while unfinished. A status has `success`, `failure` (also for `error`)
    or None (pending).
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
    """Key of the GitHub Actions workflow and event that reported it; empty for every other App."""
    completed_at: datetime | None = None
    suite: str = ""
    """Global node id of its check suite; empty for a commit status."""
    workflow_run: int = 0
    """Id of its workflow run; 0 for every other App."""


@dataclass(frozen=True, slots=True)
class SuiteState:
    """A check suite of one commit: the check runs of one App, or of one workflow run of GitHub Actions.

    `status` is GitHub's in lower case; `conclusion` is None until the suite is completed. `check_runs` counts every
    check run of the suite, with those of earlier attempts. `workflow` is the key of the workflow and its event (empty
    for every App but GitHub Actions), `name` the workflow's name. A workflow run whose jobs GitHub does not list counts
    as not completed, whatever status GitHub reports.
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
        """Sort key of the runs of one workflow, the newest last."""
        # GitHub numbers runs and suites upwards.
        # GitHub's times are whole seconds, so two attempts may have the same time; then the id decides.
        return self.workflow_run, self.created_at.timestamp() if self.created_at else 0.0, self.database_id


@dataclass(frozen=True, slots=True)
class RequiredCheck:
    """A check that GitHub's branch rules require. With `app_id` None a check of any App counts."""

    name: str
    app_id: AppId | None


@dataclass(frozen=True, slots=True)
class BranchRules:
    """What rulesets and classic protection require of the base branch, as far as it could be read.

    `readable` is False where there may be a requirement that this App cannot see. `unchecked` are the types of rules
    that GitHub enforces at the merge and the gate does not check itself. `may_bypass`: GitHub lets this App merge
    against a ruleset with such a rule (None: unknown). `queue_method` is how the merge queue merges (`merge`, `squash`
    or `rebase`), "" without a queue.
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
