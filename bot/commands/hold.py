"""`/cadence hold`: everything goes on except the merge."""

from __future__ import annotations

from bot.commands.request import Request
from bot.core.names import IssueNumber
from bot.core.states import TERMINAL
from bot.flow.building.holding import hold_issue


def hold(request: Request) -> str:
    """Keep the hold with who set it and why; the gate shows both, also after a replan or a restart."""
    services, event, command, run, _ = request
    if run is None or run.state in TERMINAL or run.merge_sha:
        return "There is nothing to hold here" + (f": the run is **{run.state}**." if run else ".")
    hold_issue(services, run.repository_id, IssueNumber(run.issue), by=event.sender.login, reason=command.guidance)
    return ""
