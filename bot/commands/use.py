"""`/cadence use PATH…`: files that the model is shown whenever the issue is planned."""

from __future__ import annotations

from bot.commands.request import Note, Request
from bot.core.escape import escape_line
from bot.core.names import IssueNumber
from bot.core.states import TERMINAL
from bot.flow.context import RunContext


def use(request: Request) -> str:
    """Keep the paths with the issue; they take the place of those of an earlier `use`.

    A run that has its plan already keeps it: `/cadence replan` makes one with these files.
    """
    services, _, command, run, _ = request
    if run is not None and run.merge_sha:
        return f"The run is **{run.state}**; open a new issue for further work."
    if run is None:
        return "There is nothing to plan here. A maintainer starts a run with the label `blueprint`."
    services.ledger.use_paths(run.repository_id, IssueNumber(run.issue), command.paths)
    files = f"The next plan is made with: {', '.join(command.paths)}."
    then = "Comment `/cadence replan` to plan with these files."
    if run.state in TERMINAL:
        # After the confirmation of a stop not even the status comment is edited.
        return Note(f"{escape_line(files)} {then}")
    if not services.status.is_there(run):
        # The run is about to write its first status comment, and nothing else may write one.
        return Note(escape_line(files))
    RunContext(services, run).tell(details=(files,), next_step=then if run.changeset_digest else "")
    return ""
