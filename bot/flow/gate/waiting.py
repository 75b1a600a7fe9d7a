"""A pull request that does not merge now: its reasons are shown, and what may close one of them is started."""

from __future__ import annotations

from datetime import timedelta

from bot.core.codes.lookup import code_entry
from bot.core.codes.reason_code import CADENCE, CI, GITHUB
from bot.core.states import RunState
from bot.effects.perform import Slots
from bot.flow.building.holding import hold_of_label
from bot.flow.context import RunContext
from bot.flow.gate.post_reviews import void_verdicts
from bot.flow.gate.recording import Recorded, record
from bot.gate.decide import Block, Merge, Wait
from bot.gate.observe import Observation
from bot.gate.reasons import fits_the_queue
from bot.ledger.entries import RunEntry

S = RunState
REBUILD_CODES = frozenset(
    {"base.behind", "conflict", "mergeable.unknown", "ci.pending", "ci.settling", "ci.none", "ci.failed", "ci.stuck"}
    | {"review.missing", "review.stale", "review.unposted"}
)
"""Reasons that a rebuild on the new base tip removes, or that are decided on again after it."""
_STOPS = frozenset({"stopped", "paused"})
"""Reasons that stop the run. `paused` is found here where the delivery of the push was lost (events/deliveries.py)."""
_NO_PERSON = frozenset({CADENCE, CI, GITHUB})


def wait(context: RunContext, seen: Observation, decision: Wait | Block) -> None:
    """Record and show a decision not to merge now; a pull request in a merge queue is taken out where it must be."""
    recorded = record(context, seen, decision)
    goes_on = all(reason.code not in _STOPS for reason in decision.reasons)
    if seen.snapshot.draft and goes_on and context.services.merger.to_ready(context.run, context.calls):
        # A stop had made it a draft.
        context.services.engine.reconcile(context.run.repository_id, seen.snapshot.pull)
    if seen.snapshot.queued and not fits_the_queue(decision):
        # Before anything else: the queue must not merge it meanwhile.
        context.services.merger.dequeue(
            context.run, context.calls.queue, head=seen.snapshot.head, decision_id=recorded.decision_id
        )
    _close_reasons(context, seen, decision, recorded)


def show_change(context: RunContext, seen: Observation, decision: Merge | Wait | Block, slots: Slots) -> None:
    """The last look before the merge gave another decision: replace the check at once, then act on that decision.

    `slots` are the write slots that were reserved for the merge.
    """
    recorded = record(context, seen, decision, slots=slots, at_once=True)
    context.move(S.GATED)
    if isinstance(decision, Merge):
        # The same answer on other evidence. It has its own proof, and a last look of its own.
        context.services.engine.reconcile(context.run.repository_id, seen.snapshot.pull)
        return
    _close_reasons(context, seen, decision, recorded)


def _close_reasons(context: RunContext, seen: Observation, decision: Wait | Block, recorded: Recorded) -> None:
    """Start what may close a reason, and book the next look."""
    run, engine, snapshot = context.run, context.services.engine, seen.snapshot
    codes = {reason.code for reason in decision.reasons}
    if codes & _STOPS:
        stop = next(reason for reason in decision.reasons if reason.code in _STOPS)
        context.move(S.STOPPED, stop.text if stop.code == "stopped" else f"{stop.code}: {stop.text}")
        context.tell()
        return
    _rest(context, held="hold" in codes)
    if recorded.shown and context.run.state in (S.GATED, S.HELD):
        # Nothing is shown while a new commit is being built.
        context.tell(next_step=decision.reasons[0].next_step)
    if recorded.new:
        _wake_next(context)
    if "base.retargeted" in codes:
        # It may be changed to fit the other base meanwhile, so it is reviewed again when it comes back.
        void_verdicts(context.services, run, snapshot.head)
    if codes & {"review.missing", "review.stale", "review.unposted"} and "budget" not in codes:
        engine.start_review(run.run_id, snapshot.head, base_tip=snapshot.base_tip or "")
    if "base.behind" in codes and codes <= REBUILD_CODES and _may_rebuild(context, seen):
        # Build the same ChangeSet on the new tip, judge it there, and push it in place of the old commit.
        context.move(S.REPAIRING, f"base.moved: building the same change on {str(snapshot.base_tip)[:12]}")
        key = f"base-{snapshot.base_tip}-{context.services.ledger.last_transition(run.run_id)}"
        engine.start_build(run.run_id, key)
    if decision.until is not None:
        engine.reconcile(run.repository_id, snapshot.pull, at=decision.until)
    if "mergeable.unknown" in codes:
        # GitHub works mergeability out in the background after a push, and reading the pull request starts it:
        # https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
        engine.reconcile(run.repository_id, snapshot.pull, at=context.services.clock.now() + timedelta(seconds=2))


def _rest(context: RunContext, *, held: bool) -> None:
    """The run waits in `held` while a hold is one of the reasons, else in `gated`.

    One that makes a new plan or a new commit goes on with it, because a hold keeps nothing back but the merge.
    """
    run = context.run
    if run.state not in (S.REVIEWING, S.GATED, S.HELD, S.MERGING):
        return
    if held:
        context.move(S.HELD, hold_of_label(context))
    elif run.state is not S.GATED:
        context.move(S.GATED)


def _may_rebuild(context: RunContext, seen: Observation) -> bool:
    """Only our own commit is rebuilt, one run at a time, and only when no older run of the base is going to merge.

    A run that is watched after its merge, that is blocked, or that waits for a person does not hold the others back.
    """
    if context.run.state is not S.GATED or seen.snapshot.head != context.run.head_sha:
        return False
    at_the_gate = context.services.ledger.runs_at_gate_on(context.run.repository_id, context.run.base_branch)
    if any(run.state is S.REPAIRING for run in at_the_gate):
        return False
    place = next((place for place, run in enumerate(at_the_gate) if run.run_id == context.run.run_id), 0)
    return not any(_may_merge_without_a_person(context, run) for run in at_the_gate[:place])


def _may_merge_without_a_person(context: RunContext, run: RunEntry) -> bool:
    if run.state is S.HELD:
        return False
    newest = context.services.ledger.newest_decision(run.run_id)
    if run.state is not S.GATED or newest is None:
        return True
    codes = {reason["code"] for reason in newest.reasons}
    if "base.behind" in codes and newest.head != run.head_sha:
        return False  # A person pushed onto it, and Cadence rebuilds only its own commit.
    return newest.outcome != "block" and all(code_entry(code).who in _NO_PERSON for code in codes)


def _wake_next(context: RunContext) -> None:
    """After a new decision: where this run does not hold the others back, look at the next one that is behind."""
    run, ledger = context.run, context.services.ledger
    if _may_merge_without_a_person(context, run):
        return
    for other in ledger.runs_at_gate_on(run.repository_id, run.base_branch):
        if other.run_id == run.run_id or other.pull is None or other.state is not S.GATED:
            continue
        newest = ledger.newest_decision(other.run_id)
        if newest is not None and any(reason["code"] == "base.behind" for reason in newest.reasons):
            context.services.engine.tick(run.repository_id, other.pull)
            return
