"""The sandbox's CI against the sandbox's GitHub: pushes are heard, tests really run, check runs are its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.core.clock import SystemClock
from bot.sandbox.ci.app_client import AppClient, SandboxAnswer
from bot.sandbox.ci.server import CI_PERMISSIONS, SandboxCI
from bot.sandbox.demo.repository_view import RepositoryView
from bot.sandbox.github.apps import SandboxApp
from bot.sandbox.github.people import SandboxRepository
from bot.sandbox.github.server import SandboxGitHub
from bot.sandbox.github.state import CheckRun

COMMAND = "cat result && grep -q good result"
SECONDS = 20.0


@pytest.fixture
def github(tmp_path: Path) -> Iterator[SandboxGitHub]:
    github = SandboxGitHub(tmp_path / "github")
    github.start()
    yield github
    github.stop()


@pytest.fixture
def repository(github: SandboxGitHub) -> SandboxRepository:
    return github.create_repository("sam", "tally", files={"result": "good\n"})


@pytest.fixture
def ci(github: SandboxGitHub, repository: SandboxRepository) -> Iterator[SandboxCI]:
    made = SandboxCI(
        repository="sam/tally",
        path=repository.state.path,
        command=COMMAND,
        search_path=os.defpath,
        clock=SystemClock(),
        timeout=2,
    )
    yield made
    made.stop()


@pytest.fixture
def app(github: SandboxGitHub, repository: SandboxRepository, ci: SandboxCI) -> SandboxApp:
    app = github.create_app("sandbox-ci", CI_PERMISSIONS, ["push"], webhook_url=ci.listen(), webhook_secret=ci.secret)
    github.install(app, repository)
    ci.start(app=app, url=github.url, base_tip=repository.tip() or "")
    return app


def until(wanted: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not wanted():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def finished(repository: SandboxRepository, sha: str) -> CheckRun:
    until(lambda: any(run.status == "completed" for run in repository.check_runs(sha)))
    runs = repository.check_runs(sha)
    assert len(runs) == 1
    return runs[0]


def test_the_base_tip_and_every_pushed_branch_are_tested(
    repository: SandboxRepository, app: SandboxApp, ci: SandboxCI
) -> None:
    base = finished(repository, repository.tip() or "")
    assert (base.name, base.conclusion, base.app.id) == ("tests", "success", app.app_id)
    bad = repository.push_commit({"result": "bad ``` here\n"}, by="sam", branch="topic")
    run = finished(repository, bad)
    assert (run.conclusion, run.started_at is not None, run.completed_at is not None) == ("failure", True, True)
    assert "bad ''' here" in (run.summary or "")
    assert "failed with code 1" in (run.title or "")
    assert ci.failures == []


def test_a_deleted_branch_and_a_known_commit_are_not_tested_again(
    github: SandboxGitHub, repository: SandboxRepository, app: SandboxApp
) -> None:
    sha = repository.push_commit({"other": "x"}, by="sam", branch="topic")
    finished(repository, sha)
    repository.move_branch("again", sha, by="sam")
    repository.delete_branch("topic", by="sam")
    github.flush()
    last = repository.push_commit({"other": "y"}, by="sam", branch="last")
    finished(repository, last)
    assert len(repository.check_runs(sha)) == 1


def test_a_rerun_makes_a_new_check_run(repository: SandboxRepository, app: SandboxApp) -> None:
    tip = repository.tip() or ""
    repository.rerequest_check_run(finished(repository, tip), by="sam")
    until(lambda: [run.conclusion for run in repository.check_runs(tip)] == ["success", "success"])


def test_tests_that_hang_are_timed_out(repository: SandboxRepository, app: SandboxApp, ci: SandboxCI) -> None:
    finished(repository, repository.tip() or "")
    ci._command = "sleep 60"
    sha = repository.push_commit({"other": "x"}, by="sam", branch="topic")
    assert finished(repository, sha).conclusion == "timed_out"


def test_a_setup_command_that_fails_is_called_one(
    repository: SandboxRepository, app: SandboxApp, ci: SandboxCI
) -> None:
    finished(repository, repository.tip() or "")
    ci._setup = "exit 4"
    run = finished(repository, repository.push_commit({"other": "x"}, by="sam", branch="topic"))
    assert (run.conclusion, run.title) == ("failure", "setup command exit 4 failed with code 4")


def test_an_unsigned_delivery_is_refused(repository: SandboxRepository, app: SandboxApp, ci: SandboxCI) -> None:
    finished(repository, repository.tip() or "")
    client = ci._hook._app.test_client()
    answer = client.post("/hook", json={"ref": "refs/heads/x", "after": "f" * 40}, headers={"X-GitHub-Event": "push"})
    assert answer.status_code == 401
    assert "f" * 40 not in ci._known


def test_what_cannot_be_tested_is_kept_for_the_demo_to_show(
    repository: SandboxRepository, app: SandboxApp, ci: SandboxCI
) -> None:
    ci.test("f" * 40)
    until(lambda: bool(ci.failures))
    assert ci.failures[0].startswith("fffffff: HTTP 422")
    finished(repository, repository.push_commit({"other": "x"}, by="sam", branch="topic"))


def test_the_client_says_what_the_sandbox_answered(
    github: SandboxGitHub, repository: SandboxRepository, app: SandboxApp
) -> None:
    client = AppClient(
        github.url, app_id=app.app_id, private_key_pem=app.private_key_pem, repository="sam/tally", clock=SystemClock()
    )
    number = repository.file_issue("Wish", by="sam")
    assert client.get(f"/repos/sam/tally/issues/{number}")["title"] == "Wish"
    with pytest.raises(SandboxAnswer, match="HTTP 404") as caught:
        client.get("/repos/sam/tally/issues/999")
    assert caught.value.status == 404


def test_the_observer_reads_a_blueprint_to_its_end(github: SandboxGitHub, repository: SandboxRepository) -> None:
    observer = RepositoryView(repository.state, github.world.lock, bot_login="cadence[bot]")
    number = repository.file_issue("Wish", "", by="sam")
    assert observer.read(number).pull is None
    status = (
        "<!-- cadence:status issue=1 -->\n**Why:** ci.pending\n| model | gpt |\n<!-- cadence:run run=r state=gated -->"
    )
    repository.comment(number, status, by="stranger")
    assert observer.read(number).status_comments == 0
    repository.comment(number, status, by="cadence[bot]")
    seen = observer.read(number)
    assert (seen.status_comments, seen.state, seen.why, seen.model) == (1, "gated", "ci.pending", "gpt")

    head = repository.push_commit({"result": "good\n2\n"}, by="sam", branch=f"cadence/issue-{number}")
    pull = repository.open_pull(by="sam", title="Wish", head=f"cadence/issue-{number}", body=f"Closes #{number}")
    open_pull = observer.read(number).pull
    assert open_pull is not None
    assert (open_pull.number, open_pull.state, open_pull.head, open_pull.on_base) == (pull, "open", head, False)
    sha = repository.merge_pull(pull, by="sam", method="squash")
    repository.delete_branch(f"cadence/issue-{number}", by="sam")
    seen = observer.read(number)
    assert not seen.issue_open
    assert seen.pull is not None
    assert seen.pull.merge_commit is not None
    assert (seen.pull.merge_commit.sha, seen.pull.state, seen.pull.branch_exists) == (sha, "merged", False)
    assert seen.pull.on_base
    assert seen.pull.merged_tree_is_head_tree
