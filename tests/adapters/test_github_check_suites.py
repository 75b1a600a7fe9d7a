"""Check suites and jobs: what is read besides a commit's rollup, and only where the rollup may hide something."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.errors import Unavailable
from bot.core.names import IssueNumber, PullNumber
from bot.github_api.commit_checks import MOST_ROUNDS
from bot.github_api.records import PullReading
from bot.github_api.snapshots import SnapshotCalls
from tests.adapters.github_stage import Stage, told
from tests.adapters.test_github_snapshots import HEAD, WHO, commit, look, repository, run

ACTIONS_APP = {"databaseId": 15368, "slug": "github-actions"}


def workflow_run(number: int = 70) -> dict[str, Any]:
    return {"databaseId": number, "event": "push", "workflow": {"databaseId": 1, "name": "ci"}}


def suite(ident: str = "CS1", *, held: int = 1, run: int | None = 70, **changes: Any) -> dict[str, Any]:
    found = {
        "id": ident, "databaseId": 500, "status": "COMPLETED", "conclusion": "SUCCESS",
        "createdAt": "2026-05-01T12:00:00Z", "app": ACTIONS_APP, "checkRuns": {"totalCount": held},
        "workflowRun": workflow_run(run) if run else None,
    }  # fmt: skip
    return {**found, **changes}


def in_suite(ident: str = "CS1", *, run_id: int | None = 70, **changes: Any) -> dict[str, Any]:
    """A check run of a suite."""
    held = {"id": ident, "app": ACTIONS_APP, "workflowRun": workflow_run(run_id) if run_id else None}
    return run(**{"checkSuite": held, **changes})


def with_suites(commit_data: dict[str, Any], *suites: Any, cursor: str | None = None) -> dict[str, Any]:
    page = {"hasNextPage": cursor is not None, "endCursor": cursor}
    return {**commit_data, "checkSuites": {"nodes": list(suites), "pageInfo": page}}


def job(
    number: int, name: str = "tests", conclusion: str | None = "success", attempt: int | None = 1
) -> dict[str, Any]:
    status = "completed" if conclusion else "in_progress"
    return {
        "id": number, "name": name, "status": status, "conclusion": conclusion, "run_attempt": attempt,
        "started_at": "2026-05-01T12:00:00Z", "completed_at": "2026-05-01T12:01:00Z" if conclusion else None,
        "html_url": f"https://github.com/octo/shop/actions/runs/70/job/{number}", "check_run_url": f"https://x/{number}",
    }  # fmt: skip


def jobs(*listed: dict[str, Any]) -> Any:
    return told({"total_count": len(listed), "jobs": list(listed)})


def ends(reading: PullReading) -> list[tuple[str, str | None]]:
    return sorted((check.name, check.conclusion) for check in reading.checks)  # type: ignore[type-var]


def whole(stage: Stage, nodes: list[Any], suites: list[Any], *more: Any) -> PullReading:
    """The reading of a head with these check runs and suites; `more` are the answers to further calls."""
    first = told({"data": {"repository": repository(with_suites(commit(HEAD, nodes), *suites))}})
    stage.server.put(first, *more)
    return SnapshotCalls(stage.link, WHO).read(PullNumber(9), IssueNumber(3))


def paths(stage: Stage) -> list[str]:
    return [f"{one.path}?filter={one.query['filter']}" for one in stage.server.seen if one.method == "GET"]


def test_a_workflow_run_that_the_rollup_shows_whole_costs_no_further_call(github_stage: Stage) -> None:
    seen = whole(github_stage, [in_suite()], [suite(), suite("CS2", held=0, run=None, status="QUEUED")])
    assert ends(seen) == [("tests", "success")] and len(github_stage.server.seen) == 1
    assert seen.suites is not None and [(one.status, one.check_runs) for one in seen.suites] == [
        ("completed", 1),
        ("queued", 0),
    ]
    assert seen.suites[0].name == "ci" and seen.suites[0].url.endswith("/octo/shop/actions/runs/70")
    assert "checkType: ALL" in github_stage.server.seen[0].body["query"]


def test_hidden_jobs_of_one_name_are_read(github_stage: Stage) -> None:
    answer = jobs(job(5), job(4, conclusion="failure"))
    seen = whole(github_stage, [in_suite()], [suite(held=2, conclusion="FAILURE")], answer)
    assert ends(seen) == [("tests", "failure"), ("tests", "success")]
    assert [path.partition("/repos")[2] for path in paths(github_stage)] == [
        "/octo/shop/actions/runs/70/jobs?filter=latest"
    ]
    assert {check.suite for check in seen.checks} == {"CS1"} and {c.app_id for c in seen.checks} == {15368}


def test_a_bad_end_that_no_shown_check_explains_is_looked_into(github_stage: Stage) -> None:
    seen = whole(github_stage, [in_suite()], [suite(conclusion="FAILURE")], jobs(job(5), job(6, "b", "failure")))
    assert ends(seen) == [("b", "failure"), ("tests", "success")]


def test_a_name_that_the_latest_attempt_does_not_list_counts_with_its_newest_attempt(github_stage: Stage) -> None:
    again = job(9, "tests", "success", 3)
    every = (
        again,
        job(8, "lint", "failure", 2),
        job(7, "lint", "success", 1),
        job(6, "tests", "failure", 2),
        job(3, "docs", "success", 1),
        job(2, "docs", "failure", 1),
    )
    nodes = [in_suite(databaseId=number, name=name) for number, name in ((9, "tests"), (8, "lint"), (4, "by a step"))]
    seen = whole(github_stage, nodes, [suite(held=7)], jobs(again), jobs(*every))
    assert ends(seen) == [
        ("by a step", "success"),
        ("docs", "failure"),
        ("docs", "success"),
        ("lint", "failure"),
        ("tests", "success"),
    ]
    assert [path.rpartition("=")[2] for path in paths(github_stage)] == ["latest", "all"]


def test_an_attempt_without_a_job_is_not_completed(github_stage: Stage) -> None:
    seen = whole(github_stage, [in_suite()], [suite(held=2)], jobs())
    assert seen.suites is not None and seen.suites[0].conclusion is None


def test_a_further_suite_of_the_same_workflow_run_is_a_further_attempt(github_stage: Stage) -> None:
    nodes = [in_suite(conclusion="FAILURE", databaseId=1), in_suite("CS2", databaseId=2)]
    suites = [suite(conclusion="FAILURE"), suite("CS2", createdAt="2026-05-01T13:00:00Z")]
    latest = job(2, attempt=2)
    seen = whole(github_stage, nodes, suites, jobs(latest), jobs(latest, job(1, conclusion="failure")))
    assert ends(seen) == [("tests", "success")] and seen.checks[0].suite == "CS2"


@pytest.mark.parametrize("changes", [{"workflowRun": {**workflow_run(), "databaseId": None}}, {"databaseId": None}])
def test_what_cannot_be_asked_for_is_not_completed(github_stage: Stage, changes: dict[str, Any]) -> None:
    run_of = 70 if "workflowRun" in changes else None
    seen = whole(github_stage, [in_suite(run_id=run_of)], [suite(held=2, run=run_of, **changes)])
    assert seen.suites is not None and seen.suites[0].conclusion is None


@pytest.mark.parametrize("changes", [{"status": "IN_PROGRESS"}, {"conclusion": "STARTUP_FAILURE", "held": 0}])
def test_a_run_that_decides_without_its_jobs_costs_no_further_call(
    github_stage: Stage, changes: dict[str, Any]
) -> None:
    whole(github_stage, [], [suite(**{"held": 2, **changes})])
    assert len(github_stage.server.seen) == 1


def test_an_older_run_of_the_workflow_costs_no_further_call(github_stage: Stage) -> None:
    older = suite("CS0", held=5, run=60, conclusion="CANCELLED")
    seen = whole(github_stage, [in_suite()], [older, suite()])
    assert len(github_stage.server.seen) == 1 and seen.suites is not None and len(seen.suites) == 2


def test_hidden_runs_of_another_apps_suite_are_read(github_stage: Stage) -> None:
    hidden = {
        "id": 4, "name": "tests", "status": "completed", "conclusion": "failure", "external_id": None,
        "html_url": "https://github.com/c/4", "started_at": "2026-05-01T11:59:00Z",
        "completed_at": "2026-05-01T12:05:00Z",
    }  # fmt: skip
    answer = told({"total_count": 2, "check_runs": [{**hidden, "id": 5, "conclusion": "success"}, hidden]})
    seen = whole(github_stage, [in_suite(run_id=None)], [suite(held=2, run=None)], answer)
    assert ends(seen) == [("tests", "failure"), ("tests", "success")]
    assert paths(github_stage)[0].endswith("/repos/octo/shop/check-suites/500/check-runs?filter=all")


def test_our_own_suite_is_never_looked_into(github_stage: Stage) -> None:
    ours = {"databaseId": 1, "slug": "cadence"}
    whole(github_stage, [], [suite(held=4, run=None, app=ours)])
    assert len(github_stage.server.seen) == 1


def test_suites_are_read_to_the_last_page(github_stage: Stage) -> None:
    first = repository(with_suites(commit(HEAD, [in_suite()]), suite(), cursor="page-2"))
    seen = look(github_stage, first, {"object": with_suites({}, suite("CS9", status="QUEUED", run=71))})
    assert seen.suites is not None and [one.id for one in seen.suites] == ["CS1", "CS9"]
    asked = github_stage.server.seen[1].body["variables"]
    assert (asked["oid"], asked["suitesAfter"]) == (HEAD, "page-2")


def test_suites_without_end_or_unread_never_pass(github_stage: Stage) -> None:
    endless = {"object": with_suites({}, suite(), cursor="again")}
    first = repository(with_suites(commit(HEAD, [in_suite()]), suite(), cursor="again"))
    with pytest.raises(Unavailable) as caught:
        look(github_stage, first, *[endless] * MOST_ROUNDS)
    assert caught.value.code == "github.too_many"


def test_suites_that_github_does_not_tell_are_unread(github_stage: Stage) -> None:
    assert look(github_stage, repository({**commit(HEAD, [run()]), "checkSuites": None})).suites is None
