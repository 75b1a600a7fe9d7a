"""Which executors are alive: each holds a lock that the operating system or the database releases when it dies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from filelock import FileLock, Timeout

from bot.core.names import sha256


class ExecutorLocks(Protocol):
    """One lock per executor id, shared by all processes of an installation."""

    def try_hold(self, executor_id: str) -> AbstractContextManager[None] | None:
        """Take the executor's lock now and hold it until the context is left; None while another process holds it."""


class FileExecutorLocks:
    """For executors of one machine."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def try_hold(self, executor_id: str) -> AbstractContextManager[None] | None:
        """See ExecutorLocks."""
        # The system drops the file locks of a process that ends. https://man7.org/linux/man-pages/man2/flock.2.html
        self._directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._directory / f"{re.sub(r'[^A-Za-z0-9._-]', '_', executor_id)}.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return None
        return _held(lock.release)


class PostgresExecutorLocks:
    """For executors of many machines with one PostgreSQL database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def try_hold(self, executor_id: str) -> AbstractContextManager[None] | None:
        """See ExecutorLocks. The lock takes a connection of its own."""
        # The server drops the advisory locks of a session that ends. The key is a signed number of 64 bits.
        # https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
        key = int(sha256(f"cadence-executor:{executor_id}")[:15], 16)
        # In a transaction the session would stay "idle in transaction" for as long as the lock is held.
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if not connection.scalar(sa.text("select pg_try_advisory_lock(:key)"), {"key": key}):
            connection.close()
            return None

        def end_session() -> None:
            # A connection that went back into the pool would keep its session, and with it the lock.
            # https://docs.sqlalchemy.org/en/20/core/pooling.html
            connection.invalidate()
            connection.close()

        return _held(end_session)


@contextmanager
def _held(release: Callable[[], object]) -> Iterator[None]:
    try:
        yield
    finally:
        release()
