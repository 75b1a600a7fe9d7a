"""What models were shown for plans: which files and lines, and what was left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa

from bot.core.names import RunId
from bot.ledger.chained import CONTEXT, record
from bot.ledger.columns import entry_of, row_of
from bot.ledger.context_entry import ContextEntry
from bot.ledger.database import Store
from bot.ledger.tables import contexts
from bot.plan.context.pack import ContextPack
from bot.plan.shown_files import shown_files


class Contexts(Store):
    """The part of the ledger that knows what plans were made from. `_now` is given by the ledger."""

    _now: Callable[[], datetime]

    def record_context(self, run_id: RunId, pack: ContextPack) -> None:
        """Keep what the model is shown for one planning of a run, without the text of the files."""
        entry = ContextEntry(
            run_id=run_id,
            at=self._now(),
            base=pack.base,
            budget=pack.budget,
            used_tokens=pack.used_tokens,
            files=tuple(asdict(one) for one in shown_files(pack)),
            left_out=tuple(asdict(one) for one in pack.left_out),
        )
        with self._engine.begin() as connection:
            record(connection, CONTEXT, row_of(entry))

    def contexts_of(self, run_id: RunId) -> list[ContextEntry]:
        """Every planning's context of a run, oldest first; none where no model was asked."""
        rows = self._all(sa.select(contexts).where(contexts.c.run_id == run_id).order_by(contexts.c.id))
        return [entry_of(ContextEntry, row) for row in rows]
