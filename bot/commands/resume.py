"""`/cadence resume`: ends a hold, or continues a stopped run."""

from __future__ import annotations

from bot.commands.request import Request
from bot.core.escape import escape_line
from bot.core.findings import sentence
from bot.core.names import HOLD_LABEL, IssueNumber
from bot.core.states import AT_THE_GATE, FINAL, TERMINAL, RunState
from bot.flow.building.caps import still_at_cap
from bot.flow.building.holding import release_issue
from bot.flow.building.start import wake
from bot.flow.context import RunContext
from bot.flow.gate.look import look

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
        return f"There is nothing to resume: the run is **{run.state}**."
    by = event.sender.login
    if run.state is S.STOPPED_BUDGET:
        # Before the hold is ended: a command that is refused changes nothing.
        reached = still_at_cap(RunContext(services, run))
        if reached is not None:
            return f"The run stays **{run.state}**, because {sentence(escape_line(reached.summary))} {reached.remedy}"
    released = release_issue(services, run.repository_id, IssueNumber(run.issue), by=by)
    if run.state in (S.STOPPED, S.STOPPED_BUDGET):
        wake(services, run, f"resumed by @{by}", by=by)
        return ""
    if run.state not in TERMINAL and _label_is_on(RunContext(services, run.run_id)):
        return f"The label `{HOLD_LABEL}` is still set and holds the merge back. Take the label off."
    return "" if released else f"There is nothing to resume: the run is **{run.state}**."


def _label_is_on(context: RunContext) -> bool:
    """Whether the issue or the pull request has the label that holds now."""
    run = context.run
    if run.pull is not None and run.state in AT_THE_GATE:
        seen, _ = look(context)
        return HOLD_LABEL in seen.snapshot.labels
    labels = context.calls.issues.history(IssueNumber(run.issue)).labels
    return HOLD_LABEL in {label.casefold() for label in labels}
