# ruff: noqa: E501  (one row a line)
"""Every line of the decision counts: what the table of reasons does not see, found by taking out one line at a time."""

from __future__ import annotations

from typing import Any

import pytest

from bot.config.model import RepoConfig
from bot.core.codes.lookup import code_entry
from bot.core.names import AppId
from bot.gate.ci import own_required
from bot.gate.decide import Block, Done, Merge, Wait
from bot.gate.reasons import STAYS_QUEUED, fits_the_queue, reason
from bot.gate.snapshot import PushedFinding
from bot.github_api.records import BranchRules, RequiredCheck
from bot.review.review_kinds import ReviewKind
from tests.unit.test_gate_decide import (
    ACTIONS,
    BOTH,
    NOW,
    OLDER,
    OTHER,
    US,
    check,
    codes,
    config,
    look,
    only,
    rule,
    verdict,
)

OWN_ONLY = (check("cadence/reasoning", app=US),)
UP_TO = {word: config(merge={"up_to_date": word}) for word in ("always", "rules", "never")}
BY_HAND = config(merge={"method": "merge"})
QUEUE = BranchRules(merge_queue=True)
E2E = BranchRules(required_checks=rule("e2e", None))
ON_BASE = (check(), check("e2e"))

ROWS: list[tuple[str, RepoConfig, dict[str, Any], type, list[str]]] = [
    ("paused by the file alone", RepoConfig(paused=True), {}, Wait, ["paused"]),
    ("no tip", RepoConfig(), only(base_tip=None), Wait, ["unread.base_tip"]),
    ("no merge base", RepoConfig(), only(merge_base=None), Wait, ["unread.merge_base"]),
    ("behind, unread rules, never", UP_TO["never"], only(merge_base=OLDER, rules=BranchRules(readable=False)), Merge, []),
    ("behind, no rules, by the rules", UP_TO["rules"], only(merge_base=OLDER, rules=None), Block, ["rule.unreadable", "base.behind"]),
    ("behind, no rules, never", UP_TO["never"], only(merge_base=OLDER, rules=None), Block, ["rule.unreadable"]),
    ("a foreign check that nobody saw appear", RepoConfig(), only(checks=(check(),), last_check_seen_at=None), Wait, ["unread.last_check_seen_at"]),
    ("own checks alone need no such time", RepoConfig(), only(checks=OWN_ONLY, base_checks=(), last_check_seen_at=None), Block, ["ci.none"]),
    ("expected and there", config(ci={"expect": ("tests",)}), {}, Merge, []),
    ("expected and required", config(ci={"expect": ("e2e",)}), only(rules=E2E), Wait, ["ci.pending"]),
    ("expected and on the base", config(ci={"expect": ("e2e",)}), only(base_checks=ON_BASE), Wait, ["ci.pending"]),
    ("required and on the base", RepoConfig(), only(rules=E2E, base_checks=ON_BASE), Wait, ["ci.pending"]),
    ("queued where there is no queue", RepoConfig(), only(queued=True, left_queue=True), Merge, []),
    ("signatures before a queue", BY_HAND, only(rules=BranchRules(merge_queue=True, signatures=True)), Merge, []),
    ("changes requested, a code owner asked", RepoConfig(), only(review_decision="changes_requested", rules=BranchRules(code_owner=True)), Wait, ["approval.missing", "rule.code_owner"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "changes", "kind", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_each_guard(rules: RepoConfig, changes: dict[str, Any], kind: type, expected: list[str]) -> None:
    decision = look(rules, **changes)
    assert (type(decision), codes(decision)) == (kind, expected), decision


def test_what_passed_is_told_and_nothing_else() -> None:
    whole = (
        "no conflict with the base",
        "contains the base's tip",
        "reasoning review",
        "efficiency review",
        "CI: `tests`",
    )
    assert look(review_decision="approved").passed == (*whole, "approved")  # type: ignore[union-attr]

    def without(*missing: str) -> tuple[str, ...]:
        return tuple(one for one in whole if one not in missing)

    rejected = verdict(ReviewKind.EFFICIENCY, "reject")
    unposted = verdict(ReviewKind.REASONING, posted=False)
    assert look(mergeable=None).passed == without("no conflict with the base")  # type: ignore[union-attr]
    assert look(merge_base=OLDER).passed == without("contains the base's tip")  # type: ignore[union-attr]
    assert look(verdicts=(BOTH[0], rejected)).passed == without("efficiency review")  # type: ignore[union-attr]
    assert look(verdicts=(unposted, BOTH[1])).passed == without("reasoning review")  # type: ignore[union-attr]
    no_ci = config(merge={"require_ci": False})
    assert look(checks=(check(), check("lint", None))).passed == without("CI: `tests`")  # type: ignore[union-attr]
    assert look(last_check_seen_at=NOW).passed == without("CI: `tests`")  # type: ignore[union-attr]
    assert look(no_ci, checks=(), base_checks=()).passed == without("CI: `tests`")  # type: ignore[union-attr]


def test_each_review_is_named_in_its_own_reasons() -> None:
    (reason,) = look(verdicts=(BOTH[0], verdict(ReviewKind.EFFICIENCY, "reject"))).reasons
    assert "efficiency" in reason.text and "reasoning" not in reason.text


@pytest.mark.parametrize(
    ("branch", "expected"),
    [
        (BranchRules(update=True, may_bypass=None), ["rule.update"]),
        (BranchRules(update=True, may_bypass=True), []),
        (BranchRules(update=False, may_bypass=None), []),
        (BranchRules(unchecked=("workflows",), may_bypass=True), []),
        (BranchRules(unchecked=("workflows",), may_bypass=None), ["rule.workflows"]),
        (BranchRules(readable=False), ["rule.unreadable"]),
        (BranchRules(last_push_approval=True), ["rule.last_push_approval"]),
        (BranchRules(signatures=True), ["rule.required_signatures"]),
        (BranchRules(), []),
    ],
)
def test_the_notes_of_a_branch(branch: BranchRules, expected: list[str]) -> None:
    decision = look(rules=branch, review_decision="approved")
    assert [note.code for note in decision.notes] == expected  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("branch", "text", "when"),
    [
        (BranchRules(required_approvals=1), "1 approving review(s) of a person are required.", "a reviewer approves"),
        (BranchRules(required_approvals=2), "2 approving review(s) of a person are required.", "2 reviewers approve"),
        (
            BranchRules(last_push_approval=True),
            "1 approving review(s) of a person are required after the last push, by another person than the pusher.",
            "a reviewer approves",
        ),
    ],
)
def test_how_many_have_to_approve_is_told(branch: BranchRules, text: str, when: str) -> None:
    (reason,) = look(rules=branch).reasons
    assert (reason.code, reason.text, reason.when) == ("approval.missing", text, when)


def test_what_would_lift_a_reason_is_told_exactly() -> None:
    (bypassed,) = look(rules=BranchRules(unchecked=("workflows", "max_file_size"), may_bypass=True)).reasons
    assert "`workflows`, `max_file_size`" in bypassed.text
    (some,) = look(rules=BranchRules(readable=False, may_bypass=True)).reasons
    assert "some rules" in some.text
    (method,) = look(repository_methods=frozenset({"rebase", "merge"})).reasons
    assert "(allowed: merge, rebase)" in method.text and method.when == "`merge.method` is one of: merge, rebase"
    (none,) = look(repository_methods=frozenset()).reasons
    assert "(allowed: none)" in none.text and none.when == "`merge.method` names a method that is allowed here"
    (asked,) = look(review_decision="changes_requested").reasons
    assert asked.when == "the request for changes is withdrawn"
    (lint,) = look(rules=BranchRules(required_checks=rule("lint", OTHER)), checks=(check(), check("lint"))).reasons
    assert (
        lint.text == f"A rule requires `lint` from App {OTHER}; only another App has reported it." and ACTIONS != OTHER
    )


def test_the_order_in_which_rules_were_read_changes_nothing() -> None:
    apps = [AppId(one) for one in (7, 5, 99, 1, 40, 2)]
    asked = tuple(RequiredCheck("tests", app) for app in apps)
    texts = [
        [one.text for one in look(rules=BranchRules(required_checks=order)).reasons] for order in (asked, asked[::-1])
    ]
    assert texts[0] == texts[1]
    assert [text.partition("from App ")[2].partition(";")[0] for text in texts[0]] == ["1", "2", "5", "7", "40", "99"]


def test_who_posted_a_check_under_our_name_is_told_with_a_link() -> None:
    mine = (check(), check("cadence/gate", app=None, url="https://example.org/1"))
    (status,) = look(checks=mine).reasons
    assert "`a commit status`" in status.text and status.links == ("https://example.org/1",)
    (run,) = look(checks=(check(), check("cadence/gate", app=OTHER))).reasons
    assert "`github-actions`" in run.text and run.links == ()


def test_own_checks_that_a_rule_requires_of_us_or_of_anybody() -> None:
    asked = [RequiredCheck("Cadence/Gate", None), RequiredCheck("cadence/reasoning", US), RequiredCheck("tests", None)]
    rules = BranchRules(required_checks=(*asked, RequiredCheck("cadence/efficiency", OTHER)))
    assert own_required(rules, US) == ["Cadence/Gate", "cadence/reasoning"]


def test_a_reason_says_what_its_code_says_unless_told_otherwise() -> None:
    entry, plain = code_entry("hold"), reason("hold", "It is held.")
    assert (plain.who, plain.next_step, plain.when, plain.short) == (
        entry.who,
        entry.next_step,
        entry.when,
        "It is held.",
    )
    told = reason("hold", "It is held.", who="me", then="Ask.", short="held", when="I say so", links=("", "u"))
    assert (told.who, told.next_step, told.when, told.short, told.links) == ("me", "Ask.", "I say so", "held", ("u",))


def test_what_may_stay_in_a_merge_queue() -> None:
    def waiting(*given: str) -> tuple[Any, ...]:
        return tuple(reason(code, code) for code in given)

    assert fits_the_queue(look()) and fits_the_queue(Wait(waiting(*STAYS_QUEUED)))
    assert not fits_the_queue(Wait(waiting("rule.merge_queue", "hold")))
    assert not fits_the_queue(Block(waiting("rule.merge_queue"))) and not fits_the_queue(Done("closed"))


def test_a_merge_queue_is_fed_and_merges_by_its_own_method() -> None:
    fed = look(rules=BranchRules(merge_queue=True, queue_method="rebase"))
    assert isinstance(fed, Merge) and (fed.queue, fed.method) == (True, "rebase")
    unsaid = look(rules=QUEUE)
    assert isinstance(unsaid, Merge) and (unsaid.queue, unsaid.method) == (True, "squash")
    direct = look(rules=BranchRules(queue_method="rebase"))
    assert isinstance(direct, Merge) and (direct.queue, direct.method) == (False, "squash")


def test_what_people_pushed_is_told_place_by_place_with_the_hash_to_approve() -> None:
    skips = tuple(PushedFinding("tests.skip", "test_a.py", line, "it is skipped") for line in range(1, 6))
    token = PushedFinding("secret.token", "b.py", 9, "a token")
    skip, secret = look(pushed=(*skips, token), pushed_digest="d" * 64).reasons
    told = "; ".join(f"{one.place}: it is skipped" for one in skips[:3])
    assert skip.text == f"In commits that people pushed: {told} (and 2 more)"
    assert secret.text == f"In commits that people pushed: {token.place}: a token"
    assert f"`/cadence go {'d' * 12}`" in skip.next_step
    (three,) = look(pushed=skips[:3]).reasons
    assert "more" not in three.text and "`/cadence go`" in three.next_step
    approved = look(pushed=skips, pushed_digest="d", pushed_approved="d")
    assert isinstance(approved, Merge) and "what people pushed is approved" in approved.passed
    assert "what people pushed is approved" not in look().passed  # type: ignore[union-attr]
