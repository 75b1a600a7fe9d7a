"""The durable engine: the only user of dbos. Short workflows, natural ids, idempotent steps; nothing waits inside.

What dbos leaves to us stands here: an executor id that is alive as long as a lock is held, recovery of dead executors'
work, a constant application version, and a retention job. dbos holds only work in flight; the truth is GitHub and the
ledger, so an empty engine is refilled by the sweep.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

import structlog
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer
from dbos._serialization import DefaultSerializer

from bot.core.clock import Clock
from bot.core.errors import CadenceError, SettingsInvalid
from bot.core.names import CommitSha, HeadSha, PullNumber, RepositoryId, RunId
from bot.core.pace import BUSY_FOR_SECONDS, BUSY_SECONDS, IDLE_SECONDS, Pace

T = TypeVar("T")
log = structlog.get_logger("cadence.engine")

APPLICATION_VERSION = "cadence-1"
"""Constant: dbos strands work in flight under any other version. Code changes use `DBOS.patch`."""

BUILDS, REVIEWS, RECONCILES = "builds", "reviews", "reconciles"
QUEUES = (BUILDS, REVIEWS, RECONCILES)
_OLD_QUEUE = "events"
"""Of an earlier version; each queue costs statements even when nothing is in it, so it is taken out of the database."""
BUILD_ATTEMPTS = 3
LOOK_DELAY_SECONDS = 0.5
"""A burst of events within this time is one look."""
KEPT_DAYS = 14
"""GitHub redelivers for three days (seven on GHES); deleting a workflow frees its id, so keep well beyond that."""
PACE_CHECK_SECONDS = 0.25
IDLE_CHECK_SECONDS = 0.05
_NOT_BEGUN = ("ENQUEUED", "DELAYED")
_ACTIVE = ("PENDING", *_NOT_BEGUN)


def _refuse_pickle(_serializer: DefaultSerializer, _text: str) -> Any:
    raise ValueError("a row of the engine's database is a pickle; Cadence writes none and reads none")


# On reading, the row's own `serialization` column decides, whatever serializer is configured (seen with dbos 3.4.0):
# without this, whoever can write to the database could run code in this process.
DefaultSerializer.deserialize = _refuse_pickle  # type: ignore[method-assign, assignment]


class Handlers(Protocol):
    """What the workflows do; `flow.Flow` in production."""

    def build(self, run_id: RunId) -> None: ...
    def review(self, run_id: RunId, head: HeadSha, attempts: Mapping[str, int], base_tip: str) -> None: ...
    def reconcile(self, repository_id: RepositoryId, pull: PullNumber) -> None: ...
    def sweep(self) -> None: ...
    def purge(self) -> None: ...
    def errand(self, name: str, arguments: Sequence[str | int]) -> None: ...
    def crashed(self, run_id: RunId, error: Exception) -> None: ...


class ExecutorLocks(Protocol):
    """Liveness of executors: a lock that death releases (a file lock, or a PostgreSQL advisory lock)."""

    def try_hold(self, executor_id: str) -> AbstractContextManager[None] | None:
        """Hold the executor's lock until the context is left, or None while somebody else lives by it."""


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Where the engine keeps its work, who it is, and how often it looks around (seconds)."""

    database_url: str
    executor_id: str
    sweep_seconds: float
    sqlite_path: Path | None = None


_handlers: Handlers | None = None
_pace: Pace | None = None


def _services() -> Handlers:
    if _handlers is None:
        raise CadenceError("the engine has no handlers yet", code="internal")
    return _handlers


def step(name: str, work: Callable[[], T]) -> T:
    """Run one checkpointed step of the current workflow: once finished it is never run again."""
    _worked()
    result: T = DBOS.run_step({"name": name}, work)
    return result


def _worked() -> None:
    if _pace is not None:
        _pace.worked()


@DBOS.workflow(name="deliver")
def _deliver(guid: str) -> None:
    """Of an earlier version, which may have left some in the queue. The inbox has the delivery itself."""
    log.info("deliver.left_to_the_inbox", delivery=guid)


@DBOS.workflow(name="build")
def _build(run_id: str, attempt: int) -> None:
    run = RunId(run_id)
    try:
        _services().build(run)
    except Exception as error:
        log.exception("build.crashed", run=run_id, attempt=attempt)
        if attempt < BUILD_ATTEMPTS:
            _client().enqueue(_build_options(f"{DBOS.workflow_id}~{attempt + 1}", run, delay=5.0), run_id, attempt + 1)
        else:
            _services().crashed(run, error)


@DBOS.workflow(name="review")
def _review(run_id: str, head: str, attempts: dict[str, int], base_tip: str = "") -> None:
    step("review", lambda: _services().review(RunId(run_id), HeadSha(CommitSha(head)), attempts, base_tip))


@DBOS.workflow(name="errand")
def _errand(name: str, arguments: list[str | int]) -> None:
    step("errand", lambda: _services().errand(name, arguments))


@DBOS.workflow(name="reconcile")
def _reconcile(repository_id: int, pull: int) -> None:
    step("reconcile", lambda: _services().reconcile(RepositoryId(repository_id), PullNumber(pull)))


@DBOS.workflow(name="sweep")
def _sweep() -> None:
    step("sweep", lambda: _services().sweep())


@DBOS.workflow(name="purge")
def _purge() -> None:
    step("purge", lambda: _services().purge())


_the_client: DBOSClient | None = None


def _quiet_client() -> DBOSClient:
    """The client, for reading what is no sign of work."""
    if _the_client is None:
        raise CadenceError("the engine is not open", code="internal")
    return _the_client


def _client() -> DBOSClient:
    """The client, for what is work: the queues are looked at often for a while."""
    _worked()
    return _quiet_client()


def _build_options(workflow_id: str, run_id: RunId, *, delay: float) -> Any:
    options: dict[str, Any] = {
        "workflow_name": "build",
        "queue_name": BUILDS,
        "workflow_id": workflow_id,
        "queue_partition_key": str(run_id).rpartition("-")[0],
    }
    return options | ({"delay_seconds": delay} if delay > 0 else {})


def _enqueue_reconcile(repository_id: int, pull: int, delay: float, name: str | None = None) -> None:
    """Serial per repository: two pull requests of one base must not be merged on the same reading."""
    options: dict[str, Any] = {
        "workflow_name": "reconcile",
        "queue_name": RECONCILES,
        "queue_partition_key": str(repository_id),
    }
    if delay > 0:
        options["delay_seconds"] = delay
    if name is not None:
        options["workflow_id"] = name
    _client().enqueue(options, repository_id, pull)  # type: ignore[arg-type]


class Engine:
    """Starts, wakes, recovers and purges workflows. One per process (dbos itself is a process-wide singleton)."""

    def __init__(
        self,
        options: EngineOptions,
        locks: ExecutorLocks,
        clock: Clock,
        *,
        next_number: Callable[[str], int],
        pace: Pace | None = None,
    ) -> None:
        """`next_number` counts up by name and never repeats a number, not even after a purge or a restart."""
        self._options = options
        self._next_number = next_number
        self._pace = pace or Pace(clock)
        self._locks = locks
        self._clock = clock
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._own_lock: AbstractContextManager[None] | None = None
        self._dbos: DBOS | None = None
        self.running = False

    # -- life ---------------------------------------------------------------------------------------------------
    def launch(self, handlers: Handlers) -> None:
        """Take the executor's lock, start dbos, its queues and the recovery and sweep threads.

        Raises SettingsInvalid when another live process has the same executor id.
        """
        global _handlers, _the_client, _pace
        held = self._locks.try_hold(self._options.executor_id)
        if held is None:
            raise SettingsInvalid(
                f"another live process runs as executor {self._options.executor_id!r}",
                remedy="Give each process its own CADENCE_EXECUTOR_ID.",
            )
        held.__enter__()
        self._own_lock = held
        _handlers, _pace = handlers, self._pace
        self._launch_dbos()
        _the_client = DBOSClient(
            system_database_url=self._options.database_url,
            serializer=DBOSPortableJSONSerializer(),
            application_name="cadence",
        )
        self.running = True
        for work in (self._recover_loop, self._sweep_loop, self._pace_loop):
            thread = threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _launch_dbos(self) -> None:
        if self._options.sqlite_path is not None:
            self._options.sqlite_path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._options.sqlite_path)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.close()
        self._dbos = DBOS(
            config={
                "name": "cadence",
                "system_database_url": self._options.database_url,
                "executor_id": self._options.executor_id,
                "application_version": APPLICATION_VERSION,
                "log_level": "WARNING",
                "max_executor_threads": 32,
                # On SQLite a thread sleeps that long between looks at a list, empty here, and `destroy` joins it.
                "notification_listener_polling_interval_sec": 0.1,
                "serializer": DBOSPortableJSONSerializer(),
            }
        )
        DBOS.launch()
        poll = BUSY_SECONDS
        DBOS.register_queue(BUILDS, partition_concurrency=1, worker_concurrency=4, polling_interval_sec=poll)
        DBOS.register_queue(REVIEWS, worker_concurrency=4, polling_interval_sec=poll)
        # Looks, errands and sweeps: partitioned by repository, by installation, and by their names.
        DBOS.register_queue(RECONCILES, partition_concurrency=1, worker_concurrency=12, polling_interval_sec=poll)
        if DBOS.retrieve_queue(_OLD_QUEUE) is not None:
            DBOS.delete_queue(_OLD_QUEUE)

    def close(self, patience: float = 10.0) -> None:
        """Stop taking work, let what runs finish for `patience` seconds, and give the executor's lock back."""
        global _handlers, _the_client, _pace
        self._stop.set()
        self.running = False
        for thread in self._threads:
            thread.join(timeout=2.0)
        self._wait_until_idle(patience)
        DBOS.destroy(workflow_completion_timeout_sec=0)
        if _the_client is not None:
            _the_client.destroy()
        _handlers, _the_client, _pace = None, None, None
        if self._own_lock is not None:
            self._own_lock.__exit__(None, None, None)

    def _wait_until_idle(self, patience: float) -> None:
        """Stop taking workflows, as `DBOS.destroy` does, which looks only once a second at what still runs."""
        dbos = self._dbos
        if dbos is None:
            return
        for event in dbos.background_thread_stop_events:
            event.set()
        end = self._clock.monotonic() + patience
        while True:
            # Before the first look too: what a queue has just taken is not among the active ones yet.
            threading.Event().wait(IDLE_CHECK_SECONDS)
            if not dbos._active_workflows_set.activeList() or self._clock.monotonic() >= end:
                return

    # -- work ---------------------------------------------------------------------------------------------------
    def start_build(self, run_id: RunId, key: str, *, delay: float = 0.0) -> None:
        """Start or wake a run's build; the same (run, key) is started once. Builds of one issue never overlap."""
        _client().enqueue(_build_options(f"build:{run_id}:{key}", run_id, delay=delay), run_id, 1)

    def restart_build(self, run_id: RunId) -> None:
        """For the sweep: start a build unless one of this run is already waiting or running."""
        prefix = f"build:{run_id}:"
        if self._is_active(prefix):
            return
        self.start_build(run_id, f"sweep-n{self._next_number(prefix)}")

    def _is_active(self, prefix: str, among: Sequence[str] = _ACTIVE) -> bool:
        seen = _client().list_workflows(
            workflow_id_prefix=prefix, status=list(among), limit=1, load_input=False, load_output=False
        )
        return bool(seen)

    def start_review(
        self, run_id: RunId, head: HeadSha, attempts: Mapping[str, int] | None = None, *, base_tip: str = ""
    ) -> None:
        """Judge and post the reviews of one head, unless that is already waiting or running.

        `attempts` (by kind of review) asks for another opinion where one is filed already; that is always queued.
        `base_tip` is the tip of the base for which the verdicts are wanted; without one the review reads it.
        """
        prefix = f"review:{run_id}:{head}:"
        if attempts is None and self._is_active(prefix):
            return
        name = f"{prefix}n{self._next_number(prefix)}"
        options: Any = {"workflow_name": "review", "queue_name": REVIEWS, "workflow_id": name}
        _client().enqueue(options, run_id, head, dict(attempts or {}), base_tip)

    def tick(self, repository_id: RepositoryId, pull: PullNumber) -> None:
        """Something happened outside: look at the pull request soon; a burst of events is one look.

        A look that has not begun yet will see what happened, so no other one is booked.
        """
        prefix = f"look:{repository_id}:{pull}:"
        if not self._is_active(prefix, _NOT_BEGUN):
            _enqueue_reconcile(repository_id, pull, LOOK_DELAY_SECONDS, f"{prefix}n{self._next_number(prefix)}")

    def start_errand(
        self, name: str, installation_id: int, key: str, arguments: Sequence[str | int], *, delay: float = 0.0
    ) -> None:
        """Have something written on GitHub by a worker that may wait for its turn; the same (name, key) once.

        Errands of one installation run one after the other: they wait for the same write slots, and one of them at a
        time leaves the others to builds, reviews and merges.
        """
        options: Any = {
            "workflow_name": "errand",
            "queue_name": RECONCILES,
            "queue_partition_key": f"errands:{installation_id}",
            "workflow_id": f"errand:{name}:{key}",
        }
        _client().enqueue(options | ({"delay_seconds": delay} if delay > 0 else {}), name, list(arguments))

    def reconcile(self, repository_id: RepositoryId, pull: PullNumber, *, at: datetime | None = None) -> None:
        """Look at the pull request now, or at a moment (the same moment is booked once)."""
        if at is None:
            _enqueue_reconcile(repository_id, pull, 0.0)
            return
        delay = max(0.1, (at - self._clock.now()).total_seconds() + 0.2)
        _enqueue_reconcile(repository_id, pull, delay, f"reconcile:{repository_id}:{pull}:at-{at.timestamp():.1f}")

    def purge(self) -> int:
        """Delete ended workflows older than KEPT_DAYS days; returns how many."""
        before = (self._clock.now() - timedelta(days=KEPT_DAYS)).isoformat()
        gone = 0
        while True:
            old = _client().list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"],
                end_time=before,
                limit=500,
                load_input=False,
                load_output=False,
            )
            if not old:
                return gone
            _client().delete_workflows([one.workflow_id for one in old])
            gone += len(old)

    # -- threads ------------------------------------------------------------------------------------------------
    def _recover_loop(self) -> None:
        while not self._stop.wait(15.0):
            try:
                self.recover_dead()
            except Exception:
                log.exception("recover.failed")

    def recover_dead(self) -> list[str]:
        """Re-queue the work of executors whose lock nobody holds; returns their ids."""
        pending = _quiet_client().list_workflows(status="PENDING", load_input=False, load_output=False)
        dead = []
        for executor in {one.executor_id for one in pending if one.executor_id}:
            if executor == self._options.executor_id:
                continue
            lock = self._locks.try_hold(executor)
            if lock is None:
                continue
            with lock:
                log.warning("recover.executor", executor=executor)
                DBOS._recover_pending_workflows([executor])
                dead.append(executor)
        return dead

    def is_dead(self, executor_id: str) -> bool:
        """Whether nobody holds that executor's lock, so that its work may be given to others."""
        if executor_id == self._options.executor_id:
            return False
        lock = self._locks.try_hold(executor_id)
        if lock is None:
            return False
        with lock:
            return True

    def _pace_loop(self) -> None:
        """Set how often the queues are looked at. The interval is a row that all processes share: one that is busy
        writes it again now and then, because one that idles may have slowed the queues down."""
        written, at = 0.0, self._clock.monotonic()
        while not self._stop.wait(PACE_CHECK_SECONDS):
            wanted, now = self._pace.seconds(), self._clock.monotonic()
            if wanted == written and (wanted == IDLE_SECONDS or now - at < BUSY_FOR_SECONDS / 2):
                continue
            try:
                for name in QUEUES:
                    queue = DBOS.retrieve_queue(name)
                    if queue is not None:
                        queue.set_polling_interval_sec(wanted)
                written, at = wanted, now
            except Exception:
                log.exception("pace.failed")

    def _sweep_loop(self) -> None:
        """Every process asks; the workflow id, cut from the clock, makes it one sweep per interval."""
        asked: dict[str, str] = {}
        while True:
            try:
                slot = int(self._clock.now().timestamp() // self._options.sweep_seconds)
                day = self._clock.now().date().isoformat()
                for name, key in (("sweep", f"sweep:{slot}"), ("purge", f"purge:{day}")):
                    # What was asked for before is not asked again: that would look like work and quicken the queues.
                    if asked.get(name) != key:
                        options = {"workflow_name": name, "queue_name": RECONCILES, "queue_partition_key": name}
                        _client().enqueue({**options, "workflow_id": key})  # type: ignore[typeddict-item]
                        asked[name] = key
            except Exception:
                log.exception("sweep.failed")
            if self._stop.wait(min(self._options.sweep_seconds, 30.0)):
                return
