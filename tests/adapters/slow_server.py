"""A server that sends its answer byte by byte, or without end, until it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BETWEEN_BYTES = 0.05
LONGEST = 12.0
"""Seconds after which a byte-by-byte answer ends by itself, so that a reader without a deadline fails and not hangs."""


class Slow(ThreadingHTTPServer):
    """`style` is `headers`, `body` or `endless`."""

    daemon_threads = True

    def __init__(self, style: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.style = style
        self.stop = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Slow
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.endswith("/access_tokens"):
            body = b'{"token": "t-1"}'
            self.wfile.write(b"HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            return
        self._answer()

    def _answer(self) -> None:
        try:
            _STYLES[self.server.style](self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def drip(self, first: bytes, piece: bytes) -> None:
        self.wfile.write(first)
        for _ in range(int(LONGEST / BETWEEN_BYTES)):
            if self.server.stop.wait(BETWEEN_BYTES):
                break
            self.wfile.write(piece)
        self.close_connection = True


_START = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_STYLES: dict[str, Callable[[_Handler], None]] = {
    "headers": lambda it: it.drip(_START + b"X-Slow: ", b"a"),
    "body": lambda it: it.drip(_START + b"Content-Length: 100000\r\n\r\n", b" "),
    "endless": lambda it: _endless(it),
}


def _endless(handler: _Handler) -> None:
    handler.wfile.write(_START + b"Transfer-Encoding: chunked\r\n\r\n")
    piece = b" " * 65_536
    for _ in range(1_000):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    handler.wfile.write(b"0\r\n\r\n")
    handler.close_connection = True


@contextmanager
def slow(style: str) -> Iterator[Slow]:
    """A running server of that style."""
    with Slow(style) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield made
        finally:
            made.stop.set()
            made.shutdown()
            thread.join()
