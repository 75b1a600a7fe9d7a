"""`/cadence review`: another attempt of both reviews on the present head."""

from __future__ import annotations

from bot.commands.request import Request
from bot.core.states import AT_THE_GATE
from bot.flow.context import RunContext
from bot.flow.gate.look import look
from bot.flow.gate.post_reviews import request_re_review


def review(request: Request) -> str:
    """Another attempt of both reviews on the present head."""
    services, run = request.services, request.run
    if run is None or run.pull is None or run.state not in AT_THE_GATE:
        return "There is no open Cadence pull request here, so there is nothing to review."
    seen, _ = look(RunContext(services, run.run_id))
    request_re_review(services, run, seen.snapshot.head, base_tip=seen.snapshot.base_tip or "")
    return ""
