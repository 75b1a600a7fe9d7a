"""Supposing facts: each key changes exactly what it names, and what cannot be understood is refused with the list."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from test_gate_decide import ACTIONS, BOTH, ELSEWHERE, GOOD, NOW, OLDER, check, codes, verdict

from bot.config.model import RepoConfig
from bot.core.errors import WrongUse
from bot.core.names import AppId
from bot.gate.decide import Block, Merge, Wait, decide
from bot.gate.snapshot import Snapshot
from bot.gate.whatif import FORMS, suppose
from bot.github_api.records import BranchRules, RequiredCheck
from bot.review.review_kinds import ReviewKind


def then(start: Snapshot, *wishes: str) -> Any:
    return decide(suppose(start, wishes, trigger="blueprint"), RepoConfig(), settle_seconds=60)


REJECTED = (BOTH[0], verdict(ReviewKind.EFFICIENCY, "reject"))
ROWS: list[tuple[dict[str, Any], list[str]]] = [
    ({"checks": (check(), check("lint", None))}, ["check=lint:success"]),
    ({"checks": (check(), check("lint", "failure"))}, ["check=lint:success"]),
    ({"checks": (check(), check("a:b", "failure"))}, ["check=a:b:success"]),
    ({"checks": (), "last_check_seen_at": None}, ["check=tests:success"]),
    ({"rules": BranchRules(required_checks=(RequiredCheck("e2e", AppId(7)),))}, ["check=e2e:success"]),
    ({"rules": BranchRules(required_approvals=1)}, ["approval=alice"]),
    ({"rules": BranchRules(required_approvals=2)}, ["approval=alice", "approval=bob"]),
    ({"review_decision": "review_required"}, ["approval=alice"]),
    ({"verdicts": REJECTED}, ["review=efficiency:approve"]),
    ({"labels": frozenset({"cadence:hold"})}, ["label=-cadence:hold"]),
    ({"issue_labelled": False}, ["label=+Blueprint"]),
    ({"mergeable": None}, ["mergeable=true"]),
    ({"draft": True}, ["draft=false"]),
    ({"merge_base": OLDER}, ["behind=false"]),
    ({"rules": BranchRules(conversations=True), "open_conversations": 2}, ["conversations=0"]),
    ({"head_seen_at": NOW, "last_check_seen_at": NOW - timedelta(seconds=1)}, ["settled=true"]),
    ({"issue_open": False}, ["issue=open"]),
    ({"draft": True, "mergeable": None}, ["draft=false", "mergeable=true"]),
]


@pytest.mark.parametrize(("changes", "wishes"), ROWS, ids=lambda value: str(value)[:60])
def test_each_wish_lifts_its_reason(changes: dict[str, Any], wishes: list[str]) -> None:
    start = replace(GOOD, **changes)
    assert not isinstance(then(start), Merge)
    assert isinstance(then(start, *wishes), Merge), codes(then(start, *wishes))
    assert not isinstance(then(start, *wishes[:-1]), Merge), "every wish was needed"


@pytest.mark.parametrize(
    ("wishes", "kind", "expected"),
    [
        (["check=tests:failure"], Block, ["ci.failed"]),
        (["check=tests:pending"], Wait, ["ci.pending"]),
        (["check=tests:skipped"], Block, ["ci.skipped"]),
        (["label=+cadence:stop"], Block, ["stopped"]),
        (["label=+Cadence:Stop"], Block, ["stopped"]),
        (["label=+Cadence:Stop", "label=-cadence:STOP"], Merge, []),
        (["label=-blueprint"], Block, ["stopped"]),
        (["mergeable=false"], Block, ["conflict"]),
        (["mergeable=unknown"], Wait, ["mergeable.unknown"]),
        (["review=reasoning:reject"], Block, ["review.rejected"]),
        (["issue=closed"], Block, ["stopped"]),
        (["check=tests:failure", "check=tests:success"], Merge, []),
    ],
)
def test_wishes_that_stand_in_the_way(wishes: list[str], kind: type, expected: list[str]) -> None:
    decision = then(GOOD, *wishes)
    assert (type(decision), codes(decision)) == (kind, expected)


def test_an_approval_does_not_take_back_anothers_request_for_changes() -> None:
    objected = replace(GOOD, review_decision="changes_requested")
    assert codes(then(objected, "approval=alice")) == ["approval.missing"]
    two = replace(GOOD, rules=BranchRules(required_approvals=2))
    assert codes(then(two, "approval=alice", "approval=alice")) == ["approval.missing"], "one person counts once"


def test_a_supposed_check_comes_from_the_app_that_reports_it() -> None:
    pinned = BranchRules(required_checks=(RequiredCheck("tests", AppId(5)),))
    assert codes(then(replace(GOOD, rules=pinned), "check=tests:success")) == ["rule.required_check"]
    supposed = suppose(GOOD, ["check=tests:success"], trigger="blueprint")
    assert [c.app_id for c in supposed.checks or () if c.name == "tests"] == [ACTIONS]


def test_nothing_but_the_named_fact_changes() -> None:
    start = replace(GOOD, verdict_heads=frozenset({ELSEWHERE}))
    assert suppose(start, [], trigger="blueprint") == start
    assert suppose(start, ["draft=true"], trigger="blueprint") == replace(start, draft=True)


@pytest.mark.parametrize(
    "wish",
    ["", "lint", "chek=lint:success", "check=lint", "check=lint:green", "check=:success", "check=cadence/gate:success",
     "approval=", "label=hold", "label=+", "mergeable=maybe", "draft=", "draft=1", "behind=true", "conversations=-1",
     "settled=false", "review=style:approve", "review=reasoning:maybe", "issue=gone"],
)  # fmt: skip
def test_what_cannot_be_supposed_is_refused(wish: str) -> None:
    with pytest.raises(WrongUse) as refused:
        suppose(GOOD, [wish], trigger="blueprint")
    assert refused.value.code == "what_if.invalid"
    assert all(form in refused.value.remedy for form in FORMS)


def test_a_near_miss_is_named() -> None:
    with pytest.raises(WrongUse, match="Did you mean `check`"):
        suppose(GOOD, ["chek=lint:success"], trigger="blueprint")
