"""`/cadence why`: every open reason why the pull request does not merge."""

from __future__ import annotations

from bot.commands.status import status
from bot.core.states import AT_THE_GATE
from bot.flow.context import RunContext
from bot.flow.gate.look import look
from bot.flow.services import Services
from bot.gate.explain import explain
from bot.ledger.entries import RunEntry


def why(services: Services, run: RunEntry | None) -> str:
    """The same complete answer as `cadence/gate`, read from GitHub now."""
    if run is None or run.pull is None or run.state not in AT_THE_GATE:
        return status(services, run)
    seen, decision = look(RunContext(services, run))
    return explain(decision, seen.snapshot)
