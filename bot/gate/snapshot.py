"""Everything the gate looks at, read once and frozen. `None` means `could not be read`, never `nothing there`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.core.names import AppId, BaseSha, Digest, HeadSha, IssueNumber, PullNumber, RunId
from bot.github_api.records import BranchRules, CheckState, SuiteState
from bot.review.review_kinds import ReviewKind


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
    """An own verdict as filed in the ledger, and whether its check run is on GitHub under our App id."""

    kind: ReviewKind
    conclusion: str
    code: str
    summary: str
    check_posted: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One pull request at one time, with everything the decision needs.

    `verdicts` are only those filed under exactly (head, merge base, config); `verdict_heads` are heads that have
    evidence at all, so that a stale verdict differs from a missing one. `expected_checks` are rules ∪ ci.expect ∪
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
    config_digest: Digest | None
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
    """Review threads that are not resolved."""
    queued: bool = False
    """Whether it is in its base's merge queue."""
    left_queue: bool = False
    """Whether Cadence put this head into the queue, and a person or the queue itself took it out."""
    budget: str = ""
    """Why the run may ask no model any more, or nothing."""
    pushed: tuple[PushedFinding, ...] | None = None
    """What the deterministic gates find in people's commits, beyond the plan's own; none on our own head."""
    pushed_digest: str = ""
    """sha256 of the pull request's diff, where it holds commits of people."""
    pushed_approved: str = ""
    """The digest of the diff that a person approved by `/cadence go`."""
    plan_approved: bool = False
    """Whether a person approved exactly the ChangeSet that the run pushed."""
    held: str = ""
    """Who set the issue's hold and why, or nothing."""
    built_on: str = ""
    """The base commit that Cadence built this head on; empty where the head is not Cadence's own."""
    own_config: str = ""
    """Why the head's own .github/cadence.yml cannot be used, where it differs from the base's."""
    repository_methods: frozenset[str] = frozenset({"merge", "squash", "rebase"})
    suites: tuple[SuiteState, ...] | None = ()
    """The check suites of the head; every App's, ours included."""
