"""The labels `cadence:hold` and `cadence:stop`: what the person who puts them on or takes them off asks for."""

from __future__ import annotations

from bot.core.names import HOLD_LABEL, STOP_LABEL, CommentId, IssueNumber
from bot.core.states import TERMINAL
from bot.flow.building.holding import BY_LABEL, hold_issue, release_issue
from bot.flow.building.stopping import stop_runs
from bot.flow.events import errands
from bot.flow.services import Services
from bot.intake.events import Handled, IssueChanged, PullChanged
from bot.ledger.command_records import PENDING
from bot.ledger.entries import SOMEONE, CommandEntry, RunEntry, ref_of


def by_label(services: Services, run: RunEntry, event: IssueChanged | PullChanged) -> Handled | None:
    """Hold, release or stop the run as the label says; None for any other label and action.

    Who may label needs no check: GitHub lets only people with triage permission label an issue
    (https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization).
    But only a person with write permission resumes, so a hold outlives a label that another person takes off.
    """
    # GitHub's labels are the same in upper and lower case.
    name, issue, sender = (event.label or "").casefold(), IssueNumber(run.issue), event.sender
    if sender is None or run.state in TERMINAL or run.merge_sha or event.action not in ("labeled", "unlabeled"):
        return None
    who = sender.login
    if name == STOP_LABEL and event.action == "labeled":
        stop_runs(services, [run], f"the label `{STOP_LABEL}` was put on by @{who}", by=who)
        return Handled(f"stopped by the label `{STOP_LABEL}`", run.run_id)
    if name != HOLD_LABEL:
        return None
    held = services.ledger.steering(run.repository_id, issue)
    if event.action == "labeled":
        if not held.held_by:
            hold_issue(services, run.repository_id, issue, by=who, reason=BY_LABEL)
        return Handled("held by the label", run.run_id)
    if services.github.at(ref_of(run)).permission(who).permission not in ("admin", "write"):
        if not held.held_by:
            # Put on before there was a run, or its delivery was lost: the ledger does not have it yet.
            hold_issue(services, run.repository_id, issue, by=SOMEONE, reason=BY_LABEL)
        _say_it_stays(services, event, who)
        return Handled(f"the hold stays: @{who}, who took the label off, has no write permission", run.run_id)
    if held.held_reason == BY_LABEL:
        release_issue(services, run.repository_id, issue, by=who)
    elif run.pull is not None:
        # A hold that a command set stays; the look says so.
        services.engine.tick(run.repository_id, run.pull)
    return Handled("the label is off", run.run_id)


def _say_it_stays(services: Services, event: IssueChanged | PullChanged, who: str) -> None:
    """Have the person told, as if they had given a command: an answer, and only so many in an hour."""
    is_pull = isinstance(event, PullChanged)
    entry = CommandEntry(
        repository_id=event.repo.repository_id,
        # There is no comment; each delivery is a request of its own, as for the buttons of check runs.
        comment_id=CommentId(0),
        edit=f"-{event.delivery}",
        repository=str(event.repo.name),
        installation_id=event.repo.installation_id,
        issue=IssueNumber(event.pull) if isinstance(event, PullChanged) else event.issue,
        is_pull=is_pull,
        login=who,
        may_write=False,
        verb="",
        answer=f"The hold stays: only a person with write permission ends it, and @\u200b{who} took the label "
        f"`{HOLD_LABEL}` off without it. With it, comment `/cadence resume`.",
        state=PENDING,
        at=services.clock.now(),
    )
    services.ledger.record_command(entry)
    errands.book(services, entry)
