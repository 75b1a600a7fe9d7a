"""After a merge: watch CI on the base for a while; where the merge turned it red, propose to take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.flow.desk import Desk, log
from bot.flow.reverts import onto, propose_revert, reopen
from bot.gate.ci import foreign
from bot.gate.snapshot import CheckState
from bot.names import CommitSha, branch_for
from bot.record.entries import RunEntry
from bot.repo_config import AfterMergeConfig, RepoConfig
from bot.states import RunState

S = RunState
_RED = frozenset({"failure", "timed_out", "startup_failure"})
"""What says that something is broken. A check that was cancelled (by the next push, say) or went stale says nothing."""
_BY_HAND = "A person reverts or repairs it; then label the issue again."
_FINE = frozenset({None, "success", "skipped", "neutral"})


def begin_watch(desk: Desk, config: RepoConfig, sha: CommitSha | None) -> None:
    """Move a merged run on: to `watching` where the policy asks for it, else to its end."""
    told = f"`{branch_for(desk.run.issue)}` was merged as {str(sha or '')[:12]}"
    if config.after_merge.watch > 0 and sha is not None:
        run = desk.move(S.WATCHING, f"{told}; watching CI on the base for {config.after_merge.watch} min")
        _look_again(desk, run, min(_end(desk, config.after_merge), _first_look(desk, config)))
    else:
        desk.move(S.MERGED, told)
    desk.tell()


def watch(desk: Desk) -> bool:
    """One look at the merge commit's checks: red by this merge, green for long enough, or not over yet."""
    run = desk.run
    desk.fetch()
    tip = desk.mirror.tip(run.base_branch)
    policy = desk.policy_at(tip) if tip else None
    config = policy.config if policy and policy.config else RepoConfig()
    rules, merge = config.after_merge, CommitSha(run.merge_sha)
    checks = foreign(desk.calls.snapshots.commit_checks(merge), desk.house.identity.app_id)
    red = [check for check in checks if check.conclusion in _RED]
    if red and (ours := _green_before(desk, run, red)):
        return _red(desk, rules, ours)
    now, end = desk.house.clock.now(), _end(desk, rules)
    if now >= end:
        text = f"{str(merge)[:12]} stayed on `{run.base_branch}` for {rules.watch} min{_besides(checks)}"
    elif now >= _first_look(desk, config) and not checks and not _base_has_ci(desk, run):
        text = f"{str(merge)[:12]} is on `{run.base_branch}`, where no CI reports"
    else:
        _look_again(desk, run, end if now >= _first_look(desk, config) else min(end, _first_look(desk, config)))
        return False
    desk.move(S.MERGED, text)
    desk.tell()
    return False


def _base_has_ci(desk: Desk, run: RunEntry) -> bool:
    """Whether anybody's check reported on the base just before the merge."""
    return any(_checks_on(desk, sha) for sha in _before(desk, run))


def _besides(checks: Sequence[CheckState]) -> str:
    """What of the watched checks is no proof that all is well, in words."""
    red = sorted({check.name for check in checks if check.conclusion in _RED})
    told = [f"{', '.join(red)} was not seen green before"] if red else []
    told += sorted(f"{c.name} ended {c.conclusion}" for c in checks if c.conclusion not in _FINE | _RED)
    return "".join(f"; {one}" for one in told)


def _began(desk: Desk) -> datetime:
    return next(t.at for t in reversed(desk.house.ledger.transitions(desk.run.run_id)) if t.to == S.WATCHING)


def _end(desk: Desk, rules: AfterMergeConfig) -> datetime:
    """When the watch is over, counted from the move into it."""
    return _began(desk) + timedelta(minutes=rules.watch)


def _first_look(desk: Desk, config: RepoConfig) -> datetime:
    """When the first checks of the merge commit would have appeared: after the time that checks have to settle."""
    settle = config.ci.settle if config.ci.settle is not None else desk.house.settings.settle_seconds
    return _began(desk) + timedelta(seconds=settle)


def _look_again(desk: Desk, run: RunEntry, at: datetime) -> None:
    assert run.pull is not None
    desk.house.engine.reconcile(run.repository_id, run.pull, at=at)


def _green_before(desk: Desk, run: RunEntry, red: Sequence[CheckState]) -> list[CheckState]:
    """Of the red checks those that were green on the base before the merge, or on the head that was merged.

    A check that was red on the base before is not blamed on the merge, however green it was on the head. The merged
    head may be a person's, so it is the one that was decided upon, not only the one that the run built.
    """
    decided = desk.house.ledger.newest_decision(run.run_id)
    before = _before(desk, run)
    heads = [sha for sha in dict.fromkeys(filter(None, [run.head_sha, decided.head if decided else ""]))]
    green: set[str] = set()
    vetoed: set[str] = set()
    for sha in (*before, *heads):
        checks = _checks_on(desk, sha)
        failed = {one.name for one in checks if one.conclusion in _RED}
        # A name that several workflows share was green only where none of them was red.
        green |= {one.name for one in checks if one.conclusion == "success"} - failed
        vetoed |= failed if sha in before else set()
    return [check for check in red if check.name in green - vetoed]


def _before(desk: Desk, run: RunEntry) -> list[str]:
    """The commits of the base that were there before the merge: the one built on, and the one merged onto."""
    return list(dict.fromkeys(filter(None, [run.base_sha, onto(desk, CommitSha(run.merge_sha)) or ""])))


def _checks_on(desk: Desk, sha: str) -> tuple[CheckState, ...]:
    return tuple(foreign(desk.calls.snapshots.commit_checks(CommitSha(sha)), desk.house.identity.app_id))


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
    child = propose_revert(desk, evidence, run.base_branch)
    follows = "A draft pull request that takes it back follows." if rules.on_red == "draft" else ""
    follows = follows or "A pull request that takes it back follows."
    if child is None:
        follows = f"Files changed since, so Cadence cannot take it back. {_BY_HAND}"
    text = f"This issue was reopened: after #{run.pull} was merged, {evidence} on `{run.base_branch}`. {follows}"
    reopen(desk, text)
    if child is None:
        desk.move(S.REVERTED, f"{reason}. Files changed since, so it cannot be reverted automatically")
        desk.tell(next_step=_BY_HAND)
        return False
    desk.move(S.REVERTED, f"{reason}. Run {child} takes it back")
    desk.house.engine.start_build(child, "1")
    return True


def unjudged_base(desk: Desk, base: str, sha: CommitSha | None) -> bool:
    """The pull request was merged into another branch than the one it was judged for: say so, and offer a revert."""
    run = desk.update(merge_sha=str(sha or ""))
    log.error("base.unjudged", run=run.run_id, judged_for=run.base_branch, merged_into=base, merge=sha)
    text = f"#{run.pull} was merged into `{base}`; it was planned and judged for `{run.base_branch}`"
    desk.fetch()
    child = propose_revert(desk, text, base)
    follows = _BY_HAND if child is None else "A draft pull request that takes it back follows."
    reopen(desk, f"{text}. Nobody judged the change on `{base}`. {follows}")
    desk.move(S.NEEDS_HUMAN, f"base.unjudged: {text}" + (f". Run {child} offers to take it back" if child else ""))
    desk.tell(next_step="Merge the draft that takes it back, or keep the change and close the draft.")
    if child is not None:
        desk.house.engine.start_build(child, "1")
    return True
