"""The gate: a row for every reason, and a search for any snapshot that merges and should not."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.config.model import RepoConfig
from bot.core.codes.lookup import code_entry
from bot.core.names import AppId, BaseSha, CommitSha, Digest, HeadSha, IssueNumber, PullNumber, RunId
from bot.gate.decide import Block, Decision, Done, Merge, Wait, decide
from bot.gate.snapshot import OwnVerdict, PullState, PushedFinding, Snapshot
from bot.github_api.records import BranchRules, CheckState, RequiredCheck, SuiteState
from bot.review.review_kinds import ReviewKind

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(hours=1)
US, ACTIONS, OTHER = AppId(1), AppId(15368), AppId(99)
HEAD, TIP = HeadSha(CommitSha("a" * 40)), BaseSha(CommitSha("b" * 40))
OLDER = BaseSha(CommitSha("c" * 40))
ELSEWHERE = HeadSha(CommitSha("d" * 40))


def check(
    name: str = "tests", conclusion: str | None = "success", app: AppId | None = ACTIONS, **rest: Any
) -> CheckState:
    started = rest.pop("started_at", OLD)
    rest.setdefault("completed_at", started if conclusion else None)
    return CheckState(name, app, "github-actions" if app else "", conclusion, started_at=started, **rest)


def job(conclusion: str | None = "success", run: int = 7, **rest: Any) -> CheckState:
    """A job `tests` of the workflow run 7, in the suite `s1`; of 8, in `s2`; and so on."""
    return check(conclusion=conclusion, workflow="1/push", workflow_run=run, suite=f"s{run - 6}", **rest)


def suite(*, status: str = "completed", conclusion: str | None = "success", **rest: Any) -> SuiteState:
    """The suite `s1` of the workflow run 7, completed with success but for what a test changes."""
    made = SuiteState("s1", ACTIONS, "github-actions", status, conclusion if status == "completed" else None, 1,
                      OLD, "1/push", 7, "ci", "push", "https://github.com/o/r/actions/runs/7")  # fmt: skip
    return replace(made, **rest)


def verdict(
    kind: ReviewKind, conclusion: str = "approve", code: str = "review.approved", posted: bool = True
) -> OwnVerdict:
    return OwnVerdict(kind, conclusion, code, "so it is", posted)


BOTH = (verdict(ReviewKind.REASONING), verdict(ReviewKind.EFFICIENCY))
GOOD = Snapshot(
    now=NOW,
    run_id=RunId("r"),
    issue=IssueNumber(3),
    pull=PullNumber(4),
    app_id=US,
    state=PullState.OPEN,
    draft=False,
    head=HEAD,
    base_tip=TIP,
    merge_base=TIP,
    base_branch="main",
    expected_base_branch="main",
    mergeable=True,
    labels=frozenset(),
    issue_open=True,
    issue_labelled=True,
    blueprint_approved=True,
    paused=False,
    config_digest=Digest("p"),
    config_error=None,
    checks=(job(), check("cadence/reasoning", app=US), check("cadence/gate", None, app=US)),
    suites=(),
    base_checks=(check(), check("cadence/gate", app=US)),
    rules=BranchRules(),
    verdicts=BOTH,
    verdict_heads=frozenset({HEAD}),
    head_seen_at=OLD,
    last_check_seen_at=OLD,
    review_decision=None,
    open_conversations=0,
    pushed=(),
)


def config(**parts: dict[str, Any]) -> RepoConfig:
    return RepoConfig.model_validate(parts)


def look(policy_file: RepoConfig | None = None, settle: int = 60, **changes: Any) -> Decision:
    return decide(replace(GOOD, **changes), policy_file or RepoConfig(), settle_seconds=settle)


def codes(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def test_all_is_well() -> None:
    decision = look()
    assert decision == Merge("squash", HEAD, (), decision.passed)  # type: ignore[union-attr]
    assert "CI: `tests`" in decision.passed  # type: ignore[union-attr]


def only(**changes: Any) -> dict[str, Any]:
    return changes


def rule(name: str, app: AppId | None) -> tuple[RequiredCheck, ...]:
    return (RequiredCheck(name, app),)


QUEUE = BranchRules(merge_queue=True)
REQUIRED = rule("tests", ACTIONS)
SKIPPED_LINT = (check(), check("lint", "skipped"))
BINDING = config(plan={"approval": "required"})
SKIP, OTHER_SKIP = (PushedFinding("tests.skip", "test_a.py", line, "it is skipped") for line in (3, 9))
UP_TO_RULES = config(merge={"up_to_date": "rules"})
ROWS: list[tuple[dict[str, Any], type, list[str]]] = [
    (only(issue_open=False), Block, ["stopped"]),
    (only(issue_labelled=False), Block, ["stopped"]),
    (only(labels=frozenset({"cadence:stop"})), Block, ["stopped"]),
    (only(labels=frozenset({"cadence:hold", "bug"})), Wait, ["hold"]),
    (only(paused=True), Wait, ["paused"]),
    (only(config_error="line 3", config_digest=None), Block, ["config.invalid"]),
    (only(draft=True), Wait, ["draft"]),
    (only(base_branch="dev"), Block, ["base.retargeted"]),
    (only(merge_base=OLDER), Wait, ["base.behind"]),
    (only(mergeable=False), Block, ["conflict"]),
    (only(mergeable=None), Wait, ["mergeable.unknown"]),
    (only(blueprint_approved=False), Wait, ["blueprint.edited"]),
    (only(verdicts=BOTH[:1]), Wait, ["review.missing"]),
    (only(verdicts=(), verdict_heads=frozenset()), Wait, ["review.missing"] * 2),
    (only(verdicts=(), verdict_heads=frozenset({ELSEWHERE})), Wait, ["review.stale"] * 2),
    (only(verdicts=()), Wait, ["review.stale"] * 2),
    (only(verdicts=(BOTH[0], verdict(ReviewKind.EFFICIENCY, "reject"))), Block, ["review.rejected"]),
    (only(verdicts=(BOTH[0], verdict(ReviewKind.EFFICIENCY, "unreadable"))), Block, ["review.unreadable"]),
    (only(verdicts=(BOTH[0], verdict(ReviewKind.EFFICIENCY, "unreadable", "review.unread"))), Block, ["review.unread"]),
    (only(verdicts=(BOTH[0], verdict(ReviewKind.EFFICIENCY, "lgtm"))), Block, ["review.unreadable"]),
    (only(verdicts=(BOTH[0], verdict(ReviewKind.EFFICIENCY, "absent"))), Block, ["model.absent"]),
    (only(verdicts=(*BOTH, verdict(ReviewKind.EFFICIENCY, "reject"))), Block, ["review.rejected"]),
    (only(verdicts=(BOTH[0], verdict(ReviewKind.EFFICIENCY, posted=False))), Wait, ["review.unposted"]),
    (only(checks=(), last_check_seen_at=None), Wait, ["ci.pending"]),
    (only(checks=(), base_checks=(), last_check_seen_at=None), Block, ["ci.none"]),
    (only(checks=(check(conclusion=None),)), Wait, ["ci.pending"]),
    (only(checks=(check(), check("lint", "failure"))), Block, ["ci.failed"]),
    (only(checks=SKIPPED_LINT), Block, ["ci.skipped"]),
    (only(checks=(check(), check("ci/status", "error", None))), Block, ["ci.failed"]),
    (only(checks=(check(), check("ci/status", None, None))), Wait, ["ci.pending"]),
    (only(checks=(check(), check("cadence/gate", app=OTHER))), Block, ["check.foreign_app"]),
    (only(checks=(check(), check("Cadence/Reasoning", app=None))), Block, ["check.foreign_app"]),
    (only(checks=(check(), check(conclusion="failure", started_at=NOW))), Block, ["ci.failed"]),
    (only(checks=(check(conclusion="failure"), check(started_at=NOW))), Merge, []),
    (only(checks=(check(started_at=NOW), check(conclusion="failure"))), Merge, []),
    (only(checks=(check(), check(conclusion=None, started_at=None))), Wait, ["ci.pending"]),
    (only(checks=(check(), check(conclusion="failure", app=OTHER))), Block, ["ci.failed"]),
    (only(checks=(check(conclusion="failure", workflow="1/push"), check(started_at=NOW, workflow="2/push"))),
     Block, ["ci.failed"]),
    (only(checks=(check(conclusion=None, workflow="1/push"), check(started_at=NOW, workflow="1/pull_request"))),
     Wait, ["ci.pending"]),
    (only(checks=(check(conclusion="cancelled", workflow="1/push"), check(started_at=NOW, workflow="1/push"))),
     Block, ["ci.failed"]),
    (only(checks=(check(conclusion="cancelled", workflow="1/push", workflow_run=6),
                  check(workflow="1/push", workflow_run=7))), Merge, []),
    # Of another App: only a run that began after the older one's end is a repetition of it.
    (only(checks=(check(conclusion="failure", started_at=OLD, completed_at=NOW), check(started_at=NOW))),
     Block, ["ci.failed"]),
    (only(checks=(check(conclusion="failure", completed_at=None), check(started_at=NOW))), Block, ["ci.failed"]),
    (only(checks=(check(conclusion="failure", started_at=NOW, completed_at=OLD),
                  check(conclusion="failure", started_at=NOW, completed_at=OLD))), Block, ["ci.failed"] * 2),
    (only(checks=(check(conclusion="failure", app=None), check(started_at=NOW, app=None))), Merge, []),
    (only(base_checks=(check(), check("build"))), Wait, ["ci.pending"]),
    # Suites: a workflow run that is not completed, or ended badly, and another App's suite that holds a check.
    (only(suites=(suite(),)), Merge, []),
    (only(suites=(suite(status="in_progress"),)), Wait, ["ci.pending"]),
    (only(suites=(suite(status="waiting"),)), Wait, ["ci.pending"]),
    (only(suites=(suite(status="queued", check_runs=0, created_at=NOW - timedelta(minutes=29)),)),
     Wait, ["ci.pending"]),
    (only(suites=(suite(status="queued", check_runs=0, created_at=NOW - timedelta(minutes=30)),)),
     Block, ["ci.stuck"]),
    (only(suites=(suite(status="queued", check_runs=0, created_at=None),)), Wait, ["ci.pending"]),
    (only(suites=(suite(status="waiting", check_runs=0),)), Block, ["ci.stuck"]),
    (only(checks=(check(), check(conclusion="failure", app=None))), Block, ["ci.failed"]),
    (only(suites=(suite(conclusion="startup_failure", check_runs=0),)), Block, ["ci.failed"]),
    (only(suites=(suite(conclusion="stale"),)), Block, ["ci.failed"]),
    (only(suites=(suite(conclusion="action_required", check_runs=0),)), Block, ["ci.approval"]),
    (only(suites=(suite(conclusion="success", check_runs=0),), checks=(check(),)), Wait, ["ci.pending"]),
    (only(suites=(suite(conclusion="cancelled"), suite(id="s2", workflow_run=8)), checks=(job(), job(run=8))),
     Merge, []),
    (only(suites=(suite(), suite(id="s2", workflow_run=8, conclusion="cancelled")), checks=(job(), job(run=8))),
     Block, ["ci.failed"]),
    (only(suites=(suite(status="in_progress"), suite(id="s2", workflow_run=8)), checks=(job(), job(run=8))),
     Wait, ["ci.pending"]),
    (only(suites=(suite(app_id=OTHER, workflow="", status="queued"),)), Wait, ["ci.pending"]),
    (only(suites=(suite(app_id=OTHER, workflow="", status="queued", check_runs=0),)), Merge, []),
    (only(suites=(suite(app_id=OTHER, workflow="", conclusion="failure"),)), Merge, []),
    (only(suites=(suite(app_id=None, workflow="", status="queued"),)), Wait, ["ci.pending"]),
    (only(suites=(suite(app_id=US, workflow="", status="in_progress", check_runs=3),)), Merge, []),
    (only(suites=None), Wait, ["unread.suites"]),
    (only(base_checks=(check("cadence/gate", app=OTHER),)), Merge, []),
    (only(head_seen_at=NOW - timedelta(seconds=59)), Wait, ["ci.settling"]),
    (only(last_check_seen_at=NOW - timedelta(seconds=59)), Wait, ["ci.settling"]),
    (only(last_check_seen_at=NOW - timedelta(seconds=60)), Merge, []),
    (only(checks=(), base_checks=(), head_seen_at=NOW, last_check_seen_at=None), Wait, ["ci.settling"]),
    (only(rules=None), Block, ["rule.unreadable"]),
    (only(rules=BranchRules(required_checks=REQUIRED)), Merge, []),
    (only(rules=BranchRules(required_checks=rule("tests", OTHER))), Wait, ["rule.required_check"]),
    (only(rules=BranchRules(required_checks=REQUIRED), checks=(check(app=None),)), Wait, ["rule.required_check"]),
    (only(rules=BranchRules(required_checks=rule("tests", None))), Merge, []),
    (only(rules=BranchRules(required_checks=rule("e2e", None))), Wait, ["ci.pending"]),
    (only(rules=BranchRules(required_checks=rule("cadence/gate", US))), Merge, []),
    (only(rules=BranchRules(required_checks=rule("cadence/reasoning", OTHER))), Block, ["rule.required_check"]),
    (only(rules=BranchRules(required_checks=rule("lint", None)), checks=SKIPPED_LINT),
     Block, ["ci.skipped"]),
    (only(rules=BranchRules(required_approvals=1)), Wait, ["approval.missing"]),
    (only(rules=BranchRules(required_approvals=1), review_decision="approved"), Merge, []),
    (only(review_decision="changes_requested"), Wait, ["approval.missing"]),
    (only(review_decision="review_required"), Wait, ["approval.missing"]),
    (only(rules=BranchRules(code_owner=True)), Wait, ["rule.code_owner"]),
    (only(rules=BranchRules(code_owner=True), review_decision="review_required"), Wait, ["rule.code_owner"]),
    (only(rules=BranchRules(code_owner=True), review_decision="approved"), Merge, []),
    (only(rules=BranchRules(code_owner=True, required_approvals=1)), Wait, ["approval.missing", "rule.code_owner"]),
    (only(rules=BranchRules(last_push_approval=True)), Wait, ["approval.missing"]),
    (only(rules=BranchRules(last_push_approval=True), review_decision="approved"), Merge, []),
    (only(rules=BranchRules(conversations=True)), Merge, []),
    (only(open_conversations=2), Merge, []),
    (only(rules=BranchRules(conversations=True), open_conversations=2), Wait, ["rule.conversations"]),
    (only(rules=BranchRules(conversations=True), open_conversations=None), Wait, ["unread.open_conversations"]),
    (only(rules=BranchRules(signatures=True)), Merge, []),
    (only(rules=BranchRules(update=True)), Block, ["rule.update"]),
    (only(rules=BranchRules(update=True, may_bypass=None)), Merge, []),
    (only(rules=BranchRules(update=True, may_bypass=True)), Merge, []),
    (only(rules=BranchRules(restricted=True)), Block, ["rule.restrictions"]),
    (only(rules=BranchRules(locked=True)), Block, ["rule.lock_branch"]),
    (only(rules=BranchRules(unchecked=("workflows",))), Merge, []),
    (only(rules=BranchRules(unchecked=("workflows",), may_bypass=None)), Merge, []),
    (only(rules=BranchRules(unchecked=("workflows",), may_bypass=True)), Block, ["rule.unreadable"]),
    (only(rules=BranchRules(readable=False, may_bypass=True)), Block, ["rule.unreadable"]),
    (only(budget="the run spent 12 of 10"), Merge, []),
    (only(rules=QUEUE), Merge, []),
    (only(rules=QUEUE, merge_base=OLDER, repository_methods=frozenset({"rebase"})), Merge, []),
    (only(rules=QUEUE, queued=True), Wait, ["rule.merge_queue"]),
    (only(rules=QUEUE, left_queue=True), Wait, ["queue.left"]),
    (only(rules=QUEUE, queued=True, labels=frozenset({"cadence:hold"})), Wait, ["hold", "rule.merge_queue"]),
    (only(rules=BranchRules(allowed_methods=frozenset({"merge"}))), Block, ["merge.method"]),
    (only(repository_methods=frozenset({"rebase"})), Block, ["merge.method"]),
    (only(checks=(check("only", "neutral"),), base_checks=()), Block, ["ci.skipped"]),
    (only(pushed=(SKIP, OTHER_SKIP)), Wait, ["tests.skip"]),
    (only(pushed=(SKIP, PushedFinding("secret.token", "a", 1, "a token"))), Wait, ["tests.skip", "secret.token"]),
    (only(pushed=(SKIP,), pushed_digest="d", pushed_approved="d"), Merge, []),
    (only(pushed=(SKIP,), pushed_digest="d", pushed_approved="e"), Wait, ["tests.skip"]),
    (only(pushed=(SKIP,), pushed_digest="", pushed_approved=""), Wait, ["tests.skip"]),
    (only(pushed=(PushedFinding("plan.scope", "b", None, "not in the plan"),)), Wait, ["plan.scope"]),
    (only(own_config="line 3"), Block, ["config.invalid"]),
    (only(own_config="line 3", pushed_digest="d", pushed_approved="d"), Block, ["config.invalid"]),
    (only(pushed=None), Wait, ["unread.pushed"]),
    (only(issue_open=None), Wait, ["unread.issue_open"]),
    (only(checks=None), Wait, ["unread.checks"]),
    (only(last_check_seen_at=None), Wait, ["unread.last_check_seen_at"]),
]  # fmt: skip


def named_by_codes(expected: list[list[str]]) -> list[str]:
    """Ids that say what a row expects, numbered where several rows expect the same: they stay when a row is added."""
    seen: Counter[str] = Counter()
    ids = []
    for codes_of_row in expected:
        name = " ".join(codes_of_row) or "merge"
        seen[name] += 1
        ids.append(f"{name} ({seen[name]})" if seen[name] > 1 else name)
    return ids


@pytest.mark.parametrize(("changes", "kind", "expected"), ROWS, ids=named_by_codes([row[2] for row in ROWS]))
def test_each_reason(changes: dict[str, Any], kind: type, expected: list[str]) -> None:
    decision = look(**changes)
    assert (type(decision), codes(decision)) == (kind, expected), decision
    for reason in decision.reasons:
        assert reason.text and reason.who and reason.next_step and reason.short and reason.when
        assert kind is Merge or kind.__name__.lower() in code_entry(reason.code).kinds


def test_a_spent_budget_blocks_what_has_still_to_be_judged() -> None:
    decision = look(budget="the run spent 12 of 10", verdicts=(verdict(ReviewKind.REASONING),))
    assert codes(decision) == ["budget", "review.missing"] and decision.reasons[0].text == "The run spent 12 of 10."


CONFIGS: list[tuple[RepoConfig, dict[str, Any], type, list[str]]] = [
    (config(merge={"auto": False}), {}, Wait, ["merge.manual"]),
    (config(merge={"require_ci": False}), only(checks=(), base_checks=(), last_check_seen_at=None), Merge, []),
    (config(merge={"require_ci": False}), only(checks=(check(conclusion="failure"),)), Block, ["ci.failed"]),
    (config(merge={"up_to_date": "never"}), only(merge_base=OLDER), Merge, []),
    (BINDING, {}, Wait, ["plan.unapproved"]),
    (BINDING, only(plan_approved=True), Merge, []),
    (BINDING, only(pushed_digest="d", pushed_approved="d"), Merge, []),
    (BINDING, only(plan_approved=True, pushed_digest="d", pushed_approved="d"), Merge, []),
    (UP_TO_RULES, only(merge_base=OLDER), Merge, []),
    (UP_TO_RULES, only(merge_base=OLDER, rules=BranchRules(strict=True)), Wait, ["base.behind"]),
    (UP_TO_RULES, only(merge_base=OLDER, rules=BranchRules(readable=False)), Wait, ["base.behind"]),
    (config(merge={"method": "merge"}), only(rules=BranchRules(linear_history=True)), Block, ["merge.method"]),
    (config(merge={"method": "rebase"}), {}, Merge, []),
    (config(merge={"method": "merge"}), only(rules=BranchRules(signatures=True)), Block, ["rule.required_signatures"]),
    (config(merge={"method": "rebase"}), only(rules=BranchRules(signatures=True)), Block, ["rule.required_signatures"]),
    (config(ci={"expect": ("e2e", "cadence/gate",)}), {}, Wait, ["ci.pending"]),
    (config(ci={"allow_skipped": ("lint",)}), only(checks=SKIPPED_LINT), Merge, []),
    (config(ci={"allow_skipped": ("l",)}), only(checks=(check("l", "neutral"),), base_checks=()), Block, ["ci.none"]),
    (config(ci={"allow_skipped": ("deploy",)}), only(base_checks=(check(), check("deploy"))), Merge, []),
    (config(ci={"allow_skipped": ("e2e",), "expect": ("e2e",)}), {}, Wait, ["ci.pending"]),
    (config(ci={"settle": 0}), only(head_seen_at=NOW), Merge, []),
    (config(ci={"settle": 7200}), {}, Wait, ["ci.settling"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "changes", "kind", "expected"), CONFIGS, ids=named_by_codes([row[3] for row in CONFIGS])
)
def test_what_the_repository_decides(
    rules: RepoConfig, changes: dict[str, Any], kind: type, expected: list[str]
) -> None:
    decision = look(rules, **changes)
    assert (type(decision), codes(decision)) == (kind, expected), decision


def test_every_reason_at_once_blocks_first() -> None:
    decision = look(
        draft=True, mergeable=False, checks=(check(conclusion="failure"), check("x", None)), merge_base=OLDER
    )
    assert isinstance(decision, Block)
    assert codes(decision) == ["conflict", "ci.failed", "draft", "base.behind", "ci.pending"]


def test_the_hour_at_which_it_settles() -> None:
    decision = look(last_check_seen_at=NOW - timedelta(seconds=10), draft=True)
    assert isinstance(decision, Wait) and decision.until == NOW + timedelta(seconds=50)
    assert codes(decision) == ["draft", "ci.settling"]


def test_unread_rules_are_a_note_where_github_enforces_them() -> None:
    decision = look(rules=BranchRules(readable=False))
    assert isinstance(decision, Merge) and [note.code for note in decision.notes] == ["rule.unreadable"]


def test_rules_that_github_alone_enforces_are_noted_whatever_the_decision() -> None:
    rules = BranchRules(unchecked=("max_file_size", "workflows"), signatures=True, last_push_approval=True)
    wanted = ["rule.max_file_size", "rule.workflows", "rule.required_signatures"]
    for changes in ({}, {"draft": True}, {"mergeable": False}):
        decision = look(rules=rules, **changes)
        assert [note.code for note in decision.notes] == wanted  # type: ignore[union-attr]
    approved = look(rules=rules, review_decision="approved")
    assert [note.code for note in approved.notes][2:] == [  # type: ignore[union-attr]
        "rule.last_push_approval",
        "rule.required_signatures",
    ]


@pytest.mark.parametrize("state", [PullState.MERGED, PullState.CLOSED])
def test_over(state: PullState) -> None:
    assert look(state=state, issue_open=False) == Done(state.value)


WORDS = ["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale",
         "startup_failure", "error", "SUCCESS", "", None]  # fmt: skip


MERGEABLE, DRAFT = [True, False, None], [True, False]
VERDICTS = {
    "ours": BOTH,
    "of another head": (),
    "half": BOTH[:1],
    "not posted": (BOTH[0], verdict(ReviewKind.EFFICIENCY, posted=False)),
    "rejecting": (BOTH[0], verdict(ReviewKind.EFFICIENCY, "reject")),
    "unreadable": (verdict(ReviewKind.REASONING, "unreadable"), BOTH[1]),
}


def test_exhaustively_only_one_row_of_the_truth_table_merges() -> None:
    """Every conclusion, App, evidence, mergeability, state and draft, of a check that a rule requires."""
    rules = BranchRules(required_checks=REQUIRED)
    merged, seen = [], 0
    for name, word, app in itertools.product(("tests", "cadence/reasoning"), WORDS, [US, ACTIONS, OTHER, None]):
        checks = (check(name, word, app),)
        for evidence, mergeable, state, draft in itertools.product(VERDICTS, MERGEABLE, PullState, DRAFT):
            decision = look(
                checks=checks, rules=rules, mergeable=mergeable, state=state, draft=draft, verdicts=VERDICTS[evidence]
            )
            seen += 1
            assert isinstance(decision, Done) == (state is not PullState.OPEN)
            if isinstance(decision, Merge):
                merged.append((name, word, app, evidence, mergeable, state, draft))
    assert merged == [("tests", "success", ACTIONS, "ours", True, PullState.OPEN, False)]
    assert seen == 2 * len(WORDS) * 4 * len(VERDICTS) * 3 * 3 * 2


READ = [f.name for f in fields(Snapshot) if "None" in str(f.type) and f.name not in ("config_error", "review_decision")]


@given(
    unread=st.sets(st.sampled_from(READ), min_size=1),
    up_to_date=st.sampled_from(["always", "rules", "never"]),
    readable=st.booleans(),
    paused=st.booleans(),
)  # fmt: skip
def test_what_could_not_be_read_never_merges(unread: set[str], up_to_date: str, readable: bool, paused: bool) -> None:
    rules = config(merge={"up_to_date": up_to_date})
    snapshot = replace(GOOD, rules=BranchRules(readable=readable), paused=paused)
    decision = decide(replace(snapshot, **dict.fromkeys(unread)), rules, settle_seconds=0)
    assert not isinstance(decision, (Merge, Done))
    said = {reason.code.removeprefix("unread.") for reason in decision.reasons}
    named = {"mergeable": "mergeable.unknown", "rules": "rule.unreadable", "config_digest": "policy"}
    if "checks" in unread:
        unread = unread - {"last_check_seen_at"}  # there is such a moment only where there are checks
    assert {named.get(field, field) for field in unread} <= said
    assert {"issue_open", "checks", "mergeable", "rules", "head_seen_at"} <= set(READ)


CHECKS = st.lists(
    st.builds(
        check,
        st.sampled_from(["tests", "lint", "cadence/gate", "cadence/efficiency"]),
        st.sampled_from(WORDS),
        st.sampled_from([US, ACTIONS, OTHER, None]),
        started_at=st.sampled_from([OLD, NOW, None]),
        database_id=st.integers(0, 3),
        workflow=st.sampled_from(["", "1/push", "2/push"]),
        workflow_run=st.sampled_from([7, 8]),
        completed_at=st.sampled_from([OLD, NOW, None]),
        suite=st.sampled_from(["", "s1", "s2"]),
    ),
    max_size=5,
).map(tuple)


@given(checks=CHECKS, base=CHECKS)
@example(
    # A check of another App takes no part in the workflow runs of GitHub Actions, whatever it says of itself.
    checks=(
        check("tests", app=OTHER, workflow="1/push", workflow_run=8),
        check("tests", "failure", workflow="1/push", workflow_run=7),
    ),
    base=(),
)
def test_no_list_of_checks_merges_unless_the_newest_of_each_foreign_name_succeeded(
    checks: tuple[CheckState, ...], base: tuple[CheckState, ...]
) -> None:
    decision = look(checks=checks, base_checks=base)
    if not isinstance(decision, Merge):
        return
    foreign = [c for c in checks if c.app_id != US]
    assert foreign and not any(c.name.startswith("cadence/") for c in foreign)
    assert {c.name for c in base if c.app_id != US and not c.name.startswith("cadence/")} <= {c.name for c in foreign}
    for key in {(c.name, c.app_id, c.workflow) for c in foreign}:
        runs = [c for c in foreign if (c.name, c.app_id, c.workflow) == key]
        assert any(c.conclusion == "success" for c in runs)
        assert all(c.started_at is not None or c.conclusion == "success" for c in runs) or len(runs) > 1


SUITES = st.lists(
    st.builds(
        suite,
        id=st.sampled_from(["s1", "s2"]),
        app_id=st.sampled_from([US, ACTIONS, OTHER, None]),
        status=st.sampled_from(["queued", "in_progress", "waiting", "completed"]),
        conclusion=st.sampled_from(["success", "skipped", "failure", "cancelled", "action_required", "stale"]),
        check_runs=st.integers(0, 2),
        created_at=st.sampled_from([OLD, NOW, None]),
        workflow=st.sampled_from(["", "1/push", "2/push"]),
        workflow_run=st.sampled_from([7, 8]),
    ),
    max_size=3,
).map(tuple)


@given(checks=CHECKS, suites=SUITES)
def test_no_suite_ever_turns_a_decision_into_merge_but_by_a_newer_run(
    checks: tuple[CheckState, ...], suites: tuple[SuiteState, ...]
) -> None:
    decision = look(checks=checks, suites=suites)
    if not isinstance(decision, Merge):
        return
    for one in suites:
        if one.app_id == US or not (one.workflow or one.check_runs):
            continue
        assert one.status == "completed", "every suite that holds or will hold a check is waited for"
        newer = [other for other in suites if other.workflow == one.workflow and other.age_key >= one.age_key]
        assert not one.workflow or any(other.conclusion in ("success", "skipped") for other in newer)


BOOLS = st.booleans()
BRANCHES = st.builds(
    BranchRules,
    required_checks=st.sets(
        st.builds(RequiredCheck, st.sampled_from(["tests", "lint", "cadence/gate"]), st.sampled_from([None, US, OTHER]))
    ).map(tuple),
    required_approvals=st.integers(0, 2),
    strict=BOOLS,
    merge_queue=BOOLS,
    conversations=BOOLS,
    code_owner=BOOLS,
    last_push_approval=BOOLS,
    signatures=BOOLS,
    update=BOOLS,
    restricted=BOOLS,
    locked=BOOLS,
    unchecked=st.sets(st.sampled_from(["workflows", "a_new_rule"])).map(tuple),
    may_bypass=st.sampled_from([True, False, None]),
    readable=BOOLS,
)
MAYBE = st.sampled_from([True, False, None])
SNAPSHOTS = st.builds(
    replace,
    st.just(GOOD),
    draft=BOOLS,
    mergeable=MAYBE,
    merge_base=st.sampled_from([TIP, OLDER, None]),
    issue_open=MAYBE,
    issue_labelled=MAYBE,
    blueprint_approved=BOOLS,
    labels=st.sets(st.sampled_from(["cadence:hold", "cadence:stop", "bug"])).map(frozenset),
    checks=st.none() | CHECKS,
    base_checks=st.none() | CHECKS,
    suites=st.none() | SUITES,
    rules=st.none() | BRANCHES,
    verdicts=st.sampled_from(list(VERDICTS.values())),
    head_seen_at=st.sampled_from([OLD, NOW, None]),
    last_check_seen_at=st.sampled_from([OLD, NOW, None]),
    review_decision=st.sampled_from([None, "approved", "changes_requested", "review_required"]),
    open_conversations=st.sampled_from([0, 3, None]),
    config_digest=st.sampled_from([Digest("p"), None]),
    pushed=st.sampled_from([(), (SKIP,), None]),
    pushed_digest=st.sampled_from(["", "d"]),
    pushed_approved=st.sampled_from(["", "d", "e"]),
)


@given(snapshot=SNAPSHOTS, unread=st.sets(st.sampled_from(READ)), data=st.data())
def test_neither_an_order_nor_a_missing_fact_turns_anything_into_merge(
    snapshot: Snapshot, unread: set[str], data: st.DataObject
) -> None:
    """Facts come in any order and the decision is the same; take facts away and it never becomes Merge."""
    before = decide(snapshot, RepoConfig(), settle_seconds=60)
    moved = {
        name: tuple(data.draw(st.permutations(value)))
        for name in ("checks", "base_checks", "verdicts", "suites")
        if (value := getattr(snapshot, name)) is not None
    }
    if snapshot.checks is not None and len({(_key(c), c.started_at, c.database_id) for c in snapshot.checks}) == len(
        snapshot.checks
    ):
        after = decide(replace(snapshot, **moved), RepoConfig(), settle_seconds=60)
        assert type(after) is type(before) and set(codes(after)) == set(codes(before))
    lost = decide(replace(snapshot, **dict.fromkeys(unread)), RepoConfig(), settle_seconds=60)
    assert not isinstance(lost, Merge) or (not unread and isinstance(before, Merge))


def _key(one: CheckState) -> tuple[str, AppId | None]:
    return one.name, one.app_id


@given(branch=BRANCHES, decision=st.sampled_from([None, "approved", "changes_requested", "review_required"]))
def test_a_branch_merges_only_with_what_it_asks_for(branch: BranchRules, decision: str | None) -> None:
    answer = look(rules=branch, review_decision=decision, open_conversations=1)
    if not isinstance(answer, Merge):
        return
    assert decision == "approved" or (decision is None and not branch.required_approvals)
    assert not (branch.code_owner or branch.last_push_approval) or decision == "approved"
    assert not (branch.conversations or branch.restricted or branch.locked)
    assert answer.queue is branch.merge_queue
    assert not (branch.may_bypass and (branch.unchecked or not branch.readable))
    assert not (branch.update and branch.may_bypass is False)
    unseen = {f"rule.{kind}" for kind in branch.unchecked} | ({"rule.unreadable"} if not branch.readable else set())
    assert unseen <= {note.code for note in answer.notes}
