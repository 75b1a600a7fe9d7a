"""Holds: everything goes on except the merge, until a person with write permission resumes."""

from __future__ import annotations

from bot.core.names import IssueNumber, RepositoryId
from bot.core.states import AT_THE_GATE
from bot.flow.context import RunContext
from bot.flow.services import Services


def hold_issue(services: Services, repository_id: RepositoryId, issue: IssueNumber, *, by: str, reason: str) -> None:
    """Keep the hold and show it. The last look before a merge reads it too, so it is in force at once."""
    services.ledger.hold(repository_id, issue, by=by, reason=reason, at=services.clock.now())
    _show(services, repository_id, issue)


def release_issue(services: Services, repository_id: RepositoryId, issue: IssueNumber) -> bool:
    """End the hold; False where there was none."""
    released = services.ledger.release(repository_id, issue)
    if released:
        _show(services, repository_id, issue)
    return released


def _show(services: Services, repository_id: RepositoryId, issue: IssueNumber) -> None:
    """At the gate a look shows it; before that, the status comment."""
    run = services.ledger.latest_run(repository_id, issue)
    if run is None:
        return
    if run.pull is not None and run.state in AT_THE_GATE:
        services.engine.tick(repository_id, run.pull)
    else:
        RunContext(services, run).tell()
