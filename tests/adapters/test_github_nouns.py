"""Issues, pull requests, reviews and checks through the real client against the embedded GitHub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.core.errors import CadenceError, HeadMoved, NotFound, Unprocessable
from bot.core.names import (
    CommitSha,
    HeadSha,
    InstallationId,
    IssueNumber,
    PullNumber,
    RepoName,
    RepoRef,
    RepositoryId,
    marker,
)
from bot.effects.guard import effects_allowed
from bot.github_api.client import GitHub, RepositoryCalls
from bot.github_api.records import CheckOutput, InlineComment
from bot.github_api.urls import GitHubUrls
from tests.adapters.github_stage import Meter, refused, told
from tests.adapters.github_stage import Stage as Canned
from tests.adapters.sandbox_world import Stage, open_stage

OUTPUT = CheckOutput("Title", "Summary")


@dataclass
class Room:
    stage: Stage
    calls: RepositoryCalls


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    stage = open_stage(tmp_path / "github")
    github = GitHub(
        urls=GitHubUrls.from_setting(stage.github.url), app_id=str(stage.app.app_id),
        private_key=stage.app.private_key_pem, clock=stage.clock, count_request=Meter().count,
    )  # fmt: skip
    repository = stage.repo
    ref = RepoRef(RepositoryId(repository.id), RepoName("octo", "shop"), InstallationId(stage.installation))
    with effects_allowed():
        yield Room(stage, github.at(ref))
    stage.github.stop()


# -- issues ---------------------------------------------------------------------------------------------------------
def test_an_issues_whole_history_is_read_over_all_pages(room: Room) -> None:
    repo = room.stage.repo
    number = repo.file_issue("Old", "first", by="octo", labels=["blueprint"])
    for turn in range(60):
        room.stage.clock.sleep(1)
        repo.unlabel(number, "blueprint", by="octo")
        repo.label(number, "blueprint", by="octo")
        repo.edit_body(number, f"text {turn}", by="octo")
    repo.rename(number, "New", by="octo")
    history = room.calls.issues.history(IssueNumber(number))
    kinds = [event.kind for event in history.events]
    assert (kinds.count("labeled"), kinds.count("unlabeled"), kinds.count("renamed")) == (61, 60, 1)
    assert [event.at for event in history.events] == sorted(event.at for event in history.events)
    assert (history.title, history.body, history.author, history.state) == ("New", "text 59", "octo", "open")
    assert history.complete and {edit.editor for edit in history.edits} == {"octo"} and len(history.edits) >= 60


def test_an_issue_that_is_not_there(room: Room) -> None:
    with pytest.raises(NotFound):
        room.calls.issues.history(IssueNumber(404))


def test_a_comment_is_found_by_marker_and_author(room: Room) -> None:
    mark = marker("status", run="r")
    number = IssueNumber(room.stage.repo.file_issue("T", "b", by="octo"))
    room.stage.repo.comment(number, f"forged {mark}", by="octo")
    assert room.calls.issues.find_comment(number, mark) is None, "anybody can write a marker"
    made = room.calls.issues.comment(number, f"ours {mark}")
    found = room.calls.issues.find_comment(number, mark)
    assert found is not None and found.id == made.id and found.author == "cadence[bot]"
    room.calls.issues.edit_comment(made.id, f"new text {mark}")
    assert room.calls.issues.find_comment(number, mark).body.startswith("new text")  # type: ignore[union-attr]


def test_labelled_issues_without_pull_requests(room: Room) -> None:
    number = room.stage.repo.file_issue("T", "b", by="octo", labels=["blueprint"])
    closed = room.stage.repo.file_issue("T", "b", by="octo", labels=["blueprint"])
    room.calls.issues.close(IssueNumber(closed))
    assert room.calls.issues.labelled("blueprint") == [number]
    assert room.calls.issues.is_open(IssueNumber(number)) and not room.calls.issues.is_open(IssueNumber(closed))


# -- pull requests --------------------------------------------------------------------------------------------------
def opened_pull(room: Room, branch: str = "cadence/issue-1") -> tuple[PullNumber, HeadSha]:
    head = room.stage.branch(branch)
    made = room.calls.pulls.open(title="T", body="B", head=branch, base="main")
    assert made.head == head and made.base_branch == "main" and made.author == "cadence[bot]"
    return made.number, made.head


def test_an_open_pull_request_is_found_by_its_branch(room: Room) -> None:
    assert room.calls.pulls.find_open("cadence/issue-1") is None
    number, _ = opened_pull(room)
    found = room.calls.pulls.find_open("cadence/issue-1")
    assert found is not None and found.number == number
    assert room.calls.pulls.find_open("cadence/issue-10") is None
    room.calls.pulls.edit(number, title="New")
    assert room.calls.pulls.get(number).title == "New" and room.calls.pulls.get(number).body == "B"


def test_a_merge_is_of_exactly_that_head(room: Room) -> None:
    number, head = opened_pull(room)
    wrong = HeadSha(CommitSha("f" * 40))
    room.calls.pulls.get(number)
    with pytest.raises(HeadMoved):
        room.calls.pulls.merge(number, head=wrong, method="squash", title="t", message="m")
    merged = room.calls.pulls.merge(number, head=head, method="squash", title="t", message="m")
    assert merged.merged and room.stage.repo.tip("main") == merged.sha
    assert room.calls.pulls.get(number).merge_commit == merged.sha


def test_a_branch_that_is_gone_is_gone(room: Room) -> None:
    opened_pull(room)
    assert room.calls.pulls.branch_sha("cadence/issue-1") == room.stage.repo.tip("cadence/issue-1")
    room.calls.pulls.delete_branch("cadence/issue-1")
    room.calls.pulls.delete_branch("cadence/issue-1")
    assert room.calls.pulls.branch_sha("cadence/issue-1") is None


# -- reviews and checks ---------------------------------------------------------------------------------------------
def test_a_review_is_a_comment_on_exactly_that_head_and_found_again(room: Room) -> None:
    number, head = opened_pull(room)
    mark = marker("review", key="k")
    assert room.calls.reviews.find(number, mark) is None
    made = room.calls.reviews.comment(
        number, head=head, body=f"Says {mark}", comments=[InlineComment("feature.txt", 1, "here")]
    )
    found = room.calls.reviews.find(number, mark)
    assert found is not None and (found.id, found.state, found.commit) == (made.id, "COMMENTED", head)


def test_an_inline_comment_outside_the_diff_makes_nothing_at_all(room: Room) -> None:
    number, head = opened_pull(room)
    mark = marker("review", key="k")
    with pytest.raises(Unprocessable):
        room.calls.reviews.comment(number, head=head, body=f"{mark}", comments=[InlineComment("src/a.py", 9, "no")])
    assert room.calls.reviews.find(number, mark) is None


def test_a_check_run_is_found_by_external_id_under_our_own_app(room: Room) -> None:
    _, head = opened_pull(room)
    other = room.stage.github.create_app("other", {"checks": "write"}, [])
    room.stage.github.install(other, room.stage.repo)
    assert room.calls.checks.find(head, "cadence/reasoning", "k") is None
    made = room.calls.checks.create(
        head=head, name="cadence/reasoning", external_id="k", status="queued", output=OUTPUT
    )
    found = room.calls.checks.find(head, "cadence/reasoning", "k")
    assert found is not None and (found.id, found.app_id) == (made.id, room.stage.app.app_id)
    done = room.calls.checks.update(made.id, status="completed", conclusion="success", output=OUTPUT)
    assert (done.status, done.conclusion) == ("completed", "success")
    assert room.calls.checks.find(head, "cadence/reasoning", "other") is None
    assert room.calls.checks.find(head, "cadence/efficiency", "k") is None


def test_a_check_run_of_that_name_by_another_app_is_not_ours(github_stage: Canned) -> None:
    app = {"id": 42, "slug": "cadence", "name": "C", "permissions": {}, "events": []}
    github_stage.server.put(told(app), told([{"id": 7}]), told({"id": 99}))
    calls = github_stage.github().at(RepoRef(RepositoryId(11), RepoName("octo", "shop"), InstallationId(7)))
    run = {"id": 1, "name": "cadence/gate", "head_sha": "a" * 40, "status": "completed", "external_id": "k"}
    runs = [{**run, "app": {"id": 66}}, {**run, "app": None}]
    github_stage.server.put(told({"check_runs": runs}))
    assert calls.checks.find(HeadSha(CommitSha("a" * 40)), "cadence/gate", "k") is None
    assert github_stage.server.seen[-1].query["app_id"] == "42"


def test_nothing_changes_outside_the_door(github_stage: Canned) -> None:
    app = {"id": 42, "slug": "cadence", "name": "C", "permissions": {}, "events": []}
    github_stage.server.put(told(app), told([{"id": 7}]), told({"id": 99}), refused(500))
    calls = github_stage.github().at(RepoRef(RepositoryId(11), RepoName("octo", "shop"), InstallationId(7)))
    with pytest.raises(CadenceError) as caught:
        calls.issues.comment(IssueNumber(1), "x")
    assert caught.value.code == "door.closed" and len(github_stage.server.seen) == 3
