"""Writes a run's chain: one entry for each record, in the transaction that writes the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.core.names import RunId, sha256
from bot.ledger.chain import ChainEntry, ChainHead, entry_after, time_text
from bot.ledger.database import Store
from bot.ledger.tables import chain


def append(
    connection: sa.Connection, run_id: RunId | str, kind: str, at: datetime, body: Mapping[str, Any]
) -> ChainEntry:
    """Add an entry to a run's chain in the caller's transaction, and return it; writers of one run take turns."""
    # SQLite has one writer at a time (`_begin` in database.py). PostgreSQL gets an advisory lock of the run, which ends
    # with the transaction: https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    # Without it the primary key (run, number) would still refuse a second entry of a number, as an error.
    if connection.dialect.name == "postgresql":
        key = int(sha256(f"cadence-chain:{run_id}")[:15], 16)
        connection.execute(sa.text("select pg_advisory_xact_lock(:key)"), {"key": key})
    entry = entry_after(head_of(connection, run_id), run=str(run_id), at=time_text(at), kind=kind, body=body)
    connection.execute(
        sa.insert(chain).values(
            run_id=entry.run, seq=entry.seq, at=entry.at, kind=entry.kind, body=entry.body,
            previous=entry.previous, hash=entry.hash,
        )
    )  # fmt: skip
    return entry


def head_of(connection: sa.Connection, run_id: RunId | str) -> ChainHead | None:
    """The newest entry's number and hash; None before the first."""
    newest = sa.select(chain.c.seq, chain.c.hash).where(chain.c.run_id == run_id).order_by(chain.c.seq.desc()).limit(1)
    row = connection.execute(newest).first()
    return None if row is None else ChainHead(row.seq, row.hash)


class Chains(Store):
    """The part of the ledger that reads chains."""

    def chain_of(self, run_id: RunId) -> list[ChainEntry]:
        """Every entry of a run's chain, in order."""
        rows = self._all(sa.select(chain).where(chain.c.run_id == run_id).order_by(chain.c.seq))
        return [ChainEntry(**{"run" if name == "run_id" else name: value for name, value in r.items()}) for r in rows]

    def chain_head(self, run_id: RunId) -> ChainHead | None:
        """The newest entry of a run's chain; None before the first."""
        with self._reading.connect() as connection:
            return head_of(connection, run_id)
