"""A reviewer's answer: the schema it is asked for, and its reading. What cannot be read never passes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from bot.errors import ModelUnusable
from bot.llm.model import Completion
from bot.llm.structured import read_json
from bot.review.kinds import Conclusion, FindingSeverity, ReviewFinding

_TEXT = {"type": "string"}
_TEXT_OR_NULL = {"type": ["string", "null"]}
_NUMBER_OR_NULL = {"type": ["integer", "null"]}
MESSAGE_LIMIT = 4_000
"""Characters kept of one remark; a longer one is cut, because a comment has a limit too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer said: `approves` in its own word, and its findings."""

    approves: bool
    summary: str
    findings: tuple[ReviewFinding, ...]


def verdict_schema() -> dict[str, Any]:
    """JSON Schema of a reviewer's answer, fit for strict structured outputs (every key required)."""
    finding = {
        "severity": {"type": "string", "enum": [severity.value for severity in FindingSeverity]},
        "path": _TEXT_OR_NULL,
        "line": _NUMBER_OR_NULL,
        "message": _TEXT,
        "suggestion": _TEXT_OR_NULL,
    }
    whole = {
        "verdict": {"type": "string", "enum": ["approve", "reject"]},
        "summary": _TEXT,
        "findings": {"type": "array", "items": _object(finding)},
    }
    return _object(whole)


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(properties),
    }


def read_answer(completion: Completion) -> Answer:
    """The reviewer's answer. Raises ModelUnusable (`model.*`, or `review.unreadable` for the wrong shape)."""
    data = read_json(completion)
    errors = sorted(Draft202012Validator(verdict_schema()).iter_errors(data), key=lambda e: list(map(str, e.path)))
    if errors:
        where = "/".join(str(part) for part in errors[0].absolute_path) or "the answer"
        raise ModelUnusable(
            f"the verdict has the wrong shape: {where}: {errors[0].message[:300]}",
            code="review.unreadable",
            remedy="Answer with the JSON object that the schema describes.",
        )
    if not data["summary"].strip():
        raise ModelUnusable(
            "the verdict gives no reason",
            code="review.unreadable",
            remedy="Say in `summary` why you approve or reject.",
        )
    findings = tuple(_finding(one) for one in data["findings"])
    return Answer(data["verdict"] == "approve", data["summary"].strip(), findings)


def _finding(data: Mapping[str, Any]) -> ReviewFinding:
    line = data["line"]
    return ReviewFinding(
        severity=FindingSeverity(data["severity"]),
        message=data["message"].strip()[:MESSAGE_LIMIT],
        path=data["path"] or None,
        line=line if line is not None and line > 0 else None,
        suggestion=data["suggestion"] if data["suggestion"] else None,
    )


def conclude(approves: bool, findings: tuple[ReviewFinding, ...], block_on: str) -> Conclusion:
    """Reject on the reviewer's own word, on a broken rule, and on any finding as grave as `review.block_on`."""
    grave = {FindingSeverity.ERROR} | ({FindingSeverity.WARNING} if block_on == "warning" else set())
    blocked = any(finding.rule is not None or finding.severity in grave for finding in findings)
    return Conclusion.APPROVE if approves and not blocked else Conclusion.REJECT
