"""Everything the gate looks at, read once and frozen. `None` means `could not be read`, never `nothing there`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.names import AppId, BaseSha, Digest, HeadSha, IssueNumber, PullNumber, RunId
from bot.review.kinds import ReviewKind


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
class PushedFinding:
    """What a deterministic gate found in commits that people pushed; `line` counts from 1 in the head's file."""

    code: str
    path: str | None
    line: int | None
    message: str

    @property
    def place(self) -> str:
        """`path:line`, as far as it is known."""
        return f"{self.path or 'the change'}{f':{self.line}' if self.line else ''}"


class PullState(StrEnum):
    """GitHub's state of a pull request."""

    OPEN = "open"
    CLOSED = "closed"
    MERGED = "merged"


@dataclass(frozen=True, slots=True)
class OwnVerdict:
    """A verdict of ours as filed in the ledger, and whether its check run stands on GitHub under our App id."""

    kind: ReviewKind
    conclusion: str
    code: str
    summary: str
    check_posted: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One pull request at one moment, with everything the decision needs.

    `verdicts` are only those filed under exactly (head, merge base, policy); `verdict_heads` are heads that have
    evidence at all, so that a stale verdict can be told from a missing one. `expected_checks` are rules ∪ ci.expect ∪
    foreign checks of the base tip. `head_seen_at` is when the head was pushed (ours) or first seen (a person's);
    `last_check_seen_at` when the newest check appeared on it or completed. `labels` are in lower case: to GitHub two
    labels that differ in nothing else are one.
    """

    now: datetime
    run_id: RunId
    issue: IssueNumber
    pull: PullNumber
    app_id: AppId
    state: PullState
    draft: bool
    head: HeadSha
    base_tip: BaseSha | None
    merge_base: BaseSha | None
    base_branch: str
    expected_base_branch: str
    mergeable: bool | None
    labels: frozenset[str]
    issue_open: bool | None
    issue_labelled: bool | None
    blueprint_approved: bool
    paused: bool
    policy: Digest | None
    config_error: str | None
    checks: tuple[CheckState, ...] | None
    base_checks: tuple[CheckState, ...] | None
    rules: BranchRules | None
    verdicts: tuple[OwnVerdict, ...]
    verdict_heads: frozenset[HeadSha]
    head_seen_at: datetime | None
    last_check_seen_at: datetime | None
    review_decision: str | None
    """GraphQL `reviewDecision` in lower case (`approved`, `changes_requested`, `review_required`) or None."""
    open_conversations: int | None
    """Review threads that nobody has resolved."""
    queued: bool = False
    """Whether it is in its base's merge queue."""
    left_queue: bool = False
    """Whether Cadence put this head into the queue, and somebody else or the queue itself took it out."""
    budget: str = ""
    """Why the run may ask no model any more, or nothing."""
    pushed: tuple[PushedFinding, ...] | None = None
    """What the deterministic gates find in people's commits, beyond the plan's own; none on our own head."""
    pushed_digest: str = ""
    """sha256 of the pull request's diff, where it holds commits of people."""
    pushed_approved: str = ""
    """The digest of the diff that a person approved by `/cadence go`."""
    plan_approved: bool = False
    """Whether a person approved the very ChangeSet that the run pushed."""
    built_on: str = ""
    """The base commit that Cadence built this head on; empty where the head is not Cadence's own."""
    own_config: str = ""
    """Why the head's own .github/cadence.yml cannot be used, where it differs from the base's."""
    repository_methods: frozenset[str] = frozenset({"merge", "squash", "rebase"})
    suites: tuple[SuiteState, ...] | None = ()
    """The check suites of the head; every App's, ours included."""
