"""The labels `cadence:hold` and `cadence:stop`: what the person who puts them on or takes them off asks for."""

from __future__ import annotations

from bot.core.names import HOLD_LABEL, STOP_LABEL, IssueNumber
from bot.core.states import TERMINAL
from bot.flow.building.holding import hold_issue, release_issue
from bot.flow.building.stopping import stop_runs
from bot.flow.services import Services
from bot.github_api.issue_records import Actor
from bot.intake.events import Handled, Ignored
from bot.ledger.entries import RunEntry, ref_of

BY_LABEL = f"the label `{HOLD_LABEL}`"


def by_label(services: Services, run: RunEntry, action: str, label: str, sender: Actor) -> Handled | Ignored | None:
    """Hold, release or stop the run as the label says; None for any other label and action.

    Who may label needs no check: GitHub lets only people with triage permission label an issue
    (https://docs.github.com/en/organizations/managing-user-access-to-your-organizations-repositories/managing-repository-roles/repository-roles-for-an-organization).
    But only a person with write permission resumes, so a hold outlives a label that another person takes off.
    """
    # GitHub's labels are the same in upper and lower case.
    name, issue, who = label.casefold(), IssueNumber(run.issue), sender.login
    if run.state in TERMINAL or run.merge_sha or action not in ("labeled", "unlabeled"):
        return None
    if name == STOP_LABEL and action == "labeled":
        stop_runs(services, [run], f"the label `{STOP_LABEL}` was put on by @{who}", by=who)
        return Handled(f"stopped by the label `{STOP_LABEL}`", run.run_id)
    if name != HOLD_LABEL:
        return None
    held = services.ledger.steering(run.repository_id, issue)
    if action == "labeled":
        if not held.held_by:
            hold_issue(services, run.repository_id, issue, by=who, reason=BY_LABEL)
        return Handled("held by the label", run.run_id)
    if services.github.at(ref_of(run)).permission(who).permission not in ("admin", "write"):
        return Handled(f"the hold stays: @{who}, who took the label off, has no write permission", run.run_id)
    if held.held_reason == BY_LABEL:
        release_issue(services, run.repository_id, issue)
    elif run.pull is not None:
        # A hold that a command set stays; the look says so.
        services.engine.tick(run.repository_id, run.pull)
    return Handled("the label is off", run.run_id)
