"""Starting a run from a labelled issue, and stopping runs: used by deliveries, commands and the sweep alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.core.errors import CadenceError
from bot.core.names import (
    Cause,
    CommentId,
    IssueNumber,
    RepoRef,
    RunId,
    label_cause,
    run_id,
)
from bot.core.states import RunState, may_move
from bot.effects.kinds import EffectActor, EffectKind
from bot.flow.building.trigger import Trigger, read_issue
from bot.flow.context import RunContext, log
from bot.flow.services import Services
from bot.github_api.issue_records import IssueEvent, IssueHistory
from bot.intake.authority import RANKS
from bot.intake.events import Ignored
from bot.ledger.entries import RunEntry, ref_of

S = RunState
RETRIED = "tried again by"
"""How the reason of a `/cadence retry` begins; by it the ledger counts them."""


def start_labelled(services: Services, ref: RepoRef, issue: IssueNumber, label: str | None = None) -> RunId | Ignored:
    """Start the run of the label event in force, once; else say why there is none.

    `label` is the one just put on: any other than the trigger starts nothing. The config is read in the same call as
    the issue's history, so that no run begins, and no other one ends, by a label that the config does not name.
    """
    history, trigger = read_issue(services, ref, issue)
    if label is not None and not trigger.is_named(label):
        return Ignored(trigger.why_not(label))
    event = trigger.in_force(history)
    if event is None:
        return Ignored("the issue is not open with the label")
    run = new_run(services, ref, issue, label_cause(event.id), started_by=event.actor or "")
    if not services.ledger.start_run(run):
        resumed = _resumed(services, run.run_id, history, event, trigger)
        return resumed or Ignored("the label has its run already")
    react(services, ref, run, f"issue:{issue}", lambda: services.github.at(ref).issues.react_to_issue(issue, "eyes"))
    supersede(services, run)
    services.engine.start_build(run.run_id, "1")
    return run.run_id


def _resumed(
    services: Services, run_id: RunId, history: IssueHistory, label: IssueEvent, trigger: Trigger
) -> RunId | None:
    """Go on with the run of the label in force that the issue's closing stopped, where it was opened again; once.

    Only a person who may give `/cadence resume` does that: the issue's author may open it again without. A run that
    something else stopped stays stopped. A run with a pull request goes back to the gate, which decides whether
    anything else still stops it.
    """
    run = services.ledger.run(run_id)
    if run is not None and not run.reason.casefold().startswith(_closed(run)):
        return None
    reopened = next((one for one in reversed(history.events) if one.kind == "reopened" and one.at >= label.at), None)
    newest = services.ledger.latest_run(run.repository_id, run.issue) if run is not None else None
    if run is None or run.state is not S.STOPPED or reopened is None or newest is None or newest.run_id != run_id:
        return None
    reason = f"the issue was opened again ({reopened.id})"
    if any(move.reason == reason for move in services.ledger.transitions(run_id)):
        return None
    by = reopened.actor or ""
    needed = trigger.loaded.config.trigger.permission if trigger.loaded and trigger.loaded.config else "write"
    if not by or RANKS.get(services.github.at(ref_of(run)).permission(by).permission, 0) < RANKS[needed]:
        return None
    if run.pull is not None:
        services.ledger.move(run_id, S.GATED, reason=reason, by=by)
        services.engine.reconcile(run.repository_id, run.pull)
    else:
        services.ledger.move(run_id, S.RECEIVED, reason=reason, by=by)
        services.engine.start_build(run_id, f"reopened-{reopened.id}")
    return run_id


def _closed(run: RunEntry) -> tuple[str, ...]:
    """How the reason of a run begins that was stopped because its issue was closed, in small letters."""
    return ("the issue was closed", "the issue is closed", f"issue #{run.issue} is closed")


def new_run(
    services: Services, ref: RepoRef, issue: IssueNumber, cause: Cause, *, started_by: str, at: datetime | None = None
) -> RunEntry:
    """A run's first row. Its id follows from (repository id, issue, cause), so the same cause is the same run."""
    now = at or services.clock.now()
    return RunEntry(
        run_id=run_id(ref.repository_id, issue, cause),
        repository_id=ref.repository_id,
        repository=str(ref.name),
        installation_id=ref.installation_id,
        issue=issue,
        cause=cause,
        started_by=started_by,
        state=S.RECEIVED,
        reason="",
        created_at=now.replace(microsecond=0),
        updated_at=now,
    )


def supersede(services: Services, run: RunEntry) -> list[RunId]:
    """End every other unfinished or wakeable run of the issue; the new run takes over its branch and pull request."""
    return services.ledger.supersede_others(
        run.repository_id, run.issue, run.run_id, f"a newer run, {run.run_id}, took over"
    )


def wake(services: Services, run: RunEntry, reason: str, *, by: str) -> None:
    """Bring a run that has ended or waits back to the gate, or to its build where its commit is not pushed yet.

    A run may have ended between its new commit and the push: the gate would take the old head for another's commit.
    """
    pushed = services.ledger.effect(run.run_id, EffectKind.BRANCH_PUSH, f"push:{run.head_sha}")
    is_pushed = pushed is not None and pushed.state == "done"
    if run.pull is not None and is_pushed and may_move(run.state, S.GATED):
        services.ledger.move(run.run_id, S.GATED, reason=reason, by=by)
        services.engine.reconcile(run.repository_id, run.pull)
        RunContext(services, run.run_id).tell()
        return
    services.ledger.move(run.run_id, S.RECEIVED, reason=reason, by=by)
    services.engine.start_build(run.run_id, f"woken-{services.ledger.last_transition(run.run_id)}")


def react(
    services: Services, ref: RepoRef, run: RunEntry | None, key: str, do: Callable[[], None], content: str = "eyes"
) -> None:
    """👀 as a receipt; GitHub answers 200 for a reaction that is there already, so repeating it is harmless.

    A receipt that GitHub does not take stops nothing: what it acknowledges is done all the same.
    """
    scope = run.run_id if run else f"repo:{ref.repository_id}"
    actor = EffectActor(scope, ref.repository_id, ref.installation_id, run.run_id if run else None)

    try:
        services.effects.perform(
            actor,
            EffectKind.REACTION,
            f"{content}:{key}",
            find=lambda: None,
            do=do,
            outcome=lambda _: {"reacted": True},
            fresh=True,
        )
    except CadenceError as error:
        log.warning("receipt.failed", key=key, code=error.code, summary=error.summary)


def react_to_comment(services: Services, repo: RepoRef, comment: CommentId, content: str) -> None:
    """A reaction on a comment: 👀 as a receipt, 🚀 or 😕 when its commands are carried out."""
    calls = services.github.at(repo)
    do = lambda: calls.issues.react_to_comment(comment, content)  # noqa: E731
    react(services, repo, None, f"comment:{comment}", do, content)
