"""What a run is expected to use, kept before its first paid call; and what it used, when its pull request opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from bot.core.errors import CadenceError
from bot.core.names import CommitSha
from bot.core.states import WAITING, RunState
from bot.flow.building.planning import plan_request
from bot.flow.context import RunContext, log
from bot.ledger.entries import EstimateEntry, TransitionEntry
from bot.llm.model import ModelKind
from bot.llm.stub import AbsentModel
from bot.plan.estimate import Estimate, Task, estimate, off_by
from bot.review.diff import read_diff

_FAULTS = (CadenceError, ArithmeticError, LookupError, TypeError, ValueError)


def keep_estimate(context: RunContext) -> None:
    """Estimate what this attempt of the run will use and keep that; nothing where it is kept already.

    An estimate never stops a run: where it cannot be made, the log says why and the run goes on without one.
    """
    ledger, run = context.services.ledger, context.run
    if isinstance(context.services.model, AbsentModel):
        return
    attempt = _attempt(ledger.transitions(run.run_id))
    kept = ledger.estimates_of(run.run_id)
    # An approved diff, or a change that is built again: its plan is made and paid for.
    if any(one.attempt == attempt or run.changeset_digest for one in kept):
        return
    try:
        task = _task(context)
        if task is None:
            return
        past = ledger.past_runs(run.repository_id, run.installation_id, leave_out=run.run_id)
        models = tuple((kind.value, context.services.model.asked_name(kind)) for kind in ModelKind)
        task = replace(task, models=models)
        made = estimate(task, past, lambda phase, asked, answered: _price(context, phase, asked, answered))
        ledger.save_estimate(_entry(context, attempt, task, made))
    except _FAULTS as error:
        log.warning("estimate.failed", run=run.run_id, error=type(error).__name__, summary=str(error))


def keep_outcome(context: RunContext) -> None:
    """Keep what the run used up to here, beside what was expected; the first outcome of an attempt stays."""
    ledger, run = context.services.ledger, context.run
    expected = next(reversed(ledger.estimates_of(run.run_id)), None)
    if expected is None or expected.ended_at is not None:
        return
    now = context.services.clock.now()
    phases = ledger.phases_of(run.run_id, expected.at, now)
    tokens = sum(one.input_tokens + one.output_tokens for one in phases)
    costs = [one.cost for one in phases if one.cost is not None]
    cost = sum(costs) if len(costs) == len(phases) else None
    priced = expected.cost is not None and cost is not None
    diff = read_diff(context.mirror.diff(CommitSha(run.base_sha), CommitSha(run.head_sha)))
    outcome = {
        "used_tokens": tokens,
        "used_cost": cost,
        "used_seconds": worked_seconds(ledger.transitions(run.run_id), expected.at, now),
        "changed_files": len(diff.files),
        "changed_lines": diff.added + diff.removed,
        "ended_at": now,
        "error": off_by(expected.cost or 0, cost or 0) if priced else off_by(expected.tokens, tokens),
    }
    ledger.end_estimate(run.run_id, expected.attempt, outcome)


def worked_seconds(moves: Sequence[TransitionEntry], since: datetime, until: datetime) -> float:
    """The seconds between two times in which a run with these moves (oldest first) did not wait for anything."""
    waited = 0.0
    ends = [*((move.at, move.to) for move in moves), (until, "")]
    for (begun, state), (ended, _) in pairwise(ends):
        if state in {one.value for one in WAITING}:
            waited += max(0.0, (min(ended, until) - max(begun, since)).total_seconds())
    return max(0.0, (until - since).total_seconds() - waited)


def _attempt(moves: Sequence[TransitionEntry]) -> int:
    """How often the run was started or woken."""
    return sum(move.to == RunState.RECEIVED.value for move in moves)


def _task(context: RunContext) -> Task | None:
    if context.run.changeset_digest:
        change_set = context.change_set()
        tokens = context.services.budget.count(change_set.canonical_json())
        return Task(tokens, planned=False, files=len(change_set.edits))
    return context.services.planner.task(plan_request(context))


def _price(context: RunContext, phase: str, input_tokens: int, output_tokens: int) -> float | None:
    model = context.services.model.asked_name(ModelKind(phase))
    return context.services.budget.price(model, input_tokens, output_tokens)


def _entry(context: RunContext, attempt: int, task: Task, made: Estimate) -> EstimateEntry:
    run, cost = context.run, made.cost
    return EstimateEntry(
        run_id=run.run_id,
        attempt=attempt,
        repository_id=run.repository_id,
        at=context.services.clock.now(),
        planned=task.planned,
        context_tokens=task.context_tokens,
        runs_here=made.runs_here,
        runs_elsewhere=made.runs_elsewhere,
        tokens_low=made.tokens.low,
        tokens=made.tokens.middle,
        tokens_high=made.tokens.high,
        cost_low=cost.low if cost else None,
        cost=cost.middle if cost else None,
        cost_high=cost.high if cost else None,
        seconds_low=made.seconds.low,
        seconds=made.seconds.middle,
        seconds_high=made.seconds.high,
        files_low=made.files.low,
        files=made.files.middle,
        files_high=made.files.high,
    )
