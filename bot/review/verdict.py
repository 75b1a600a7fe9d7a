"""A reviewer's answer: its JSON Schema, and how it is read. An answer that cannot be read never passes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from bot.core.errors import ModelUnusable
from bot.llm.model import Completion
from bot.llm.structured import read_json
from bot.review.review_kinds import AcceptanceAnswer, Conclusion, FindingSeverity, Met, ReviewFinding, ReviewKind

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_NUMBER_OR_NULL = {"type": ["integer", "null"]}
_WORSE = {Met.YES: 0, Met.UNCLEAR: 1, Met.NO: 2}
MESSAGE_LIMIT = 4_000
"""Characters kept of one remark: GitHub limits the length of a comment."""


@dataclass(frozen=True, slots=True)
class ReviewAnswer:
    """A reviewer's answer: its own verdict, its findings, and the two words that it had to repeat (`first`, `last`)."""

    approves: bool
    summary: str
    findings: tuple[ReviewFinding, ...]
    acceptance: tuple[AcceptanceAnswer, ...] = ()
    first: str = ""
    last: str = ""


def verdict_schema(kind: ReviewKind) -> dict[str, Any]:
    """JSON Schema of a reviewer's answer, for strict structured outputs, which require every key.

    https://platform.openai.com/docs/guides/structured-outputs
    """
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
        # Strict mode needs every key here; an optional value is one that may be null.
        "required": list(properties),
    }


def read_answer(kind: ReviewKind, completion: Completion, acceptance: Sequence[str]) -> ReviewAnswer:
    """Read an answer. Raises ModelUnusable (`model.*`, or `review.unreadable` for the wrong shape).

    `acceptance` are the blueprint's lines, which the answer names by their number from 1.
    """
    data = read_json(completion)
    # Checked here too, because many servers do not hold a model to the schema.
    errors = sorted(Draft202012Validator(verdict_schema(kind)).iter_errors(data), key=lambda e: list(map(str, e.path)))
    if errors:
        where = "/".join(str(part) for part in errors[0].absolute_path) or "the answer"
        raise _unreadable(
            f"the verdict has the wrong shape: {where}: {errors[0].message[:300]}",
            "Answer with the JSON object that the schema describes.",
        )
    if not data["summary"].strip():
        raise _unreadable("the verdict has no reason", "Say in `summary` why you approve or reject.")
    return ReviewAnswer(
        approves=data["verdict"] == "approve",
        summary=data["summary"].strip()[:MESSAGE_LIMIT],
        findings=tuple(_finding(finding) for finding in data["findings"]),
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
    # 2.0 is an integer in JSON Schema, but not for GitHub:
    # https://json-schema.org/draft/2020-12/json-schema-validation#section-6.1.1
    return int(line) if line is not None and line > 0 else None


def _acceptance(answers: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> tuple[AcceptanceAnswer, ...]:
    """An answer to each of the blueprint's lines, in order; without lines, to those that the reviewer derived.

    A line without an answer is unclear; of two answers to one line, the worse counts.
    """
    if not lines:
        derived = [row for row in answers if row["text"].strip()]
        return tuple(AcceptanceAnswer(row["text"].strip()[:500], *_met(row), derived=True) for row in derived)
    by_number: dict[int, tuple[Met, tuple[str, ...]]] = {}
    for row in answers:
        if row["number"] is not None:
            known, met = by_number.get(row["number"]), _met(row)
            by_number[row["number"]] = met if known is None else max(known, met, key=lambda pair: _WORSE[pair[0]])
    return tuple(
        AcceptanceAnswer(line, *by_number.get(number, (Met.UNCLEAR, ()))) for number, line in enumerate(lines, 1)
    )


def _met(row: Mapping[str, Any]) -> tuple[Met, tuple[str, ...]]:
    """The answer and the places that show it; a yes without a place is unclear."""
    # A place without a path shows nothing.
    named = [at for at in row["evidence"] if at["path"].strip()]
    places = tuple(f"{at['path']}:{at['line']}" if at["line"] else str(at["path"]) for at in named[:5])
    met = Met(row["answer"])
    return (Met.UNCLEAR if met is Met.YES and not places else met), places


def combine(answers: Sequence[ReviewAnswer]) -> ReviewAnswer:
    """Combine the answers to the parts of a change into one, which approves when every part does."""
    if len(answers) == 1:
        return answers[0]
    # Not the order of `_WORSE`: a part that does not show what meets a line answers unclear, so a yes from another part
    # counts more. A no counts most, because one part is enough to see a fault.
    rank = [Met.UNCLEAR, Met.YES, Met.NO]
    merged: dict[str, AcceptanceAnswer] = {}
    for answer in answers:
        for line in answer.acceptance:
            known = merged.get(line.line)
            if known is None or rank.index(line.met) > rank.index(known.met):
                merged[line.line] = line
    return ReviewAnswer(
        approves=all(answer.approves for answer in answers),
        summary="\n\n".join(f"Part {number}: {answer.summary}" for number, answer in enumerate(answers, 1)),
        findings=tuple(finding for answer in answers for finding in answer.findings),
        acceptance=tuple(merged.values()),
    )


def conclude(
    approves: bool, findings: Sequence[ReviewFinding], acceptance: Sequence[AcceptanceAnswer], block_on: str
) -> Conclusion:
    """Reject when the reviewer rejects, a rule is broken, a line is not met, or a finding reaches `review.block_on`."""
    grave = {FindingSeverity.ERROR} | ({FindingSeverity.WARNING} if block_on == "warning" else set())
    blocked = any(finding.rule is not None or finding.severity in grave for finding in findings)
    # An unclear line does not reject: a diff cannot show everything that a blueprint may ask for.
    unmet = any(line.met is Met.NO for line in acceptance)
    return Conclusion.APPROVE if approves and not blocked and not unmet else Conclusion.REJECT
