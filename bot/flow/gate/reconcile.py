"""One look at one pull request: observe, decide, act, record."""

from __future__ import annotations

from datetime import timedelta

from bot.config.model import RepoConfig
from bot.core.names import CommitSha, branch_for, is_revert
from bot.core.states import TERMINAL, RunState
from bot.flow.after.watch import begin_watch, unjudged_base
from bot.flow.context import RunContext
from bot.flow.deciding import Recorded, record
from bot.flow.gate.config_check import answer_own
from bot.flow.gate.proof import seal_merge
from bot.flow.gate.reviews import void_verdicts
from bot.flow.look import judged, look
from bot.flow.merging import Changed, Merged, merge
from bot.flow.rebuilding import REBUILD_CODES, may_rebuild, rebuild, wake_next
from bot.gate.decide import Block, Done, Merge, Wait
from bot.gate.observe import Observation
from bot.gate.reasons import fits_the_queue

__all__ = ["judged", "look", "reconcile"]

S = RunState


def reconcile(context: RunContext) -> bool:
    """Look, decide and act once; what remains open is shown in `cadence/gate` and looked at again on the next event.

    A run that has ended decides nothing any more; only that its pull request was merged is still taken in.
    """
    seen, decision = look(context)
    if context.reload().state in TERMINAL and not (isinstance(decision, Done) and decision.how == "merged"):
        return False
    if isinstance(decision, Merge):
        answer_own(context, seen.snapshot)
        outcome = merge(context, seen, decision)
        if isinstance(outcome, Merged):
            return _finish(context, outcome.seen, outcome.sha)
        return _changed(context, outcome) if outcome is not None else False
    return _act(context, seen, decision)


def _act(context: RunContext, seen: Observation, decision: Wait | Block | Done) -> bool:
    if isinstance(decision, Done):
        return _done(context, seen, decision)
    answer_own(context, seen.snapshot)
    recorded = record(context, seen, decision)
    if seen.snapshot.queued and not fits_the_queue(decision):
        # Before anything else: whatever stops or holds it must not be overtaken by the queue.
        context.services.merger.dequeue(
            context.run, context.calls.queue, head=seen.snapshot.head, decision_id=recorded.decision_id
        )
    return _open(context, seen, decision, recorded)


def _changed(context: RunContext, changed: Changed) -> bool:
    """The last look before the merge gave another decision: replace the check at once, then act on that decision."""
    seen, decision = changed.seen, changed.decision
    if isinstance(decision, Done):
        return _done(context, seen, decision)
    recorded = record(context, seen, decision, slots=changed.slots, at_once=True)
    context.move(S.GATED)
    if isinstance(decision, Merge):
        # The same answer on other evidence. It has its own proof, and a last look of its own.
        context.services.engine.reconcile(context.run.repository_id, seen.snapshot.pull)
        return False
    return _open(context, seen, decision, recorded)


def _open(context: RunContext, seen: Observation, decision: Wait | Block, recorded: Recorded) -> bool:
    """Not now: start what would close a reason, and book the next look."""
    run, engine = context.run, context.services.engine
    codes = {reason.code for reason in decision.reasons}
    if "stopped" in codes:
        context.move(S.STOPPED, next(r.text for r in decision.reasons if r.code == "stopped"))
        context.tell()
        return False
    if run.state in (S.REVIEWING, S.MERGING):
        context.move(S.GATED)
    if recorded.shown:
        context.tell_gate(decision.reasons[0].next_step)
    if recorded.new:
        wake_next(context)
    if "base.retargeted" in codes:
        # It may be fitted to the other base meanwhile: when it comes back, re-review it.
        void_verdicts(context.services, run, seen.snapshot.head)
    if codes & {"review.missing", "review.stale", "review.unposted"} and "budget" not in codes:
        engine.start_review(run.run_id, seen.snapshot.head, base_tip=seen.snapshot.base_tip or "")
    if "base.behind" in codes and codes <= REBUILD_CODES and may_rebuild(context, seen):
        rebuild(context, seen)
    if decision.until is not None:
        engine.reconcile(run.repository_id, seen.snapshot.pull, at=decision.until)
    if "mergeable.unknown" in codes:
        engine.reconcile(run.repository_id, seen.snapshot.pull, at=context.services.clock.now() + timedelta(seconds=2))
    return False


def _done(context: RunContext, seen: Observation, decision: Done) -> bool:
    """Merged (by us before a crash, or by a person), or closed: finish, or stop."""
    if decision.how == "merged":
        if context.run.state in TERMINAL:
            context.move(S.GATED, "a person merged the pull request")
        return _finish(context, seen, seen.reading.pull.merge_commit)
    context.move(S.STOPPED, "the pull request was closed")
    context.tell()
    return False


def _finish(context: RunContext, seen: Observation, sha: CommitSha | None) -> bool:
    """What follows a merge, each part safe to repeat; the state moves last, so a crash in between is picked up."""
    config = seen.policy.config if seen.policy and seen.policy.config else RepoConfig()
    run, head = context.update(merge_sha=str(sha or "")), seen.reading.pull.head
    left = context.calls.snapshots.aftermath(seen.reading.pull.number, run.issue, branch_for(run.issue))
    judged_here = left.base_branch == run.base_branch
    context.services.merger.finish(
        run,
        context.calls,
        left=left,
        head=head,
        delete_branch=config.merge.delete_branch,
        # A revert leaves its issue open, because the change has to be made again.
        close_issue=judged_here and not is_revert(run.cause),
    )
    if not judged_here:
        return unjudged_base(context, left.base_branch, sha)
    seal_merge(context, head, sha)
    begin_watch(context, config, sha)
    return True
