"""The engine's background threads: recovery of dead executors' work, the sweep, and how often the queues are polled."""

from __future__ import annotations

import threading

import structlog
from dbos import DBOS

from bot.core.clock import Clock
from bot.core.pace import BUSY_FOR_SECONDS, IDLE_SECONDS, Pace
from bot.engine.executor_locks import ExecutorLocks
from bot.engine.workflows import QUEUES, RECONCILES, client, enqueue

log = structlog.get_logger("cadence.engine")

RECOVERY_SECONDS = 15.0
PACE_CHECK_SECONDS = 0.25


class Upkeep:
    """Runs the threads between `start` and `stop`. An error in one round is logged, and the next round runs."""

    def __init__(self, executor_id: str, sweep_seconds: float, locks: ExecutorLocks, clock: Clock, pace: Pace) -> None:
        self._executor_id = executor_id
        self._sweep_seconds = sweep_seconds
        self._locks = locks
        self._clock = clock
        self._pace = pace
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the three threads; they end with the process."""
        for work in (self._recover_loop, self._sweep_loop, self._pace_loop):
            thread = threading.Thread(target=work, name=work.__name__.strip("_"), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End the threads; waits up to two seconds for each."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=2.0)

    def recover_dead(self) -> list[str]:
        """Enqueue again the work of executors whose lock no process holds; returns their ids."""
        # dbos recovers at start, for its own executor id, and otherwise only with its paid Conductor. This private call
        # takes only the rows of the executors named, so that several processes may make it at once (seen with 3.4.0).
        pending = client(is_work=False).list_workflows(status="PENDING", load_input=False, load_output=False)
        dead = []
        for executor in {workflow.executor_id for workflow in pending if workflow.executor_id}:
            if executor == self._executor_id:
                continue
            lock = self._locks.try_hold(executor)
            if lock is None:
                continue
            # Held meanwhile, so that the executor does not start in between.
            with lock:
                log.warning("recover.executor", executor=executor)
                DBOS._recover_pending_workflows([executor])
                dead.append(executor)
        return dead

    def is_dead(self, executor_id: str) -> bool:
        """Whether no process holds that executor's lock."""
        lock = None if executor_id == self._executor_id else self._locks.try_hold(executor_id)
        if lock is None:
            return False
        with lock:
            return True

    def _recover_loop(self) -> None:
        while not self._stop.wait(RECOVERY_SECONDS):
            try:
                self.recover_dead()
            except Exception:
                log.exception("recover.failed")

    def _pace_loop(self) -> None:
        # The interval is a row that all processes share. A busy process writes it again now and then, because an idle
        # one may have written its longer one. dbos polls; it has no notification for a new workflow.
        # https://docs.dbos.dev/python/tutorials/queue-tutorial
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
        # Every process enqueues, and the workflow id, made from the clock, makes it one sweep per interval.
        enqueued: dict[str, str] = {}
        while True:
            try:
                slot = int(self._clock.now().timestamp() // self._sweep_seconds)
                day = self._clock.now().date().isoformat()
                for name, key in (("sweep", f"sweep:{slot}"), ("purge", f"purge:{day}")):
                    # Enqueuing counts as work and makes the queues be polled often, so it happens once per id.
                    if enqueued.get(name) != key:
                        enqueue(name, RECONCILES, workflow_id=key, queue_partition_key=name)
                        enqueued[name] = key
            except Exception:
                log.exception("sweep.failed")
            if self._stop.wait(min(self._sweep_seconds, 30.0)):
                return
