"""How many questions a server is asked at once: places that every process of this machine shares.

A place is a locked file, so that one whose process ended is free at once. No one waits for a place: who gets none is
told so, and the engine tries again later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from bot.core.errors import ModelBusy
from bot.core.names import sha256

AGAIN_AFTER_SECONDS = 10.0


class ServerSlots:
    """The places of one server, in the data directory."""

    def __init__(self, directory: Path, server: str, most: int) -> None:
        self._server = server
        self._most = most
        self._stem = directory / "models" / f"{sha256(server)[:16]}"

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a place. Raises ModelBusy when all are taken."""
        self._stem.parent.mkdir(parents=True, exist_ok=True)
        for number in range(self._most):
            # Not a singleton and not of one thread: each question is a holder of its own.
            lock = FileLock(f"{self._stem}.{number}.lock", thread_local=False)
            try:
                lock.acquire(blocking=False)
            except Timeout:
                continue
            try:
                yield
            finally:
                lock.release()
            return
        raise ModelBusy(
            f"the model's server is asked {self._most} questions already, as many as CADENCE_MODEL_CONCURRENCY allows",
            after=AGAIN_AFTER_SECONDS,
        )
