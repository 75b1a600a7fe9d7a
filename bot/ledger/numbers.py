"""Numbers that are never given twice, and when something was last looked at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from bot.ledger.database import Store
from bot.ledger.tables import looks, numbers


class Numbers(Store):
    """The part of the ledger that counts."""

    def next_number(self, name: str) -> int:
        """1, 2, 3 and so on for each name; the numbers outlive every purge and restart."""
        with self._engine.begin() as connection:
            made: Any = _insert(connection, numbers).values(name=name, value=1)
            added = made.on_conflict_do_update(index_elements=["name"], set_={"value": numbers.c.value + 1})
            return int(connection.execute(added.returning(numbers.c.value)).scalar_one())

    def note_look(self, name: str, at: datetime) -> None:
        """Something was looked at."""
        with self._engine.begin() as connection:
            made: Any = _insert(connection, looks).values(name=name, at=at)
            connection.execute(made.on_conflict_do_update(index_elements=["name"], set_={"at": made.excluded.at}))

    def looked_at(self, prefix: str) -> dict[str, datetime]:
        """When everything whose name begins so was last looked at."""
        query = sa.select(looks).where(looks.c.name.startswith(prefix, autoescape=True))
        return {row["name"]: row["at"] for row in self._all(query)}

    def purge_looks(self, before: datetime) -> None:
        """Drop what was not looked at since a time: it is finished, or gone."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(looks).where(looks.c.at < before))


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    if connection.dialect.name == "postgresql":
        # 20 ms that commands on SQLite do not need.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)
