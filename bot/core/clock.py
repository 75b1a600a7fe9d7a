"""The clock, passed as an argument: the only module that reads the time or sleeps."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """The time, as Cadence uses it."""

    def now(self) -> datetime:
        """The current time, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait that many seconds."""

    def monotonic(self) -> float:
        """Seconds that only go forward, for durations."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)

    def monotonic(self) -> float:
        return time.monotonic()
