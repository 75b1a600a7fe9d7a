"""Budgets of model calls: the worst case of a call is reserved before it, its real figures are recorded after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa

from bot.core.names import RepositoryId, RunId
from bot.ledger.chained import MODEL_CALL, record
from bot.ledger.columns import row_of
from bot.ledger.database import Store, insert_once
from bot.ledger.entries import ModelCallEntry
from bot.ledger.tables import model_calls, numbers, reservations, runs

DAY = timedelta(days=1)
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Worst:
    """The most that one call may take: tokens of its prompt and its answer, and US dollars where there is a price."""

    input_tokens: int
    output_tokens: int
    cost: float | None = None

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run, and all runs of its repository in the last 24 hours, have used and reserved."""

    run_tokens: int
    run_cost: float
    day_tokens: int
    day_cost: float


class Spending(Store):
    """The part of the ledger that keeps calls to models within their caps, across processes."""

    def reserve_call(
        self,
        run_id: RunId,
        repository_id: RepositoryId,
        worst: Worst,
        now: datetime,
        refusal: Callable[[Spent], R | None],
    ) -> int | R:
        """Reserve a call's worst case unless `refusal` says why it does not fit; returns the reservation or that.

        One transaction, one at a time per repository: of two workers that reserve at once, the second sees the first's
        reservation. A reservation that is never settled, because its process ended, stays counted: its call may have
        been made. The last refused call of a run is kept for `refused_call`.
        """
        row = {"run_id": run_id, "repository_id": repository_id, "at": now}
        row |= {"input_tokens": worst.input_tokens, "output_tokens": worst.output_tokens, "cost": worst.cost}
        with self._engine.begin() as connection:
            # SQLite has one writer anyway (database.py); in PostgreSQL this row makes workers of a repository wait.
            name = f"spending:{repository_id}"
            insert_once(connection, numbers, {"name": name, "value": 0})
            connection.execute(sa.select(numbers.c.value).where(numbers.c.name == name).with_for_update())
            connection.execute(
                sa.delete(reservations).where(reservations.c.run_id == run_id, reservations.c.state == "refused")
            )
            why = refusal(_spent(connection, run_id, repository_id, now - DAY))
            key = insert_once(connection, reservations, row | {"state": "open" if why is None else "refused"})
            return int(key or 0) if why is None else why

    def settle_call(self, reservation: int, call: ModelCallEntry) -> None:
        """Record a call's figures in place of its reservation, in one transaction."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(reservations).where(reservations.c.id == reservation))
            record(connection, MODEL_CALL, row_of(call))

    def refused_call(self, run_id: RunId) -> Worst | None:
        """The worst case of the call that was refused last, where the run has made none since."""
        row = self._one(
            sa.select(reservations).where(reservations.c.run_id == run_id, reservations.c.state == "refused")
        )
        return None if row is None else Worst(row["input_tokens"], row["output_tokens"], row["cost"])

    def spent(self, run_id: RunId, repository_id: RepositoryId, now: datetime) -> Spent:
        """What was used and reserved up to now."""
        with self._reading.connect() as connection:
            return _spent(connection, run_id, repository_id, now - DAY)


def _spent(connection: sa.Connection, run_id: RunId, repository_id: RepositoryId, since: datetime) -> Spent:
    calls, held = model_calls.c, reservations.c
    made, kept = calls.input_tokens + calls.output_tokens, held.input_tokens + held.output_tokens

    def total(amount: sa.ColumnElement[int] | sa.ColumnElement[float], *where: sa.ColumnElement[bool]) -> float:
        return connection.scalar(sa.select(sa.func.coalesce(sa.func.sum(amount), 0)).where(*where)) or 0

    is_open = held.state == "open"
    day_calls = (runs.c.run_id == calls.run_id, runs.c.repository_id == repository_id, calls.at >= since)
    day_held = (is_open, held.repository_id == repository_id, held.at >= since)
    return Spent(
        run_tokens=int(total(made, calls.run_id == run_id) + total(kept, is_open, held.run_id == run_id)),
        run_cost=float(total(calls.cost, calls.run_id == run_id) + total(held.cost, is_open, held.run_id == run_id)),
        day_tokens=int(total(made, *day_calls) + total(kept, *day_held)),
        day_cost=float(total(calls.cost, *day_calls) + total(held.cost, *day_held)),
    )
