"""What a model was shown for a plan, as the ledger keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.names import RunId
from bot.ledger.columns import Str64
from bot.plan.context.pack import LeftOut
from bot.plan.shown_files import ShownFile


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """The context of one planning, made from the commit `base`; tokens are those of everything shown.

    `files` and `left_out` are JSON objects: the fields of ShownFile and of LeftOut.
    """

    run_id: RunId
    at: datetime
    base: Str64
    budget: int
    used_tokens: int
    files: tuple[dict[str, Any], ...]
    left_out: tuple[dict[str, str], ...]

    def shown(self) -> tuple[ShownFile, ...]:
        """The files as values."""
        rows = ({**row, "ranges": tuple((first, last) for first, last in row["ranges"])} for row in self.files)
        return tuple(ShownFile(**row) for row in rows)

    def missing(self) -> tuple[LeftOut, ...]:
        """What was asked for and not shown."""
        return tuple(LeftOut(**row) for row in self.left_out)
