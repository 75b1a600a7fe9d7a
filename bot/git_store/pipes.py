"""Feeding a child process and reading its pipes, within a time and a number of bytes.

`Popen.communicate` has no limit on bytes: it keeps whatever the process prints.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from typing import IO

PIECE = 1 << 16
MOST_COMPLAINTS = 1024 * 1024
"""Bytes of standard error that are kept; the rest is read and dropped."""


class TooMuch(Exception):
    """The process printed more bytes than it may."""


def communicate(
    process: subprocess.Popen[bytes], stdin: bytes | None, *, timeout: float, most: int
) -> tuple[bytes, bytes]:
    """Send `stdin` and read both outputs until the process ends; gives (standard output, standard error).

    Raises TimeoutError after `timeout` seconds and TooMuch after `most` bytes of standard output. The process is left
    to the caller in both cases.
    """
    deadline = time.monotonic() + timeout
    talk = _Talk(process, stdin or b"", most)
    try:
        while talk.is_open():
            if time.monotonic() >= deadline:
                raise TimeoutError
            talk.turn(deadline - time.monotonic())
    finally:
        talk.selector.close()
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise TimeoutError from None
    return bytes(talk.out), bytes(talk.err)


class _Talk:
    """One conversation with a process."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes, most: int) -> None:
        self.out, self.err = bytearray(), bytearray()
        self.selector = selectors.DefaultSelector()
        self._rest = memoryview(stdin)
        self._most = most
        for pipe, read in ((process.stdout, self._read_out), (process.stderr, self._read_err)):
            if pipe is not None:
                self.selector.register(pipe, selectors.EVENT_READ, read)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            self.selector.register(process.stdin, selectors.EVENT_WRITE, self._write)

    def is_open(self) -> bool:
        """Whether a pipe is still open."""
        return bool(self.selector.get_map())

    def turn(self, wait: float) -> None:
        """Serve every pipe that is ready, after `wait` seconds at most."""
        for key, _ in self.selector.select(wait):
            key.data(key.fileobj)

    def _write(self, pipe: IO[bytes]) -> None:
        try:
            self._rest = self._rest[os.write(pipe.fileno(), self._rest[:PIECE]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._rest = memoryview(b"")
        if not self._rest:
            self.selector.unregister(pipe)
            close(pipe)

    def _read_out(self, pipe: IO[bytes]) -> None:
        self.out += self._piece(pipe)
        if len(self.out) > self._most:
            raise TooMuch

    def _read_err(self, pipe: IO[bytes]) -> None:
        self.err += self._piece(pipe)[: max(0, MOST_COMPLAINTS - len(self.err))]

    def _piece(self, pipe: IO[bytes]) -> bytes:
        piece = os.read(pipe.fileno(), PIECE)
        if not piece:
            self.selector.unregister(pipe)
        return piece


def close(pipe: IO[bytes]) -> None:
    """Close a pipe; that the other side is gone already is no mistake."""
    try:
        pipe.close()
    except BrokenPipeError:
        return
