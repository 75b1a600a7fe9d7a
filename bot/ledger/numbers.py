"""Counters whose numbers are never given twice, and times of the last look at something."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.ledger.database import Store, insert
from bot.ledger.tables import looks, numbers


class Numbers(Store):
    """The ledger's counters and times of the last look."""

    def next_number(self, name: str) -> int:
        """1, 2, 3 and so on for each name; the numbers outlive every purge and restart."""
        with self._engine.begin() as connection:
            made = insert(connection, numbers).values(name=name, value=1)
            added = made.on_conflict_do_update(index_elements=["name"], set_={"value": numbers.c.value + 1})
            return int(connection.execute(added.returning(numbers.c.value)).scalar_one())

    def note_look(self, name: str, at: datetime) -> None:
        """Record a look at `name`."""
        with self._engine.begin() as connection:
            made = insert(connection, looks).values(name=name, at=at)
            connection.execute(made.on_conflict_do_update(index_elements=["name"], set_={"at": made.excluded.at}))

    def looked_at(self, prefix: str) -> dict[str, datetime]:
        """The time of the last look at everything whose name begins with `prefix`."""
        query = sa.select(looks).where(looks.c.name.startswith(prefix, autoescape=True))
        return {row["name"]: row["at"] for row in self._all(query)}

    def purge_looks(self, before: datetime) -> None:
        """Delete the times before `before`: what they are for is finished, or gone."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(looks).where(looks.c.at < before))
