"""After a merge: watch CI on the base for a while; where the merge turned it red, propose to take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.changeset.inverse import inverse
from bot.effects import EffectKind, mandate_of
from bot.flow.desk import Desk, log
from bot.flow.starting import new_run
from bot.gate.ci import foreign
from bot.gate.snapshot import CheckState
from bot.names import CommitSha, RunId, branch_for, revert_cause
from bot.record.bundle import signed_document
from bot.record.entries import RunEntry
from bot.repo_config import AfterMergeConfig, RepoConfig
from bot.states import RunState

S = RunState
_RED = frozenset({"failure", "timed_out", "startup_failure"})
"""What says that something is broken. A check that was cancelled (by the next push, say) or went stale says nothing."""
_FINE = frozenset({None, "success", "skipped", "neutral"})


def begin_watch(desk: Desk, config: RepoConfig, sha: CommitSha | None) -> None:
    """Move a merged run on: to `watching` where the policy asks for it, else to its end."""
    told = f"`{branch_for(desk.run.issue)}` was merged as {str(sha or '')[:12]}"
    if config.after_merge.watch > 0 and sha is not None:
        run = desk.move(S.WATCHING, f"{told}; watching CI on the base for {config.after_merge.watch} min")
        _look_again(desk, run, _end(desk, config.after_merge))
    else:
        desk.move(S.MERGED, told)
    desk.tell()


def watch(desk: Desk) -> bool:
    """One look at the merge commit's checks: red by this merge, green for long enough, or not over yet."""
    run = desk.run
    desk.fetch()
    tip = desk.mirror.tip(run.base_branch)
    policy = desk.policy_at(tip) if tip else None
    rules = (policy.config if policy and policy.config else RepoConfig()).after_merge
    merge = CommitSha(run.merge_sha)
    checks = foreign(desk.calls.snapshots.commit_checks(merge), desk.house.identity.app_id)
    red = [check for check in checks if check.conclusion in _RED]
    if red and (ours := _green_before(desk, run, red)):
        return _red(desk, rules, ours)
    end = _end(desk, rules)
    if desk.house.clock.now() >= end:
        desk.move(S.MERGED, f"{str(merge)[:12]} stood for {rules.watch} min on `{run.base_branch}`{_besides(checks)}")
        desk.tell()
        return False
    _look_again(desk, run, end)
    return False


def _besides(checks: Sequence[CheckState]) -> str:
    """What of the watched checks is no proof that all is well, in words."""
    red = sorted({check.name for check in checks if check.conclusion in _RED})
    told = [f"{', '.join(red)} was not seen green before"] if red else []
    told += sorted(f"{c.name} ended {c.conclusion}" for c in checks if c.conclusion not in _FINE | _RED)
    return "".join(f"; {one}" for one in told)


def _end(desk: Desk, rules: AfterMergeConfig) -> datetime:
    """When the watch is over, counted from the move into it."""
    began = next(t.at for t in reversed(desk.house.ledger.transitions(desk.run.run_id)) if t.to == S.WATCHING)
    return began + timedelta(minutes=rules.watch)


def _look_again(desk: Desk, run: RunEntry, at: datetime) -> None:
    assert run.pull is not None
    desk.house.engine.reconcile(run.repository_id, run.pull, at=at)


def _green_before(desk: Desk, run: RunEntry, red: Sequence[CheckState]) -> list[CheckState]:
    """Of the red checks those that were green on the base before the merge, or on the head that was merged.

    The merged head may be a person's, so it is the one that was decided upon, not only the one that the run built.
    """
    decided = desk.house.ledger.newest_decision(run.run_id)
    heads = [run.base_sha, run.head_sha, decided.head if decided else "", _onto(desk, CommitSha(run.merge_sha)) or ""]
    green: set[str] = set()
    for sha in dict.fromkeys(filter(None, heads)):
        checks = foreign(desk.calls.snapshots.commit_checks(CommitSha(sha)), desk.house.identity.app_id)
        # A name that several workflows share was green only where none of them was red.
        green |= {one.name for one in checks if one.conclusion == "success"} - {
            one.name for one in checks if one.conclusion in _RED
        }
    return [check for check in red if check.name in green]


def _onto(desk: Desk, merge: CommitSha) -> CommitSha | None:
    """The commit of the base on which the merge was made: a rebase puts several commits there, one after the other."""
    proof = desk.house.ledger.proof_of_run(desk.run.run_id)
    if proof is not None and proof.merge_sha == merge:
        return CommitSha(signed_document(proof.seal, "seal")["onto"])
    return desk.mirror.parent(merge)


def _red(desk: Desk, rules: AfterMergeConfig, red: Sequence[CheckState]) -> bool:
    """The merge turned the base red: reopen the issue, and propose the way back as a pull request of its own."""
    run = desk.run
    evidence = "; ".join(f"`{c.name}` ended `{c.conclusion}` {c.url}".rstrip() for c in red)
    reason = f"base.red: after the merge, {evidence} on `{run.base_branch}`"
    log.warning("base.red", run=run.run_id, checks=[check.name for check in red])
    if rules.on_red == "none":
        desk.move(S.MERGED, reason)
        desk.tell()
        return False
    _reopen(desk, run)
    child = _revert(desk, run, evidence)
    if child is None:
        desk.move(S.REVERTED, f"{reason}. Files changed since, so it cannot be taken back by itself")
        desk.tell(next_step="A person mends or reverts it; then label the issue again.")
        return False
    desk.move(S.REVERTED, f"{reason}. Run {child} takes it back")
    desk.house.engine.start_build(child, "1")
    return True


def _reopen(desk: Desk, run: RunEntry) -> None:
    issues = desk.calls.issues
    desk.house.effects.perform(
        mandate_of(run),
        EffectKind.ISSUE_REOPEN,
        f"reopen:{run.issue}:{run.merge_sha}",
        find=lambda: {"open": True} if issues.is_open(run.issue) else None,
        do=lambda: {"open": issues.reopen(run.issue)},
    )


def _revert(desk: Desk, run: RunEntry, evidence: str) -> RunId | None:
    """A child run that carries the inverse ChangeSet; None where the files have changed since the merge."""
    mirror, merge = desk.mirror, CommitSha(run.merge_sha)
    tip, parent = mirror.tip(run.base_branch), _onto(desk, merge)
    if tip is None or parent is None:
        return None
    back = inverse(
        f"Take back: {run.summary}",
        {path for change in mirror.changes(parent, merge) for path in (change.old, change.new) if path},
        before=mirror.tree(parent),
        merged=mirror.tree(merge),
        tip=mirror.tree(tip),
    )
    if back.change_set is None:
        log.warning("revert.moved", run=run.run_id, paths=list(back.moved))
        return None
    house, change_set = desk.house, back.change_set
    child = new_run(house, desk.ref, run.issue, revert_cause(run.merge_sha), started_by=run.started_by)
    if house.ledger.start_run(child):
        house.ledger.save_changeset(child.run_id, change_set)
        house.ledger.update_run(
            child.run_id,
            title=run.title,
            body=run.body,
            blueprint_digest=run.blueprint_digest,
            approved_digest=run.approved_digest or run.blueprint_digest,
            approved_diff=change_set.digest() if run.approved_diff else "",
            approved_by=run.approved_by,
            # A reviewer takes guidance for a maintainer's word: the names and addresses of checks stand in the plan.
            guidance=(
                "This change takes a merged one back, because CI on the base turned red after it. Judge only whether "
                "it restores the files as they stood before, not whether it does what the blueprint asks."
            ),
            changeset_digest=change_set.digest(),
            summary=f"Take back: {run.summary}"[:200],
            plan=f"Restores the files as they stood before {run.merge_sha}.\n\nEvidence: {evidence}",
            status_comment=run.status_comment,
            base_branch=run.base_branch,
            default_branch=run.default_branch,
        )
    return child.run_id
