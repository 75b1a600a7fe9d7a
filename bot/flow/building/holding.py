"""Holds: everything goes on except the merge, until a person with write permission resumes."""

from __future__ import annotations

from bot.core.errors import CadenceError
from bot.core.names import HOLD_LABEL, IssueNumber, RepositoryId
from bot.core.states import AT_THE_GATE, RunState
from bot.flow.context import RunContext
from bot.flow.services import Services
from bot.ledger.entries import SOMEONE, RunEntry

S = RunState
BY_LABEL = f"the label `{HOLD_LABEL}`"


def hold_issue(services: Services, repository_id: RepositoryId, issue: IssueNumber, *, by: str, reason: str) -> None:
    """Keep the hold and show it. It is read again directly before a merge is sent, so it is in force at once."""
    services.ledger.hold(repository_id, issue, by=by, reason=reason, at=services.clock.now())
    _show(services, repository_id, issue, by)


def hold_of_label(context: RunContext) -> str:
    """Keep the hold of a label that is seen, where none is kept, and give who set which hold as a clause.

    The label may have been put on before there was a run, or its delivery may be lost. The hold has to outlive the
    label all the same, because a person without write permission may take that off.
    """
    ledger, run = context.services.ledger, context.run
    issue = IssueNumber(run.issue)
    if not ledger.steering(run.repository_id, issue).held_by:
        ledger.hold(run.repository_id, issue, by=SOMEONE, reason=BY_LABEL, at=context.services.clock.now())
    return ledger.steering(run.repository_id, issue).hold_text()


def release_issue(services: Services, repository_id: RepositoryId, issue: IssueNumber, *, by: str) -> bool:
    """End the hold; False where there was none."""
    released = services.ledger.release(repository_id, issue)
    if released:
        _show(services, repository_id, issue, by)
    return released


def _show(services: Services, repository_id: RepositoryId, issue: IssueNumber, by: str) -> None:
    """At the gate the state and a look show it; before that, the status comment, as soon as the run has one."""
    run = services.ledger.latest_run(repository_id, issue)
    if run is None:
        return
    _move(services, run, services.ledger.steering(repository_id, issue).hold_text(), by)
    if run.pull is not None and run.state in AT_THE_GATE:
        services.engine.tick(repository_id, run.pull)
    elif services.status.is_there(run):
        # Not before: two comments could be written at the same time. The run's own first one shows the hold.
        RunContext(services, run).tell()


def _move(services: Services, run: RunEntry, held: str, by: str) -> None:
    """Into `held` from where the run would merge, and out of it; one that builds or is reviewed first goes on."""
    if run.state not in ((S.GATED, S.MERGING, S.HELD) if held else (S.HELD,)):
        return
    to, reason = (S.HELD, held) if held else (S.GATED, f"the hold was ended by @{by}")
    try:
        services.ledger.move(run.run_id, to, reason=reason, by=by)
    except CadenceError as error:
        if error.code != "state.move":
            raise
        # It ended, or was merged, meanwhile; the look shows which.
