"""Real processes over real HTTP: the happy path, kill -9 around every kind of effect, and two workers on PostgreSQL."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bot.core.names import CHECK_EFFICIENCY, CHECK_REASONING
from tests.journeys.world import BODY, OWNER, TITLE
from tests.processes.stage import Stage

POSTGRES = os.environ.get("CADENCE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def blueprint(stage: Stage) -> int:
    issue = stage.repo.file_issue(TITLE, BODY, by=OWNER)
    stage.repo.label(issue, "blueprint", by=OWNER)
    return issue


def green_when_open(stage: Stage) -> None:
    """CI reports success on the pull request's head once there is one."""
    pulls = stage.until("a pull request", lambda: stage.repo.pulls())
    stage.ci_green_on(stage.repo.pull(pulls[0].number).head_sha)


def must_end_well(stage: Stage, issue: int) -> None:
    """One branch, one pull request, one review of each kind, one merge: whatever happened on the way."""
    stage.until("the end", lambda: _merged_and_told(stage, issue))
    (pull,) = stage.repo.pulls()
    assert pull.merged_at is not None
    assert len(pull.reviews) == 2
    names = [run.name for run in stage.repo.check_runs(pull.head_sha) if run.app.id == stage.app.app_id]
    assert names.count(CHECK_REASONING) == 1
    assert names.count(CHECK_EFFICIENCY) == 1
    assert stage.repo.tip(f"cadence/issue-{issue}") is None
    assert stage.repo.issue(issue).state == "closed"
    assert len([c for c in stage.repo.issue(issue).comments if "cadence:status" in c.body]) == 1
    merges = [r for r in stage.github.world.requests if r.method == "PUT" and "/merge" in r.route and r.status == 200]
    assert len(merges) <= 1
    assert not stage.github.world.unmodelled


def _merged_and_told(stage: Stage, issue: int) -> bool:
    comments = [c.body for c in stage.repo.issue(issue).comments if "cadence:status" in c.body]
    return bool(comments) and "state=merged" in comments[0] and stage.repo.issue(issue).state == "closed"


def test_serve_does_the_main_job(stage: Stage) -> None:
    stage.start()
    stage.wait_ready()
    issue = blueprint(stage)
    green_when_open(stage)
    must_end_well(stage, issue)


def test_serve_waits_for_github_and_keeps_what_is_delivered_meanwhile(stage: Stage) -> None:
    undo = stage.github.on_request(
        lambda fault: (500, {"message": "Server Error"}) if fault.route == "/app" and fault.phase == "before" else None
    )
    process = stage.start()
    stage.until("a listener", lambda: stage.readiness() is not None)
    stage.until("the reason", lambda: "does not answer" in stage.readiness().json()["checks"]["github"])
    assert stage.readiness().status_code == 503
    issue = blueprint(stage)
    assert process.poll() is None
    undo()
    stage.wait_ready()
    green_when_open(stage)
    must_end_well(stage, issue)


@pytest.mark.parametrize(
    ("method", "route", "phase"),
    [
        ("POST", "/git-receive-pack", "after"),
        ("POST", "/pulls", "after"),
        ("POST", "/reviews", "after"),
        ("POST", "/check-runs", "after"),
        ("POST", "/issues/{issue_number}/comments", "after"),
        ("PUT", "/merge", "before"),
        ("PUT", "/merge", "after"),
        ("DELETE", "/git/refs", "after"),
    ],
    ids=lambda value: value.strip("/").replace("/", "_"),
)
def test_a_kill_around_an_effect_ends_in_one_of_each(stage: Stage, method: str, route: str, phase: str) -> None:
    stage.start()
    stage.wait_ready()
    undo = stage.kill_at(method, route, phase)
    issue = blueprint(stage)
    if method in ("PUT", "DELETE"):
        green_when_open(stage)
        stage.revive()
    else:
        stage.revive()
        green_when_open(stage)
    undo()
    must_end_well(stage, issue)
    assert stage.kills == 1


@pytest.fixture
def database() -> Iterator[str]:
    name = f"cadence_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"create database {name}")  # type: ignore[arg-type]
    yield POSTGRES.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")  # type: ignore[arg-type]


@pytest.mark.postgres
def test_web_and_two_workers_share_postgresql_and_one_may_die(tmp_path: Path, database: str) -> None:
    stage = Stage(tmp_path, database=database)
    try:
        stage.start("worker", CADENCE_EXECUTOR_ID="one")
        stage.start("web", CADENCE_EXECUTOR_ID="web")
        stage.wait_ready()
        stage.start("worker", CADENCE_EXECUTOR_ID="two")
        issue = blueprint(stage)
        stage.until("a pull request", lambda: stage.repo.pulls())
        stage.processes[0].kill()
        green_when_open(stage)
        must_end_well(stage, issue)
    finally:
        stage.close()
