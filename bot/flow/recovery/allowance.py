"""How many calls a sweep may spend on an installation, and what it has really spent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

IDLE_SHARE = 0.05
HOURLY_LIMIT = 5000
"""An installation's primary limit; idle sweeping may use five per cent of it (GitHub: rate limits for GitHub Apps)."""
LABELS_SHARE = 1 / 3
"""Of a sweep's allowance; pull requests, however many are open, leave that much for labels without a run."""


@dataclass(slots=True)
class Count:
    """Calls that count against GitHub's limit."""

    calls: int = 0


_COUNT: ContextVar[Count | None] = ContextVar("calls", default=None)


def note_request(route: str, status: int) -> None:
    """A request was sent. A 304 costs nothing (GitHub: conditional requests), and neither does minting a token."""
    count = _COUNT.get()
    if count is not None and status != 304 and not route.endswith("/access_tokens"):
        count.calls += 1


@contextmanager
def counted() -> Iterator[Count]:
    """Count what is sent inside."""
    count = Count()
    token = _COUNT.set(count)
    try:
        yield count
    finally:
        _COUNT.reset(token)


class Allowance:
    """One sweep's calls, by installation. What costs more than was thought is taken from those that come after it."""

    def __init__(self, sweep_seconds: float) -> None:
        self._whole = max(6, int(HOURLY_LIMIT * IDLE_SHARE * sweep_seconds / 3600))
        self._left: dict[int, int] = {}

    def left(self, installation: int, *, for_labels: bool = False) -> int:
        """Calls that may still be spent; labels have a share that nothing else may use."""
        kept = 0 if for_labels else int(self._whole * LABELS_SHARE)
        return self._left.get(installation, self._whole) - kept

    def spend(self, installation: int, calls: int) -> None:
        """Calls were spent, or will be by a look that was booked."""
        self._left[installation] = self._left.get(installation, self._whole) - calls
