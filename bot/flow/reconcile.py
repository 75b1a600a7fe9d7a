"""One look at one pull request: observe, decide, act, record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.errors import Forbidden, HeadMoved, NotMergeable, UnknownOutcome
from bot.flow.aftermath import begin_watch
from bot.flow.approval import authority_of
from bot.flow.config_check import answer_own
from bot.flow.desk import Desk, log
from bot.flow.proving import matter_digest, matter_of, proof_of, seal_merge
from bot.flow.pushed import with_pushed
from bot.flow.review import void
from bot.gate.decide import Block, Decision, Done, Merge, Wait, decide
from bot.gate.explain import explain, title_of
from bot.gate.observer import Observation
from bot.gate.reasons import fits_the_queue, reason
from bot.github_api.records import CheckOutput
from bot.intake.authority import Cancelled, Go, blueprint_digest
from bot.names import CommitSha, RunId, branch_for
from bot.publish.proof_text import with_proof
from bot.publish.pull_text import merge_message
from bot.record.entries import ProofEntry
from bot.repo_config import RepoConfig
from bot.states import RunState

S = RunState
REBUILD_CODES = frozenset(
    {"base.behind", "conflict", "mergeable.unknown", "ci.pending", "ci.settling", "ci.none", "ci.failed", "ci.stuck"}
    | {"review.missing", "review.stale", "review.unposted"}
)
"""Reasons that a rebuild on the new base tip does away with, or asks anew."""


def reconcile(desk: Desk) -> bool:
    """Look, decide and act once; what remains open is shown in `cadence/gate` and looked at again on the next event."""
    observation, decision = look(desk)
    if isinstance(decision, Done):
        return _done(desk, observation, decision)
    answer_own(desk, observation.snapshot)
    decision_id, proof = _record(desk, observation, decision)
    if isinstance(decision, Merge):
        assert proof is not None
        return (
            _enqueue(desk, observation, decision_id) if decision.queue else _merge(desk, observation, decision, proof)
        )
    if observation.snapshot.queued and not fits_the_queue(decision):
        # Before anything else: whatever stops or holds it must not be overtaken by the queue.
        desk.house.merger.dequeue(desk.run, desk.calls.queue, head=observation.snapshot.head, decision_id=decision_id)
    return _open(desk, observation, decision)


def look(desk: Desk) -> tuple[Observation, Decision]:
    """Observe and decide without acting. Before an answer is `Merge`, rules and authority are read afresh."""
    observation = _observe(desk, fresh_rules=False)
    decision = judged(desk, observation)
    if isinstance(decision, Merge):
        observation = _observe(desk, fresh_rules=True, approved=_still_approved(desk, observation))
        decision = judged(desk, observation)
    return observation, decision


def _observe(desk: Desk, *, fresh_rules: bool, approved: bool = True) -> Observation:
    house = desk.house
    seen = house.observer.observe(
        desk.run, desk.calls.snapshots, desk.mirror, refresh=desk.fetch, fresh_rules=fresh_rules
    )
    seen = with_pushed(desk, seen)
    return replace(seen, snapshot=replace(seen.snapshot, blueprint_approved=approved))


def judged(desk: Desk, seen: Observation) -> Decision:
    """The decision on what was seen, under the policy it was seen with."""
    config = seen.policy.config if seen.policy and seen.policy.config else RepoConfig()
    return decide(seen.snapshot, config, settle_seconds=desk.house.settings.settle_seconds)


def _still_approved(desk: Desk, seen: Observation) -> bool:
    """The last question before a merge: is the text the one that was planned, or did a person approve it since?"""
    if seen.policy is None or seen.policy.config is None:
        return False
    history, authority = authority_of(desk, seen.policy.config)
    if isinstance(authority, Cancelled):
        return False
    run, digest = desk.run, blueprint_digest(history.title, history.body)
    if run.approved_digest == digest:
        return True
    return isinstance(authority, Go) and digest == run.blueprint_digest


def _record(desk: Desk, seen: Observation, decision: Merge | Wait | Block) -> tuple[int, ProofEntry | None]:
    """File the decision, and give its id; a new one is shown as the gate's check run on the head it speaks of.

    A merge is shown with the digest of its proof, which is returned.

    While it is in a merge queue and may stay there, the check stays as green as it was when it entered. The first time
    that GitHub has not worked out mergeability is not shown: the next look, two seconds later, is.
    """
    before = desk.house.ledger.newest_decision(desk.run.run_id)
    matter = matter_of(desk, seen, decision) if isinstance(decision, Merge) else None
    decision_id, new = desk.house.ledger.record_decision(
        desk.run.run_id,
        pull=seen.snapshot.pull,
        head=seen.snapshot.head,
        outcome=type(decision).__name__.lower(),
        reasons=[{"code": r.code, "text": r.text} for r in decision.reasons],
        now=desk.house.clock.now(),
        matter=matter_digest(desk, matter) if matter else "",
    )
    if new:
        log.info("gate.decided", outcome=type(decision).__name__, reasons=[r.code for r in decision.reasons])
    if _unknown(decision.reasons) and not (before and before.head == seen.snapshot.head and _unknown(before.reasons)):
        return decision_id, None
    if seen.snapshot.queued and fits_the_queue(decision):
        return decision_id, None
    conclusion = {Merge: "success", Wait: None, Block: "action_required"}[type(decision)]
    output = CheckOutput(title=title_of(decision), summary=explain(decision, seen.snapshot))
    proof = proof_of(desk, matter, decision_id) if matter else None
    if proof is not None:
        signed = {"manifest": proof.manifest, "signature": proof.manifest_signature}
        output = with_proof(output, digest=proof.digest, key_id=proof.key_id, **signed)
    desk.house.merger.put_gate_check(
        desk.run,
        desk.calls.checks,
        head=seen.snapshot.head,
        decision_id=decision_id,
        conclusion=conclusion,
        output=output,
    )
    return decision_id, proof


def _unknown(reasons: Sequence[Any]) -> bool:
    codes = {reason["code"] if isinstance(reason, dict) else reason.code for reason in reasons}
    return "mergeable.unknown" in codes


def _open(desk: Desk, seen: Observation, decision: Wait | Block) -> bool:
    """Not now: start what would close a reason, and book the next look."""
    run, engine = desk.run, desk.house.engine
    codes = {reason.code for reason in decision.reasons}
    if "stopped" in codes:
        desk.move(S.STOPPED, next(r.text for r in decision.reasons if r.code == "stopped"))
        desk.tell()
        return False
    if run.state in (S.REVIEWING, S.MERGING):
        desk.move(S.GATED)
    if "base.retargeted" in codes:
        # It may be fitted to the other base meanwhile: when it comes back, what was said of it is said anew.
        void(desk.house, run, seen.snapshot.head)
    if codes & {"review.missing", "review.stale", "review.unposted"} and "budget" not in codes:
        engine.start_review(run.run_id, seen.snapshot.head, base_tip=seen.snapshot.base_tip or "")
    if "base.behind" in codes and codes <= REBUILD_CODES and _may_rebuild(desk, seen):
        _rebuild(desk, seen)
    if decision.until is not None:
        engine.reconcile(run.repository_id, seen.snapshot.pull, at=decision.until)
    if "mergeable.unknown" in codes:
        engine.reconcile(run.repository_id, seen.snapshot.pull, at=desk.house.clock.now() + timedelta(seconds=2))
    return False


def _may_rebuild(desk: Desk, seen: Observation) -> bool:
    """Only our own commit is rebuilt, and only for the oldest run of the base: the others wait their turn."""
    if desk.run.state is not S.GATED or seen.snapshot.head != desk.run.head_sha:
        return False
    queue = desk.house.ledger.runs_at_gate_on(desk.run.repository_id, desk.run.base_branch)
    return not queue or queue[0].run_id == desk.run.run_id or _blocked(desk, queue[0].run_id)


def _blocked(desk: Desk, run_id: RunId) -> bool:
    newest = desk.house.ledger.newest_decision(run_id)
    return newest is not None and newest.outcome == "block"


def _rebuild(desk: Desk, seen: Observation) -> None:
    """The base moved: build the same ChangeSet on the new tip, judge it there, and push it in place of the old one."""
    tip = seen.snapshot.base_tip
    desk.move(S.REPAIRING, f"base.moved: building the same change on {str(tip)[:12]}")
    desk.house.engine.start_build(desk.run.run_id, f"base-{tip}-{desk.house.ledger.last_transition(desk.run.run_id)}")


def _enqueue(desk: Desk, seen: Observation, decision_id: int) -> bool:
    """Put exactly the head that was judged into the base's merge queue; the merge itself is seen by a later look."""
    desk.move(S.MERGING, "")
    try:
        desk.house.merger.enqueue(desk.run, desk.calls.queue, head=seen.snapshot.head, decision_id=decision_id)
    except (HeadMoved, NotMergeable, UnknownOutcome) as error:
        return _not_merged(desk, seen, error)
    except Forbidden as error:
        desk.move(S.NEEDS_HUMAN, f"merge.forbidden: {error.summary}")
        desk.tell(next_step=error.remedy, details=error.details)
        return False
    desk.move(S.GATED, "in the merge queue")
    desk.house.engine.reconcile(desk.run.repository_id, seen.snapshot.pull)
    return False


def _merge(desk: Desk, seen: Observation, decision: Merge, proof: ProofEntry) -> bool:
    """Merge exactly the head that was judged; a refusal or an unknown outcome is read again, never repeated blindly."""
    run = desk.move(S.MERGING, "")
    assert seen.policy is not None
    head = seen.snapshot.head
    title, message = merge_message(
        template=seen.policy.must().commit.template,
        summary=run.summary,
        body=run.plan,
        run=run.run_id,
        issue=run.issue,
        changeset_digest=run.changeset_digest,
        proof=proof.digest,
    )
    try:
        sha = desk.house.merger.merge(
            run, desk.calls.pulls, head=head, method=decision.method, title=title, message=message
        )
    except (HeadMoved, NotMergeable, UnknownOutcome) as error:
        return _not_merged(desk, seen, error)
    except Forbidden as error:
        desk.move(S.NEEDS_HUMAN, f"merge.forbidden: {error.summary}")
        desk.tell(next_step=error.remedy, details=error.details)
        return False
    return _finish(desk, seen, sha)


def _not_merged(desk: Desk, seen: Observation, error: HeadMoved | NotMergeable | UnknownOutcome) -> bool:
    """GitHub said no, or nothing. Back to the gate; look again soon where that can help."""
    run = desk.move(S.GATED, f"{error.code}: {error.summary}")
    refusal = Block((reason(error.code, error.summary, then=error.remedy or "Cadence looks again."),))
    if not error.retry and not isinstance(error, HeadMoved):
        _record(desk, seen, refusal)
        return False
    pause = 1.0 if isinstance(error, HeadMoved) else 5.0
    desk.house.engine.reconcile(
        run.repository_id, seen.snapshot.pull, at=desk.house.clock.now() + timedelta(seconds=pause)
    )
    return False


def _done(desk: Desk, seen: Observation, decision: Done) -> bool:
    """Merged (by us before a crash, or by a person), or closed: finish, or stop."""
    if decision.how == "merged":
        return _finish(desk, seen, seen.reading.pull.merge_commit)
    desk.move(S.STOPPED, "the pull request was closed")
    desk.tell()
    return False


def _finish(desk: Desk, seen: Observation, sha: CommitSha | None) -> bool:
    """What follows a merge, each part safe to repeat; the state moves last, so a crash in between is picked up."""
    config = seen.policy.config if seen.policy and seen.policy.config else RepoConfig()
    run = desk.update(merge_sha=str(sha or ""))
    left = desk.calls.snapshots.aftermath(seen.reading.pull.number, run.issue, branch_for(run.issue))
    desk.house.merger.finish(
        run, desk.calls, left=left, head=seen.reading.pull.head, delete_branch=config.merge.delete_branch
    )
    seal_merge(desk, seen.reading.pull.head, sha)
    begin_watch(desk, config, sha)
    return True
