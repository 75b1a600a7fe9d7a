"""Workers that are paused (SIGSTOP) around a merge, whose run another worker stops, and that resume (SIGCONT)."""

from __future__ import annotations

import signal
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from threading import Event

import psycopg

from bot.sandbox.github.request_log import RequestPhase
from tests.faults.real import Call, RealRun, name_of
from tests.faults.stops import STOPS_OWN, TO_THE_COMMAND, Stopped, Stopper, judge
from tests.journeys.world import OWNER

MERGE = "PUT /pulls/{pull_number}/merge"
AFTER_THE_CHECK = Call("PATCH /check-runs/{check_run_id}", 1, "after")
"""The gate's check is green; what follows is the last look and the merge."""
LEASE_SECONDS = 400.0
"""Longer than the lease of an effect and the grace after it."""
START_SECONDS = 180.0
RESUMED_SECONDS = 8.0
ANOTHER = "another"
"""The executor id of the worker that stops the run."""


def paused(where: str, *, database: str | None = None) -> Stopped:
    """Pause the worker at its `last look` or when its `merge` landed, and stop the run by another worker.

    It may make no effect after it resumes. A merge that landed has to be said, and its revert offered.
    """
    stopper, is_paused = Stopper("comment"), Event()
    checked = Event()

    def pause() -> None:
        # The request that called this is answered when it returns, so the worker's look or merge waits meanwhile.
        worker = run.stage.processes[1]
        while not is_paused.is_set():
            worker.send_signal(signal.SIGSTOP)
            if not _is_in_a_transaction(run):
                is_paused.set()
                return
            worker.send_signal(signal.SIGCONT)
            time.sleep(0.05)

    def visit(here: Call) -> None:
        if here == AFTER_THE_CHECK:
            checked.set()
        if where == "merge" and here == Call(MERGE, 1, "after"):
            pause()

    def read(asked: RequestPhase) -> None:
        if where == "last look" and checked.is_set() and name_of(asked) is None and asked.phase == "after":
            pause()

    with tempfile.TemporaryDirectory() as directory:
        run = stopper.run = RealRun(Path(directory), visit, database=database)
        run.stage.github.on_request(read)
        try:
            run.begin("web", "worker")
            run.until("the pause", is_paused.is_set)
            run.stage.start("worker", CADENCE_EXECUTOR_ID=ANOTHER)
            # A comment without a command is a delivery that leads to nothing. The sweep would be no sign: there is one
            # at a time, and the paused worker may be in it.
            run.repo.comment(run.issue, "This is read by the other worker.", by=OWNER)
            run.stage.until("the other worker", lambda: _handled_by_another(run), timeout=START_SECONDS)
            stopper.stop()
            made = judge(run, stopper, timeout=LEASE_SECONDS)
            _resume(run, made, landed=where == "merge")
            return made
        except AssertionError as error:
            return Stopped(is_paused.is_set(), wrong=[str(error)[:1500]])
        finally:
            run.stage.processes[1].send_signal(signal.SIGCONT)
            run.close()


def _is_in_a_transaction(run: RealRun) -> bool:
    """Whether a paused process keeps the others from writing to the database: then a stop cannot be taken at all."""
    if run.stage.database:
        with psycopg.connect(run.stage.database) as connection:
            idle = "select 1 from pg_stat_activity where datname = current_database() and state like 'idle in trans%'"
            return connection.execute(idle).fetchone() is not None
    for file in (run.stage.directory / "data").glob("*.sqlite"):
        with closing(sqlite3.connect(file, timeout=0.2, isolation_level=None)) as connection:
            try:
                connection.execute("begin immediate")
            except sqlite3.OperationalError:
                return True
    return False


def _handled_by_another(run: RealRun) -> bool:
    return any(one.taken_by == ANOTHER and one.status in ("done", "ignored") for one in run.ledger.deliveries())


def _resume(run: RealRun, made: Stopped, *, landed: bool) -> None:
    resumed = time.time()
    run.stage.processes[1].send_signal(signal.SIGCONT)
    time.sleep(RESUMED_SECONDS)
    entry = run.run()
    assert entry is not None
    late = [
        str(effect.kind)
        for effect in run.ledger.effects_of(entry.run_id)
        if effect.intended_at.timestamp() > resumed and effect.kind not in STOPS_OWN
    ]
    made.wrong += [f"{kind} after the worker resumed" for kind in late]
    merged = [pull for pull in run.repo.pulls() if pull.merged_at is not None]
    if not landed:
        sent = [str(one.call) for one in run.sent if one.at > resumed and one.call.name != TO_THE_COMMAND]
        made.wrong += [f"{call} after the worker resumed" for call in sent] + ["it was merged"] * bool(merged)
        return
    if not entry.reason.startswith("stop.late:") or len(merged) != 1:
        made.wrong.append(f"the merge is not said: {entry.state}, {entry.reason}, {len(merged)} merged")
    run.stage.until("the draft that reverts it", lambda: any(p.draft for p in run.repo.pulls()), timeout=120)
