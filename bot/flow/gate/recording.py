"""Files a decision of the gate and shows it as `cadence/gate`."""

from __future__ import annotations

from dataclasses import dataclass

from bot.effects.perform import Slots
from bot.flow.context import RunContext, log
from bot.flow.gate.merge_proof import matter_digest, proof_inputs, proof_of
from bot.gate.decide import Block, Merge, Wait
from bot.gate.explain import explain, title_of
from bot.gate.observe import Observation
from bot.gate.reasons import fits_the_queue
from bot.github_api.records import CheckOutput
from bot.ledger.entries import ProofEntry
from bot.publish.proof_text import with_proof

UNKNOWN = "mergeable.unknown"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A filed decision. `new` says that it differs from the one before; `shown` that people can see it.

    Only a merge has a `proof`, and the digest of what it was decided on (`matter`).
    """

    decision_id: int
    new: bool
    shown: bool
    proof: ProofEntry | None = None
    matter: str = ""


def record(
    context: RunContext,
    seen: Observation,
    decision: Merge | Wait | Block,
    *,
    slots: Slots | None = None,
    at_once: bool = False,
) -> Recorded:
    """File the decision; a new one is shown as the gate's check run on the head that it is for.

    A merge is shown with the digest of its proof. `slots` are write slots that were reserved and waited for.

    While the pull request is in a merge queue and may stay there, the check stays green, as it was when it entered. The
    first time that GitHub has not worked out mergeability is not shown, because the next look follows in two seconds.
    `at_once` shows even these: the check says at present that everything passed.
    """
    before = context.services.ledger.newest_decision(context.run.run_id)
    inputs = proof_inputs(context, seen, decision) if isinstance(decision, Merge) else None
    matter = matter_digest(context, inputs) if inputs else ""
    decision_id, new = context.services.ledger.record_decision(
        context.run.run_id,
        pull=seen.snapshot.pull,
        head=seen.snapshot.head,
        outcome=type(decision).__name__.lower(),
        reasons=[{"code": r.code, "text": r.text} for r in decision.reasons],
        now=context.services.clock.now(),
        matter=matter,
    )
    if new:
        log.info("gate.decided", outcome=type(decision).__name__, reasons=[r.code for r in decision.reasons])
    known_before = before.reasons if before and before.head == seen.snapshot.head else ()
    first_unknown = any(reason.code == UNKNOWN for reason in decision.reasons) and not any(
        reason["code"] == UNKNOWN for reason in known_before
    )
    stays_queued = seen.snapshot.queued and fits_the_queue(decision)
    if not at_once and (first_unknown or stays_queued):
        return Recorded(decision_id, new, shown=stays_queued)
    conclusion = {Merge: "success", Wait: None, Block: "action_required"}[type(decision)]
    output = CheckOutput(title=title_of(decision), summary=explain(decision, seen.snapshot))
    proof = proof_of(context, inputs, decision_id) if inputs else None
    if proof is not None:
        signed = {"manifest": proof.manifest, "signature": proof.manifest_signature}
        output = with_proof(output, digest=proof.digest, key_id=proof.key_id, **signed)
    context.services.merger.put_gate_check(
        context.run,
        context.calls.checks,
        head=seen.snapshot.head,
        decision_id=decision_id,
        conclusion=conclusion,
        output=output,
        slots=slots,
    )
    return Recorded(decision_id, new, shown=True, proof=proof, matter=matter)
