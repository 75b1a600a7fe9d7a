"""`/cadence use PATH…`: files that the model is shown whenever the issue is planned."""

from __future__ import annotations

from bot.commands.request import Request
from bot.core.names import IssueNumber
from bot.core.states import TERMINAL, RunState
from bot.flow.context import RunContext

S = RunState


def use(request: Request) -> str:
    """Keep the paths with the issue; they take the place of those of an earlier `use`.

    A run that has its plan already keeps it: `/cadence replan` makes one with these files.
    """
    services, _, command, run, _ = request
    if run is None or run.merge_sha:
        return "There is nothing to plan here. A maintainer starts a run with the label `blueprint`."
    services.ledger.use_paths(run.repository_id, IssueNumber(run.issue), command.paths)
    planned = run.changeset_digest or run.state in TERMINAL
    files = ", ".join(command.paths)
    then = "Comment `/cadence replan` to plan with these files." if planned else ""
    if run.state is not S.SUPERSEDED:
        RunContext(services, run).tell(details=(f"The next plan is made with: {files}.",), next_step=then)
    return ""
