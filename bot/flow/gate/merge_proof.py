"""The proof of a merge: the manifest that is made and signed before it, and the seal after it (docs/proof.md)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC
from typing import Any

from bot import __version__
from bot.core.errors import CadenceError
from bot.core.names import TRAILER_CHANGESET, CommitSha, Digest, sha256
from bot.effects.kinds import EffectKind
from bot.flow.context import RunContext, log
from bot.gate.ci import foreign
from bot.gate.observe import Observation
from bot.gate.reasons import Merge
from bot.git_store.commits import CommitObject
from bot.github_api.permissions import MERGE
from bot.ledger.chain import ChainHead, canonical
from bot.ledger.entries import ProofEntry
from bot.proof.rebuild import onto_of, picked, proof_trailers, rebuilt
from bot.proof.statements import (
    MergeInputs,
    OtherCommit,
    OwnCommit,
    decision_inputs,
    document_digest,
    manifest,
    seal,
)
from bot.review.review_kinds import ReviewKind


def proof_inputs(context: RunContext, seen: Observation, decision: Merge) -> dict[str, Any]:
    """What the merge is decided on, from the same observation that the gate decided on.

    Raises CadenceError `proof.incomplete` when evidence that the gate counted is not in the ledger.
    """
    snapshot = seen.snapshot
    if snapshot.base_tip is None or snapshot.merge_base is None or snapshot.config_digest is None:
        raise _incomplete("the base")
    history = context.mirror.history
    found = [history.commit(sha) for sha in history.between(snapshot.merge_base, snapshot.head)]
    judged = MergeInputs(
        base_branch=snapshot.base_branch,
        base_tip=snapshot.base_tip,
        merge_base=snapshot.merge_base,
        head=snapshot.head,
        method=decision.method,
        queue=decision.queue,
        commits=tuple(_recorded(context, commit) for commit in found if commit is not None),
    )
    return decision_inputs(
        context.run,
        judged,
        server=context.services.github.urls.web,
        config_digest=snapshot.config_digest,
        verdicts=[_verdict(context, kind, judged, snapshot.config_digest) for kind in ReviewKind],
        ci=foreign(snapshot.checks or (), snapshot.app_id),
        notes=[reason.code for reason in decision.notes],
        passed=decision.passed,
    )


def matter_digest(context: RunContext, decided_upon: dict[str, Any]) -> Digest:
    """Two decisions to merge differ when this does: other evidence, or another key that would sign the proof."""
    return sha256(f"{document_digest(decided_upon)} {context.services.signer.key_id}")


def proof_of(context: RunContext, decided_upon: dict[str, Any], decision_id: int) -> ProofEntry:
    """The signed manifest of a decision: made once, then the one that is kept, so that its digest never changes."""
    services, run = context.services, context.run
    kept = services.ledger.proof_for_decision(run.run_id, decision_id)
    if kept is not None:
        return kept
    now = services.clock.now()
    document = manifest(
        decided_upon,
        decision=decision_id,
        at=now.astimezone(UTC).isoformat(timespec="seconds"),
        software=f"cadence {__version__}",
        chain=_chain_head(context),
        spent=services.ledger.counts(run.run_id),
        calls=services.ledger.model_calls_of(run.run_id),
    )
    text = canonical(document)
    return services.ledger.save_proof(
        ProofEntry(
            digest=document_digest(document),
            run_id=run.run_id,
            repository_id=run.repository_id,
            decision_id=decision_id,
            head=decided_upon["head"],
            at=now,
            key_id=services.signer.key_id,
            manifest=text,
            manifest_signature=services.signer.sign(text),
        )
    )


def seal_merge(context: RunContext, head: CommitSha, merged_as: CommitSha | None) -> None:
    """Sign the outcome of a merge by Cadence; a merge by a person has no proof.

    Raises what a fetch raises where trying again can help; otherwise the merge stays unsealed, and the log says so.
    """
    proofs = context.services.ledger.proofs_for_head(context.run.run_id, head)
    if not proofs or merged_as is None:
        return
    try:
        # With the token of the merge, which is kept, so that no call of GitHub's API is needed for another.
        for wanted in (context.run.base_branch, merged_as):
            if not context.mirror.has(merged_as):
                context.fetch([wanted], MERGE)
        merge = context.mirror.history.commit(merged_as)
        proof = None if merge is None else _ours(context, proofs, merge)
        if merge is None or proof is None:
            log.warning("proof.unsealed", run=context.run.run_id, merge=merged_as, proofs=len(proofs))
            return
        _seal(context, proof, merge)
    except CadenceError as error:
        if error.retry:
            raise
        log.warning("proof.unsealed", run=context.run.run_id, merge=merged_as, code=error.code, summary=error.summary)


def _seal(context: RunContext, proof: ProofEntry, merge: CommitObject) -> None:
    services, run, history = context.services, context.run, context.mirror.history
    if proof.key_id != services.signer.key_id:
        # A proof is checked with one key; two signatures by different keys would prove nothing to its reader.
        raise CadenceError("the manifest was signed with another key than the present one", code="proof.unsealed")
    signed = services.ledger.manifest_of(proof)
    listed = [CommitSha(row["sha"]) for row in signed["commits"]]
    onto = onto_of(history, merge, signed["method"], len(picked(history, listed)))
    if onto is None:
        raise CadenceError(f"the history of {merge.sha} ends before its base", code="proof.unsealed")
    document = seal(
        manifest_digest=proof.digest,
        run=run.run_id,
        merge_commit=merge.sha,
        tree=merge.tree,
        parents=merge.parents,
        onto=onto,
        base_tip=signed["base"]["tip"],
        at=services.clock.now().astimezone(UTC).isoformat(timespec="seconds"),
        chain=_chain_head(context),
    )
    text = canonical(document)
    services.ledger.seal_proof(proof.digest, seal=text, signature=services.signer.sign(text), merge_sha=merge.sha)
    context.mirror.keep(run.run_id, CommitSha(proof.head))
    log.info("proof.sealed", run=run.run_id, merge=merge.sha, proof=proof.digest)


def _ours(context: RunContext, proofs: list[ProofEntry], merge: CommitObject) -> ProofEntry | None:
    """The proof that the merge commit quotes; what cannot quote one counts when we asked for it.

    Several decisions may have been made on one head before one of them came through.
    """
    quoted = proof_trailers(merge.message)
    for proof in proofs:
        if f"sha256:{proof.digest}" in quoted:
            return proof
    queued = _queued(context, proofs)
    if queued is not None:
        return queued
    asked = context.services.ledger.effect(context.run.run_id, "merge", f"merge:{proofs[0].head}")
    rebased = context.services.ledger.manifest_of(proofs[0])["method"] == "rebase"
    return proofs[0] if rebased and asked is not None and asked.state != "failed" else None


def _queued(context: RunContext, proofs: list[ProofEntry]) -> ProofEntry | None:
    """The proof of the decision that put the head into the merge queue, unless it was the last to be taken out again.

    A queue writes the merge commit's message itself, so Cadence can add nothing to it.
    """
    kinds = (EffectKind.QUEUE_ENTER, EffectKind.QUEUE_LEAVE)
    acts = [
        one
        for one in context.services.ledger.effects_of(context.run.run_id)
        if one.kind in kinds and one.state != "failed"
    ]
    if not acts or acts[-1].kind != EffectKind.QUEUE_ENTER:
        return None
    entered = acts[-1].natural_key
    return next((one for one in proofs if entered == f"enqueue:{one.head}:{one.decision_id}"), None)


def _recorded(context: RunContext, commit: CommitObject) -> OwnCommit | OtherCommit:
    """As ours when its parent and the ChangeSet that it names give it again; what a message claims is not enough."""
    own = _claimed(commit)
    change_set = context.services.ledger.changeset(own.changeset) if own else None
    if own is not None and change_set is not None:
        try:
            if rebuilt(context.mirror, own, change_set) == commit.sha:
                return own
        except CadenceError as error:
            log.info("proof.not_rebuilt", run=context.run.run_id, commit=commit.sha, code=error.code)
    return OtherCommit(commit.sha, commit.parents)


def _claimed(commit: CommitObject) -> OwnCommit | None:
    """The commit as ours, if it looks like one: one parent, our trailer, UTF-8 and UTC."""
    author, date, message = commit.author, commit.date, commit.message
    if len(commit.parents) != 1 or author is None or date is None or message is None:
        return None
    named = [line.partition(": ")[2] for line in message.split("\n") if line.startswith(f"{TRAILER_CHANGESET}: ")]
    if len(named) != 1:
        return None
    return OwnCommit(
        sha=commit.sha,
        parent=commit.parents[0],
        changeset=Digest(named[0].strip()),
        author_name=author.name,
        author_email=author.email,
        date=int(date.timestamp()),
        message=message,
    )


def _verdict(context: RunContext, kind: ReviewKind, judged: MergeInputs, config_digest: Digest) -> dict[str, Any]:
    """The newest verdict on exactly this key, as it is kept: read and written again it might have another digest."""
    run_id, ledger = context.run.run_id, context.services.ledger
    newest = ledger.newest_verdict(run_id, kind, judged.head, judged.merge_base, config_digest)
    filed = ledger.filed_verdict(run_id, kind.value, asdict(newest.key)) if newest else None
    if filed is None:
        raise _incomplete(f"the {kind} verdict on {judged.head}")
    return filed


def _chain_head(context: RunContext) -> ChainHead:
    head = context.services.ledger.chain_head(context.run.run_id)
    if head is None:
        raise _incomplete("the run's chain")
    return head


def _incomplete(what: str) -> CadenceError:
    return CadenceError(
        f"no proof can be made: {what} is not in the ledger", code="proof.incomplete", remedy="`/cadence replan`."
    )
