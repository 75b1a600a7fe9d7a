"""The inbox: every delivery once, by its GUID, with what came of it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from bot.names import DeliveryId, RunId
from bot.record.database import Store, insert_once
from bot.record.entries import Delivery
from bot.record.tables import inbox

MAX_ATTEMPTS = 6


class Inbox(Store):
    """The part of the ledger that the web process writes."""

    def take_in(self, delivery: Delivery) -> bool:
        """Keep a delivery; False when its GUID is known. A redelivery of one that failed is taken up again."""
        values = {field: getattr(delivery, field) for field in Delivery.__dataclass_fields__}
        with self._engine.begin() as connection:
            if insert_once(connection, inbox, values):
                return True
            again = connection.execute(
                sa.update(inbox)
                .where(inbox.c.guid == delivery.guid, inbox.c.status == "failed")
                .values(status="new", attempts=inbox.c.attempts + 1)
            )
            return bool(again.rowcount)

    def new_deliveries(self, limit: int = 100) -> list[tuple[DeliveryId, int]]:
        """(GUID, attempt) of deliveries nobody has handled yet, oldest first."""
        rows = self._all(
            sa.select(inbox.c.guid, inbox.c.attempts)
            .where(inbox.c.status == "new")
            .order_by(inbox.c.received_at)
            .limit(limit)
        )
        return [(DeliveryId(row["guid"]), row["attempts"]) for row in rows]

    def delivery(self, guid: DeliveryId) -> Delivery | None:
        """The delivery of that GUID."""
        row = self._one(sa.select(inbox).where(inbox.c.guid == guid))
        return None if row is None else Delivery(**row)

    def deliveries(self, limit: int = 100) -> list[Delivery]:
        """The newest deliveries, newest first."""
        return [
            Delivery(**row) for row in self._all(sa.select(inbox).order_by(inbox.c.received_at.desc()).limit(limit))
        ]

    def mark_delivery(self, guid: DeliveryId, status: str, *, reason: str = "", run: RunId | None = None) -> None:
        """Record what came of a delivery: `done`, `ignored` or `failed`, and why."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(inbox).where(inbox.c.guid == guid).values(status=status, reason=reason, run_id=run)
            )

    def retry_failed_deliveries(self) -> int:
        """Take up failed deliveries again, each a few times at most; returns how many."""
        with self._engine.begin() as connection:
            done = connection.execute(
                sa.update(inbox)
                .where(inbox.c.status == "failed", inbox.c.attempts < MAX_ATTEMPTS)
                .values(status="new", attempts=inbox.c.attempts + 1)
            )
            return done.rowcount

    def purge_inbox(self, before: datetime) -> int:
        """Drop handled deliveries received before a moment."""
        with self._engine.begin() as connection:
            return connection.execute(
                sa.delete(inbox).where(inbox.c.received_at < before, inbox.c.status.in_(["done", "ignored", "failed"]))
            ).rowcount
