"""The workers that take deliveries from the inbox and handle them. The inbox is the queue; nothing else holds them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

import structlog

from bot.core.clock import Clock
from bot.core.names import DeliveryId
from bot.core.pace import Pace
from bot.intake.urgency import ASKED
from bot.ledger.entries import Delivery
from bot.ledger.ledger import Ledger

log = structlog.get_logger("cadence.drain")

WORKERS = 4
"""One of them takes only what people ask for: reading a large pull request must not keep a command waiting."""
LOT = 16
_CHECK_OWNERS_SECONDS = 15.0
Handle = Callable[[DeliveryId], None]


class Drainer:
    """Takes deliveries that wait, in the order of their urgency, and gives back what a dead process had taken."""

    def __init__(
        self,
        ledger: Ledger,
        handle: Handle,
        wake: threading.Event,
        *,
        clock: Clock,
        owner: str,
        is_dead: Callable[[str], bool] | None = None,
        pace: Pace | None = None,
    ) -> None:
        """`handle` records the outcome of a delivery and raises nothing. `owner` is this process's executor id.

        `is_dead` says whether the process of an executor id has ended: what it had taken is given back then.
        """
        self._ledger = ledger
        self._handle = handle
        self._wake = wake
        self._clock = clock
        self._owner = owner
        self._is_dead = is_dead
        self._pace = pace or Pace(clock)
        self._stop = threading.Event()
        self._ready = threading.Condition()
        self._urgent: deque[Delivery] = deque()
        self._others: deque[Delivery] = deque()
        self._looked_at = clock.monotonic()
        self._threads: list[threading.Thread] = []
        self._unrecorded: deque[DeliveryId] = deque()
        # Nothing runs under this id yet: what it has taken, it took before it ended.
        ledger.release_deliveries(owner, clock.now())

    def start(self) -> None:
        """Start taking and handling."""
        works: list[Callable[[], None]] = [self._loop, lambda: self._work(urgent_only=True)]
        works += [lambda: self._work(urgent_only=False)] * (WORKERS - 1)
        for number, work in enumerate(works):
            thread = threading.Thread(target=work, name=f"drain-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, patience: float = 5.0) -> None:
        """Stop taking; what is being handled gets `patience` seconds. The rest is taken again at the next start."""
        self._stop.set()
        self._wake.set()
        with self._ready:
            self._urgent.clear()
            self._others.clear()
            self._ready.notify_all()
        end = self._clock.monotonic() + patience
        for thread in self._threads:
            thread.join(timeout=max(0.0, end - self._clock.monotonic()))

    def hand_over(self, limit: int = LOT) -> int:
        """Take one lot and handle it in this thread; returns how many deliveries it held."""
        taken = self._ledger.claim_deliveries(self._owner, self._clock.now(), limit=limit)
        for delivery in taken:
            self._handle(delivery.guid)
        return len(taken)

    def _loop(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(self._pace.seconds())
            self._wake.clear()
            try:
                self._record_failures()
                while not self._stop.is_set() and self._take_lot():
                    self._pace.worked()
                self._free_dead()
            except Exception:
                # The outermost loop of this thread: whatever was not taken is still in the inbox.
                log.exception("drain.failed")
                self._stop.wait(1.0)

    def _record_failures(self) -> None:
        while self._unrecorded:
            text = "internal: the outcome could not be recorded"
            self._ledger.fail_delivery(self._unrecorded[0], text, self._clock.now())
            self._unrecorded.popleft()

    def _take_lot(self) -> int:
        """Take what there is room for. Many slow deliveries still leave room for what people ask."""
        urgent_only = len(self._others) >= LOT // 2
        if urgent_only and len(self._urgent) >= LOT:
            return 0
        taken = self._ledger.claim_deliveries(self._owner, self._clock.now(), limit=LOT, urgent_only=urgent_only)
        with self._ready:
            for delivery in taken:
                (self._urgent if delivery.urgency == ASKED else self._others).append(delivery)
            self._ready.notify_all()
        return len(taken)

    def _work(self, *, urgent_only: bool) -> None:
        while True:
            with self._ready:
                while not self._stop.is_set() and not self._next_queue(urgent_only):
                    self._ready.wait()
                if self._stop.is_set():
                    return
                delivery = (self._next_queue(urgent_only) or self._urgent).popleft()
                low = len(self._others) < LOT // 2
            try:
                self._handle(delivery.guid)
            except Exception:
                # A worker's outermost loop. `handle` could not even record that it failed: the database did not answer.
                log.exception("drain.unrecorded", delivery=delivery.guid)
                self._unrecorded.append(delivery.guid)
            self._pace.worked()
            if low:
                self._wake.set()

    def _next_queue(self, urgent_only: bool) -> deque[Delivery] | None:
        if self._urgent:
            return self._urgent
        return self._others if self._others and not urgent_only else None

    def _free_dead(self) -> None:
        """Give back what executors that have ended had taken."""
        if self._is_dead is None or self._clock.monotonic() - self._looked_at < _CHECK_OWNERS_SECONDS:
            return
        self._looked_at = self._clock.monotonic()
        for owner in self._ledger.owners_of_deliveries() - {self._owner}:
            if self._is_dead(owner):
                log.warning("drain.freed", executor=owner)
                self._ledger.release_deliveries(owner, self._clock.now())
                self._wake.set()
