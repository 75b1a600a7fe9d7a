"""Endpoints that Cadence does not need for its main job, but that the sandbox offers to other readers and Apps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_world import PERMISSIONS, SECRET, Stage, open_stage

REPO = "/repos/octo/shop"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = open_stage(tmp_path / "github")
    yield made
    made.github.stop()


@pytest.fixture
def opened(stage: Stage) -> int:
    stage.branch("cadence/issue-1", {"src/b.py": "one\ntwo\n"})
    return stage.pull()


def ask(stage: Stage, method: str, path: str, body: Any = None, *, status: int = 200, jwt: bool = False) -> Any:
    """The decoded answer of a call that must end with that status."""
    auth = stage.client.app_jwt() if jwt else None
    answer = stage.client.call(method, path, body, auth=auth)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def widened(stage: Stage, **permissions: str) -> None:
    """The installation's owner accepts more permissions; the client gets a token with them."""
    installation = stage.github.world.installations[stage.installation]
    installation.permissions.update(permissions)
    stage.client.token = stage.client.mint(stage.installation).json()["token"]


def test_an_app_reads_its_installation_and_the_limits_and_gives_its_token_back(stage: Stage) -> None:
    found = ask(stage, "GET", f"/app/installations/{stage.installation}", jwt=True)
    assert (found["app_slug"], found["permissions"]["contents"]) == ("cadence", PERMISSIONS["contents"])
    assert ask(stage, "GET", f"{REPO}/installation", jwt=True)["id"] == stage.installation
    assert ask(stage, "GET", "/rate_limit")["resources"]["core"]["limit"] == 5000
    ask(stage, "DELETE", "/installation/token", status=204)
    ask(stage, "GET", REPO, status=401)


def test_deliveries_are_read_one_by_one_and_sent_again(stage: Stage) -> None:
    stage.github.set_webhook(stage.app, "http://127.0.0.1:9/nobody", SECRET)
    stage.repo.file_issue("Told", by="octo")
    stage.github.flush()
    (listed,) = ask(stage, "GET", "/app/hook/deliveries", jwt=True)
    one = ask(stage, "GET", f"/app/hook/deliveries/{listed['id']}", jwt=True)
    assert one["request"]["payload"]["issue"]["title"] == "Told"
    ask(stage, "POST", f"/app/hook/deliveries/{listed['id']}/attempts", status=202, jwt=True)
    stage.github.flush()
    assert [d["redelivery"] for d in ask(stage, "GET", "/app/hook/deliveries", jwt=True)] == [True, False]


def test_issues_are_made_labelled_edited_and_told_in_order(stage: Stage) -> None:
    made = ask(stage, "POST", f"{REPO}/issues", {"title": "By App", "labels": ["bug"]}, status=201)
    issue = f"{REPO}/issues/{made['number']}"
    ask(stage, "POST", f"{issue}/labels", {"labels": ["blueprint"]})
    assert [one["name"] for one in ask(stage, "DELETE", f"{issue}/labels/bug")] == ["blueprint"]
    said = ask(stage, "POST", f"{issue}/comments", {"body": "first"}, status=201)
    comment = f"{REPO}/issues/comments/{said['id']}"
    assert ask(stage, "GET", comment)["body"] == "first"
    assert ask(stage, "PATCH", issue, {"title": "Renamed", "state": "closed"})["state"] == "closed"
    told = [one["event"] for one in ask(stage, "GET", f"{issue}/timeline")]
    assert told == ["labeled", "labeled", "unlabeled", "commented", "renamed", "closed"]
    ask(stage, "DELETE", comment, status=204)
    ask(stage, "GET", comment, status=404)


def test_commits_and_refs_are_read_and_lead_to_their_pull_request(stage: Stage, opened: int) -> None:
    head = stage.repo.pull(opened).head_sha
    assert ask(stage, "GET", f"{REPO}/git/ref/heads/cadence/issue-1")["object"]["sha"] == head
    ask(stage, "GET", f"{REPO}/git/ref/heads/nothing", status=404)
    assert ask(stage, "GET", f"{REPO}/commits/{head}")["commit"]["message"].startswith("Work on")
    ask(stage, "GET", f"{REPO}/commits/{'0' * 40}", status=422)
    assert [one["number"] for one in ask(stage, "GET", f"{REPO}/commits/{head}/pulls")] == [opened]


def test_a_pull_requests_files_comments_and_reviews_are_read(stage: Stage, opened: int) -> None:
    pull = f"{REPO}/pulls/{opened}"
    (file,) = ask(stage, "GET", f"{pull}/files")
    assert (file["filename"], file["status"], file["additions"]) == ("src/b.py", "added", 2)
    inline = [{"path": "src/b.py", "line": 2, "side": "RIGHT", "body": "why two?"}]
    review = ask(stage, "POST", f"{pull}/reviews", {"event": "COMMENT", "body": "hm", "comments": inline})
    assert ask(stage, "GET", f"{pull}/reviews/{review['id']}")["body"] == "hm"
    assert ask(stage, "PUT", f"{pull}/reviews/{review['id']}", {"body": "better"})["body"] == "better"
    (comment,) = ask(stage, "GET", f"{pull}/comments")
    assert (comment["line"], comment["body"]) == (2, "why two?")


def test_a_branch_behind_its_base_is_brought_up_to_date(stage: Stage, opened: int) -> None:
    stage.repo.push_commit({"base.txt": "new\n"}, by="octo")
    head = stage.repo.pull(opened).head_sha
    ask(stage, "PUT", f"{REPO}/pulls/{opened}/update-branch", {"expected_head_sha": "0" * 40}, status=422)
    ask(stage, "PUT", f"{REPO}/pulls/{opened}/update-branch", {"expected_head_sha": head}, status=202)
    assert stage.repo.pull(opened).head_sha != head


def test_checks_are_read_annotated_and_asked_for_again(stage: Stage, opened: int) -> None:
    head = stage.repo.pull(opened).head_sha
    note = {"path": "src/b.py", "start_line": 1, "end_line": 1, "annotation_level": "warning", "message": "odd"}
    output = {"title": "t", "summary": "s", "annotations": [note]}
    asked = {"name": "lint", "head_sha": head, "status": "completed", "conclusion": "neutral", "output": output}
    made = ask(stage, "POST", f"{REPO}/check-runs", asked, status=201)
    run = f"{REPO}/check-runs/{made['id']}"
    assert ask(stage, "GET", run)["conclusion"] == "neutral"
    assert [one["message"] for one in ask(stage, "GET", f"{run}/annotations")] == ["odd"]
    ask(stage, "POST", f"{run}/rerequest", status=201)


def test_statuses_and_protection_need_their_permissions(stage: Stage) -> None:
    tip = stage.repo.tip()
    ask(stage, "POST", f"{REPO}/statuses/{tip}", {"state": "success", "context": "legacy"}, status=403)
    ask(stage, "GET", f"{REPO}/branches/main/protection", status=403)
    widened(stage, statuses="write", administration="read")
    made = ask(stage, "POST", f"{REPO}/statuses/{tip}", {"state": "success", "context": "legacy"}, status=201)
    assert made["creator"]["login"] == "cadence[bot]"
    assert ask(stage, "GET", f"{REPO}/commits/{tip}/status")["state"] == "success"
    ask(stage, "GET", f"{REPO}/branches/main/protection", status=404)
    stage.repo.protect_branch("main", checks=["tests"], approvals=1)
    found = ask(stage, "GET", f"{REPO}/branches/main/protection")
    assert found["required_status_checks"]["contexts"] == ["tests"]


@pytest.mark.parametrize("kind", ["pull_request", "required_status_checks", "merge_queue", "deletion"])
def test_a_rule_is_answered_with_every_parameter_it_has(stage: Stage, kind: str) -> None:
    stage.repo.add_ruleset([{"type": kind}])
    (rule,) = ask(stage, "GET", f"{REPO}/rules/branches/main")
    assert rule["type"] == kind and ("parameters" in rule) == (kind != "deletion")
