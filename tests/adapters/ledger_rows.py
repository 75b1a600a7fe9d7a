"""Rows that the ledger's tests write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from bot.core.names import (
    BaseSha,
    Cause,
    CommitSha,
    DeliveryId,
    Digest,
    HeadSha,
    InstallationId,
    IssueNumber,
    RepositoryId,
    run_id,
)
from bot.core.states import RunState
from bot.ledger.entries import Delivery, RunEntry
from bot.ledger.ledger import Ledger
from bot.review.review_kinds import (
    Conclusion,
    EvidenceKey,
    FindingSeverity,
    Receipt,
    ReviewFinding,
    ReviewKind,
    Verdict,
)

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
ELSEWHERE = timezone(timedelta(hours=5, minutes=30))
REPO, ISSUE = RepositoryId(2**40), IssueNumber(3)
HEAD, BASE = HeadSha(CommitSha("a" * 40)), BaseSha(CommitSha("b" * 40))
POLICY = Digest("c" * 64)


def waiting(ledger: Ledger) -> list[tuple[DeliveryId, int]]:
    """(GUID, attempt) of deliveries that no worker has taken yet."""
    return [(one.guid, one.attempts) for one in ledger.deliveries(status="new")]


def delivery(guid: str = "g-1", **changes: Any) -> Delivery:
    whole = {
        "guid": DeliveryId(guid), "event": "issues", "action": "labeled", "installation_id": 2**40,
        "repository_id": REPO, "received_at": NOW, "body": '{"größe": "鍵 \U0001f511"}',
    }  # fmt: skip
    return Delivery(**{**whole, **changes})


def run(cause: str = "label:1", issue: int = ISSUE, state: RunState = RunState.RECEIVED, **changes: Any) -> RunEntry:
    number = IssueNumber(issue)
    whole = {
        "run_id": run_id(REPO, number, Cause(cause)), "repository_id": REPO, "repository": "octo/shop",
        "installation_id": InstallationId(2**40), "issue": number, "cause": Cause(cause), "started_by": "olive",
        "state": state, "reason": "", "created_at": NOW, "updated_at": NOW, "title": "Größer", "body": "B\r\n",
    }  # fmt: skip
    return RunEntry(**{**whole, **changes})


def verdict(kind: ReviewKind = ReviewKind.REASONING, attempt: int = 1, **changes: Any) -> Verdict:
    receipt = Receipt("asked", "answered", "p" * 64, "d" * 64, ("a.py",), ("no-eval",), 1_000, 20, 1_500, True, "x..y")
    whole: dict[str, Any] = {
        "kind": kind, "key": EvidenceKey(HEAD, BASE, POLICY, attempt), "conclusion": Conclusion.APPROVE,
        "code": "review.approved", "summary": "Does it.", "receipt": receipt,
        "findings": (ReviewFinding(FindingSeverity.NOTE, "aside", "a.py", 3, None, "x = 2"),),
    }  # fmt: skip
    return Verdict(**{**whole, **changes})
