"""Starting a run from a labelled issue, and stopping runs: used by deliveries, commands and the sweep alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.effects import EffectKind, Mandate
from bot.flow.desk import Desk
from bot.flow.house import House
from bot.intake.authority import label_in_force
from bot.names import (
    CONFIG_PATH,
    TRIGGER_LABEL,
    Cause,
    IssueNumber,
    RepoRef,
    RunId,
    label_cause,
    run_id,
)
from bot.policy import read_policy
from bot.record.entries import RunEntry
from bot.states import TERMINAL, RunState

S = RunState


def trigger_label(house: House, ref: RepoRef) -> str:
    """The repository's trigger label as the mirror last saw it; the default before the first fetch."""
    mirror = house.git.mirror(ref.repository_id)
    run = next(iter(house.ledger.runs(limit=1, repository_id=ref.repository_id)), None)
    tip = mirror.tip(run.base_branch) if run and run.base_branch else None
    if tip is None:
        return TRIGGER_LABEL
    policy = read_policy(mirror.read_file(tip, CONFIG_PATH))
    return policy.config.trigger.label if policy.config else TRIGGER_LABEL


def begin(house: House, ref: RepoRef, issue: IssueNumber) -> RunId | None:
    """Start the run of the label event in force, once; None when there is none or it has its run already."""
    history = house.github.at(ref).issues.history(issue)
    event = label_in_force(history, trigger_label(house, ref))
    if event is None:
        return None
    cause = label_cause(event.id)
    run = new_run(house, ref, issue, cause, started_by=event.actor or "")
    if not house.ledger.start_run(run):
        return None
    react(house, ref, run, f"issue:{issue}", lambda: house.github.at(ref).issues.react_to_issue(issue, "eyes"))
    supersede(house, run)
    house.engine.start_build(run.run_id, "1")
    return run.run_id


def new_run(
    house: House, ref: RepoRef, issue: IssueNumber, cause: Cause, *, started_by: str, at: datetime | None = None
) -> RunEntry:
    """A run's first row. Its id follows from (repository id, issue, cause), so the same cause is the same run."""
    now = at or house.clock.now()
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


def supersede(house: House, run: RunEntry) -> list[RunId]:
    """End every other unfinished or wakeable run of the issue; the new run takes over its branch and pull request."""
    return house.ledger.supersede_others(
        run.repository_id, run.issue, run.run_id, f"a newer run, {run.run_id}, took over"
    )


def react(house: House, ref: RepoRef, run: RunEntry | None, key: str, do: object) -> None:
    """👀 as a receipt; GitHub answers 200 for a reaction that is there already, so repeating it is harmless."""
    scope = run.run_id if run else f"repo:{ref.repository_id}"
    mandate = Mandate(scope, ref.repository_id, ref.installation_id, run.run_id if run else None)

    def perform() -> dict[str, bool]:
        do()  # type: ignore[operator]
        return {"reacted": True}

    house.effects.perform(mandate, EffectKind.REACTION, f"eyes:{key}", find=lambda: None, do=perform, fresh=True)


def stop_runs(house: House, runs: Sequence[RunEntry], reason: str) -> list[RunId]:
    """Stop unfinished runs that have no pull request, and say so on their issue."""
    stopped = []
    for run in runs:
        if run.state in TERMINAL:
            continue
        desk = Desk(house, run.run_id)
        with desk.mandate_context():
            desk.move(S.STOPPED, reason)
            desk.tell()
        stopped.append(run.run_id)
    return stopped
