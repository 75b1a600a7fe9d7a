"""What the ledger holds, as frozen values. Times are timezone-aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from bot.core.names import (
    Cause,
    CommentId,
    DeliveryId,
    Digest,
    HeadSha,
    InstallationId,
    IssueNumber,
    PullNumber,
    RepoName,
    RepoRef,
    RepositoryId,
    RunId,
)
from bot.core.states import RunState
from bot.effects.kinds import EffectActor
from bot.ledger.columns import BigInt, Str16, Str32, Str64, Str100, Str250
from bot.review.review_kinds import ReviewKind, Verdict


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook delivery as GitHub sent it, and its outcome.

    `status` is `new`, `taken` (a worker has it), `done`, `ignored`, `failed` (it is tried again at `due_at`) or `dead`
    (given up after several attempts); `reason` says why. `urgency` orders the waiting ones, 0 first; deliveries of one
    `subject` say the same, so one of them is enough. `taken_by` is the executor's id.
    """

    guid: DeliveryId
    event: str
    action: str
    installation_id: BigInt | None
    repository_id: BigInt | None
    received_at: datetime
    body: str
    status: Str16 = "new"
    reason: str = ""
    attempts: int = 1
    run_id: RunId | None = None
    urgency: int = 1
    subject: Str64 = ""
    due_at: datetime | None = None
    taken_by: Str100 = ""


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A person's command in a comment. `state` is `pending` or `done`; `answer` is empty until it is known."""

    repository_id: RepositoryId
    comment_id: CommentId
    edit: Str100
    repository: str
    installation_id: InstallationId
    issue: IssueNumber
    is_pull: bool
    login: str
    may_write: bool
    verb: str
    answer: str
    state: Str16
    at: datetime
    answered_at: datetime | None = None


SOMEONE = "a person"
"""Who set a hold of which only the label was seen. No login has a space."""


@dataclass(frozen=True, slots=True)
class SteeringEntry:
    """An issue's hold and files; they outlive a replan, which is another run.

    `held_by` is a login or SOMEONE, and empty without a hold.
    """

    repository_id: RepositoryId
    issue: int
    use_paths: tuple[str, ...]
    held_by: Str100 = ""
    held_reason: str = ""
    held_at: datetime | None = None

    def hold_text(self) -> str:
        """Who set the hold and why, as a clause; empty without a hold. The reason is a person's text."""
        if not self.held_by:
            return ""
        who = SOMEONE if self.held_by == SOMEONE else f"@{self.held_by}"
        return f"set by {who}" + (f": {self.held_reason}" if self.held_reason else "")


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A run, of which there is one for each (repository id, issue, cause), and its state.

    `title` and `body` are the text the run works on; `asked_digest` is what an approval would approve and `asked_at`
    since when it is shown, by GitHub's clock; `approved_digest` is an approved text, `approved_diff` an approved
    ChangeSet, `approved_pushed` the sha256 of the pull request's diff with people's commits in it.
    """

    run_id: RunId
    repository_id: RepositoryId
    repository: str
    installation_id: InstallationId
    issue: IssueNumber
    cause: Cause
    started_by: str
    state: RunState
    reason: str
    created_at: datetime
    updated_at: datetime
    title: str = ""
    body: str = ""
    blueprint_digest: str = ""
    text_trusted: bool = False
    guidance: str = ""
    discard: bool = False
    asked_digest: str = ""
    asked_at: datetime | None = None
    approved_digest: str = ""
    approved_diff: str = ""
    approved_by: str = ""
    approved_pushed: str = ""
    asked_reviews: str = ""
    """`head kind:attempt ...`: the attempt that was last asked for on that head; an earlier verdict does not count."""
    default_branch: str = ""
    base_branch: str = ""
    base_sha: str = ""
    head_sha: str = ""
    changeset_digest: str = ""
    summary: str = ""
    plan: str = ""
    branch: str = ""
    pull: PullNumber | None = None
    status_comment: BigInt | None = None
    merge_sha: str = ""

    def least_attempt(self, kind: ReviewKind, head: str) -> int:
        """The least attempt of a review that counts on a head: more than 1 where a person asked again."""
        asked = asked_attempts(self.asked_reviews, head)
        return asked.get(kind.value, 1)


def asked_attempts(text: str, head: str) -> dict[str, int]:
    """Of a run's `asked_reviews`: by kind of review the attempt asked for on a head; empty for another head."""
    of, *asked = text.split() or [""]
    return {kind: int(attempt) for kind, _, attempt in (one.partition(":") for one in asked)} if of == head else {}


@dataclass(frozen=True, slots=True)
class TransitionEntry:
    """A transition of a run from the state `came_from` to `to`; `by` is a login, or `cadence`."""

    id: int
    run_id: RunId
    at: datetime
    came_from: Str32
    to: Str32
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class EffectEntry:
    """An effect's intent and outcome; `state` is `intended`, `done`, `found` or `failed`."""

    id: int
    scope: Str100
    run_id: RunId | None
    kind: Str32
    natural_key: Str250
    state: Str16
    attempts: int
    intended_at: datetime
    ended_at: datetime | None
    outcome: dict[str, Any] | None
    error_code: Str100 | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCallEntry:
    """One question to a model: its tokens as the server counted them, its cost where the model has a price.

    A figure that cannot be true, or a call that brought none and may have been billed, counts as the worst case.

    `recorded` says that a recording answered and no server was asked. `run_id` is None outside a run.
    """

    run_id: RunId | None
    kind: Str32
    at: datetime
    model_asked: str
    model_answered: str = ""
    prompt_digest: str
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None
    duration_ms: int = 0
    outcome: str
    recorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateEntry:
    """What one attempt of a run was expected to use up to its pull request, and what it used (None until then).

    `attempt` counts the starts of the run; `planned` says that a model had to plan, and `context_tokens` is the size of
    the plan's prompt, else of the ChangeSet that was there. `runs_here` and `runs_elsewhere` are the earlier runs that
    the estimate comes from. Costs are US dollars, None without a price; seconds leave out waiting.
    """

    run_id: RunId
    attempt: int
    repository_id: RepositoryId
    at: datetime
    planned: bool
    context_tokens: int
    runs_here: int
    runs_elsewhere: int
    tokens_low: float
    tokens: float
    tokens_high: float
    cost_low: float | None
    cost: float | None
    cost_high: float | None
    seconds_low: float
    seconds: float
    seconds_high: float
    files_low: float
    files: float
    files_high: float
    used_tokens: BigInt | None = None
    used_cost: float | None = None
    used_seconds: float | None = None
    changed_files: int | None = None
    changed_lines: int | None = None
    ended_at: datetime | None = None
    error: float | None = None
    """By which factor more was used than estimated (below 1: less): in dollars, in tokens where there is no price."""


@dataclass(frozen=True, slots=True)
class DecisionEntry:
    """What the gate decided on one head, with every reason."""

    id: int
    run_id: RunId
    at: datetime
    pull: int
    head: Str64
    outcome: Str16
    reasons: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class ProofEntry:
    """A merge's proof: the manifest as signed before it, and the seal after it (empty texts until then)."""

    digest: Digest
    run_id: RunId
    repository_id: RepositoryId
    decision_id: int
    head: HeadSha
    at: datetime
    key_id: Str64
    manifest: str
    manifest_signature: str
    seal: str = ""
    seal_signature: str = ""
    merge_sha: Str64 = ""
    sealed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key under which proofs were signed: 32 bytes in lower-case hex."""

    key_id: Str64
    public_key: Str64
    first_used_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """A run's spending so far. `content_creating` are the mutating GitHub calls, token minting left out."""

    github_calls: int
    content_creating: int
    model_calls: int
    input_tokens: int
    output_tokens: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One line of a run's history, of whatever kind."""

    at: datetime
    kind: str
    what: str
    detail: str


def verdict_to_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON data that `verdict_from_json` reads back to an equal value."""
    return asdict(verdict)


def verdict_from_json(data: Mapping[str, Any]) -> Verdict:
    """The verdict that `verdict_to_json` wrote. Raises pydantic.ValidationError for anything else."""
    return _VERDICT.validate_python(dict(data))


_VERDICT = TypeAdapter(Verdict)


def actor_of(run: RunEntry) -> EffectActor:
    """The actor of a run's effects."""
    return EffectActor(run.run_id, run.repository_id, run.installation_id, run.run_id)


def ref_of(run: RunEntry) -> RepoRef:
    """The repository of a run's GitHub calls."""
    return RepoRef(run.repository_id, RepoName.parse(run.repository), run.installation_id)
