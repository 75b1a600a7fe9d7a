"""Puts the connections of requests under the deadline of the call that a thread is making.

PyGithub makes its sessions itself and offers no way to give them an adapter, so urllib3's own place for another class
of connection is used. Without a deadline in the thread nothing changes.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

from bot.core.deadline import Deadline

_current = threading.local()


@contextmanager
def limited(seconds: float, most: int) -> Iterator[Deadline]:
    """Everything that this thread asks by requests inside the block has to be over in that time and size."""
    with Deadline(seconds, most) as deadline:
        _current.deadline = deadline
        try:
            yield deadline
        finally:
            _current.deadline = None


def _watch(connection: object) -> None:
    deadline: Deadline | None = getattr(_current, "deadline", None)
    if deadline is not None:
        deadline.watch(connection)


class _Watched(HTTPConnection):
    def _new_conn(self) -> Any:
        made = super()._new_conn()
        _watch(made)
        return made

    def request(self, *args: Any, **rest: Any) -> None:
        # A connection that is used again was made under an earlier deadline.
        _watch(self.sock)
        super().request(*args, **rest)
        _watch(self.sock)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        response = super().getresponse()
        deadline: Deadline | None = getattr(_current, "deadline", None)
        if deadline is not None:
            response.stream = _counted(response, deadline)  # type: ignore[method-assign]
        return response


class _WatchedSecure(_Watched, HTTPSConnection):
    """The same over TLS."""


def _counted(response: HTTPResponse, deadline: Deadline) -> Any:
    """The response's own way to read its body in pieces (decompressed), with every piece counted."""
    read = response.stream

    def stream(*args: Any, **rest: Any) -> Iterator[bytes]:
        for piece in read(*args, **rest):
            if not deadline.count(len(piece)):
                raise ProtocolError("the answer is too large")
            yield piece

    return stream


HTTPConnectionPool.ConnectionCls = _Watched
HTTPSConnectionPool.ConnectionCls = _WatchedSecure
