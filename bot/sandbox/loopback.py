"""A Flask app on a free port of 127.0.0.1, in a thread of its own."""

from __future__ import annotations

import errno
import socket
import threading
from contextlib import suppress
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from bot.core.errors import CadenceError


class _Quiet(WSGIRequestHandler):
    """The demo's own lines are what people read; one line per request would bury them."""

    protocol_version = "HTTP/1.0"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: ARG002
        return


class Loopback:
    """Serves one app until `stop`."""

    def __init__(self, app: Flask, *, name: str) -> None:
        self._app = app
        self._name = name
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """`http://127.0.0.1:<port>`. Raises RuntimeError while not started."""
        if self._server is None:
            raise RuntimeError(f"{self._name} is not started")
        return f"http://127.0.0.1:{self._server.port}"

    def start(self, port: int = 0) -> str:
        """Listen on `port` (0: a free one) and serve; gives `url`. Raises CadenceError `port.in_use`."""
        with _bound(port) as listener:
            # Werkzeug ends the process where it cannot bind, so it is given a bound socket; it works on a duplicate.
            # https://werkzeug.palletsprojects.com/en/stable/serving/
            self._server = make_server(
                "127.0.0.1", port, self._app, threaded=True, request_handler=_Quiet, fd=listener.fileno()
            )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name=self._name, daemon=True
        )
        self._thread.start()
        return self.url

    def stop(self) -> None:
        """End the server; a second call does nothing."""
        if self._server is None or self._thread is None:
            return
        ending = threading.Thread(target=self._server.shutdown, name=f"{self._name} ending")
        ending.start()
        # `serve_forever` looks for the end only after a poll; a connection ends the poll that it is in.
        # https://docs.python.org/3/library/socketserver.html#socketserver.BaseServer.serve_forever
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", self._server.port), timeout=5).close()
        ending.join(timeout=5)
        self._thread.join(timeout=5)
        self._server.server_close()
        self._server = self._thread = None


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens now."""
    with _bound(0) as probe:
        return int(probe.getsockname()[1])


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    # A port whose last connections are in TIME_WAIT can be bound again at once (socket(7), SO_REUSEADDR).
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            raise
        used = error.errno == errno.EADDRINUSE
        raise CadenceError(
            f"Another process listens on 127.0.0.1:{port}." if used else f"Port {port} may not be used here.",
            code="port.in_use" if used else "port.refused",
            remedy="Choose another --port, or leave it out for a free one.",
        ) from None
    return listener
