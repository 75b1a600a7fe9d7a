"""Engines that start and end: one sweep per interval, the lock, and work taken over from a process that died."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from bot.core.errors import CadenceError
from bot.core.names import RunId
from bot.engine.executor_locks import FileExecutorLocks
from bot.engine.workflows import step
from tests.adapters.engine_stage import Recorder, engine_on
from tests.fakes.fake_clock import FakeClock


class Watched(FakeClock):
    """Notes that the sweep's loop has looked at it: twice a round."""

    def __init__(self, handlers: Recorder) -> None:
        super().__init__()
        self._handlers = handlers

    def now(self) -> datetime:
        self._handlers.note("looked")
        return super().now()


def test_a_sweep_per_interval_however_often_it_is_asked_for(tmp_path: Path) -> None:
    handlers = Recorder()
    clock = Watched(handlers)
    engine = engine_on(tmp_path, "one", clock, sweep=0.1)
    engine.launch(handlers)
    try:
        handlers.until("sweep")
        handlers.until("looked", times=10)
        engine.start_build(RunId("1-1-a"), "start")
        handlers.until("built", "1-1-a")
        assert handlers.seen.count(("sweep",)) == 1, "the clock stands still, and so does the interval"
        clock.advance(0.1)
        handlers.until("sweep", times=2)
        assert handlers.seen.count(("purge",)) == 1
    finally:
        engine.close(patience=1.0)


def test_a_closed_engine_gives_its_name_back(tmp_path: Path) -> None:
    locks = FileExecutorLocks(tmp_path / "executors")
    engine = engine_on(tmp_path, "one", FakeClock())
    engine.launch(Recorder())
    assert locks.try_hold("one") is None
    engine.close(patience=1.0)
    held = locks.try_hold("one")
    assert held is not None and not engine.running
    with held:
        assert locks.try_hold("one") is None


def test_the_work_of_a_dead_process_is_taken_over_from_its_last_finished_step(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("")
    died = subprocess.run(
        [sys.executable, "-m", "tests.adapters.engine_stage", str(tmp_path)], cwd=Path(__file__).parents[2],
        capture_output=True, timeout=90, check=False,
    )  # fmt: skip
    assert died.returncode == 9, died.stderr.decode()[-2000:]
    assert log.read_text() == "first\n"

    class Heir(Recorder):
        def build(self, run_id: RunId) -> None:
            step("first", lambda: log.write_text(log.read_text() + "first again\n"))
            step("second", lambda: log.write_text(log.read_text() + "second\n"))
            self.note("built", run_id)

    handlers = Heir()
    heir = engine_on(tmp_path, "heir", FakeClock())
    heir.launch(handlers)
    try:
        assert heir.recover_dead() == ["gone"]
        handlers.until("built", "1-2-x")
        assert log.read_text() == "first\nsecond\n"
        assert heir.recover_dead() == []
    finally:
        heir.close(patience=1.0)


def test_a_closed_engine_takes_no_work(tmp_path: Path) -> None:
    with pytest.raises(CadenceError, match=r"^internal: "):
        engine_on(tmp_path, "x", FakeClock()).start_build(RunId("1-1-a"), "start")
