"""Telling later what could not be told: ends and questions of runs, and going on after a suspension."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.errors import Suspended
from bot.flow.desk import Desk
from bot.flow.house import House
from bot.names import InstallationId
from bot.reason_codes import remedy_of
from bot.record.entries import RunEntry
from bot.states import RunState

S = RunState
log = structlog.get_logger("cadence.telling")

TOLD_FOR = timedelta(days=30)
"""An end older than this is not told any more."""
BEING_TOLD = timedelta(seconds=60)
"""A move younger than this is being told by the worker that made it."""
SUSPENDED = f"{Suspended.code}: the installation was suspended"
"""The reason of runs that a suspension stopped; by it they are found again."""


def untold(house: House) -> list[RunEntry]:
    """Runs whose end or question still has to be shown on their issue."""
    now = house.clock.now()
    return house.ledger.untold_runs(now - TOLD_FOR, now - BEING_TOLD)


def tell_again(house: House, run: RunEntry) -> None:
    """Show the end, or ask the question again."""
    if run.state is S.WAITING_APPROVAL:
        # The stage that asked makes the text or the diff to approve, so it runs again.
        house.ledger.move(run.run_id, S.RECEIVED, reason="the question could not be shown; asking again")
        house.engine.start_build(run.run_id, f"ask-{house.ledger.last_transition(run.run_id)}")
        return
    desk = Desk(house, run.run_id)
    with desk.mandate_context():
        told = desk.tell(next_step=remedy_of(run.reason.partition(":")[0]))
    log.info("status.told_later", run=run.run_id, told=told)


def resume_suspended(house: House, installation: InstallationId) -> list[RunEntry]:
    """Let every run go on that a suspension of the installation stopped; gives them.

    Label, text, policy and pull request are read again on the way, as at every start.
    """
    runs = house.ledger.runs_stopped_for(installation, f"{Suspended.code}:")
    for run in runs:
        _resume(house, run)
    return runs


def _resume(house: House, run: RunEntry) -> None:
    reason = "the suspension of the installation is over"
    if run.merge_sha:
        house.ledger.move(run.run_id, S.MERGED, reason=f"merged as {run.merge_sha[:12]}; {reason}")
    elif run.pull is not None:
        house.ledger.move(run.run_id, S.GATED, reason=reason)
        house.engine.reconcile(run.repository_id, run.pull)
    else:
        house.ledger.move(run.run_id, S.RECEIVED, reason=reason)
        house.engine.start_build(run.run_id, f"unsuspended-{house.ledger.last_transition(run.run_id)}")
