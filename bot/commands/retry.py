"""`/cadence retry`: tries again what was refused, failed or waits for a limit."""

from __future__ import annotations

from bot.commands.request import Request
from bot.core.states import RunState
from bot.flow.building.start import RETRIED, wake

S = RunState
_AGAIN = frozenset({S.REFUSED, S.NEEDS_HUMAN, S.BLOCKED, S.WAITING_LIMIT})


def retry(request: Request) -> str:
    """Run the same run again from where it can go on: no new plan where the present one still applies."""
    services, event, _, run, _ = request
    if run is None:
        return "There is nothing to retry. A maintainer starts a run with the label `blueprint`."
    if run.merge_sha or run.state not in _AGAIN:
        then = " `/cadence resume` continues it." if run.state in (S.STOPPED, S.STOPPED_BUDGET, S.HELD) else ""
        return f"There is nothing to retry: the run is **{run.state}**.{then}"
    wake(services, run, f"{RETRIED} @{event.sender.login}", by=event.sender.login)
    return ""
