"""The two reviews, the evidence they leave and the key it is filed under."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bot.core.names import CHECK_EFFICIENCY, CHECK_REASONING, BaseSha, Digest, HeadSha, sha256


class ReviewKind(StrEnum):
    """Two reviewers that differ on purpose."""

    REASONING = "reasoning"
    EFFICIENCY = "efficiency"

    @property
    def check_name(self) -> str:
        """The check run that carries this review's verdict."""
        return CHECK_REASONING if self is ReviewKind.REASONING else CHECK_EFFICIENCY


class Conclusion(StrEnum):
    """A verdict's outcome. Only `approve` passes."""

    APPROVE = "approve"
    REJECT = "reject"
    UNREADABLE = "unreadable"
    """An answer came and cannot be used."""
    ABSENT = "absent"
    """No model answered at all."""


class FindingSeverity(StrEnum):
    """Of a review's finding; `review.block_on` says from which on a review rejects."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class ReviewFinding:
    """One remark. `line` is in the new file (side RIGHT), counted from 1; `rule` names a rule of cadence.yml."""

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
    """The reasoning review's answer to one line; `evidence` are places, `derived` a line that the reviewer made up."""

    line: str
    met: Met
    evidence: tuple[str, ...]
    derived: bool = False


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """What a verdict speaks of. Evidence counts only for exactly this key (DESIGN 5.4)."""

    head: HeadSha
    merge_base: BaseSha
    policy: Digest
    attempt: int = 1

    def digest(self, kind: ReviewKind) -> Digest:
        """A short stable name for (kind, key), used as a check run's `external_id` and in review markers."""
        return Digest(sha256(f"{kind}\x00{self.head}\x00{self.merge_base}\x00{self.policy}\x00{self.attempt}")[:24])


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a review read and with what, for people and for the record. Token counts are the server's."""

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
    """`head..merge base` of the verdict this one was carried over from; empty when it was judged itself."""
    coverage: float = 0.0
    """Share of the changed lines that were given to the model, from 0 to 1; allowed unreviewable files left out."""
    parts: int = 0
    hunks: int = 0
    unread: tuple[str, ...] = ()
    """Files that cannot be reviewed: binary or generated."""
    counted_tokens: int = 0
    """Our own count of the prompts, beside the server's `input_tokens`."""
    dropped: int = 0
    """Remarks that cited a line which the change does not show; they do not count."""
    cost: float | None = None
    """By the operator's prices; None where a model that was asked has none."""
    measured: str = "unmeasured"
    """The last figures of the reviewers' self test for this model."""
    blueprint: str = ""
    """Digest of the blueprint's title and text that the change was judged by."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One review's outcome on one evidence key, with its receipt."""

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
    """The remarks that were dropped."""
