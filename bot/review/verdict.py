"""A reviewer's answer: the schema it is asked for, and its reading. What cannot be read never passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from bot.core.errors import ModelUnusable
from bot.llm.model import Completion
from bot.llm.structured import read_json
from bot.review.kinds import AcceptanceAnswer, Conclusion, FindingSeverity, Met, ReviewFinding, ReviewKind

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_NUMBER_OR_NULL = {"type": ["integer", "null"]}
_WORSE = {Met.YES: 0, Met.UNCLEAR: 1, Met.NO: 2}
MESSAGE_LIMIT = 4_000
"""Characters kept of one remark; a longer one is cut, because a comment has a limit too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer said: `approves` in its own word, its findings, and the canary words it says it has seen."""

    approves: bool
    summary: str
    findings: tuple[ReviewFinding, ...]
    acceptance: tuple[AcceptanceAnswer, ...] = ()
    first: str = ""
    last: str = ""


def verdict_schema(kind: ReviewKind) -> dict[str, Any]:
    """JSON Schema of a reviewer's answer, fit for strict structured outputs (every key required)."""
    finding = {
        "severity": {"type": "string", "enum": [severity.value for severity in FindingSeverity]},
        "path": _TEXT_OR_NULL,
        "line": _NUMBER_OR_NULL,
        "message": _TEXT,
        "evidence": _TEXT_OR_NULL,
        "suggestion": _TEXT_OR_NULL,
    }
    whole: dict[str, Any] = {
        "first_word": _TEXT,
        "last_word": _TEXT,
        "verdict": {"type": "string", "enum": ["approve", "reject"]},
        "summary": _TEXT,
        "findings": {"type": "array", "items": _object(finding)},
    }
    if kind is ReviewKind.REASONING:
        accepted = {
            "number": _NUMBER_OR_NULL,
            "text": _TEXT,
            "answer": {"type": "string", "enum": [met.value for met in Met]},
            "evidence": {"type": "array", "items": _object({"path": _TEXT, "line": _NUMBER_OR_NULL})},
        }
        whole["acceptance"] = {"type": "array", "items": _object(accepted)}
    return _object(whole)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(properties),
    }


def read_answer(kind: ReviewKind, completion: Completion, acceptance: Sequence[str]) -> Answer:
    """The reviewer's answer. Raises ModelUnusable (`model.*`, or `review.unreadable` for the wrong shape).

    `acceptance` are the blueprint's own lines, which the answers name by their number from 1.
    """
    data = read_json(completion)
    errors = sorted(Draft202012Validator(verdict_schema(kind)).iter_errors(data), key=lambda e: list(map(str, e.path)))
    if errors:
        where = "/".join(str(part) for part in errors[0].absolute_path) or "the answer"
        raise _unreadable(
            f"the verdict has the wrong shape: {where}: {errors[0].message[:300]}",
            "Answer with the JSON object that the schema describes.",
        )
    if not data["summary"].strip():
        raise _unreadable("the verdict gives no reason", "Say in `summary` why you approve or reject.")
    return Answer(
        approves=data["verdict"] == "approve",
        summary=data["summary"].strip()[:MESSAGE_LIMIT],
        findings=tuple(_finding(one) for one in data["findings"]),
        acceptance=_acceptance(data["acceptance"], acceptance) if kind is ReviewKind.REASONING else (),
        first=data["first_word"].strip(),
        last=data["last_word"].strip(),
    )


def _unreadable(summary: str, remedy: str) -> ModelUnusable:
    return ModelUnusable(summary, code="review.unreadable", remedy=remedy)


def _finding(data: Mapping[str, Any]) -> ReviewFinding:
    return ReviewFinding(
        severity=FindingSeverity(data["severity"]),
        message=data["message"].strip()[:MESSAGE_LIMIT],
        path=data["path"] or None,
        line=_positive(data["line"]),
        suggestion=data["suggestion"] if data["suggestion"] else None,
        evidence=(data["evidence"] or "").strip()[:MESSAGE_LIMIT],
    )


def _positive(line: int | None) -> int | None:
    # JSON Schema takes 2.0 for an integer; GitHub does not.
    return int(line) if line is not None and line > 0 else None


def _acceptance(answers: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> tuple[AcceptanceAnswer, ...]:
    """An answer to each of the blueprint's lines, in its order; without lines, the reviewer's own, marked so.

    A line that is answered twice counts as the worse answer says.
    """
    if not lines:
        derived = [one for one in answers if one["text"].strip()]
        return tuple(AcceptanceAnswer(one["text"].strip()[:500], *_said(one), derived=True) for one in derived)
    by_number: dict[int, tuple[Met, tuple[str, ...]]] = {}
    for one in answers:
        if one["number"] is not None:
            known, said = by_number.get(one["number"]), _said(one)
            by_number[one["number"]] = said if known is None else max(known, said, key=lambda each: _WORSE[each[0]])
    return tuple(
        AcceptanceAnswer(line, *by_number.get(number, (Met.UNCLEAR, ()))) for number, line in enumerate(lines, 1)
    )


def _said(one: Mapping[str, Any]) -> tuple[Met, tuple[str, ...]]:
    """The answer and the places that show it; a yes that nothing shows is unclear."""
    met, places = Met(one["answer"]), _places(one)
    return (Met.UNCLEAR if met is Met.YES and not places else met), places


def _places(one: Mapping[str, Any]) -> tuple[str, ...]:
    named = [at for at in one["evidence"] if at["path"].strip()]
    return tuple(f"{at['path']}:{at['line']}" if at["line"] else str(at["path"]) for at in named[:5])


def together(answers: Sequence[Answer]) -> Answer:
    """One answer out of those to the parts of a change.

    Every part must approve. A part that does not show what meets a line calls it unclear, so a yes of another counts;
    a no is seen somewhere, and counts before every yes.
    """
    if len(answers) == 1:
        return answers[0]
    rank = [Met.UNCLEAR, Met.YES, Met.NO]
    merged: dict[str, AcceptanceAnswer] = {}
    for answer in answers:
        for one in answer.acceptance:
            known = merged.get(one.line)
            if known is None or rank.index(one.met) > rank.index(known.met):
                merged[one.line] = one
    return Answer(
        approves=all(answer.approves for answer in answers),
        summary="\n\n".join(f"Part {number}: {answer.summary}" for number, answer in enumerate(answers, 1)),
        findings=tuple(finding for answer in answers for finding in answer.findings),
        acceptance=tuple(merged.values()),
    )


def conclude(
    approves: bool, findings: Sequence[ReviewFinding], acceptance: Sequence[AcceptanceAnswer], block_on: str
) -> Conclusion:
    """Reject on the reviewer's word, a broken rule, a line not met, and a finding as grave as `review.block_on`."""
    grave = {FindingSeverity.ERROR} | ({FindingSeverity.WARNING} if block_on == "warning" else set())
    blocked = any(finding.rule is not None or finding.severity in grave for finding in findings)
    unmet = any(one.met is Met.NO for one in acceptance)
    return Conclusion.APPROVE if approves and not blocked and not unmet else Conclusion.REJECT
