"""Handlers that remember what they were asked, an engine on SQLite, and a process that dies in the midst of a build."""

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bot.core.clock import SystemClock
from bot.core.names import HeadSha, PullNumber, RepositoryId, RunId
from bot.engine.durable import Engine, EngineOptions
from bot.engine.executor_locks import FileExecutorLocks
from bot.engine.workflows import step
from tests.fakes.fake_clock import FakeClock


class Recorder:
    """bot.engine.workflows.Handlers; `during` may hold or fail a build."""

    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []
        self.during: dict[str, Callable[[], None]] = {}
        self._changed = threading.Condition()

    def note(self, *what: object) -> None:
        with self._changed:
            self.seen.append(what)
            self._changed.notify_all()

    def until(self, *what: object, times: int = 1) -> None:
        """Wait until it was noted that often."""
        with self._changed:
            ok = self._changed.wait_for(lambda: self.seen.count(what) >= times, timeout=30)
        assert ok, f"{what} was not seen {times} times: {self.seen}"

    def build(self, run_id: RunId) -> None:
        self.note("build", run_id)
        if run_id in self.during:
            self.during[run_id]()
        self.note("built", run_id)

    def review(self, run_id: RunId, head: HeadSha, attempts: Mapping[str, int], base_tip: str) -> None:
        self.note("review", run_id, head, tuple(attempts.items()))

    def reconcile(self, repository_id: RepositoryId, pull: PullNumber) -> None:
        self.note("reconcile", repository_id, pull)

    def sweep(self) -> None:
        self.note("sweep")

    def purge(self) -> None:
        self.note("purge")

    def errand(self, name: str, arguments: Sequence[str | int]) -> None:
        self.note("errand", name, *arguments)

    def crashed(self, run_id: RunId, error: Exception) -> None:
        self.note("crashed", run_id, str(error))


def engine_on(directory: Path, executor: str, clock: FakeClock | SystemClock, *, sweep: float = 3600) -> Engine:
    path = directory / "engine.sqlite"
    options = EngineOptions(
        database_url=f"sqlite:///{path}", executor_id=executor, sweep_seconds=sweep, sqlite_path=path
    )
    counts: Counter[str] = Counter()

    def next_number(name: str) -> int:
        counts[name] += 1
        return counts[name]

    return Engine(options, FileExecutorLocks(directory / "executors"), clock, next_number=next_number)


class Dying(Recorder):
    """Finishes one step of a build and dies in the second."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    def build(self, run_id: RunId) -> None:
        step("first", lambda: self._log.write_text(self._log.read_text() + "first\n"))
        os._exit(9)


def die(directory: Path) -> None:
    """For a process of its own: start a build as executor `gone` and die in it."""
    engine = engine_on(directory, "gone", SystemClock())
    engine.launch(Dying(directory / "log"))
    engine.start_build(RunId("1-2-x"), "start")
    threading.Event().wait(30)


if __name__ == "__main__":
    die(Path(sys.argv[1]))
