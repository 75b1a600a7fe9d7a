"""What follows an error in a stage: a wait and the same step again where that can help, else the end of the run."""

from __future__ import annotations

from datetime import timedelta

from bot.core.errors import (
    BudgetSpent,
    CadenceError,
    InstallationGone,
    Limited,
    ModelBusy,
    ModelUnavailable,
    NotFound,
    QuotaReached,
)
from bot.core.findings import sentence
from bot.core.states import AT_THE_GATE, BUILDING, TERMINAL, RunState
from bot.flow.context import RunContext, log
from bot.flow.recovery.issue_gone import end_without_issue, issue_is_gone
from bot.ledger.entries import TransitionEntry

S = RunState
LIMIT_RETRIES = 8
WAIT_SECONDS = (5.0, 20.0, 60.0, 180.0, 300.0, 600.0, 900.0, 1800.0)
LIMITED_FOR = timedelta(hours=24)
"""How long a run waits in all for GitHub's rate limits, or for its turn at a model. Neither counts as a failure."""
LONGEST_BUSY_SECONDS = 120.0


def end_stage(context: RunContext, error: CadenceError) -> None:
    """A stage raised: wait and try again where that can help, else end the run and say why."""
    run = context.reload()
    log.warning(
        "stage.ended", run=run.run_id, code=error.code, summary=error.summary, output=list(error.log_lines) or None
    )
    if isinstance(error, NotFound) and issue_is_gone(context):
        end_without_issue(context)
        return
    if run.state in TERMINAL:
        if run.reason == f"{error.code}: {error.summary}":
            # The process ended before this end was shown, and the stage came to the same end again.
            context.tell(next_step=error.remedy, details=error.details)
        # Otherwise another worker ended it meanwhile, and said why.
        return
    if isinstance(error, InstallationGone):
        context.finish(S.STOPPED, str(error))
        return
    if run.state not in BUILDING and run.state is not S.REPAIRING:
        _at_the_gate(context, error)
        return
    if error.retry and (seconds := _wait_seconds(context, error)) is not None:
        _wait(context, error, seconds)
        return
    capped = isinstance(error, BudgetSpent | QuotaReached)
    ending = S.STOPPED_BUDGET if capped else S.REFUSED if not error.retry else S.NEEDS_HUMAN
    if context.finish(ending, f"{error.code}: {error.summary}"):
        context.tell(next_step=error.remedy, details=error.details)


def _waits(context: RunContext, code: str | None = None) -> list[TransitionEntry]:
    """The run's waits so far: with that code, or without one those after failures."""
    waits = [one for one in context.services.ledger.transitions(context.run.run_id) if one.to == S.WAITING_LIMIT]
    limits = tuple(f"{one}:" for one in ([code] if code else [Limited.code, ModelBusy.code]))
    return [one for one in waits if one.reason.startswith(limits) is (code is not None)]


def _wait_seconds(context: RunContext, error: CadenceError) -> float | None:
    """How long to wait before the next try; None when there is none.

    A limit lasts as long as GitHub says. Where GitHub does not say: a minute, then twice as long each time ("Best
    practices for using the REST API").
    """
    now, since = context.services.clock.now(), context.run.updated_at
    if isinstance(error, Limited | ModelBusy):
        limited = _waits(context, error.code)
        first = limited[0].at if limited else now
        if now - first > LIMITED_FOR:
            return None
        least = error.after or 60.0
        if isinstance(error, Limited) and error.stated:
            return least
        longest = WAIT_SECONDS[-1] if isinstance(error, Limited) else LONGEST_BUSY_SECONDS
        return float(min(least * 2 ** min(len(limited), 20), longest))
    if context.run.state is S.REPAIRING:
        # A repair waits without a move: the longer it has gone on, the longer the next wait.
        gone = (now - since).total_seconds()
        return None if gone > LIMITED_FOR.total_seconds() else min(max(WAIT_SECONDS[0], gone), WAIT_SECONDS[-1])
    failed = _waits(context)
    if len(failed) >= LIMIT_RETRIES:
        return None
    return max(error.after or 0.0, WAIT_SECONDS[len(failed)])


def _wait(context: RunContext, error: CadenceError, seconds: float) -> None:
    """Book the next try; the reason and the time are shown on the issue."""
    run, services = context.run, context.services
    if run.state is not S.REPAIRING:
        count = f"{len(_waits(context)) + 1} of {LIMIT_RETRIES}"
        if isinstance(error, Limited | ModelBusy):
            count = "as GitHub asks" if isinstance(error, Limited) else "until one of them is answered"
        reason = f"{error.code}: {sentence(error.summary)} Trying again in {max(1, round(seconds))} s ({count})."
        if not context.go_on_to(S.WAITING_LIMIT, reason):
            return
        run = context.run
    # A repair waits several times in one state, so the time makes the booking a new one.
    key = f"limit-{services.ledger.last_transition(run.run_id)}-{services.clock.now().timestamp():.0f}"
    services.engine.start_build(run.run_id, key, delay=seconds)
    # GitHub takes no edit while its limit lasts.
    if not isinstance(error, Limited):
        context.tell()


def _at_the_gate(context: RunContext, error: CadenceError) -> None:
    """A look at the gate failed: what can pass is tried again, the rest needs a person."""
    run, services = context.run, context.services
    passes = isinstance(error, Limited) or (isinstance(error, ModelUnavailable) and error.retry)
    if passes and run.pull is not None and run.state in AT_THE_GATE:
        # The look asks for a review that is missing, so a model that did not answer is asked again.
        seconds = timedelta(seconds=max(1.0, error.after or 60.0))
        services.engine.reconcile(run.repository_id, run.pull, at=services.clock.now() + seconds)
    if error.retry:
        return
    if isinstance(error, BudgetSpent) and run.pull is not None:
        # The gate shows it among all its reasons; a person may raise the cap, or merge.
        services.engine.reconcile(run.repository_id, run.pull)
        return
    ending = S.STOPPED_BUDGET if isinstance(error, QuotaReached) else S.NEEDS_HUMAN
    if context.finish(ending, f"{error.code}: {error.summary}"):
        context.tell(next_step=error.remedy, details=error.details)
