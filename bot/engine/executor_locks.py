"""Which executors live: a lock that death releases. A file lock on one machine, an advisory lock on PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout

from bot.core.names import sha256


class FileExecutorLocks:
    """For executors of one machine: the operating system drops a dead process's file locks."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def try_hold(self, executor_id: str) -> AbstractContextManager[None] | None:
        """The executor's lock, held until the context is left; None while somebody else holds it."""
        self._directory.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._directory / f"{re.sub(r'[^A-Za-z0-9._-]', '_', executor_id)}.lock")
        try:
            lock.acquire(blocking=False)
        except Timeout:
            return None
        return _release(lock)


@contextmanager
def _release(lock: FileLock) -> Iterator[None]:
    try:
        yield
    finally:
        lock.release()


class PostgresExecutorLocks:
    """For executors of many machines: the server drops a dead session's advisory locks."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def try_hold(self, executor_id: str) -> AbstractContextManager[None] | None:
        """The executor's lock, held on a connection of its own until the context is left; None while it is held."""
        key = int(sha256(f"cadence-executor:{executor_id}")[:15], 16)
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if not connection.scalar(sa.text("select pg_try_advisory_lock(:key)"), {"key": key}):
            connection.close()
            return None
        return _close(connection)


@contextmanager
def _close(connection: sa.Connection) -> Iterator[None]:
    try:
        yield
    finally:
        connection.invalidate()
        connection.close()
