"""One look at a pull request: everything in one query, all pages of checks, and the rules of its base branch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.errors import Forbidden, NotFound, Unavailable
from bot.core.names import AppId, IssueNumber, PullNumber
from bot.github_api.commit_checks import MOST_ROUNDS
from bot.github_api.records import AppIdentity, BranchRules, PullReading, RequiredCheck
from bot.github_api.snapshots import SnapshotCalls
from tests.adapters.github_stage import Stage, refused, told

WHO = AppIdentity(AppId(1), "cadence", "Cadence", "cadence[bot]", 7, {"contents": "write"}, ())
HEAD, TIP, MERGED = "a" * 40, "b" * 40, "c" * 40


def run(name: str = "tests", **changes: Any) -> dict[str, Any]:
    return {
        "__typename": "CheckRun", "databaseId": 5, "name": name, "status": "COMPLETED", "conclusion": "SUCCESS",
        "externalId": "x", "permalink": "https://github.com/c/5", "startedAt": "2026-05-01T12:00:00Z",
        "checkSuite": {"app": {"databaseId": 15368, "slug": "github-actions"}}, **changes,
    }  # fmt: skip


def status(context: str = "ci/legacy", state: str = "SUCCESS") -> dict[str, Any]:
    return {"__typename": "StatusContext", "context": context, "state": state, "targetUrl": None,
            "createdAt": "2026-05-01T12:00:00Z"}  # fmt: skip


def commit(oid: str, nodes: list[Any] | None = None, cursor: str | None = None) -> dict[str, Any]:
    page = {"hasNextPage": cursor is not None, "endCursor": cursor}
    rollup = None if nodes is None else {"contexts": {"nodes": nodes, "pageInfo": page}}
    suites = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    return {"oid": oid, "statusCheckRollup": rollup, "checkSuites": suites}


def repository(head: dict[str, Any], base: dict[str, Any] | None = None, **pull: Any) -> dict[str, Any]:
    found = {
        "number": 9, "state": "OPEN", "merged": False, "isDraft": False, "mergeable": "MERGEABLE", "title": "T",
        "body": None, "url": "https://github.com/octo/shop/pull/9", "reviewDecision": None,
        "author": {"__typename": "Bot", "login": "cadence"}, "headRefName": "cadence/issue-3", "headRefOid": HEAD,
        "headRepository": {"databaseId": 11}, "baseRefName": "main", "baseRefOid": TIP,
        "baseRef": {"target": base} if base else None, "mergeCommit": None, "labels": {"nodes": [{"name": "x"}]},
        "commits": {"nodes": [{"commit": head}]}, "isInMergeQueue": False,
        "reviewThreads": {"nodes": [], "pageInfo": {"hasNextPage": False}},
        "latestOpinionatedReviews": {"nodes": [], "pageInfo": {"hasNextPage": False}}, **pull,
    }  # fmt: skip
    return {
        "mergeCommitAllowed": False, "squashMergeAllowed": True, "rebaseMergeAllowed": True,
        "deleteBranchOnMerge": True, "pullRequest": found,
        "issue": {"state": "OPEN", "labels": {"nodes": [{"name": "blueprint"}]}},
    }  # fmt: skip


def look(stage: Stage, first: dict[str, Any], *more: Any) -> PullReading:
    stage.server.put(*[told({"data": {"repository": one}}) for one in (first, *more)])
    return SnapshotCalls(stage.link, WHO).read(PullNumber(9), IssueNumber(3))


def test_one_query_tells_everything(github_stage: Stage) -> None:
    seen = look(github_stage, repository(commit(HEAD, [run(), status()]), commit(TIP, [run()])))
    assert (seen.pull.head, seen.pull.author) == (HEAD, "cadence[bot]")
    assert (seen.pull.mergeable, seen.pull.state, seen.pull.labels, seen.pull.body) == (True, "open", ("x",), "")
    assert (seen.base_tip, seen.issue_open, seen.issue_labels) == (TIP, True, frozenset({"blueprint"}))
    assert (seen.repository_methods, seen.delete_branch_on_merge) == ({"squash", "rebase"}, True)
    actions, legacy = seen.checks
    assert (actions.name, actions.app_id, actions.conclusion, actions.external_id, actions.database_id) == (
        "tests", 15368, "success", "x", 5,
    )  # fmt: skip
    assert actions.started_at == datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert (legacy.name, legacy.app_id, legacy.conclusion) == ("ci/legacy", None, "success")
    assert seen.base_checks is not None and len(seen.base_checks) == 1
    assert len(github_stage.server.seen) == 1


@pytest.mark.parametrize(
    ("node", "conclusion"),
    [
        (run(status="IN_PROGRESS", conclusion=None), None),
        (run(status="QUEUED", conclusion="SUCCESS"), None),
        (run(conclusion=None), "stale"),
        (run(conclusion="ACTION_REQUIRED"), "action_required"),
        (run(conclusion="SOMETHING_NEW"), "something_new"),
        (status(state="PENDING"), None),
        (status(state="EXPECTED"), None),
        (status(state="ERROR"), "failure"),
        (status(state="FAILURE"), "failure"),
    ],
)
def test_a_check_that_did_not_succeed_never_reads_as_success(
    github_stage: Stage, node: dict[str, Any], conclusion: str | None
) -> None:
    seen = look(github_stage, repository(commit(HEAD, [node])))
    assert seen.checks[0].conclusion == conclusion != "success"


def test_a_check_without_its_app_is_nobodys(github_stage: Stage) -> None:
    seen = look(github_stage, repository(commit(HEAD, [run(checkSuite={"app": None}, startedAt=None), None])))
    assert (seen.checks[0].app_id, seen.checks[0].started_at, len(seen.checks)) == (None, None, 1)


def opinions(*states: str, more: bool = False) -> dict[str, Any]:
    return {"nodes": [{"state": state} for state in states], "pageInfo": {"hasNextPage": more}}


@pytest.mark.parametrize(
    ("decision", "given", "told"),
    [
        (None, opinions(), None),
        ("APPROVED", opinions("APPROVED"), "approved"),
        ("REVIEW_REQUIRED", opinions("DISMISSED"), "review_required"),
        ("REVIEW_REQUIRED", opinions("PENDING"), "review_required"),
        (None, opinions("APPROVED", "CHANGES_REQUESTED"), "changes_requested"),
        (None, opinions("CHANGES_REQUESTED", more=True), "changes_requested"),
    ],
)
def test_an_objection_counts_where_github_decides_nothing(
    github_stage: Stage, decision: str | None, given: dict[str, Any], told: str | None
) -> None:
    """Where no rule asks for reviews GitHub's `reviewDecision` is null, whatever people said."""
    pull = repository(commit(HEAD, [run()]), reviewDecision=decision, latestOpinionatedReviews=given)
    assert look(github_stage, pull).review_decision == told


@pytest.mark.parametrize("given", [None, opinions("APPROVED", more=True)])
def test_opinions_that_cannot_be_read_are_no_silence(github_stage: Stage, given: dict[str, Any] | None) -> None:
    with pytest.raises(Unavailable):
        look(github_stage, repository(commit(HEAD, [run()]), latestOpinionatedReviews=given))


def test_a_check_names_its_workflow_and_event(github_stage: Stage) -> None:
    """Two workflows may have a job of one name; all of them are the App of GitHub Actions."""
    app = {"databaseId": 15368, "slug": "github-actions"}
    nodes = [
        run(
            checkSuite={
                "app": app,
                "workflowRun": {"databaseId": 7, "event": event, "workflow": {"databaseId": number}},
            }
        )
        for number, event in ((1, "push"), (1, "pull_request"), (2, "push"))
    ]
    seen = look(github_stage, repository(commit(HEAD, [*nodes, run(), status()])))
    assert [check.workflow for check in seen.checks] == ["1/push", "1/pull_request", "2/push", "", ""]
    assert [check.workflow_run for check in seen.checks] == [7, 7, 7, 0, 0]
    assert "workflowRun { databaseId event workflow { databaseId } }" in github_stage.server.seen[0].body["query"]


def test_more_than_a_hundred_checks_are_read_to_the_last(github_stage: Stage) -> None:
    first = [run(f"check-{n}") for n in range(100)]
    seen = look(
        github_stage,
        repository(commit(HEAD, first, "page-2"), commit(TIP, [run()])),
        {"object": commit(HEAD, [run("late", conclusion="FAILURE")], "page-3")},
        {"object": commit(HEAD, [run("last")])},
    )
    assert len(seen.checks) == 102
    assert {check.name: check.conclusion for check in seen.checks}["late"] == "failure"
    asked = [one.body["variables"] for one in github_stage.server.seen]
    assert [(one.get("oid"), one["after"]) for one in asked[1:]] == [(HEAD, "page-2"), (HEAD, "page-3")]


def test_the_bases_checks_are_read_to_the_last_too(github_stage: Stage) -> None:
    seen = look(
        github_stage,
        repository(commit(HEAD, [run()]), commit(TIP, [run()], "page-2")),
        {"object": commit(TIP, [run("more")])},
    )
    assert [check.name for check in seen.base_checks or ()] == ["tests", "more"]
    assert github_stage.server.seen[1].body["variables"]["oid"] == TIP


def test_a_list_of_checks_without_end_counts_as_not_read(github_stage: Stage) -> None:
    page = {"object": commit(HEAD, [run()], "again")}
    with pytest.raises(Unavailable) as caught:
        look(github_stage, repository(commit(HEAD, [run()], "again")), *[page] * MOST_ROUNDS)
    assert caught.value.code == "github.too_many" and not caught.value.retry


def test_no_checks_at_all(github_stage: Stage) -> None:
    seen = look(github_stage, repository(commit(HEAD), commit(TIP)))
    assert (seen.checks, seen.base_checks) == ((), ())


def test_the_base_is_gone(github_stage: Stage) -> None:
    seen = look(github_stage, repository(commit(HEAD, [run()])))
    assert (seen.base_tip, seen.base_checks) == (None, None)


def test_the_issue_cannot_be_seen(github_stage: Stage) -> None:
    seen = look(github_stage, {**repository(commit(HEAD)), "issue": None})
    assert (seen.issue_open, seen.issue_labels) == (None, None)


@pytest.mark.parametrize(("word", "mergeable"), [("UNKNOWN", None), ("CONFLICTING", False), ("NEW_WORD", None)])
def test_whether_it_can_be_merged(github_stage: Stage, word: str, mergeable: bool | None) -> None:
    assert look(github_stage, repository(commit(HEAD), mergeable=word)).pull.mergeable is mergeable


def test_a_merged_one_names_its_merge_and_needs_no_checks(github_stage: Stage) -> None:
    merge = {"oid": MERGED}
    seen = look(
        github_stage,
        repository(commit("f" * 40, [run()]), state="MERGED", merged=True, mergeCommit=merge, headRepository=None),
    )
    assert (seen.pull.state, seen.pull.merged, seen.pull.merge_commit) == ("closed", True, MERGED)
    assert seen.checks == ()


def test_githubs_test_merge_is_nobodys_merge(github_stage: Stage) -> None:
    assert look(github_stage, repository(commit(HEAD), mergeCommit={"oid": MERGED})).pull.merge_commit is None


def test_two_heads_at_once_are_no_reading(github_stage: Stage) -> None:
    with pytest.raises(Unavailable, match="two heads"):
        look(github_stage, repository(commit("f" * 40, [run()])))


def test_a_pull_request_that_is_not_there(github_stage: Stage) -> None:
    with pytest.raises(NotFound):
        look(github_stage, {**repository(commit(HEAD)), "pullRequest": None})


def test_what_is_left_after_a_merge(github_stage: Stage) -> None:
    pull = {"merged": True, "mergeCommit": {"oid": MERGED}}
    data = {"issue": {"state": "CLOSED"}, "ref": {"target": {"oid": HEAD}}, "pullRequest": pull}
    gone = {"issue": None, "ref": None, "pullRequest": pull}
    github_stage.server.put(told({"data": {"repository": data}}), told({"data": {"repository": gone}}))
    calls = SnapshotCalls(github_stage.link, WHO)
    left = calls.aftermath(PullNumber(9), IssueNumber(3), "cadence/issue-3")
    assert (left.merged, left.merge_commit, left.branch_tip, left.issue_open) == (True, MERGED, HEAD, False)
    assert github_stage.server.seen[0].body["variables"]["branch"] == "refs/heads/cadence/issue-3"
    again = calls.aftermath(PullNumber(9), IssueNumber(3), "cadence/issue-3")
    assert (again.branch_tip, again.issue_open) == (None, None)


# -- rules ----------------------------------------------------------------------------------------------------------
def required(*checks: tuple[str, int | None], strict: bool = False) -> dict[str, Any]:
    listed = [{"context": name, "integration_id": app} for name, app in checks]
    return {
        "type": "required_status_checks",
        "parameters": {"required_status_checks": listed, "strict_required_status_checks_policy": strict},
    }


def pulls(approvals: int, methods: list[str] | None = None) -> dict[str, Any]:
    asked: dict[str, Any] = {"required_approving_review_count": approvals}
    return {"type": "pull_request", "parameters": asked | ({"allowed_merge_methods": methods} if methods else {})}


OPEN = {"name": "main", "protection": {"enabled": False}}


def classic(*checks: tuple[str, int | None], contexts: tuple[str, ...] = ()) -> dict[str, Any]:
    listed = [{"context": name, "app_id": app} for name, app in checks]
    return {"protection": {"enabled": True, "required_status_checks": {"checks": listed, "contexts": list(contexts)}}}


def rules(stage: Stage, *answers: Any) -> BranchRules:
    stage.server.put(*answers)
    return SnapshotCalls(stage.link, WHO).rules("release/1.x")


def test_a_branch_without_rules(github_stage: Stage) -> None:
    assert rules(github_stage, told([]), told(OPEN)) == BranchRules()
    assert [seen.path for seen in github_stage.server.seen] == [
        "/repos/octo/shop/rules/branches/release/1.x", "/repos/octo/shop/branches/release/1.x",
    ]  # fmt: skip


def test_rulesets_are_added_up(github_stage: Stage) -> None:
    found = [
        required(("tests", 15368), ("any", None)), required(("tests", 15368), ("legacy", -1), strict=True),
        pulls(1, ["squash", "merge"]), pulls(2, ["squash", "rebase"]),
        {"type": "merge_queue"}, {"type": "required_linear_history"}, {"type": "something_new"},
    ]  # fmt: skip
    seen = rules(github_stage, told(found), told(OPEN))
    assert seen.required_checks == (
        RequiredCheck("tests", AppId(15368)), RequiredCheck("any", None), RequiredCheck("legacy", None),
    )  # fmt: skip
    assert (seen.required_approvals, seen.strict, seen.allowed_methods) == (2, True, {"squash"})
    assert seen.merge_queue and seen.linear_history and seen.readable
    assert (seen.unchecked, seen.may_bypass) == (("something_new",), None), "no ruleset to ask about it"


@pytest.mark.parametrize(
    ("answer", "may"),
    [
        (told({"current_user_can_bypass": "always"}), True),
        (told({"current_user_can_bypass": "pull_requests_only"}), True),
        (told({"current_user_can_bypass": "never"}), False),
        (told({"name": "old server"}), None),
        (refused(404), None),
    ],
)
def test_whether_this_app_may_bypass_a_rule_that_only_github_checks(
    github_stage: Stage, answer: Any, may: bool | None
) -> None:
    found = [{"type": "workflows", "ruleset_id": 8}, {"type": "deletion", "ruleset_id": 9}]
    seen = rules(github_stage, told(found), told(OPEN), answer)
    assert (seen.unchecked, seen.may_bypass) == (("workflows",), may)
    assert github_stage.server.seen[-1].path == "/repos/octo/shop/rulesets/8" and len(github_stage.server.seen) == 3


def whole(stage: Stage, *answers: Any) -> BranchRules:
    stage.server.put(*answers)
    reader = replace(WHO, permissions={"administration": "read"})
    return SnapshotCalls(stage.link, reader).rules("main")


def test_classic_protection_is_read_whole_with_administration(github_stage: Stage) -> None:
    on = {"enabled": True}
    seen = whole(github_stage, told([]), told({
        "required_status_checks": {"strict": True, "contexts": [], "checks": [{"context": "tests", "app_id": 5}]},
        "required_pull_request_reviews": {"required_approving_review_count": 2, "require_code_owner_reviews": True,
                                          "require_last_push_approval": True},
        "required_signatures": on, "required_linear_history": on, "required_conversation_resolution": on,
        "lock_branch": on, "restrictions": {"users": [], "teams": [], "apps": [{"id": 99}]},
    }))  # fmt: skip
    assert seen == BranchRules(
        required_checks=(RequiredCheck("tests", AppId(5)),), required_approvals=2, strict=True, linear_history=True,
        conversations=True, code_owner=True, last_push_approval=True, signatures=True, restricted=True, locked=True,
    )  # fmt: skip


def test_an_app_that_may_push_is_not_restricted(github_stage: Stage) -> None:
    seen = whole(github_stage, told([]), told({"restrictions": {"apps": [{"id": 1}]}}))
    assert seen == BranchRules()


def test_three_ways_not_to_see_classic_protection(github_stage: Stage) -> None:
    assert whole(github_stage, told([]), refused(404, "Branch not protected")) == BranchRules()
    hidden = told(classic(("tests", 5)))
    for answer in (refused(404), refused(403, "Resource not accessible by integration")):
        seen = whole(github_stage, told([]), answer, hidden)
        assert not seen.readable and [check.name for check in seen.required_checks] == ["tests"]


@pytest.mark.parametrize(
    ("threads", "more", "told_open"),
    [([], False, 0), ([True, True], False, 0), ([True, False, False], False, 2), ([True], True, None),
     ([False], True, 1)],
)  # fmt: skip
def test_open_conversations(github_stage: Stage, threads: list[bool], more: bool, told_open: int | None) -> None:
    nodes = {"nodes": [{"isResolved": one} for one in threads], "pageInfo": {"hasNextPage": more}}
    seen = look(github_stage, repository(commit(HEAD, [run()]), reviewThreads=nodes, isInMergeQueue=True))
    assert (seen.open_conversations, seen.queued) == (told_open, True)


def test_classic_protection_shows_its_checks_and_hides_the_rest(github_stage: Stage) -> None:
    seen = rules(github_stage, told([]), told(classic(("tests", 15368), ("any", None), contexts=("tests", "old"))))
    assert seen.required_checks == (
        RequiredCheck("tests", AppId(15368)), RequiredCheck("any", None), RequiredCheck("old", None),
    )  # fmt: skip
    assert not seen.readable, "approvals and strictness of classic protection cannot be seen"


def test_both_at_once(github_stage: Stage) -> None:
    seen = rules(github_stage, told([required(("tests", 15368))]), told(classic(("tests", 15368), ("lint", 1))))
    assert [check.name for check in seen.required_checks] == ["tests", "lint"] and not seen.readable


@pytest.mark.parametrize(
    ("answer", "readable"),
    [
        (refused(403, "Upgrade to GitHub Pro or make this repository public to enable this feature."), True),
        (refused(403, "Resource not accessible by integration"), False),
        (refused(404, "Not Found"), False),
    ],
)
def test_rulesets_that_cannot_be_read(github_stage: Stage, answer: Any, readable: bool) -> None:
    assert rules(github_stage, answer, told(OPEN)).readable is readable


def test_a_branch_that_is_gone_is_not_readable(github_stage: Stage) -> None:
    assert not rules(github_stage, told([]), refused(404)).readable


def test_an_outage_is_not_taken_for_no_rules(github_stage: Stage) -> None:
    with pytest.raises(Unavailable):
        rules(github_stage, refused(502))
    with pytest.raises(Forbidden):
        rules(github_stage, told([]), refused(403))
