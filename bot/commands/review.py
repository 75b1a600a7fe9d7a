"""`/cadence review`: another attempt of both reviews on the present head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.states import AT_THE_GATE
from bot.flow.context import RunContext
from bot.flow.gate.look import look
from bot.flow.gate.post_reviews import request_re_review
from bot.flow.services import Services
from bot.ledger.entries import RunEntry

if TYPE_CHECKING:
    pass


def review(services: Services, run: RunEntry | None) -> str:
    """Another attempt of both reviews on the present head."""
    if run is None or run.pull is None or run.state not in AT_THE_GATE:
        return "This has no open Cadence pull request, so there is nothing to review."
    seen, _ = look(RunContext(services, run.run_id))
    head = seen.snapshot.head
    request_re_review(services, run, head, base_tip=seen.snapshot.base_tip or "")
    return ""
