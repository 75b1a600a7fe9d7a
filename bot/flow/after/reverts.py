"""Reverting a merge: the run that carries the inverse change, and the comment on the issue."""

from __future__ import annotations

from bot.changeset.inverse import inverse
from bot.core.names import CommitSha, RunId, marker, revert_cause
from bot.effects.kinds import EffectKind
from bot.flow.building.start import new_run
from bot.flow.context import RunContext, log
from bot.ledger.entries import actor_of
from bot.ledger.signed_documents import signed_document
from bot.publish.comments import post_comment
from bot.publish.pull_request_text import revert_summary


def onto(context: RunContext, merge: CommitSha) -> CommitSha | None:
    """The commit of the base on which the merge was made: a rebase puts several commits there, one after the other."""
    proof = context.services.ledger.proof_of_run(context.run.run_id)
    if proof is not None and proof.merge_sha == merge:
        return CommitSha(signed_document(proof.seal, "seal")["onto"])
    return context.mirror.parent(merge)


def propose_revert(context: RunContext, evidence: str, base: str) -> RunId | None:
    """A child run that carries the inverse ChangeSet onto `base`; None where the files have changed since the merge."""
    run, mirror, merge = context.run, context.mirror, CommitSha(context.run.merge_sha)
    tip, parent = mirror.tip(base), onto(context, merge)
    if tip is None or parent is None:
        return None
    summary = revert_summary(run.summary)
    back = inverse(
        summary,
        {path for change in mirror.changes(parent, merge) for path in (change.old, change.new) if path},
        before=mirror.tree(parent),
        merged=mirror.tree(merge),
        tip=mirror.tree(tip),
    )
    if back.change_set is None:
        log.warning("revert.moved", run=run.run_id, paths=list(back.moved))
        return None
    services, change_set = context.services, back.change_set
    child = new_run(services, context.ref, run.issue, revert_cause(run.merge_sha), started_by=run.started_by)
    if services.ledger.start_run(child):
        services.ledger.save_changeset(child.run_id, change_set)
        services.ledger.update_run(
            child.run_id,
            title=run.title,
            body=run.body,
            blueprint_digest=run.blueprint_digest,
            approved_digest=run.approved_digest or run.blueprint_digest,
            approved_diff=change_set.digest() if run.approved_diff else "",
            approved_by=run.approved_by,
            # A reviewer trusts guidance as a maintainer's text. Names and URLs of checks are other people's text, so
            # they are in the plan.
            guidance=(
                "This change takes a merged one back, because CI on the base turned red after it. Judge only whether "
                "it restores the files as they were before, not whether it does what the blueprint asks."
            ),
            changeset_digest=change_set.digest(),
            summary=summary,
            plan=f"Restores the files as they were before {run.merge_sha}.\n\nEvidence: {evidence}",
            status_comment=run.status_comment,
            base_branch=base,
            default_branch=run.default_branch,
        )
    return child.run_id


def reopen(context: RunContext, why: str) -> None:
    """Reopen the run's issue, and say why in a comment of its own: GitHub notifies no one of an edited comment."""
    run, issues, effects = context.run, context.calls.issues, context.services.effects
    post_comment(
        effects,
        actor_of(run),
        issues,
        run.issue,
        key=f"reopened:{run.merge_sha}",
        marker=marker("reopened", merge=run.merge_sha),
        text=why,
        fresh=True,
        told_anyway=True,
    )
    effects.perform(
        actor_of(run),
        EffectKind.ISSUE_REOPEN,
        f"reopen:{run.issue}:{run.merge_sha}",
        find=lambda: {"open": True} if issues.is_open(run.issue) else None,
        do=lambda: {"open": issues.reopen(run.issue)},
    )
