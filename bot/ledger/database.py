"""The connection to the ledger's database: SQLite in WAL mode, or PostgreSQL through psycopg."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url

from bot.core.errors import SettingsInvalid
from bot.ledger.columns import Entry, entry_of


def connect(url: str) -> sa.Engine:
    """An engine for `sqlite:///...` or `postgresql://...`; SQLite waits for locks instead of failing."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        return sa.create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True, pool_size=10)
    engine = sa.create_engine(parsed, connect_args={"timeout": 30, "check_same_thread": False}, pool_size=10)

    @sa.event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "busy_timeout=30000", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        """Take the write lock at once: two readers that both turn writers would deadlock on SQLite."""
        if not connection.get_execution_options().get("reading"):
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def parse_url(url: str) -> sa.URL:
    """The parts of the address. Raises SettingsInvalid where the port is not a number."""
    try:
        return make_url(url)
    except ValueError:
        # `from None`: the error repeats what it read as the port, which may be a part of the password.
        raise SettingsInvalid(
            "CADENCE_DATABASE_URL: its port is not a number.", remedy="Write postgresql://USER@HOST:PORT/NAME."
        ) from None


def insert(connection: sa.Connection, table: sa.Table) -> Any:
    """An insert of the connection's dialect, which has `on_conflict_...`."""
    # Both databases have the clause; SQLAlchemy has it in the dialects alone, without a common type:
    # https://docs.sqlalchemy.org/en/20/dialects/postgresql.html#insert-on-conflict-upsert
    if connection.dialect.name == "postgresql":
        # Imported here: commands on SQLite start 20 ms earlier.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_once(connection: sa.Connection, table: sa.Table, values: dict[str, Any]) -> Any | None:
    """Insert a row unless one of its unique keys is taken; returns its (first) primary key, None when it was taken."""
    made = insert(connection, table).values(**values).on_conflict_do_nothing()
    return connection.scalar(made.returning(next(iter(table.primary_key.columns))))


def database_failure(error: Exception) -> BaseException | None:
    """What the database or its driver said, where an exception comes from them; None for any other exception."""
    if isinstance(error, sa.exc.DBAPIError):
        return error.orig or error
    return error if isinstance(error, sa.exc.SQLAlchemyError) else None


class Store:
    """Base of the ledger's parts: they share one engine."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(reading=True)

    def _one(self, query: sa.Select[Any]) -> dict[str, Any] | None:
        with self._reading.connect() as connection:
            row = connection.execute(query).mappings().first()
            return None if row is None else dict(row)

    def _all(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        with self._reading.connect() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def _entry(self, entry: type[Entry], query: sa.Select[Any]) -> Entry | None:
        row = self._one(query)
        return None if row is None else entry_of(entry, row)

    def _entries(self, entry: type[Entry], query: sa.Select[Any]) -> list[Entry]:
        return [entry_of(entry, row) for row in self._all(query)]
