"""The ledger: everything Cadence took in, decided and did, each with its run's id. SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.core.clock import Clock
from bot.core.errors import SettingsInvalid
from bot.core.names import RunId
from bot.core.states import FINAL
from bot.ledger.chained import CHAINED, CHANGESET
from bot.ledger.command_records import CommandRecords
from bot.ledger.contexts import Contexts
from bot.ledger.database import connect, parse_url
from bot.ledger.effects import EffectRecords
from bot.ledger.estimates import Estimates
from bot.ledger.evidence import Evidence
from bot.ledger.inbox import Inbox
from bot.ledger.migrate import REVISIONS, migrate, revision_of
from bot.ledger.numbers import Numbers
from bot.ledger.proofs import Proofs
from bot.ledger.recordings import Recordings
from bot.ledger.runs import Runs
from bot.ledger.spending import Spending
from bot.ledger.steering import Steering
from bot.ledger.tables import (
    changesets,
    inbox,
    leases,
    recordings,
    requests,
    runs,
)


class Ledger(
    Inbox, CommandRecords, Steering, Numbers, Runs, EffectRecords, Spending, Estimates, Evidence, Contexts, Proofs,
    Recordings,
):  # fmt: skip
    """The face of the ledger. Safe to use from several threads and processes."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        super().__init__(engine)
        self._now = clock.now

    @classmethod
    def open(cls, url: str, clock: Clock) -> Ledger:
        """Connect; a SQLite file's directory is made. Raises SettingsInvalid where it cannot be."""
        database = parse_url(url).database
        if url.startswith("sqlite") and database and database != ":memory:":
            folder = Path(database).parent
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise SettingsInvalid(
                    f"The directory {folder} cannot be made or used: {error.strerror}.",
                    remedy="Check CADENCE_DATA_DIR, or CADENCE_DATABASE_URL where it is set.",
                ) from None
        return cls(connect(url), clock)

    @property
    def engine(self) -> sa.Engine:
        """The connection pool, for the parts of record/ that need their own sessions."""
        return self._engine

    def migrate(self) -> None:
        """Bring the tables to this version: see `migrate.migrate`, also for the errors."""
        migrate(self._engine)

    def migrate_if_older(self) -> None:
        """The same for commands that only read: a ledger of this version costs one look and no lock."""
        with self._reading.connect() as connection:
            found = revision_of(connection)
        if found != REVISIONS[-1]:
            migrate(self._engine)

    def fault(self) -> str | None:
        """What keeps the database from answering, in a few words; None when it answers (for /readyz)."""
        try:
            with self._reading.connect() as connection:
                connection.execute(sa.select(inbox.c.guid).limit(1))
        except sa.exc.SQLAlchemyError as error:
            return f"the database does not answer ({type(error).__name__})"
        return None

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()

    def rows_of(self, run_id: RunId, digests: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """A run's rows in every table of which its chain tells, oldest first, and the ChangeSets of those digests."""
        found = {}
        for table in (what.table for what in CHAINED if what is not CHANGESET):
            found[table.name] = self._all(sa.select(table).where(table.c.run_id == run_id).order_by(table.c.id))
        own = sa.or_(changesets.c.run_id == run_id, changesets.c.digest.in_(digests))
        found["changesets"] = self._all(sa.select(changesets).where(own))
        found["runs"] = self._all(sa.select(runs).where(runs.c.run_id == run_id))
        return found

    def purge(self, before: datetime) -> None:
        """Drop old deliveries and request counts; what belongs to a final run stays, for its merge can be checked.

        Chains and proofs are never purged.
        """
        self.purge_inbox(before)
        self.purge_looks(before)
        with self._engine.begin() as connection:
            connection.execute(sa.delete(leases).where(leases.c.expires_at < before))
            # A replay is for finding out why something happened: people ask that within days.
            connection.execute(sa.delete(recordings).where(recordings.c.at < before))
        kept = sa.select(runs.c.run_id).where(runs.c.state.in_([state.value for state in FINAL]))
        with self._engine.begin() as connection:
            connection.execute(
                sa.delete(requests).where(
                    requests.c.at < before, sa.or_(requests.c.run_id.is_(None), requests.c.run_id.not_in(kept))
                )
            )
