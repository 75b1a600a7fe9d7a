"""How often a process looks for work: often while there is some, seldom while there is none."""

from __future__ import annotations

from bot.core.clock import Clock

# Every look is a query of the database, so an idle service asks it once a second and not ten times.
BUSY_SECONDS, IDLE_SECONDS = 0.1, 1.0
BUSY_FOR_SECONDS = 10.0
"""After the last piece of work."""


class Pace:
    """Shared by the loops of one process; every piece of work makes all of them look often for a while."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._worked_at = clock.monotonic()

    def worked(self) -> None:
        """There was work just now."""
        self._worked_at = self._clock.monotonic()

    def is_busy(self) -> bool:
        """Whether there was work within the last BUSY_FOR_SECONDS."""
        return self._clock.monotonic() - self._worked_at < BUSY_FOR_SECONDS

    def seconds(self) -> float:
        """How long to wait before looking again."""
        return BUSY_SECONDS if self.is_busy() else IDLE_SECONDS
