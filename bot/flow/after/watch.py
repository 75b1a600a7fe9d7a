"""After a merge: watch CI on the base for a while; where the merge turned it red, propose to take it back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.config.model import AfterMergeConfig, RepoConfig
from bot.core.names import CommitSha, branch_for
from bot.core.states import RunState
from bot.flow.context import RunContext, log
from bot.flow.reverts import onto, propose_revert, reopen
from bot.gate.ci import foreign
from bot.github_api.records import CheckState
from bot.ledger.entries import RunEntry

S = RunState
_RED = frozenset({"failure", "timed_out", "startup_failure"})
"""What says that something is broken. A check that was cancelled (by the next push, say) or went stale says nothing."""
_BY_HAND = "A person reverts or repairs it; then label the issue again."
_FINE = frozenset({None, "success", "skipped", "neutral"})


def begin_watch(context: RunContext, config: RepoConfig, sha: CommitSha | None) -> None:
    """Move a merged run on: to `watching` where the policy asks for it, else to its end."""
    told = f"`{branch_for(context.run.issue)}` was merged as {str(sha or '')[:12]}"
    if config.after_merge.watch > 0 and sha is not None:
        run = context.move(S.WATCHING, f"{told}; watching CI on the base for {config.after_merge.watch} min")
        _look_again(context, run, min(_end(context, config.after_merge), _first_look(context, config)))
    else:
        context.move(S.MERGED, told)
    context.tell()


def watch(context: RunContext) -> bool:
    """One look at the merge commit's checks: red by this merge, green for long enough, or not over yet."""
    run = context.run
    context.fetch()
    tip = context.mirror.tip(run.base_branch)
    policy = context.config_at(tip) if tip else None
    config = policy.config if policy and policy.config else RepoConfig()
    rules, merge = config.after_merge, CommitSha(run.merge_sha)
    checks = foreign(context.calls.snapshots.commit_checks(merge), context.services.identity.app_id)
    red = [check for check in checks if check.conclusion in _RED]
    if red and (ours := _green_before(context, run, red)):
        return _red(context, rules, ours)
    now, end = context.services.clock.now(), _end(context, rules)
    if now >= end:
        text = f"{str(merge)[:12]} stayed on `{run.base_branch}` for {rules.watch} min{_besides(checks)}"
    elif now >= _first_look(context, config) and not checks and not _base_has_ci(context, run):
        text = f"{str(merge)[:12]} is on `{run.base_branch}`, where no CI reports"
    else:
        _look_again(
            context, run, end if now >= _first_look(context, config) else min(end, _first_look(context, config))
        )
        return False
    context.move(S.MERGED, text)
    context.tell()
    return False


def _base_has_ci(context: RunContext, run: RunEntry) -> bool:
    """Whether anybody's check reported on the base just before the merge."""
    return any(_checks_on(context, sha) for sha in _before(context, run))


def _besides(checks: Sequence[CheckState]) -> str:
    """What of the watched checks is not proof that all is well, in words."""
    red = sorted({check.name for check in checks if check.conclusion in _RED})
    told = [f"{', '.join(red)} was not seen green before"] if red else []
    told += sorted(f"{c.name} ended {c.conclusion}" for c in checks if c.conclusion not in _FINE | _RED)
    return "".join(f"; {one}" for one in told)


def _began(context: RunContext) -> datetime:
    return next(t.at for t in reversed(context.services.ledger.transitions(context.run.run_id)) if t.to == S.WATCHING)


def _end(context: RunContext, rules: AfterMergeConfig) -> datetime:
    """When the watch is over, counted from the move into it."""
    return _began(context) + timedelta(minutes=rules.watch)


def _first_look(context: RunContext, config: RepoConfig) -> datetime:
    """When the first checks of the merge commit would have appeared: after the time that checks have to settle."""
    settle = config.ci.settle if config.ci.settle is not None else context.services.settings.settle_seconds
    return _began(context) + timedelta(seconds=settle)


def _look_again(context: RunContext, run: RunEntry, at: datetime) -> None:
    assert run.pull is not None
    context.services.engine.reconcile(run.repository_id, run.pull, at=at)


def _green_before(context: RunContext, run: RunEntry, red: Sequence[CheckState]) -> list[CheckState]:
    """Of the red checks those that were green on the base before the merge, or on the head that was merged.

    A check that was red on the base before is not blamed on the merge, however green it was on the head. The merged
    head may be a person's, so it is the one that was decided upon, not only the one that the run built.
    """
    decided = context.services.ledger.newest_decision(run.run_id)
    before = _before(context, run)
    heads = [sha for sha in dict.fromkeys(filter(None, [run.head_sha, decided.head if decided else ""]))]
    green: set[str] = set()
    vetoed: set[str] = set()
    for sha in (*before, *heads):
        checks = _checks_on(context, sha)
        failed = {one.name for one in checks if one.conclusion in _RED}
        # A name that several workflows share was green only where none of them was red.
        green |= {one.name for one in checks if one.conclusion == "success"} - failed
        vetoed |= failed if sha in before else set()
    return [check for check in red if check.name in green - vetoed]


def _before(context: RunContext, run: RunEntry) -> list[str]:
    """The commits of the base that were there before the merge: the one built on, and the one merged onto."""
    return list(dict.fromkeys(filter(None, [run.base_sha, onto(context, CommitSha(run.merge_sha)) or ""])))


def _checks_on(context: RunContext, sha: str) -> tuple[CheckState, ...]:
    return tuple(foreign(context.calls.snapshots.commit_checks(CommitSha(sha)), context.services.identity.app_id))


def _red(context: RunContext, rules: AfterMergeConfig, red: Sequence[CheckState]) -> bool:
    """The merge turned the base red: reopen the issue, and propose the way back as a pull request of its own."""
    run = context.run
    evidence = "; ".join(f"`{c.name}` ended `{c.conclusion}` {c.url}".rstrip() for c in red)
    reason = f"base.red: after the merge, {evidence} on `{run.base_branch}`"
    log.warning("base.red", run=run.run_id, checks=[check.name for check in red])
    if rules.on_red == "none":
        context.move(S.MERGED, reason)
        context.tell()
        return False
    child = propose_revert(context, evidence, run.base_branch)
    follows = "A draft pull request that takes it back follows." if rules.on_red == "draft" else ""
    follows = follows or "A pull request that takes it back follows."
    if child is None:
        follows = f"Files changed since, so Cadence cannot take it back. {_BY_HAND}"
    text = f"This issue was reopened: after #{run.pull} was merged, {evidence} on `{run.base_branch}`. {follows}"
    reopen(context, text)
    if child is None:
        context.move(S.REVERTED, f"{reason}. Files changed since, so it cannot be reverted automatically")
        context.tell(next_step=_BY_HAND)
        return False
    context.move(S.REVERTED, f"{reason}. Run {child} takes it back")
    context.services.engine.start_build(child, "1")
    return True


def unjudged_base(context: RunContext, base: str, sha: CommitSha | None) -> bool:
    """The pull request was merged into another branch than the one it was judged for: say so, and offer a revert."""
    run = context.update(merge_sha=str(sha or ""))
    log.error("base.unjudged", run=run.run_id, judged_for=run.base_branch, merged_into=base, merge=sha)
    text = f"#{run.pull} was merged into `{base}`; it was planned and judged for `{run.base_branch}`"
    context.fetch()
    child = propose_revert(context, text, base)
    follows = _BY_HAND if child is None else "A draft pull request that takes it back follows."
    reopen(context, f"{text}. Nobody judged the change on `{base}`. {follows}")
    context.move(S.NEEDS_HUMAN, f"base.unjudged: {text}" + (f". Run {child} offers to take it back" if child else ""))
    context.tell(next_step="Merge the draft that takes it back, or keep the change and close the draft.")
    if child is not None:
        context.services.engine.start_build(child, "1")
    return True
