"""`/cadence stop`: ends a run, or every run of the repository."""

from __future__ import annotations

from bot.commands.request import Request
from bot.core.states import TERMINAL
from bot.flow.building.stopping import stop_runs


def stop(request: Request) -> str:
    """Stop at once: from here on, no new effect of the run begins. What is in flight is waited for."""
    services, event, command, run, _ = request
    by = event.sender.login
    if command.argument == "all":
        if services.github.at(event.repo).permission(by).permission != "admin":
            return "`/cadence stop all` needs admin permission on this repository, which you do not have."
        found = services.ledger.unfinished_runs(event.repo.repository_id)
        stop_runs(services, found, f"`/cadence stop all` by @{by}", by=by)
        return "" if found else "No run is going on in this repository."
    if run is None or run.state in TERMINAL:
        return "There is nothing to stop here" + (f": the run is **{run.state}**." if run else ".")
    if run.merge_sha:
        return f"The run is **{run.state}**: its pull request was merged. `/cadence stop` takes nothing back."
    stop_runs(services, [run], f"`/cadence stop` by @{by}", by=by)
    return ""
