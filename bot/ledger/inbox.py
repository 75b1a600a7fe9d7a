"""The inbox: a durable queue of deliveries. Each is kept once by its GUID, with its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.core.names import DeliveryId, RunId
from bot.ledger.columns import entry_of, row_of
from bot.ledger.database import Store, insert_once
from bot.ledger.entries import Delivery
from bot.ledger.tables import inbox

MAX_ATTEMPTS = 6
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
"""Pauses between attempts: 10 s, 40 s, 160 s and so on: long enough for an outage of five minutes."""
_HANDLED = ("done", "ignored", "dead")
_TAKEN_UP_AGAIN = ("failed", "dead")


class Inbox(Store):
    """The part of the ledger that the web process writes, and from which workers take deliveries."""

    def take_in(self, delivery: Delivery) -> bool:
        """Keep a delivery, and return whether it is to be handled: False when its GUID is known and it did not fail."""
        # GitHub redelivers under the same GUID: https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks
        values = row_of(delivery) | {"due_at": delivery.due_at or delivery.received_at}
        with self._engine.begin() as connection:
            if insert_once(connection, inbox, values) is not None:
                return True
            again = connection.execute(
                sa.update(inbox)
                .where(inbox.c.guid == delivery.guid, inbox.c.status.in_(_TAKEN_UP_AGAIN))
                .values(status="new", attempts=inbox.c.attempts + 1, due_at=values["due_at"])
            )
            return bool(again.rowcount)

    def claim_deliveries(
        self, owner: str, now: datetime, *, limit: int = 16, urgent_only: bool = False
    ) -> list[Delivery]:
        """Take up to `limit` deliveries that no executor has, the most urgent first, for the executor `owner`.

        No other executor gets them until `owner` finishes or releases them. Of several deliveries with one subject one
        is taken, and the others that wait are marked as covered by it.
        """
        due = sa.or_(inbox.c.status == "new", sa.and_(inbox.c.status == "failed", inbox.c.due_at <= now))
        if urgent_only:
            due = sa.and_(due, inbox.c.urgency == 0)
        picked = sa.select(inbox.c.guid, inbox.c.subject).where(due)
        if not self._all(picked.limit(1)):
            return []
        with self._engine.begin() as connection:
            # A quarter are the oldest ones, however urgent, so that none waits for ever.
            share = max(1, limit // 4)
            first = picked.order_by(inbox.c.urgency, inbox.c.due_at).limit(limit - share)
            # SKIP LOCKED lets workers take deliveries side by side; SQLite has one writer at a time and ignores it:
            # https://www.postgresql.org/docs/current/sql-select.html#SQL-FOR-UPDATE-SHARE
            rows = list(connection.execute(first.with_for_update(skip_locked=True)).all())
            known = [row.guid for row in rows]
            rest = picked.where(inbox.c.guid.not_in(known)).order_by(inbox.c.due_at).limit(share)
            rows += connection.execute(rest.with_for_update(skip_locked=True)).all()
            leaders: dict[str, str] = {}
            for row in rows:
                leaders.setdefault(row.subject or f"guid {row.guid}", row.guid)
            self._take(connection, owner, list(leaders.values()))
            for subject, leader in leaders.items():
                if not subject.startswith("guid "):
                    self._cover(connection, subject, leader)
            chosen = sa.select(inbox).where(inbox.c.guid.in_(leaders.values()))
            found = connection.execute(chosen.order_by(inbox.c.urgency, inbox.c.due_at)).mappings()
            return [entry_of(Delivery, dict(row)) for row in found]

    def _take(self, connection: sa.Connection, owner: str, guids: Sequence[str]) -> None:
        again = sa.case((inbox.c.status == "failed", 1), else_=0)
        connection.execute(
            sa.update(inbox)
            .where(inbox.c.guid.in_(guids))
            .values(status="taken", taken_by=owner, attempts=inbox.c.attempts + again)
        )

    def _cover(self, connection: sa.Connection, subject: str, leader: str) -> None:
        connection.execute(
            sa.update(inbox)
            .where(inbox.c.subject == subject, inbox.c.status.in_(["new", "failed"]), inbox.c.guid != leader)
            .values(status="ignored", reason=f"covered by the delivery {leader}, which is about the same subject")
        )

    def owners_of_deliveries(self) -> set[str]:
        """The executors that have taken deliveries and not finished them."""
        rows = self._all(sa.select(inbox.c.taken_by).where(inbox.c.status == "taken").distinct())
        return {row["taken_by"] for row in rows}

    def release_deliveries(self, owner: str, now: datetime) -> int:
        """Release the deliveries that an executor had when its process ended; returns how many.

        Each counts as an attempt, so that a delivery that ends every process is given up after MAX_ATTEMPTS.
        """
        given_up = inbox.c.attempts >= MAX_ATTEMPTS
        with self._engine.begin() as connection:
            return connection.execute(
                sa.update(inbox)
                .where(inbox.c.status == "taken", inbox.c.taken_by == owner)
                .values(
                    status=sa.case((given_up, "dead"), else_="new"),
                    reason="internal: the process ended while it handled this",
                    attempts=inbox.c.attempts + sa.case((given_up, 0), else_=1),
                    due_at=now,
                )
            ).rowcount

    def fail_delivery(self, guid: DeliveryId, reason: str, now: datetime, *, after: float = 0.0) -> bool:
        """Record that an attempt failed; the next one is after a pause of at least `after` seconds.

        Returns True when it was the last attempt, which ends the delivery as `dead`.
        """
        with self._engine.begin() as connection:
            attempts = connection.scalar(sa.select(inbox.c.attempts).where(inbox.c.guid == guid)) or 1
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 4 ** (min(attempts, 10) - 1))
            values: dict[str, Any] = {"status": "dead" if attempts >= MAX_ATTEMPTS else "failed", "reason": reason}
            values["due_at"] = now + max(pause, timedelta(seconds=after))
            connection.execute(sa.update(inbox).where(inbox.c.guid == guid).values(**values))
            return attempts >= MAX_ATTEMPTS

    def delivery(self, guid: DeliveryId) -> Delivery | None:
        """The delivery of that GUID."""
        return self._entry(Delivery, sa.select(inbox).where(inbox.c.guid == guid))

    def deliveries(self, limit: int = 100, *, status: str | None = None) -> list[Delivery]:
        """The newest deliveries, newest first; all of them, or those of a status."""
        query = sa.select(inbox).order_by(inbox.c.received_at.desc()).limit(limit)
        return self._entries(Delivery, query if status is None else query.where(inbox.c.status == status))

    def mark_delivery(self, guid: DeliveryId, status: str, *, reason: str = "", run: RunId | None = None) -> None:
        """Record the outcome of a delivery: `done` or `ignored`, and why."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(inbox).where(inbox.c.guid == guid).values(status=status, reason=reason, run_id=run)
            )

    def waiting_since(self) -> datetime | None:
        """When the delivery that waits longest was due; None when none waits."""
        row = self._one(sa.select(sa.func.min(inbox.c.due_at, type_=inbox.c.due_at.type).label("due")).where(
            inbox.c.status.in_(["new", "taken", "failed"])
        ))  # fmt: skip
        return None if row is None else row["due"]

    def delivery_counts(self) -> dict[str, int]:
        """By status how many deliveries are not handled: `new`, `taken`, `failed` (tried again), `dead` (given up)."""
        counted = sa.select(inbox.c.status, sa.func.count().label("count")).group_by(inbox.c.status)
        found = {
            row["status"]: row["count"] for row in self._all(counted.where(inbox.c.status.not_in(["done", "ignored"])))
        }
        return {status: found.get(status, 0) for status in ("new", "taken", "failed", "dead")}

    def purge_inbox(self, before: datetime) -> int:
        """Drop handled deliveries received before a time."""
        with self._engine.begin() as connection:
            return connection.execute(
                sa.delete(inbox).where(inbox.c.received_at < before, inbox.c.status.in_([*_HANDLED, "failed"]))
            ).rowcount
