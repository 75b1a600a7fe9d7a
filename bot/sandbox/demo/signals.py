"""Ending the demo by a signal as by Ctrl-C, so that everything it started is stopped too."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM and SIGHUP too. Outside the main thread nothing changes."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # Python allows handlers only in the main thread: https://docs.python.org/3/library/signal.html
    main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)} if main else {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
