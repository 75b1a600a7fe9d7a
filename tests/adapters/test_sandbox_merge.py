"""Merging, checks and injected faults, asked of the sandbox over raw HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sandbox_world import Stage, open_stage

REPO = "/repos/octo/shop"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = open_stage(tmp_path / "github")
    yield made
    made.github.stop()


@pytest.fixture
def opened(stage: Stage) -> int:
    lines = {n: f"line {n}\n" for n in range(1, 21)}
    stage.branch("cadence/issue-1", {"src/a.py": "".join({**lines, 10: "changed\n"}.values())})
    return stage.pull()


def said(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["message"]


# -- merging ---------------------------------------------------------------------------------------------------


def merge(stage: Stage, number: int, **asked: str) -> tuple[int, str]:
    return said(stage.client.call("PUT", f"{REPO}/pulls/{number}/merge", asked))


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_a_merge_is_a_real_commit(stage: Stage, opened: int, method: str) -> None:
    stage.repo.push_commit({"other.txt": "x\n"}, by="octo")
    before, head = stage.repo.tip(), stage.repo.pull(opened).head_sha
    asked = {"sha": head, "merge_method": method, "commit_title": "Title (#1)", "commit_message": "Body"}
    assert merge(stage, opened, **asked)[0] == 200
    info = stage.github.world.bare(stage.repo.state).info(stage.repo.tip() or "")
    assert info.parents == ((before, head) if method == "merge" else (before,))
    assert info.message == ("Work on cadence/issue-1" if method == "rebase" else "Title (#1)\n\nBody")
    assert b"changed" in (stage.repo.read_file("src/a.py") or b"")
    assert stage.repo.read_file("other.txt") == b"x\n"
    assert stage.client.call("GET", f"{REPO}/pulls/{opened}/merge").status_code == 204


def test_a_moved_head_a_draft_and_a_conflict(stage: Stage, opened: int) -> None:
    moved = (409, "Head branch was modified. Review and try the merge again.")
    assert merge(stage, opened, sha="a" * 40) == moved
    stage.repo.set_draft(opened, True, by="octo")
    assert merge(stage, opened) == (405, "Pull Request is still a draft")
    stage.repo.set_draft(opened, False, by="octo")
    stage.repo.push_commit({"src/a.py": "all new\n"}, by="octo")
    assert merge(stage, opened) == (405, "Pull Request is not mergeable")
    stage.repo.configure(allow_merge_commit=False)
    assert merge(stage, opened) == (405, "Merge commits are not allowed on this repository.")


def test_required_checks_are_pinned_to_their_app(stage: Stage, opened: int) -> None:
    ci = stage.github.create_app("sandbox-ci", {"checks": "write"}, [])
    stage.github.install(ci, stage.repo)
    stage.repo.protect_branch("main", checks=[("tests", ci.app_id)])
    head = stage.repo.pull(opened).head_sha
    assert merge(stage, opened) == (405, 'Required status check "tests" is expected.')
    stage.repo.create_check_run(stage.app, name="tests", head_sha=head)
    assert merge(stage, opened) == (405, 'Required status check "tests" was not set by the expected GitHub App.')
    run = stage.repo.create_check_run(ci, name="tests", head_sha=head, status="in_progress", conclusion=None)
    assert merge(stage, opened) == (405, 'Required status check "tests" is pending.')
    stage.repo.complete_check_run(run, "success")
    assert merge(stage, opened)[0] == 200


def test_rulesets_ask_for_approvals_and_queues(stage: Stage, opened: int) -> None:
    rule = {"type": "pull_request", "parameters": {"required_approving_review_count": 1}}
    stage.repo.add_ruleset([rule])
    wanted = "At least 1 approving review is required by reviewers with write access."
    assert merge(stage, opened) == (405, f"Repository rule violations found\n\n{wanted}\n\n")
    stage.repo.submit_review(opened, by="stranger")
    assert merge(stage, opened)[0] == 405
    stage.repo.submit_review(opened, by="octo")
    stage.repo.add_ruleset([{"type": "merge_queue", "parameters": {}}])
    assert merge(stage, opened) == (405, "Changes must be made through the merge queue")
    listed = stage.client.call("GET", f"{REPO}/rules/branches/main?per_page=1")
    assert [one["type"] for one in listed.json()] == ["pull_request"]
    assert 'rel="next"' in listed.headers["Link"]


def test_workflow_changes_do_not_merge_without_their_permission(stage: Stage) -> None:
    stage.branch("cadence/issue-1", {".github/workflows/ci.yml": "on: push\n"})
    assert merge(stage, stage.pull()) == (403, "Resource not accessible by integration")


def test_classic_protection_shows_in_the_branch_summary(stage: Stage) -> None:
    stage.repo.protect_branch("main", checks=["tests"])
    body = stage.client.call("GET", f"{REPO}/branches/main").json()
    assert body["protected"] is True
    assert body["protection"]["required_status_checks"]["contexts"] == ["tests"]
    assert stage.client.call("GET", f"{REPO}/branches/main/protection").status_code == 403


def test_branches_are_deleted_once(stage: Stage) -> None:
    stage.branch("cadence/issue-1")
    path = f"{REPO}/git/refs/heads/cadence/issue-1"
    assert stage.client.call("DELETE", path).status_code == 204
    assert said(stage.client.call("DELETE", path)) == (422, "Reference does not exist")
    assert stage.client.call("GET", f"{REPO}/git/ref/heads/cadence/issue-1").status_code == 404


# -- checks ----------------------------------------------------------------------------------------------------


def test_only_the_creating_app_updates_a_check_run(stage: Stage) -> None:
    ci = stage.github.create_app("sandbox-ci", {"checks": "write"}, [])
    stage.github.install(ci, stage.repo)
    run = stage.repo.create_check_run(ci, name="tests", head_sha=stage.repo.tip() or "")
    refused = stage.client.call("PATCH", f"{REPO}/check-runs/{run.id}", {"conclusion": "failure"})
    text = f"Invalid app_id `{stage.app.app_id}` - check run can only be modified by the GitHub App that created it."
    assert said(refused) == (403, text)
    path = f"{REPO}/commits/{run.head_sha}/check-runs"
    assert stage.client.call("GET", f"{path}?app_id={stage.app.app_id}").json()["total_count"] == 0
    assert stage.client.call("GET", f"{path}?check_name=tests&app_id={ci.app_id}").json()["total_count"] == 1


def test_check_runs_have_vocabulary_and_limits(stage: Stage) -> None:
    path, tip = f"{REPO}/check-runs", stage.repo.tip()
    base = {"name": "cadence/reasoning", "head_sha": tip, "output": {"title": "t", "summary": "s"}}
    run = stage.client.call("POST", path, {**base, "conclusion": "success"}).json()
    assert (run["status"], run["app"]["id"]) == ("completed", stage.app.app_id)
    assert stage.client.call("POST", path, {**base, "conclusion": "stale"}).status_code == 422
    assert stage.client.call("POST", path, {**base, "status": "completed"}).status_code == 422
    long = {"title": "t", "summary": "x" * 65_536}
    assert stage.client.call("POST", path, {**base, "output": long}).status_code == 422
    unknown = stage.client.call("POST", path, {**base, "head_sha": "a" * 40})
    assert said(unknown) == (422, f"No commit found for SHA: {'a' * 40}")


def test_annotations_come_fifty_at_a_time_and_add_up(stage: Stage) -> None:
    one = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
    run = stage.repo.create_check_run(stage.app, name="x", head_sha=stage.repo.tip() or "")
    path = f"{REPO}/check-runs/{run.id}"
    assert stage.client.call("PATCH", path, {"output": {"summary": "s", "annotations": [one] * 51}}).status_code == 422
    for _ in range(2):
        answer = stage.client.call("PATCH", path, {"output": {"summary": "s", "annotations": [one] * 50}})
    assert answer.json()["output"]["annotations_count"] == 100


def test_no_status_at_all_is_pending(stage: Stage) -> None:
    path = f"{REPO}/commits/{stage.repo.tip()}/status"
    assert stage.client.call("GET", path).json()["state"] == "pending"
    stage.repo.create_status(stage.repo.tip() or "", by="octo", context="lint")
    assert stage.client.call("GET", path).json()["state"] == "success"
    assert stage.client.call("POST", f"{REPO}/statuses/{stage.repo.tip()}", {"state": "success"}).status_code == 403


# -- faults ----------------------------------------------------------------------------------------------------


def test_a_fault_before_prevents_and_a_fault_after_hides(stage: Stage, opened: int) -> None:
    route = "/repos/{owner}/{repo}/pulls/{pull_number}/merge"
    phase = "before"
    text = "Base branch was modified. Review and try the merge again."

    take_away = stage.github.on_request(
        lambda seen: (405, {"message": text}) if (seen.route, seen.phase) == (route, phase) else None
    )
    assert merge(stage, opened) == (405, text)
    assert stage.repo.pull(opened).merged_at is None
    phase = "after"
    assert merge(stage, opened) == (405, text)
    assert stage.repo.pull(opened).merged_at is not None
    take_away()
    assert stage.client.call("GET", f"{REPO}/pulls/{opened}/merge").status_code == 204
    log = stage.github.world.requests[-1]
    assert (log.method, log.route, log.status, log.app) == ("GET", route, 204, "cadence")
    assert not any("authorization" in one.headers for one in stage.github.world.requests)
