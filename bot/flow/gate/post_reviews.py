"""Both reviews of one head, posted with their check runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.config.load import LoadedConfig
from bot.core.errors import CadenceError, Forbidden, InstallationGone, Unprocessable
from bot.core.names import BaseSha, CommitSha, HeadSha, PullNumber, branch_for
from bot.core.states import AT_THE_GATE, RunState
from bot.effects.kinds import EffectKind
from bot.flow.building.verdicts import judge_commit
from bot.flow.context import RunContext, log
from bot.flow.services import Services
from bot.ledger.entries import RunEntry, asked_attempts
from bot.review.diff import read_diff
from bot.review.report import report
from bot.review.review_kinds import ReviewKind, Verdict

S = RunState
LEAST_PAUSE, MOST_PAUSE = 10.0, 600.0
"""Seconds until the next look after a review that had nothing new."""


def review_head(context: RunContext, head: HeadSha, attempts: Mapping[str, int], base_tip: str = "") -> bool:
    """File and post both verdicts on a head of the run's pull request, then look at the gate.

    `attempts` asks for another opinion of a kind: the verdict must be at least of that attempt. `base_tip` is the tip
    of the base that was seen by whoever wants the review: with another one the verdicts would not be those it waits
    for. Empty: the tip is fetched.
    """
    run = context.run
    if run.state not in AT_THE_GATE or run.pull is None:
        return False
    tip = _tip(context, base_tip)
    merge_base = _merge_base(context, tip, head)
    config = context.config_at(tip)
    fresh = _just_opened(context, head)
    before = _evidence(context)
    verdicts = []
    for kind in ReviewKind:
        attempt = max(attempts.get(kind.value, 1), run.least_attempt(kind, head))
        verdict = judge_commit(context, kind, head=head, merge_base=merge_base, config=config, attempt=attempt)
        verdicts.append(verdict)
        shown = report(verdict, read_diff(context.mirror.diff(merge_base, head)))
        try:
            posted = context.services.poster.review(run, context.calls.reviews, run.pull, verdict, shown, fresh=fresh)
        except Unprocessable:
            # GitHub takes no review of a commit that a push has replaced meanwhile; the next look sees the new head.
            if context.calls.pulls.get(run.pull).head == head:
                raise
            context.services.engine.reconcile(run.repository_id, run.pull)
            return False
        context.services.poster.check(
            run, context.calls.checks, verdict, shown, url=str(posted.get("url", "")), fresh=fresh
        )
    _decide_as_second_app(context, config, verdicts)
    if context.reload().state is S.REVIEWING:
        context.move(S.GATED)
    if _evidence(context) != before:
        context.services.engine.reconcile(run.repository_id, run.pull)
    else:
        _look_later(context, run.pull)
    return True


def _evidence(context: RunContext) -> tuple[int, int]:
    """How many verdicts are filed and how many effects are done; the same twice means that nothing is new."""
    ledger, run_id = context.services.ledger, context.run.run_id
    done = sum(effect.state in ("done", "found") for effect in ledger.effects_of(run_id))
    return len(ledger.verdicts_for(run_id)), done


def _look_later(context: RunContext, pull: PullNumber) -> None:
    """Nothing was new, so an immediate look would only ask for this review again: wait as long as it has lasted.

    The pause doubles in that way. Times are rounded, so that looks that are booked side by side become one.
    """
    now, decided = context.services.clock.now(), context.services.ledger.newest_decision(context.run.run_id)
    lasted = (now - decided.at).total_seconds() if decided is not None else 0.0
    pause = min(max(lasted, LEAST_PAUSE), MOST_PAUSE)
    at = datetime.fromtimestamp(math.ceil((now.timestamp() + pause) / LEAST_PAUSE) * LEAST_PAUSE, UTC)
    context.services.engine.reconcile(context.run.repository_id, pull, at=at)


def _decide_as_second_app(context: RunContext, config: LoadedConfig, verdicts: list[Verdict]) -> None:
    """Let the second App approve or request changes, where one is configured and the repository allows it.

    What the second App may not do does not end the run: where an approval is required, the gate asks for it.
    """
    second, run = context.services.second, context.run
    if second is None or config.config is None or not config.config.review.approve or run.pull is None:
        return
    calls = second.at_home_of(context.ref)
    if calls is None:
        log.warning("second_app.absent", run=run.run_id, remedy="install the reviewer App on this repository")
        return
    try:
        context.services.poster.decide(run, calls.reviews, run.pull, verdicts)
    except (Forbidden, InstallationGone, Unprocessable) as error:
        remedy = f"Look at the reviewer App's installation. {error.remedy}".rstrip()
        log.warning("second_app.refused", run=run.run_id, code=error.code, summary=error.summary, remedy=remedy)


def request_re_review(
    services: Services, run: RunEntry, head: HeadSha, check_name: str | None = None, *, base_tip: str = ""
) -> dict[str, int]:
    """Ask for another opinion on a head, of both reviews or of the one whose check is named; gives the attempts."""
    attempts = void_verdicts(services, run, head, check_name)
    if attempts:
        services.engine.start_review(run.run_id, head, attempts, base_tip=base_tip)
    return attempts


def void_verdicts(services: Services, run: RunEntry, head: HeadSha, check_name: str | None = None) -> dict[str, int]:
    """From here on the verdicts filed on a head do not count any more; gives the attempts that will, by kind.

    So nothing merges on a verdict that a person asked to have made again. Idempotent until a new verdict is stored.
    """
    attempts = _next_attempts(services, run, head, check_name)
    if attempts:
        asked = {**asked_attempts(run.asked_reviews, head), **attempts}
        text = " ".join([head, *(f"{kind}:{attempt}" for kind, attempt in sorted(asked.items()))])
        services.ledger.update_run(run.run_id, asked_reviews=text)
    return attempts


def _next_attempts(services: Services, run: RunEntry, head: HeadSha, check_name: str | None) -> dict[str, int]:
    """By kind of review the attempt after the newest on that head; only the one kind whose check is named, if any."""
    filed = [verdict for verdict in services.ledger.verdicts_for(run.run_id) if verdict.key.head == head]
    return {
        kind.value: max((v.key.attempt for v in filed if v.kind is kind), default=0) + 1
        for kind in ReviewKind
        if check_name in (None, kind.check_name)
    }


def _tip(context: RunContext, seen: str) -> CommitSha:
    """The base tip that was seen, or as it is now. A mirror is as old as this machine's last fetch."""
    if seen and context.mirror.has(seen):
        return CommitSha(seen)
    context.fetch()
    tip = CommitSha(seen) if seen and context.mirror.has(seen) else context.mirror.tip(context.run.base_branch)
    if tip is None:
        raise CadenceError(
            f"`{context.run.base_branch}` is gone", code="base.missing", remedy="Restore the base branch."
        )
    return tip


def _merge_base(context: RunContext, tip: CommitSha, head: HeadSha) -> BaseSha:
    if not context.mirror.has(head):
        context.fetch()
    base = context.mirror.merge_base(tip, head)
    if base is None:
        raise CadenceError(
            "the head shares no history with its base",
            code="base.unrelated",
            remedy="Rebase the branch, or comment `/cadence replan --discard`.",
        )
    return BaseSha(base)


def _just_opened(context: RunContext, head: HeadSha) -> bool:
    """Whether this run made both the commit and the pull request: then no review or check run can be there yet."""
    run = context.run
    opened = context.services.ledger.effect(run.run_id, EffectKind.PULL_OPEN, f"pull:{branch_for(run.issue)}:{head}")
    return opened is not None and opened.state == "done" and run.head_sha == head
