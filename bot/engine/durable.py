"""The workflow engine on dbos: short workflows with fixed ids and repeatable steps, which never wait for an event.

dbos holds only the work in progress; GitHub and the ledger hold the truth, so the sweep refills an empty engine.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

from bot.core.clock import Clock
from bot.core.errors import SettingsInvalid
from bot.core.names import HeadSha, PullNumber, RepositoryId, RunId
from bot.core.pace import BUSY_SECONDS, Pace
from bot.engine.executor_locks import ExecutorLocks
from bot.engine.upkeep import Upkeep
from bot.engine.workflows import (
    BUILDS,
    RECONCILES,
    REVIEWS,
    Handlers,
    client,
    connect,
    disconnect,
    enqueue,
    enqueue_build,
    set_client,
)

# Constant, because dbos takes up only work of its own version, and its default version changes with the code: every
# deployment would strand the work in progress. Changed steps use `DBOS.patch`.
# https://docs.dbos.dev/python/tutorials/upgrading-workflows
APPLICATION_VERSION = "cadence-1"

# From an earlier version. An empty queue still costs a query per poll, so it is removed from the database.
_OLD_QUEUE = "events"
# Events that arrive within this time cause one reconcile.
RECONCILE_DELAY_SECONDS = 0.5
# GitHub allows to redeliver for three days (seven on GHES), and deleting a workflow frees its id: a redelivery would
# start it again. https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
KEPT_DAYS = 14
IDLE_CHECK_SECONDS = 0.05
_NOT_STARTED = ("ENQUEUED", "DELAYED")
_ACTIVE = ("PENDING", *_NOT_STARTED)
_ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Where the engine stores its work, the id of this executor, and the seconds between two sweeps."""

    database_url: str
    executor_id: str
    sweep_seconds: float
    sqlite_path: Path | None = None


class Engine:
    """Starts, wakes, recovers and purges workflows. One per process, because dbos is a singleton of the process."""

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
        self._upkeep = Upkeep(options.executor_id, options.sweep_seconds, locks, clock, self._pace)
        self._own_lock: AbstractContextManager[None] | None = None
        self._dbos: DBOS | None = None
        self.running = False

    def launch(self, handlers: Handlers) -> None:
        """Take the executor's lock, start dbos, its queues and the recovery, sweep and pace threads.

        Raises SettingsInvalid when another live process has the same executor id.
        """
        # A second process with the same id would run again what the first one is running (seen with dbos 3.4.0).
        held = self._locks.try_hold(self._options.executor_id)
        if held is None:
            raise SettingsInvalid(
                f"another live process runs as executor {self._options.executor_id!r}",
                remedy="Give each process its own CADENCE_EXECUTOR_ID.",
            )
        held.__enter__()
        self._own_lock = held
        connect(handlers, self._pace)
        self._launch_dbos()
        set_client(
            DBOSClient(
                system_database_url=self._options.database_url,
                serializer=DBOSPortableJSONSerializer(),
                application_name="cadence",
            )
        )
        self.running = True
        self._upkeep.start()

    def _launch_dbos(self) -> None:
        if self._options.sqlite_path is not None:
            # With a write-ahead log a reader does not wait for a writer; dbos does not set it. The file keeps the mode.
            # https://www.sqlite.org/wal.html
            self._options.sqlite_path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._options.sqlite_path)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.close()
        # https://docs.dbos.dev/python/reference/configuration
        self._dbos = DBOS(
            config={
                "name": "cadence",
                "system_database_url": self._options.database_url,
                "executor_id": self._options.executor_id,
                "application_version": APPLICATION_VERSION,
                "log_level": "WARNING",
                # Unlimited by default.
                "max_executor_threads": 32,
                # On SQLite a thread sleeps that long between looks at a list, empty here, and `destroy` joins it.
                "notification_listener_polling_interval_sec": 0.1,
                # The default is pickle. Both this and the client's must be JSON.
                "serializer": DBOSPortableJSONSerializer(),
            }
        )
        DBOS.launch()
        # Queues are rows, registered after launch. Without `worker_concurrency` one worker takes the whole backlog.
        # https://docs.dbos.dev/python/tutorials/queue-tutorial
        poll = BUSY_SECONDS
        DBOS.register_queue(BUILDS, partition_concurrency=1, worker_concurrency=4, polling_interval_sec=poll)
        DBOS.register_queue(REVIEWS, worker_concurrency=4, polling_interval_sec=poll)
        # Partitioned by repository (reconciles), by installation (errands) and by name (sweep and purge).
        DBOS.register_queue(RECONCILES, partition_concurrency=1, worker_concurrency=12, polling_interval_sec=poll)
        if DBOS.retrieve_queue(_OLD_QUEUE) is not None:
            DBOS.delete_queue(_OLD_QUEUE)

    def close(self, patience: float = 10.0) -> None:
        """Take no more work, wait up to `patience` seconds for what runs, and release the executor's lock."""
        self.running = False
        self._upkeep.stop()
        self._wait_until_idle(patience)
        DBOS.destroy(workflow_completion_timeout_sec=0)
        disconnect()
        if self._own_lock is not None:
            self._own_lock.__exit__(None, None, None)

    def _wait_until_idle(self, patience: float) -> None:
        """Stop taking workflows, as `DBOS.destroy` does, which checks only once a second what still runs."""
        dbos = self._dbos
        if dbos is None:
            return
        for event in dbos.background_thread_stop_events:
            event.set()
        end = self._clock.monotonic() + patience
        while True:
            # Also before the first check: a workflow that a queue has just taken is not among the active ones yet.
            threading.Event().wait(IDLE_CHECK_SECONDS)
            if not dbos._active_workflows_set.activeList() or self._clock.monotonic() >= end:
                return

    def start_build(self, run_id: RunId, key: str, *, delay: float = 0.0) -> None:
        """Start or wake a run's build after `delay` seconds, once per (run, key)."""
        enqueue_build(f"build:{run_id}:{key}", run_id, 1, delay=delay)

    def restart_build(self, run_id: RunId) -> None:
        """Start a build unless one of this run is waiting or running; for the sweep."""
        prefix = f"build:{run_id}:"
        if not self._has(prefix, _ACTIVE):
            self.start_build(run_id, f"sweep-n{self._next_number(prefix)}")

    def start_review(
        self, run_id: RunId, head: HeadSha, attempts: Mapping[str, int] | None = None, *, base_tip: str = ""
    ) -> None:
        """Review one head and post the reviews, unless that is waiting or running.

        `attempts` (by kind of review) asks for a further verdict where one is stored, and is always enqueued.
        `base_tip` is the tip of the base that the verdicts are wanted for; when it is empty, the review reads it.
        """
        prefix = f"review:{run_id}:{head}:"
        if attempts is None and self._has(prefix, _ACTIVE):
            return
        name = f"{prefix}n{self._next_number(prefix)}"
        enqueue("review", REVIEWS, run_id, head, dict(attempts or {}), base_tip, workflow_id=name)

    def tick(self, repository_id: RepositoryId, pull: PullNumber) -> None:
        """Reconcile the pull request soon, because something happened; a burst of events causes one reconcile."""
        # A reconcile that has not started will see what happened. One that runs may have read before it, so another is
        # enqueued then. dbos's own deduplication id would drop an event during the run (seen with 3.4.0).
        prefix = f"look:{repository_id}:{pull}:"
        if not self._has(prefix, _NOT_STARTED):
            name = f"{prefix}n{self._next_number(prefix)}"
            self._enqueue_reconcile(repository_id, pull, delay=RECONCILE_DELAY_SECONDS, workflow_id=name)

    def reconcile(self, repository_id: RepositoryId, pull: PullNumber, *, at: datetime | None = None) -> None:
        """Reconcile the pull request now, or at a time (once per time)."""
        if at is None:
            self._enqueue_reconcile(repository_id, pull)
            return
        delay = max(0.1, (at - self._clock.now()).total_seconds() + 0.2)
        name = f"reconcile:{repository_id}:{pull}:at-{at.timestamp():.1f}"
        self._enqueue_reconcile(repository_id, pull, delay=delay, workflow_id=name)

    def _enqueue_reconcile(
        self, repository_id: RepositoryId, pull: PullNumber, *, delay: float = 0.0, **options: str
    ) -> None:
        # One at a time per repository: two pull requests of one base must not be merged on the same reading.
        key = str(repository_id)
        enqueue("reconcile", RECONCILES, repository_id, pull, delay=delay, queue_partition_key=key, **options)

    def start_errand(
        self, name: str, installation_id: int, key: str, arguments: Sequence[str | int], *, delay: float = 0.0
    ) -> None:
        """Have a worker write something on GitHub after `delay` seconds, once per (name, key)."""
        # One at a time per installation: they wait for the same write slots, and builds, reviews and merges need the
        # others.
        partition = f"errands:{installation_id}"
        enqueue(
            "errand", RECONCILES, name, list(arguments), delay=delay,
            workflow_id=f"errand:{name}:{key}", queue_partition_key=partition,
        )  # fmt: skip

    def purge(self) -> int:
        """Delete the workflows that ended more than KEPT_DAYS days ago; returns how many."""
        # The open-source part of dbos 3.4.0 deletes nothing itself.
        before = (self._clock.now() - timedelta(days=KEPT_DAYS)).isoformat()
        gone = 0
        while True:
            old = client().list_workflows(
                status=list(_ENDED), end_time=before, limit=500, load_input=False, load_output=False
            )
            if not old:
                return gone
            client().delete_workflows([workflow.workflow_id for workflow in old])
            gone += len(old)

    def recover_dead(self) -> list[str]:
        """Take over the work of dead executors; returns their ids."""
        return self._upkeep.recover_dead()

    def is_dead(self, executor_id: str) -> bool:
        """Whether no process holds that executor's lock, so that its work may be given to others."""
        return self._upkeep.is_dead(executor_id)

    def _has(self, prefix: str, status: Sequence[str]) -> bool:
        return bool(
            client().list_workflows(
                workflow_id_prefix=prefix, status=list(status), limit=1, load_input=False, load_output=False
            )
        )
