"""A SQLite ledger with its tables, copied: the migrations run once in a test process and not for each world."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from bot.ledger.ledger import Ledger
from tests.fakes.fake_clock import FakeClock


@cache
def _migrated() -> bytes:
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "ledger.sqlite"
        ledger = Ledger.open(f"sqlite:///{path}", FakeClock())
        ledger.migrate()
        # SQLite moves its write-ahead log into the file when the last connection closes: sqlite.org/wal.html
        ledger.close()
        return path.read_bytes()


def write_ledger(path: Path) -> None:
    """Write an empty ledger of this version, where there is none yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_migrated())
