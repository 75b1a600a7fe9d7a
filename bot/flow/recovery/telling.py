"""Shows later what could not be shown on the issue: ends and questions of runs; and goes on after a suspension."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.core.codes.lookup import remedy_of
from bot.core.errors import Suspended
from bot.core.names import InstallationId
from bot.core.states import RunState
from bot.flow.context import RunContext
from bot.flow.services import Services
from bot.ledger.entries import RunEntry

S = RunState
log = structlog.get_logger("cadence.telling")

TOLD_FOR = timedelta(days=30)
"""An end older than this is not shown any more."""
BEING_TOLD = timedelta(seconds=60)
"""A move younger than this is still being shown by the worker that made it."""
SUSPENDED = f"{Suspended.code}: the installation was suspended"
"""The reason of runs that a suspension stopped; by it they are found again."""


def untold(services: Services) -> list[RunEntry]:
    """Runs whose end or question still has to be shown on their issue."""
    now = services.clock.now()
    return services.ledger.untold_runs(now - TOLD_FOR, now - BEING_TOLD)


def tell_again(services: Services, run: RunEntry) -> None:
    """Show the end, or ask the question again."""
    if run.state is S.WAITING_APPROVAL:
        # The stage that asked makes the text or the diff to approve, so it runs again.
        services.ledger.move(run.run_id, S.RECEIVED, reason="the question could not be shown; asking again")
        services.engine.start_build(run.run_id, f"ask-{services.ledger.last_transition(run.run_id)}")
        return
    context = RunContext(services, run.run_id)
    with context.log_context():
        told = context.tell(next_step=remedy_of(run.reason.partition(":")[0]))
    log.info("status.told_later", run=run.run_id, told=told)


def resume_suspended(services: Services, installation: InstallationId) -> list[RunEntry]:
    """Let every run go on that a suspension of the installation stopped; gives them.

    Label, text, config and pull request are read again on the way, as at every start.
    """
    runs = services.ledger.runs_stopped_for(installation, f"{Suspended.code}:")
    for run in runs:
        _resume(services, run)
    return runs


def _resume(services: Services, run: RunEntry) -> None:
    reason = "the suspension of the installation is over"
    if run.merge_sha:
        services.ledger.move(run.run_id, S.MERGED, reason=f"merged as {run.merge_sha[:12]}; {reason}")
    elif run.pull is not None:
        services.ledger.move(run.run_id, S.GATED, reason=reason)
        services.engine.reconcile(run.repository_id, run.pull)
    else:
        services.ledger.move(run.run_id, S.RECEIVED, reason=reason)
        services.engine.start_build(run.run_id, f"unsuspended-{services.ledger.last_transition(run.run_id)}")
