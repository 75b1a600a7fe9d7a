"""Writes to a child process and reads its pipes, within limits on time and bytes."""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from typing import IO

PIECE = 1 << 16
MOST_STDERR = 1024 * 1024
"""Bytes of standard error that are kept; the rest is read and dropped."""


class TooMuch(Exception):
    """The process printed more bytes than it may."""


# `Popen.communicate` has no limit on bytes: it keeps everything that the process prints.
# https://docs.python.org/3/library/subprocess.html#subprocess.Popen.communicate
def communicate(
    process: subprocess.Popen[bytes], stdin: bytes | None, *, timeout: float, most: int
) -> tuple[bytes, bytes]:
    """Send `stdin`, read both outputs until the process ends, and return (standard output, standard error).

    Raises TimeoutError after `timeout` seconds and TooMuch after `most` bytes of standard output; the process then
    still runs, and the caller ends it.
    """
    deadline = time.monotonic() + timeout
    exchange = _Exchange(process, stdin or b"", most)
    try:
        while exchange.is_open():
            if time.monotonic() >= deadline:
                raise TimeoutError
            exchange.serve(deadline - time.monotonic())
    finally:
        exchange.selector.close()
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    return bytes(exchange.out), bytes(exchange.err)


class _Exchange:
    """The state of one exchange with a process."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes, most: int) -> None:
        self.out, self.err = bytearray(), bytearray()
        self.selector = selectors.DefaultSelector()
        self._rest = memoryview(stdin)
        self._most = most
        for pipe, read in ((process.stdout, self._read_out), (process.stderr, self._read_err)):
            if pipe is not None:
                self.selector.register(pipe, selectors.EVENT_READ, read)
        if process.stdin is not None:
            # A blocking write would wait for ever when the process waits for its output to be read.
            os.set_blocking(process.stdin.fileno(), False)
            self.selector.register(process.stdin, selectors.EVENT_WRITE, self._write)

    def is_open(self) -> bool:
        """Whether a pipe is still open."""
        return bool(self.selector.get_map())

    def serve(self, wait: float) -> None:
        """Serve every pipe that is ready, after `wait` seconds at most."""
        for key, _ in self.selector.select(wait):
            key.data(key.fileobj)

    def _write(self, pipe: IO[bytes]) -> None:
        try:
            self._rest = self._rest[os.write(pipe.fileno(), self._rest[:PIECE]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            # The process ended without reading everything; its status tells why.
            self._rest = memoryview(b"")
        if not self._rest:
            self.selector.unregister(pipe)
            close(pipe)

    def _read_out(self, pipe: IO[bytes]) -> None:
        self.out += self._piece(pipe)
        if len(self.out) > self._most:
            raise TooMuch

    def _read_err(self, pipe: IO[bytes]) -> None:
        self.err += self._piece(pipe)[: max(0, MOST_STDERR - len(self.err))]

    def _piece(self, pipe: IO[bytes]) -> bytes:
        piece = os.read(pipe.fileno(), PIECE)
        if not piece:
            self.selector.unregister(pipe)
        return piece


def close(pipe: IO[bytes]) -> None:
    """Close a pipe, also when the process at its other end is gone."""
    try:
        pipe.close()
    except BrokenPipeError:
        return
