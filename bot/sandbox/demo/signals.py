"""Ending the demo by a signal as by Ctrl-C, so that everything it started is stopped too."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGINT, SIGTERM and SIGHUP. Outside the main thread nothing changes."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    # Python allows handlers only in the main thread: https://docs.python.org/3/library/signal.html
    main = threading.current_thread() is threading.main_thread()
    # SIGINT as well: a shell without job control starts background commands with SIGINT ignored, and Python keeps that.
    # https://pubs.opengroup.org/onlinepubs/9699919799/utilities/V3_chap02.html#tag_18_11
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if main else ()
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
