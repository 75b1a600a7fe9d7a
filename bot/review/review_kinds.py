"""The two reviews, their verdicts, and the key under which a verdict is stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.core.names import CHECK_EFFICIENCY, CHECK_REASONING, BaseSha, Digest, HeadSha, sha256


class ReviewKind(StrEnum):
    """The two reviewers: is the change correct, and is it as simple and quick as it can be."""

    REASONING = "reasoning"
    EFFICIENCY = "efficiency"

    @property
    def check_name(self) -> str:
        """The check run that carries this review's verdict."""
        # Two checks, so that a ruleset can require each review on its own:
        # https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets
        return CHECK_REASONING if self is ReviewKind.REASONING else CHECK_EFFICIENCY


class Conclusion(StrEnum):
    """A verdict's outcome. Only `approve` passes."""

    APPROVE = "approve"
    REJECT = "reject"
    UNREADABLE = "unreadable"
    """The model answered, and the answer cannot be used."""
    ABSENT = "absent"
    """There is no model to ask."""


class FindingSeverity(StrEnum):
    """How grave a finding is; `review.block_on` of the config says from which severity on a review rejects."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class ReviewFinding:
    """One remark. `line` is in the new file, counted from 1; `rule` is the id of a rule of the config.

    `suggestion` is the exact new text of that line, `evidence` what the reviewer read that shows the fault.
    """

    severity: FindingSeverity
    message: str
    path: str | None = None
    line: int | None = None
    rule: str | None = None
    suggestion: str | None = None
    evidence: str = ""


class Met(StrEnum):
    """Whether the change does what an acceptance line asks."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class AcceptanceAnswer:
    """The reasoning review's answer to one acceptance line; `evidence` are places (`path` or `path:line`).

    `derived` says that the blueprint has no acceptance lines, and the reviewer took this one from its text.
    """

    line: str
    met: Met
    evidence: tuple[str, ...]
    derived: bool = False


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """What a verdict is about: it counts only for exactly this head, merge base, config and attempt.

    `policy` is the digest of `.github/cadence.yml`; `attempt` counts re-runs from 1.
    """

    head: HeadSha
    merge_base: BaseSha
    policy: Digest
    attempt: int = 1

    def digest(self, kind: ReviewKind) -> Digest:
        """24 hex digits for (kind, key): a check run's `external_id`, and the key in a review's marker.

        https://docs.github.com/en/rest/checks/runs#create-a-check-run
        """
        # NUL is in none of the parts, so two keys never give the same text. 24 digits are enough against chance and
        # leave a marker short.
        return Digest(sha256(f"{kind}\x00{self.head}\x00{self.merge_base}\x00{self.policy}\x00{self.attempt}")[:24])


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a review read, and with which model, for people and for the ledger.

    Tokens are the server's counts unless said otherwise; `rules` are the ids of the rules that were checked.
    """

    model_asked: str
    model_answered: str
    prompt_digest: str
    diff_digest: str
    files: tuple[str, ...]
    rules: tuple[str, ...]
    input_tokens: int
    output_tokens: int
    duration_ms: int
    recorded: bool = False
    origin: str = ""
    """`head..merge base` of the verdict this one was copied from; empty when a reviewer judged this change itself."""
    coverage: float = 0.0
    """Share of the changed lines that the model got, from 0 to 1, not counting unreviewable files that are allowed."""
    parts: int = 0
    hunks: int = 0
    unread: tuple[str, ...] = ()
    """Files that cannot be reviewed: binary or generated."""
    counted_tokens: int = 0
    """Our own count of the prompts' tokens, to compare with the server's `input_tokens`."""
    dropped: int = 0
    """Number of remarks on lines that are not in the diff; they do not count."""
    cost: float | None = None
    """By the operator's prices; None where a model has no price."""
    measured: str = "unmeasured"
    """The last result of `cadence selftest reviewers` for this model."""
    blueprint: str = ""
    """Digest of the title and text of the blueprint that the reviewer read."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One review's result for one evidence key, with its receipt."""

    kind: ReviewKind
    key: EvidenceKey
    conclusion: Conclusion
    code: str
    """`review.approved`, `review.rejected`, `review.unreadable`, `model.absent`, ..."""
    summary: str
    receipt: Receipt
    findings: tuple[ReviewFinding, ...] = field(default=())
    acceptance: tuple[AcceptanceAnswer, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())
    """Facts that were computed and shown to the reviewer: figures, declared removals."""
    aside: tuple[ReviewFinding, ...] = field(default=())
    """The remarks on lines that are not in the diff."""
