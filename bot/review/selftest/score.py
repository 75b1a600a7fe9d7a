"""From verdicts on seeds to a score: defects caught and missed, false alarms, unreadable verdicts. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot.review.review_kinds import Conclusion, Met, ReviewKind, Verdict
from bot.review.selftest.seeds import Seed


class Result(StrEnum):
    """The outcome of one seed."""

    CAUGHT = "caught"
    MISSED = "missed"
    PASSED = "passed"
    FALSE_ALARM = "false alarm"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class SeedOutcome:
    """One seed judged once. `model` is the name in the server's answer; `why` is the verdict's summary."""

    seed: str
    defect: str
    result: Result
    model: str
    why: str


@dataclass(frozen=True, slots=True)
class SelfTestScore:
    """The score of one kind of review by one model. A defect with an unreadable verdict counts as not caught."""

    kind: ReviewKind
    model: str
    defects: int
    caught: int
    missed: tuple[str, ...]
    clean: int
    false_alarms: tuple[str, ...]
    unreadable: tuple[str, ...]

    @property
    def usable(self) -> bool:
        """Whether anything could be read at all."""
        return len(self.unreadable) < self.defects + self.clean

    def line(self, on: date) -> str:
        """One line, as every verdict's receipt shows it."""
        parts = [f"caught {self.caught} of {self.defects}", f"false alarms {len(self.false_alarms)} of {self.clean}"]
        if self.unreadable:
            parts.append(f"unreadable {len(self.unreadable)} of {self.defects + self.clean}")
        return f"{', '.join(parts)} ({on.isoformat()})"


def outcome_of(seed: Seed, verdict: Verdict) -> SeedOutcome:
    """What a verdict means for its seed."""
    return SeedOutcome(seed.name, seed.defect, _result(seed, verdict), verdict.receipt.model_answered, verdict.summary)


def _result(seed: Seed, verdict: Verdict) -> Result:
    if verdict.conclusion not in (Conclusion.APPROVE, Conclusion.REJECT):
        return Result.UNREADABLE
    rejects = verdict.conclusion is Conclusion.REJECT
    if seed.clean:
        return Result.FALSE_ALARM if rejects else Result.PASSED
    # A rejection for another reason did not find the defect.
    return Result.CAUGHT if rejects and _points_at(seed, verdict) else Result.MISSED


def _points_at(seed: Seed, verdict: Verdict) -> bool:
    """Whether the verdict names a file that has the defect."""
    # An acceptance line that is not met need not belong to one file.
    if not seed.paths:
        return True
    named = {finding.path for finding in verdict.findings}
    named |= {_path(place) for line in verdict.acceptance if line.met is Met.NO for place in line.evidence}
    return bool(named & set(seed.paths))


def _path(place: str) -> str:
    path, colon, line = place.rpartition(":")
    return path if colon and line.isdigit() else place


def score_of(kind: ReviewKind, outcomes: Sequence[SeedOutcome]) -> SelfTestScore:
    """The score of one kind of review; the model is the one that answered most often."""
    # A server may change the model behind a name while the test runs.
    models = Counter(outcome.model for outcome in outcomes if outcome.model)
    defects = [outcome for outcome in outcomes if outcome.defect]
    return SelfTestScore(
        kind=kind,
        model=models.most_common(1)[0][0] if models else "",
        defects=len(defects),
        caught=len(_named(defects, Result.CAUGHT)),
        missed=_named(outcomes, Result.MISSED),
        clean=len(outcomes) - len(defects),
        false_alarms=_named(outcomes, Result.FALSE_ALARM),
        unreadable=_named(outcomes, Result.UNREADABLE),
    )


def _named(outcomes: Iterable[SeedOutcome], result: Result) -> tuple[str, ...]:
    return tuple(outcome.seed for outcome in outcomes if outcome.result is result)
