"""Opens the ledger for commands that only read it. Nothing is created, and the service's parts are not imported."""

from __future__ import annotations

from bot.core.clock import SystemClock
from bot.core.errors import CadenceError
from bot.ledger.ledger import Ledger
from bot.settings import Settings


class LedgerMissing(CadenceError):
    """There is no ledger yet at the configured place."""

    code = "ledger.missing"


def open_ledger(settings: Settings) -> Ledger:
    """The configured ledger, with its tables brought to this version if they are older.

    Raises LedgerMissing where the SQLite file does not exist: opening it would create it in whatever folder the
    command happens to run in.
    """
    if not settings.on_postgres and (path := settings.ledger_path) is not None and not path.is_file():
        raise LedgerMissing(
            f"There is no ledger at {path} yet.",
            remedy="Start `cadence serve`, or name another place with CADENCE_DATA_DIR or CADENCE_DATABASE_URL.",
        )
    ledger = Ledger.open(settings.ledger_url, SystemClock())
    ledger.migrate_if_older()
    return ledger
