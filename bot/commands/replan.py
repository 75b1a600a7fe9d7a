"""`/cadence replan`: a new run on the same branch and pull request."""

from __future__ import annotations

from bot.commands.request import Request
from bot.core.errors import CadenceError
from bot.core.escape import escape_line
from bot.core.names import (
    CommitSha,
    IssueNumber,
    branch_for,
    comment_cause,
)
from bot.core.states import RunState
from bot.flow.building.start import new_run, supersede
from bot.flow.context import RunContext
from bot.flow.services import Services
from bot.intake.authority import approved_by_go, blueprint_digest
from bot.ledger.entries import RunEntry

S = RunState


def replan(request: Request) -> str:
    """A new run on the same branch and pull request; the old one, its verdicts and its gate are void."""
    services, event, command, old, config = request
    if old is None:
        return "There is nothing to replan. A maintainer starts a run with the label `blueprint`."
    if old.state in (S.MERGED, S.REVERTED, S.MERGING, S.WATCHING):
        return f"The run is **{old.state}**; open a new issue for further work."
    refusal = "" if command.discard else _foreign_commits(services, old)
    if refusal:
        return refusal
    issue = IssueNumber(old.issue)
    history = services.github.at(event.repo).issues.history(issue)
    run = new_run(services, event.repo, issue, comment_cause(event.comment, event.edit), started_by=event.sender.login)
    if not services.ledger.start_run(run):
        return ""
    context = RunContext(services, run.run_id)
    permissions = {event.sender.login: config.trigger.permission}
    digest = blueprint_digest(history.title, history.body)
    seen = approved_by_go(history, permissions, event.created_at)
    context.update(
        guidance=command.guidance,
        discard=command.discard,
        status_comment=old.status_comment,
        base_branch=old.base_branch,
        pull=old.pull,
        **({"approved_digest": digest, "approved_by": event.sender.login} if seen else {}),
    )
    supersede(services, run)
    services.engine.start_build(run.run_id, "1")
    return ""


def _foreign_commits(services: Services, old: RunEntry) -> str:
    """Refuse before anything is superseded, so that a run whose branch people work on goes on."""
    context = RunContext(services, old.run_id)
    if not old.base_sha:
        return ""
    context.fetch()
    there = context.mirror.tip(branch_for(old.issue))
    if there is None:
        return ""
    try:
        services.publisher.must_be_ours(old, context.mirror, branch_for(old.issue), CommitSha(there))
    except CadenceError as error:
        return escape_line(error.message)
    return ""
