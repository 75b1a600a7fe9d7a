"""From the decision to merge to the merge itself: the gate's check, a wait, a last look, and the merge at once.

GitHub allows about one content-creating call a second, so the check and the merge cannot follow each other without a
pause. Whatever changes in that pause is seen: the last look comes after it, and nothing waits between look and merge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.effects import Slots
from bot.errors import CadenceError, FenceClosed, Forbidden, HeadMoved, NotMergeable, UnknownOutcome
from bot.flow.deciding import Recorded, record
from bot.flow.desk import Desk
from bot.flow.look import last_look
from bot.flow.proving import matter_digest, matter_of
from bot.gate.decide import Block, Decision, Merge, Wait
from bot.gate.observer import Observation
from bot.gate.reasons import Findings, reason
from bot.names import CommitSha
from bot.publish.pull_text import merge_message
from bot.record.entries import ProofEntry
from bot.states import RunState

S = RunState


@dataclass(frozen=True, slots=True)
class Merged:
    """GitHub merged the pull request as `sha`, on what `seen` shows."""

    seen: Observation
    sha: CommitSha


@dataclass(frozen=True, slots=True)
class Changed:
    """The last look gave another decision. Nothing was merged, and `cadence/gate` has to say so at once."""

    seen: Observation
    decision: Decision
    slots: Slots


def merge(desk: Desk, seen: Observation, decision: Merge) -> Merged | Changed | None:
    """Show the decision, look again, and merge exactly what both looks agree on; None when GitHub did not merge.

    Both write slots are reserved before the first of them is used, so no other write comes in between.
    """
    slots = desk.house.effects.reserve(desk.mandate, 2)
    desk.move(S.MERGING, "")
    slots.wait()
    first = record(desk, seen, decision, slots=slots)
    slots.wait()
    try:
        again, second = last_look(desk, seen)
    except CadenceError as error:
        _unread(desk, seen, error, slots)
        return None
    if not _agree(desk, first, decision, again, second):
        return Changed(again, second, slots)
    try:
        if decision.queue:
            _enqueue(desk, again, first, slots)
            return None
        assert first.proof is not None
        return Merged(again, _merge(desk, again, decision, first.proof, slots))
    except FenceClosed:
        # Another worker ended the run meanwhile. The check must not go on to say that it is being merged.
        ended = Block((reason("stopped", f"The run is {desk.reload().state}."),))
        record(desk, again, ended, slots=slots, at_once=True)
        raise
    except (HeadMoved, NotMergeable, UnknownOutcome) as error:
        _not_merged(desk, again, error)
        return None
    except Forbidden as error:
        refused = reason("merge.forbidden", f"GitHub does not let this App merge: {error.summary}", then=error.remedy)
        record(desk, again, Block((refused,)), slots=slots, at_once=True)
        desk.move(S.NEEDS_HUMAN, f"merge.forbidden: {error.summary}")
        desk.tell(next_step=error.remedy, details=error.details)
        return None


def _agree(desk: Desk, first: Recorded, decision: Merge, again: Observation, second: Decision) -> bool:
    """Whether the last look decides the same on the same evidence: the check has shown the digest of that evidence."""
    if not isinstance(second, Merge):
        return False
    if (second.head, second.method, second.queue) != (decision.head, decision.method, decision.queue):
        return False
    return matter_digest(desk, matter_of(desk, again, second)) == first.matter


def _merge(desk: Desk, seen: Observation, decision: Merge, proof: ProofEntry, slots: Slots) -> CommitSha:
    assert seen.policy is not None
    run = desk.run
    title, message = merge_message(
        template=seen.policy.must().commit.template,
        summary=run.summary,
        body=run.plan,
        run=run.run_id,
        issue=run.issue,
        changeset_digest=run.changeset_digest,
        proof=proof.digest,
    )
    return desk.house.merger.merge(
        run,
        desk.calls.pulls,
        head=seen.snapshot.head,
        method=decision.method,
        title=title,
        message=message,
        slots=slots,
    )


def _enqueue(desk: Desk, seen: Observation, recorded: Recorded, slots: Slots) -> None:
    """Put exactly the head that was judged into the base's merge queue; the merge itself is seen by a later look."""
    desk.house.merger.enqueue(
        desk.run, desk.calls.queue, head=seen.snapshot.head, decision_id=recorded.decision_id, slots=slots
    )
    desk.move(S.GATED, "in the merge queue")
    desk.house.engine.reconcile(desk.run.repository_id, seen.snapshot.pull)


def _not_merged(desk: Desk, seen: Observation, error: HeadMoved | NotMergeable | UnknownOutcome) -> None:
    """GitHub said no, or nothing. Back to the gate; look again soon where that can help."""
    run = desk.move(S.GATED, f"{error.code}: {error.summary}")
    refusal = Block((reason(error.code, error.summary, then=error.remedy or "Cadence looks again."),))
    if not error.retry and not isinstance(error, HeadMoved):
        record(desk, seen, refusal, at_once=True)
        desk.tell_gate(refusal.reasons[0].next_step)
        return
    pause = 1.0 if isinstance(error, HeadMoved) else 5.0
    desk.house.engine.reconcile(
        run.repository_id, seen.snapshot.pull, at=desk.house.clock.now() + timedelta(seconds=pause)
    )


def _unread(desk: Desk, seen: Observation, error: CadenceError, slots: Slots) -> None:
    """The last look failed, so nothing merges; the check says so, and a later look tries again where that can help."""
    desk.move(S.GATED, f"{error.code}: {error.summary}")
    found = Findings()
    found.unread("last_look", "what GitHub shows just before the merge")
    record(desk, seen, Wait(tuple(found.waits)), slots=slots, at_once=True)
    if not error.retry:
        raise error
    soon = desk.house.clock.now() + timedelta(seconds=max(5.0, error.after or 0.0))
    desk.house.engine.reconcile(desk.run.repository_id, seen.snapshot.pull, at=soon)
