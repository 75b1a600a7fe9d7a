"""Limits the answers that the current thread reads through requests (and so through PyGithub), in time and size.

It also gives a call the last word before a request is sent, when the connection stands already.

Importing this module replaces urllib3's connection classes; outside `limited` they behave as before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

from bot.core.deadline import Deadline

_current = threading.local()


@contextmanager
def limited(seconds: float, most: int, before_request: Callable[[], None] | None = None) -> Iterator[Deadline]:
    """Cut off every answer that this thread reads inside the block after `seconds`, or after `most` bytes.

    The Deadline says afterwards whether time or size ran out. `before_request` is called when the connection is made
    and nothing of the request is sent; what it raises ends the request.
    """
    with Deadline(seconds, most) as deadline:
        _current.deadline, _current.before_request = deadline, before_request
        try:
            yield deadline
        finally:
            _current.deadline = _current.before_request = None


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
        if self.sock is None:
            # Else `send` makes it: looking up the address and connecting would come after `before_request`.
            self.connect()
        # A kept-alive connection was made under an earlier deadline, so it is put under the present one.
        _watch(self.sock)
        before_request: Callable[[], None] | None = getattr(_current, "before_request", None)
        if before_request is not None:
            before_request()
        super().request(*args, **rest)
        _watch(self.sock)

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        response = super().getresponse()
        deadline: Deadline | None = getattr(_current, "deadline", None)
        if deadline is None:
            return response
        read = response.stream

        # urllib3 decompresses in `stream`, so a small answer that unpacks to gigabytes is counted by its real size.
        # https://urllib3.readthedocs.io/en/stable/reference/urllib3.response.html
        def stream(*args: Any, **rest: Any) -> Iterator[bytes]:
            for piece in read(*args, **rest):
                if not deadline.count(len(piece)):
                    raise ProtocolError("the answer is too large")
                yield piece

        response.stream = stream  # type: ignore[method-assign, assignment]
        return response


class _WatchedSecure(_Watched, HTTPSConnection):
    """The same over TLS."""


# The timeout of requests limits each single read only, so a server that sends a byte now and then could hold a thread
# for ever. https://requests.readthedocs.io/en/latest/user/advanced/#timeouts
# PyGithub creates its sessions itself and takes no adapter; urllib3 takes another class of connection here.
HTTPConnectionPool.ConnectionCls = _Watched
HTTPSConnectionPool.ConnectionCls = _WatchedSecure
