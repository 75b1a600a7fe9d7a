"""The engine on the real dbos and SQLite: once per id, one at a time, forgotten when old."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dbos import DBOS

from bot.core.errors import SettingsInvalid
from bot.core.names import CommitSha, HeadSha, PullNumber, RepositoryId, RunId
from bot.core.pace import BUSY_FOR_SECONDS, BUSY_SECONDS, IDLE_SECONDS
from bot.engine.durable import KEPT_DAYS, Engine
from bot.engine.workflows import BUILDS, client
from tests.adapters.engine_stage import Recorder, engine_on
from tests.fakes.fake_clock import FakeClock

HEAD = HeadSha(CommitSha("a" * 40))
REPO, PULL = RepositoryId(1), PullNumber(9)


@pytest.fixture(scope="module")
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engine")


@pytest.fixture(scope="module")
def handlers() -> Recorder:
    return Recorder()


@pytest.fixture(scope="module")
def engine(home: Path, clock: FakeClock, handlers: Recorder) -> Iterator[Engine]:
    engine = engine_on(home, "alive", clock)
    engine.launch(handlers)
    yield engine
    engine.close(patience=1.0)


def test_builds_of_one_issue_never_overlap_and_other_issues_do_not_wait(engine: Engine, handlers: Recorder) -> None:
    release = threading.Event()
    handlers.during[RunId("1-2-a")] = lambda: assert_(release.wait(30))
    engine.start_build(RunId("1-2-a"), "start")
    handlers.until("build", "1-2-a")
    engine.start_build(RunId("1-2-b"), "start")
    engine.start_build(RunId("1-3-c"), "start")
    handlers.until("built", "1-3-c")
    assert ("build", "1-2-b") not in handlers.seen
    release.set()
    handlers.until("built", "1-2-b")
    order = [what for what in handlers.seen if what in (("built", "1-2-a"), ("build", "1-2-b"))]
    assert order == [("built", "1-2-a"), ("build", "1-2-b")]


def assert_(true: bool) -> None:
    assert true


def test_the_same_run_and_key_is_built_once(engine: Engine, handlers: Recorder) -> None:
    for key in ("start", "go-5", "start"):
        engine.start_build(RunId("1-4-a"), key)
    handlers.until("built", "1-4-a", times=2)
    engine.start_build(RunId("1-4-a"), "start")
    engine.start_build(RunId("1-4-z"), "start")
    handlers.until("built", "1-4-z")
    assert handlers.seen.count(("build", "1-4-a")) == 2


def test_the_sweep_starts_nothing_that_waits_or_runs(engine: Engine, handlers: Recorder) -> None:
    release = threading.Event()
    handlers.during[RunId("1-5-a")] = lambda: assert_(release.wait(30))
    engine.restart_build(RunId("1-5-a"))
    handlers.until("build", "1-5-a")
    engine.restart_build(RunId("1-5-a"))
    release.set()
    handlers.until("built", "1-5-a")
    handlers.during.clear()
    engine.start_build(RunId("1-5-z"), "start")
    handlers.until("built", "1-5-z")
    assert handlers.seen.count(("build", "1-5-a")) == 1


def test_a_build_that_fails_for_the_last_time_is_told(
    engine: Engine, handlers: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise RuntimeError("a defect")

    monkeypatch.setattr("bot.engine.workflows.BUILD_ATTEMPTS", 1)
    handlers.during[RunId("1-6-a")] = fail
    engine.start_build(RunId("1-6-a"), "start")
    handlers.until("crashed", "1-6-a", "a defect")


def test_one_review_of_a_head_unless_another_opinion_is_asked_for(engine: Engine, handlers: Recorder) -> None:
    engine.start_review(RunId("1-2-a"), HEAD)
    handlers.until("review", "1-2-a", HEAD, ())
    engine.start_review(RunId("1-2-a"), HEAD, {"reasoning": 2})
    handlers.until("review", "1-2-a", HEAD, (("reasoning", 2),))


def test_a_burst_of_events_is_one_look(engine: Engine, handlers: Recorder) -> None:
    before = handlers.seen.count(("reconcile", REPO, PULL))
    for _ in range(5):
        engine.tick(REPO, PULL)
    handlers.until("reconcile", REPO, PULL, times=before + 1)
    engine.reconcile(REPO, PullNumber(77))
    handlers.until("reconcile", REPO, 77)
    assert handlers.seen.count(("reconcile", REPO, PULL)) == before + 1


def test_the_same_moment_is_booked_once(engine: Engine, handlers: Recorder, clock: FakeClock) -> None:
    moment = clock.now() + timedelta(seconds=0.2)
    for _ in range(3):
        engine.reconcile(REPO, PullNumber(8), at=moment)
    handlers.until("reconcile", REPO, 8)
    engine.reconcile(REPO, PullNumber(78), at=moment)
    handlers.until("reconcile", REPO, 78)
    assert handlers.seen.count(("reconcile", REPO, 8)) == 1


def test_a_second_live_process_of_the_same_name_is_refused(engine: Engine, home: Path, clock: FakeClock) -> None:
    with pytest.raises(SettingsInvalid, match="another live process runs as executor 'alive'"):
        engine_on(home, "alive", clock).launch(Recorder())
    assert engine.running


def test_what_ended_long_ago_is_forgotten_and_a_review_asked_for_after_that_runs(
    engine: Engine, handlers: Recorder, clock: FakeClock
) -> None:
    """Named by a count of what is there, a review would get the name of one that ran and was not yet forgotten."""
    run = RunId("1-9-a")
    for attempt in (1, 2):
        engine.start_review(run, HEAD, {"reasoning": attempt})
        handlers.until("review", run, HEAD, (("reasoning", attempt),))
    first, second = sorted(
        client().list_workflows(workflow_id_prefix=f"review:{run}:", load_input=False), key=lambda one: one.workflow_id
    )
    for one in (first, second):
        client().retrieve_workflow(one.workflow_id).get_result()
    # dbos notes ends by the machine's clock.
    clock.advance((datetime.now(UTC) - clock.now()).total_seconds())
    assert engine.purge() == 0
    client().delete_workflows([first.workflow_id])
    engine.start_review(run, HEAD, {"reasoning": 3})
    handlers.until("review", run, HEAD, (("reasoning", 3),))
    clock.advance(timedelta(days=KEPT_DAYS + 3).total_seconds())
    assert engine.purge() > 0
    engine.start_review(run, HEAD, {"reasoning": 4})
    handlers.until("review", run, HEAD, (("reasoning", 4),))


def test_the_sweep_builds_again_after_a_purge(engine: Engine, handlers: Recorder) -> None:
    run = RunId("1-10-a")
    for times in (1, 2):
        engine.restart_build(run)
        handlers.until("built", run, times=times)
        for one in client().list_workflows(workflow_id_prefix=f"build:{run}:", load_input=False):
            client().retrieve_workflow(one.workflow_id).get_result()
    names = sorted(one.workflow_id for one in client().list_workflows(workflow_id_prefix=f"build:{run}:"))
    client().delete_workflows(names[:1])
    engine.restart_build(run)
    handlers.until("built", run, times=3)


def test_idle_queues_are_looked_at_seldom_and_busy_ones_often(
    engine: Engine, handlers: Recorder, clock: FakeClock
) -> None:
    def interval() -> float:
        queue = DBOS.retrieve_queue(BUILDS)
        assert queue is not None
        return queue.polling_interval_sec

    engine.start_build(RunId("1-11-a"), "start")
    handlers.until("built", "1-11-a")
    clock.advance(BUSY_FOR_SECONDS + 1)
    until(lambda: interval() == IDLE_SECONDS)
    engine.start_build(RunId("1-11-a"), "again")
    until(lambda: interval() == BUSY_SECONDS)


def until(reached: Callable[[], bool]) -> None:
    """Wait for another thread to do it; the waiting is bounded and on a state that can be read."""
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)
