"""From the decision to merge to the merge itself: the gate's check, a wait, a last look, and the merge at once.

GitHub allows about one content-creating call a second, so the check and the merge cannot follow each other without a
pause. Whatever changes in that pause is seen: the last look comes after it, and nothing waits between look and merge.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from bot.core.errors import (
    CadenceError,
    FenceClosed,
    FenceLate,
    Forbidden,
    HeadMoved,
    Held,
    NotMergeable,
    UnknownOutcome,
)
from bot.core.names import CommitSha
from bot.core.states import RunState
from bot.effects.perform import Slots
from bot.flow.context import RunContext
from bot.flow.gate.look import last_look, look
from bot.flow.gate.merge_proof import matter_digest, proof_inputs
from bot.flow.gate.recording import record
from bot.gate.decide import Block, Decision, Merge, Wait
from bot.gate.observe import Observation
from bot.gate.reasons import Findings, reason
from bot.publish.pull_request_text import merge_message

S = RunState


@dataclass(frozen=True, slots=True)
class Merged:
    """GitHub merged the pull request as `sha`, on what `seen` shows."""

    seen: Observation
    sha: CommitSha


@dataclass(frozen=True, slots=True)
class DecidedOtherwise:
    """The last look gave another decision. Nothing was merged, and `cadence/gate` has to say so at once.

    `slots` are the write slots that were reserved for the merge; the new check uses the next of them.
    """

    seen: Observation
    decision: Decision
    slots: Slots


def merge(context: RunContext, seen: Observation, decision: Merge) -> Merged | DecidedOtherwise | None:
    """Show the decision, look again, and merge exactly what both looks agree on; None when GitHub did not merge.

    Both write slots are reserved before the first of them is used, so no other write comes in between.
    """
    slots = context.services.effects.reserve(context.actor, 2)
    if context.reload().state is S.HELD:
        # What held it is gone: the label was taken off, or a delivery told of it twice.
        context.move(S.GATED, "the hold has ended")
    if not context.go_on_to(S.MERGING):
        # A hold that came since the look books its own.
        return None
    slots.wait()
    first = record(context, seen, decision, slots=slots)
    slots.wait()
    try:
        again, second = last_look(context, seen)
    except CadenceError as error:
        _unread(context, seen, error, slots)
        return None
    same_merge = isinstance(second, Merge) and (
        (second.head, second.method, second.queue) == (decision.head, decision.method, decision.queue)
        # The check has shown the digest of the evidence, so the evidence has to be the same too.
        and matter_digest(context, proof_inputs(context, again, second)) == first.matter
    )
    if not same_merge:
        return DecidedOtherwise(again, second, slots)
    try:
        if decision.queue:
            # Exactly the head that was judged enters; the merge itself is seen by a later look.
            merger, queue = context.services.merger, context.calls.queue
            merger.enqueue(context.run, queue, head=again.snapshot.head, decision_id=first.decision_id, slots=slots)
            context.move(S.GATED, "in the merge queue")
            context.services.engine.reconcile(context.run.repository_id, again.snapshot.pull)
            return None
        assert first.proof is not None and again.loaded is not None
        title, message = merge_message(
            template=again.loaded.require_config().commit.template,
            summary=context.run.summary,
            body=context.run.plan,
            run=context.run.run_id,
            issue=context.run.issue,
            changeset_digest=context.run.changeset_digest,
            proof=first.proof.digest,
        )
        sha = context.services.merger.merge(
            context.run,
            context.calls.pulls,
            head=again.snapshot.head,
            method=decision.method,
            title=title,
            message=message,
            slots=slots,
        )
        return Merged(again, sha)
    except FenceClosed:
        # Another worker ended the run meanwhile. The check must not go on to say that it is being merged.
        ended = Block((reason("stopped", f"The run is {context.reload().state}."),))
        record(context, again, ended, slots=slots, at_once=True)
        raise
    except Held:
        # Directly before the request. The look that follows names who holds it; the slot of the merge is still free.
        seen_held, now = look(context)
        return DecidedOtherwise(seen_held, now, slots)
    except (FenceLate, HeadMoved, NotMergeable, UnknownOutcome) as error:
        _not_merged(context, again, error)
        return None
    except Forbidden as error:
        refused = reason("merge.forbidden", f"GitHub does not let this App merge: {error.summary}", then=error.remedy)
        record(context, again, Block((refused,)), slots=slots, at_once=True)
        context.move(S.NEEDS_HUMAN, f"merge.forbidden: {error.summary}")
        context.tell(next_step=error.remedy, details=error.details)
        return None


def _not_merged(
    context: RunContext, seen: Observation, error: FenceLate | HeadMoved | NotMergeable | UnknownOutcome
) -> None:
    """GitHub refused the merge, or did not answer. Back to the gate; look again soon where that can help."""
    run = context.move(S.GATED, f"{error.code}: {error.summary}")
    refusal = Block((reason(error.code, error.summary, then=error.remedy or "Cadence looks again."),))
    if not error.retry and not isinstance(error, HeadMoved):
        record(context, seen, refusal, at_once=True)
        context.tell_gate(refusal.reasons[0].next_step)
        return
    pause = 1.0 if isinstance(error, HeadMoved) else 5.0
    context.services.engine.reconcile(
        run.repository_id, seen.snapshot.pull, at=context.services.clock.now() + timedelta(seconds=pause)
    )


def _unread(context: RunContext, seen: Observation, error: CadenceError, slots: Slots) -> None:
    """The last look failed, so nothing merges; the check says so, and a later look tries again where that can help."""
    context.move(S.GATED, f"{error.code}: {error.summary}")
    found = Findings()
    found.unread("last_look", "what GitHub shows just before the merge")
    record(context, seen, Wait(tuple(found.waits)), slots=slots, at_once=True)
    if not error.retry:
        raise error
    soon = context.services.clock.now() + timedelta(seconds=max(5.0, error.after or 0.0))
    context.services.engine.reconcile(context.run.repository_id, seen.snapshot.pull, at=soon)
