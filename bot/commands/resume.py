"""`/cadence resume`: ends a hold, or continues a stopped run."""

from __future__ import annotations

from bot.commands.request import Request
from bot.core.escape import escape_line
from bot.core.findings import sentence
from bot.core.names import IssueNumber
from bot.core.states import FINAL, RunState
from bot.flow.building.caps import still_at_cap
from bot.flow.building.holding import release_issue
from bot.flow.building.start import wake
from bot.flow.context import RunContext

S = RunState


def resume(request: Request) -> str:
    """End the hold of the issue, and bring a stopped run back to where it can go on.

    A run that ended at a cap goes on only where there is room for what it was about to do; else the answer says why.
    Label, text, config and pull request are read again on the way: what stopped the run stops it again while it lasts.
    """
    services, event, _, run, _ = request
    if run is None:
        return "This issue has no run. A maintainer starts one with the label `blueprint`."
    if run.merge_sha or run.state in FINAL:
        return f"The run is **{run.state}**; there is nothing to resume."
    held = release_issue(services, run.repository_id, IssueNumber(run.issue))
    if run.state is S.STOPPED_BUDGET:
        reached = still_at_cap(RunContext(services, run))
        if reached is not None:
            return f"The run stays **{run.state}**: {sentence(escape_line(reached.summary))} {reached.remedy}"
    if run.state in (S.STOPPED, S.STOPPED_BUDGET):
        wake(services, run, f"resumed by @{event.sender.login}", by=event.sender.login)
        return ""
    return "" if held else f"Nothing is held or stopped here: the run is **{run.state}**."
