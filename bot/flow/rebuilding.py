"""Whose turn it is on a base branch: which run's change is built on the new tip, one at a time."""

from __future__ import annotations

from bot.flow.desk import Desk
from bot.gate.codes import CADENCE, CI, GITHUB, code_entry
from bot.gate.observer import Observation
from bot.record.entries import RunEntry
from bot.states import RunState

S = RunState
REBUILD_CODES = frozenset(
    {"base.behind", "conflict", "mergeable.unknown", "ci.pending", "ci.settling", "ci.none", "ci.failed", "ci.stuck"}
    | {"review.missing", "review.stale", "review.unposted"}
)
"""Reasons that a rebuild on the new base tip does away with, or asks anew."""
_NO_PERSON = frozenset({CADENCE, CI, GITHUB})


def may_rebuild(desk: Desk, seen: Observation) -> bool:
    """Only our own commit is rebuilt, one run at a time, and only when no older run of the base is on its way.

    A run that is watched after its merge, that is blocked, or that waits for a person does not hold the others back.
    """
    if desk.run.state is not S.GATED or seen.snapshot.head != desk.run.head_sha:
        return False
    line = desk.house.ledger.runs_at_gate_on(desk.run.repository_id, desk.run.base_branch)
    if any(one.state is S.REPAIRING for one in line):
        return False
    older = line[: next((place for place, one in enumerate(line) if one.run_id == desk.run.run_id), 0)]
    return not any(_on_its_way(desk, one) for one in older)


def _on_its_way(desk: Desk, run: RunEntry) -> bool:
    """Whether a run can be expected to merge without anybody doing anything."""
    newest = desk.house.ledger.newest_decision(run.run_id)
    if run.state is not S.GATED or newest is None:
        return True
    codes = {reason["code"] for reason in newest.reasons}
    if "base.behind" in codes and newest.head != run.head_sha:
        return False  # A person pushed onto it, and Cadence rebuilds only its own commit.
    return newest.outcome != "block" and all(code_entry(code).who in _NO_PERSON for code in codes)


def rebuild(desk: Desk, seen: Observation) -> None:
    """The base moved: build the same ChangeSet on the new tip, judge it there, and push it in place of the old one."""
    tip = seen.snapshot.base_tip
    desk.move(S.REPAIRING, f"base.moved: building the same change on {str(tip)[:12]}")
    desk.house.engine.start_build(desk.run.run_id, f"base-{tip}-{desk.house.ledger.last_transition(desk.run.run_id)}")


def wake_next(desk: Desk) -> None:
    """The run has a new decision: where it does not hold the others back, the next of its base may have its turn."""
    run = desk.run
    if _on_its_way(desk, run):
        return
    line = desk.house.ledger.runs_at_gate_on(run.repository_id, run.base_branch)
    for other in line:
        if other.run_id == run.run_id or other.pull is None or not _is_behind(desk, other):
            continue
        desk.house.engine.tick(run.repository_id, other.pull)
        return


def _is_behind(desk: Desk, run: RunEntry) -> bool:
    newest = desk.house.ledger.newest_decision(run.run_id)
    return run.state is S.GATED and newest is not None and any(one["code"] == "base.behind" for one in newest.reasons)
