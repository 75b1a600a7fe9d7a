"""Stops runs: the move to `stopped` closes the fence at once."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.names import RunId
from bot.core.states import TERMINAL, RunState
from bot.flow.context import RunContext
from bot.flow.services import Services
from bot.ledger.entries import RunEntry

S = RunState


def stop_runs(services: Services, runs: Sequence[RunEntry], reason: str, *, by: str = "cadence") -> list[RunId]:
    """Stop unfinished runs and say so on their issues; gives those that had not ended before."""
    stopped = []
    for run in runs:
        if run.state in TERMINAL:
            continue
        context = RunContext(services, run.run_id)
        with context.log_context():
            if not context.finish(S.STOPPED, reason, by=by):
                continue
            context.tell()
        stopped.append(run.run_id)
    return stopped
