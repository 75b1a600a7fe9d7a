"""After a merge: watch CI on the base for a while; where the merge turned it red, propose a revert."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.config.model import AfterMergeConfig, RepoConfig
from bot.core.names import CommitSha, branch_for
from bot.core.states import RunState
from bot.flow.after.reverts import onto, propose_revert, reopen
from bot.flow.context import RunContext, log
from bot.gate.ci import foreign
from bot.github_api.records import CheckState

S = RunState
# Of the conclusions in https://docs.github.com/en/rest/checks/runs these say that something is broken. A check that was
# cancelled (by the next push, say) or went stale says nothing about the merge.
_RED = frozenset({"failure", "timed_out", "startup_failure"})
_FINE = frozenset({None, "success", "skipped", "neutral"})
REVERT_BY_HAND = "A person reverts or repairs it; then label the issue again."


def begin_watch(context: RunContext, config: RepoConfig, sha: CommitSha | None) -> None:
    """Move a merged run on: to `watching` where `after_merge.watch` asks for it, else to `merged`."""
    text = f"`{branch_for(context.run.issue)}` was merged as {str(sha or '')[:12]}"
    if config.after_merge.watch > 0 and sha is not None:
        context.move(S.WATCHING, f"{text}; watching CI on the base for {config.after_merge.watch} min")
        first_look, end = _times(context, config)
        _look_again(context, min(first_look, end))
    else:
        context.move(S.MERGED, text)
    context.tell()


def watch(context: RunContext) -> None:
    """Look once at the merge commit's checks: red by this merge, done, or to be looked at again."""
    run, merge = context.run, CommitSha(context.run.merge_sha)
    context.fetch()
    tip = context.mirror.tip(run.base_branch)
    loaded = context.config_at(tip) if tip else None
    config = loaded.config if loaded and loaded.config else RepoConfig()
    checks = _checks_on(context, merge)
    red = [check for check in checks if check.conclusion in _RED]
    if red and (by_merge := _green_before(context, red)):
        _base_is_red(context, config.after_merge, by_merge)
        return
    now, (first_look, end) = context.services.clock.now(), _times(context, config)
    if now >= end:
        text = f"{merge[:12]} stayed on `{run.base_branch}` for {config.after_merge.watch} min{_besides(checks)}"
    elif now < first_look:
        _look_again(context, min(first_look, end))
        return
    elif checks or any(_checks_on(context, sha) for sha in _commits_before(context)):
        _look_again(context, end)
        return
    else:
        # Neither the merge commit nor the base before it has any check: there is no CI to wait for.
        text = f"{merge[:12]} is on `{run.base_branch}`, where no CI reports"
    context.move(S.MERGED, text)
    context.tell()


def _times(context: RunContext, config: RepoConfig) -> tuple[datetime, datetime]:
    """When the first checks of the merge commit would have appeared, and when the watch is over.

    Both are counted from the newest move into `watching`. The first is after the time that checks have to settle.
    """
    moves = reversed(context.services.ledger.transitions(context.run.run_id))
    began = next(move.at for move in moves if move.to == S.WATCHING)
    settle = config.ci.settle if config.ci.settle is not None else context.services.settings.settle_seconds
    return began + timedelta(seconds=settle), began + timedelta(minutes=config.after_merge.watch)


def _look_again(context: RunContext, at: datetime) -> None:
    assert context.run.pull is not None
    context.services.engine.reconcile(context.run.repository_id, context.run.pull, at=at)


def _besides(checks: Sequence[CheckState]) -> str:
    """Which of the watched checks do not show that all is well, in words; empty where all do."""
    red = sorted({check.name for check in checks if check.conclusion in _RED})
    parts = [f"{', '.join(red)} was not seen green before"] if red else []
    parts += sorted(
        f"{check.name} ended {check.conclusion}" for check in checks if check.conclusion not in _FINE | _RED
    )
    return "".join(f"; {part}" for part in parts)


def _green_before(context: RunContext, red: Sequence[CheckState]) -> list[CheckState]:
    """Of the red checks those that were green on the base before the merge, or on the head that was merged.

    A check that was red on the base before is not blamed on the merge, even if it was green on the head. A person may
    have pushed the merged head, so the head of the newest decision counts as well as the one that the run built.
    """
    decided = context.services.ledger.newest_decision(context.run.run_id)
    before = _commits_before(context)
    heads = dict.fromkeys(filter(None, [context.run.head_sha, decided.head if decided else ""]))
    green: set[str] = set()
    red_before: set[str] = set()
    for sha in (*before, *heads):
        checks = _checks_on(context, sha)
        failed = {check.name for check in checks if check.conclusion in _RED}
        # Several workflows may share a check's name: it was green only where none of them was red.
        green |= {check.name for check in checks if check.conclusion == "success"} - failed
        red_before |= failed if sha in before else set()
    return [check for check in red if check.name in green - red_before]


def _commits_before(context: RunContext) -> list[str]:
    """The commits of the base that were there before the merge: the one built on, and the one merged onto."""
    merged_onto = onto(context, CommitSha(context.run.merge_sha)) or ""
    return list(dict.fromkeys(filter(None, [context.run.base_sha, merged_onto])))


def _checks_on(context: RunContext, sha: str) -> list[CheckState]:
    """The checks on a commit that are not Cadence's own."""
    return foreign(context.calls.snapshots.commit_checks(CommitSha(sha)), context.services.identity.app_id)


def _base_is_red(context: RunContext, rules: AfterMergeConfig, red: Sequence[CheckState]) -> None:
    """The merge turned the base red: reopen the issue, and propose a revert as a pull request of its own."""
    run = context.run
    evidence = "; ".join(f"`{check.name}` ended `{check.conclusion}` {check.url}".rstrip() for check in red)
    reason = f"base.red: after the merge, {evidence} on `{run.base_branch}`"
    log.warning("base.red", run=run.run_id, checks=[check.name for check in red])
    if rules.on_red == "none":
        context.move(S.MERGED, reason)
        context.tell()
        return
    child = propose_revert(context, evidence, run.base_branch)
    if child is None:
        follows = f"Files changed since, so Cadence cannot revert it. {REVERT_BY_HAND}"
    else:
        follows = f"A {'draft ' if rules.on_red == 'draft' else ''}pull request that reverts it follows."
    reopen(
        context, f"This issue was reopened: after #{run.pull} was merged, {evidence} on `{run.base_branch}`. {follows}"
    )
    if child is None:
        context.move(S.REVERTED, f"{reason}. Files changed since, so it cannot be reverted automatically")
        context.tell(next_step=REVERT_BY_HAND)
        return
    context.move(S.REVERTED, f"{reason}. Run {child} reverts it")
    context.services.engine.start_build(child, "1")
