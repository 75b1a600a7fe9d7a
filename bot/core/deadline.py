"""A limit on the whole of one exchange over the network, and on the bytes of its answer.

A read timeout counts from one byte to the next: a server that sends a byte a second is never too late for it. Here a
timer ends the connection when the time is over, whatever the library is reading just then.
"""

from __future__ import annotations

import socket
import threading
from typing import Self


class Deadline:
    """Ends the sockets it is given after `seconds`. A context manager, for one exchange.

    `passed` says afterwards that the time was over, `too_large` that more than `most` bytes were counted.
    """

    def __init__(self, seconds: float, most: int) -> None:
        self.passed = False
        self.too_large = False
        self._most = most
        self._counted = 0
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._end)
        # A worker that ends must not wait for the timers of its open exchanges.
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            self._sockets.clear()

    def watch(self, connection: object) -> None:
        """End this socket too when the time is over; anything else than a socket is left alone."""
        if not isinstance(connection, socket.socket):
            return
        with self._lock:
            self._sockets.append(connection)
            passed = self.passed
        # The time may have ended between the connection and this call.
        if passed:
            _shut(connection)

    def count(self, size: int) -> bool:
        """Count bytes of the answer; False when there are too many."""
        self._counted += size
        self.too_large = self.too_large or self._counted > self._most
        return not self.too_large

    def _end(self) -> None:
        with self._lock:
            self.passed = True
            sockets = list(self._sockets)
        for one in sockets:
            _shut(one)


def _shut(connection: socket.socket) -> None:
    """Wake whoever reads from the socket. Closing it would not, and could hit another one of the same number."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
