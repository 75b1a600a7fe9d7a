"""One look at one pull request: observe, decide, act, record."""

from __future__ import annotations

from datetime import timedelta

from bot.flow.aftermath import begin_watch, unjudged_base
from bot.flow.config_check import answer_own
from bot.flow.deciding import Recorded, record
from bot.flow.desk import Desk
from bot.flow.look import judged, look
from bot.flow.merging import Changed, Merged, merge
from bot.flow.proving import seal_merge
from bot.flow.rebuilding import REBUILD_CODES, may_rebuild, rebuild, wake_next
from bot.flow.review import void
from bot.gate.decide import Block, Done, Merge, Wait
from bot.gate.observer import Observation
from bot.gate.reasons import fits_the_queue
from bot.names import CommitSha, branch_for, is_revert
from bot.repo_config import RepoConfig
from bot.states import TERMINAL, RunState

__all__ = ["judged", "look", "reconcile"]

S = RunState


def reconcile(desk: Desk) -> bool:
    """Look, decide and act once; what remains open is shown in `cadence/gate` and looked at again on the next event.

    A run that has ended decides nothing any more; only that its pull request was merged is still taken in.
    """
    seen, decision = look(desk)
    if desk.reload().state in TERMINAL and not (isinstance(decision, Done) and decision.how == "merged"):
        return False
    if isinstance(decision, Merge):
        answer_own(desk, seen.snapshot)
        outcome = merge(desk, seen, decision)
        if isinstance(outcome, Merged):
            return _finish(desk, outcome.seen, outcome.sha)
        return _changed(desk, outcome) if outcome is not None else False
    return _act(desk, seen, decision)


def _act(desk: Desk, seen: Observation, decision: Wait | Block | Done) -> bool:
    if isinstance(decision, Done):
        return _done(desk, seen, decision)
    answer_own(desk, seen.snapshot)
    recorded = record(desk, seen, decision)
    if seen.snapshot.queued and not fits_the_queue(decision):
        # Before anything else: whatever stops or holds it must not be overtaken by the queue.
        desk.house.merger.dequeue(desk.run, desk.calls.queue, head=seen.snapshot.head, decision_id=recorded.decision_id)
    return _open(desk, seen, decision, recorded)


def _changed(desk: Desk, changed: Changed) -> bool:
    """The last look before the merge gave another decision: replace the check at once, then act on that decision."""
    seen, decision = changed.seen, changed.decision
    if isinstance(decision, Done):
        return _done(desk, seen, decision)
    recorded = record(desk, seen, decision, slots=changed.slots, at_once=True)
    desk.move(S.GATED)
    if isinstance(decision, Merge):
        # The same answer on other evidence. It has its own proof, and a last look of its own.
        desk.house.engine.reconcile(desk.run.repository_id, seen.snapshot.pull)
        return False
    return _open(desk, seen, decision, recorded)


def _open(desk: Desk, seen: Observation, decision: Wait | Block, recorded: Recorded) -> bool:
    """Not now: start what would close a reason, and book the next look."""
    run, engine = desk.run, desk.house.engine
    codes = {reason.code for reason in decision.reasons}
    if "stopped" in codes:
        desk.move(S.STOPPED, next(r.text for r in decision.reasons if r.code == "stopped"))
        desk.tell()
        return False
    if run.state in (S.REVIEWING, S.MERGING):
        desk.move(S.GATED)
    if recorded.shown:
        desk.tell_gate(decision.reasons[0].next_step)
    if recorded.new:
        wake_next(desk)
    if "base.retargeted" in codes:
        # It may be fitted to the other base meanwhile: when it comes back, what was said of it is said anew.
        void(desk.house, run, seen.snapshot.head)
    if codes & {"review.missing", "review.stale", "review.unposted"} and "budget" not in codes:
        engine.start_review(run.run_id, seen.snapshot.head, base_tip=seen.snapshot.base_tip or "")
    if "base.behind" in codes and codes <= REBUILD_CODES and may_rebuild(desk, seen):
        rebuild(desk, seen)
    if decision.until is not None:
        engine.reconcile(run.repository_id, seen.snapshot.pull, at=decision.until)
    if "mergeable.unknown" in codes:
        engine.reconcile(run.repository_id, seen.snapshot.pull, at=desk.house.clock.now() + timedelta(seconds=2))
    return False


def _done(desk: Desk, seen: Observation, decision: Done) -> bool:
    """Merged (by us before a crash, or by a person), or closed: finish, or stop."""
    if decision.how == "merged":
        if desk.run.state in TERMINAL:
            desk.move(S.GATED, "a person merged the pull request")
        return _finish(desk, seen, seen.reading.pull.merge_commit)
    desk.move(S.STOPPED, "the pull request was closed")
    desk.tell()
    return False


def _finish(desk: Desk, seen: Observation, sha: CommitSha | None) -> bool:
    """What follows a merge, each part safe to repeat; the state moves last, so a crash in between is picked up."""
    config = seen.policy.config if seen.policy and seen.policy.config else RepoConfig()
    run, head = desk.update(merge_sha=str(sha or "")), seen.reading.pull.head
    left = desk.calls.snapshots.aftermath(seen.reading.pull.number, run.issue, branch_for(run.issue))
    judged_here = left.base_branch == run.base_branch
    desk.house.merger.finish(
        run,
        desk.calls,
        left=left,
        head=head,
        delete_branch=config.merge.delete_branch,
        # A revert leaves its issue open, because the change has to be made again.
        close_issue=judged_here and not is_revert(run.cause),
    )
    if not judged_here:
        return unjudged_base(desk, left.base_branch, sha)
    seal_merge(desk, head, sha)
    begin_watch(desk, config, sha)
    return True
