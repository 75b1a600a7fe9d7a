"""What follows the end of a pull request: its branch and issue, the proof's seal, the watch; or the run is stopped."""

from __future__ import annotations

from bot.core.names import CommitSha, branch_for, is_revert
from bot.core.states import TERMINAL, RunState
from bot.effects.kinds import EffectKind
from bot.flow.after.reverts import propose_revert, reopen
from bot.flow.after.watch import REVERT_BY_HAND, begin_watch
from bot.flow.context import RunContext, log
from bot.flow.gate.merge_proof import seal_merge
from bot.gate.decide import Done
from bot.gate.observe import Observation

S = RunState
LATE = "stop.late:"
"""How the reason of a run begins whose own merge landed after its stop."""


def stop_or_finish(context: RunContext, seen: Observation, decision: Done) -> None:
    """Finish a pull request that was merged (by us before a crash, or by a person); stop the run of a closed one."""
    if decision.how == "merged":
        if context.run.state is S.NEEDS_HUMAN and context.run.reason.startswith(LATE):
            # Said already, and a person decides about the revert.
            return
        stopped = context.run.reason if context.run.state is S.STOPPED else ""
        if context.run.state in TERMINAL:
            context.move(S.GATED, "a person merged the pull request")
        if stopped and _began_to_merge(context):
            _landed_late(context, seen, stopped)
            return
        finish(context, seen, seen.reading.pull.merge_commit)
        return
    context.move(S.STOPPED, "the pull request was closed")
    context.tell()


def _began_to_merge(context: RunContext) -> bool:
    """Whether Cadence itself sent the merge, before the stop or while its worker was paused."""
    effects = context.services.ledger.effects_of(context.run.run_id)
    return any(effect.kind in (EffectKind.MERGE, EffectKind.QUEUE_ENTER) for effect in effects)


def _landed_late(context: RunContext, seen: Observation, stopped: str) -> None:
    """Cadence's own merge landed although the run was stopped: say so, and offer a revert."""
    sha = seen.reading.pull.merge_commit
    run = context.update(merge_sha=str(sha or ""))
    log.error("stop.merged", run=run.run_id, merge=sha)
    text = f"#{run.pull} was merged although the run was stopped ({stopped})"
    _offer_revert(context, LATE, text, ": the merge was on its way when the stop came.", run.base_branch)


def _offer_revert(context: RunContext, code: str, text: str, more: str, base: str) -> None:
    """Reopen the issue, hand the run to a person, and propose a revert on `base` where the merge commit is known.

    `text` says what happened: it is the evidence of the revert, and the reason of the run after `code`. On the issue,
    `more` follows it.
    """
    context.fetch()
    child = propose_revert(context, text, base) if context.run.merge_sha else None
    follows = REVERT_BY_HAND if child is None else "A draft pull request that reverts it follows."
    reopen(context, f"{text}{more} {follows}")
    context.move(S.NEEDS_HUMAN, f"{code} {text}" + (f". Run {child} offers to revert it" if child else ""))
    context.tell(next_step="Merge the draft that reverts it, or keep the change and close the draft.")
    if child is not None:
        context.services.engine.start_build(child, "1")


def finish(context: RunContext, seen: Observation, sha: CommitSha | None) -> None:
    """Do what follows the merge as `sha`; None where GitHub does not name the commit.

    Each part is safe to repeat. The state moves last, so a crash in between is picked up by the next look.
    """
    config = seen.config
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
        _merged_elsewhere(context, left.base_branch, sha)
        return
    seal_merge(context, head, sha)
    begin_watch(context, config, sha)


def _merged_elsewhere(context: RunContext, base: str, sha: CommitSha | None) -> None:
    """The pull request was merged into another branch than the one it was judged for: say so, and offer a revert."""
    run = context.run
    log.error("base.unjudged", run=run.run_id, judged_for=run.base_branch, merged_into=base, merge=sha)
    text = f"#{run.pull} was merged into `{base}`; it was planned and judged for `{run.base_branch}`"
    _offer_revert(context, "base.unjudged:", text, f". The change was not judged on `{base}`.", base)
