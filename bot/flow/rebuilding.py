"""Whose turn it is on a base branch: which run's change is built on the new tip, one at a time."""

from __future__ import annotations

from bot.core.codes.lookup import code_entry
from bot.core.codes.reason_code import CADENCE, CI, GITHUB
from bot.core.states import RunState
from bot.flow.context import RunContext
from bot.gate.observe import Observation
from bot.ledger.entries import RunEntry

S = RunState
REBUILD_CODES = frozenset(
    {"base.behind", "conflict", "mergeable.unknown", "ci.pending", "ci.settling", "ci.none", "ci.failed", "ci.stuck"}
    | {"review.missing", "review.stale", "review.unposted"}
)
"""Reasons that a rebuild on the new base tip does away with, or asks again."""
_NO_PERSON = frozenset({CADENCE, CI, GITHUB})


def may_rebuild(context: RunContext, seen: Observation) -> bool:
    """Only our own commit is rebuilt, one run at a time, and only when no older run of the base is on its way.

    A run that is watched after its merge, that is blocked, or that waits for a person does not hold the others back.
    """
    if context.run.state is not S.GATED or seen.snapshot.head != context.run.head_sha:
        return False
    line = context.services.ledger.runs_at_gate_on(context.run.repository_id, context.run.base_branch)
    if any(one.state is S.REPAIRING for one in line):
        return False
    older = line[: next((place for place, one in enumerate(line) if one.run_id == context.run.run_id), 0)]
    return not any(_on_its_way(context, one) for one in older)


def _on_its_way(context: RunContext, run: RunEntry) -> bool:
    """Whether a run can be expected to merge without anybody doing anything."""
    newest = context.services.ledger.newest_decision(run.run_id)
    if run.state is not S.GATED or newest is None:
        return True
    codes = {reason["code"] for reason in newest.reasons}
    if "base.behind" in codes and newest.head != run.head_sha:
        return False  # A person pushed onto it, and Cadence rebuilds only its own commit.
    return newest.outcome != "block" and all(code_entry(code).who in _NO_PERSON for code in codes)


def rebuild(context: RunContext, seen: Observation) -> None:
    """The base moved: build the same ChangeSet on the new tip, judge it there, and push it in place of the old one."""
    tip = seen.snapshot.base_tip
    context.move(S.REPAIRING, f"base.moved: building the same change on {str(tip)[:12]}")
    context.services.engine.start_build(
        context.run.run_id, f"base-{tip}-{context.services.ledger.last_transition(context.run.run_id)}"
    )


def wake_next(context: RunContext) -> None:
    """The run has a new decision: where it does not hold the others back, the next of its base may have its turn."""
    run = context.run
    if _on_its_way(context, run):
        return
    line = context.services.ledger.runs_at_gate_on(run.repository_id, run.base_branch)
    for other in line:
        if other.run_id == run.run_id or other.pull is None or not _is_behind(context, other):
            continue
        context.services.engine.tick(run.repository_id, other.pull)
        return


def _is_behind(context: RunContext, run: RunEntry) -> bool:
    newest = context.services.ledger.newest_decision(run.run_id)
    return run.state is S.GATED and newest is not None and any(one["code"] == "base.behind" for one in newest.reasons)
