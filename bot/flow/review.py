"""Both reviews of one head, posted with their check runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from bot.effects import EffectKind
from bot.errors import CadenceError, Forbidden, InstallationGone, Unprocessable
from bot.flow.desk import Desk, log
from bot.flow.house import House
from bot.flow.judging import judge_commit
from bot.names import BaseSha, CommitSha, HeadSha, PullNumber, branch_for
from bot.policy import Policy
from bot.record.entries import RunEntry, asked_attempts
from bot.review.diff import read_diff
from bot.review.kinds import ReviewKind, Verdict
from bot.review.report import report
from bot.states import AT_THE_GATE, RunState

S = RunState
LEAST_PAUSE, MOST_PAUSE = 10.0, 600.0
"""Seconds until the next look after a review that had nothing new."""


def review(desk: Desk, head: HeadSha, attempts: Mapping[str, int], base_tip: str = "") -> bool:
    """File and post both verdicts on a head of the run's pull request, then look at the gate.

    `attempts` asks for another opinion of a kind: the verdict must be at least of that attempt. `base_tip` is the tip
    of the base that was seen by whoever wants the review: with another one the verdicts would not be those it waits
    for. Empty: the tip is fetched.
    """
    run = desk.run
    if run.state not in AT_THE_GATE or run.pull is None:
        return False
    tip = _tip(desk, base_tip)
    merge_base = _merge_base(desk, tip, head)
    policy = desk.policy_at(tip)
    fresh = _just_opened(desk, head)
    before = _evidence(desk)
    verdicts = []
    for kind in ReviewKind:
        attempt = max(attempts.get(kind.value, 1), run.least_attempt(kind, head))
        verdict = judge_commit(desk, kind, head=head, merge_base=merge_base, policy=policy, attempt=attempt)
        verdicts.append(verdict)
        told = report(verdict, read_diff(desk.mirror.diff(merge_base, head)))
        try:
            posted = desk.house.poster.review(run, desk.calls.reviews, run.pull, verdict, told, fresh=fresh)
        except Unprocessable:
            # GitHub takes no review of a commit that a push has replaced meanwhile; the next look sees the new head.
            if desk.calls.pulls.get(run.pull).head == head:
                raise
            desk.house.engine.reconcile(run.repository_id, run.pull)
            return False
        desk.house.poster.check(run, desk.calls.checks, verdict, told, url=str(posted.get("url", "")), fresh=fresh)
    _decide_for_real(desk, policy, verdicts)
    if desk.reload().state is S.REVIEWING:
        desk.move(S.GATED)
    if _evidence(desk) != before:
        desk.house.engine.reconcile(run.repository_id, run.pull)
    else:
        _look_later(desk, run.pull)
    return True


def _evidence(desk: Desk) -> tuple[int, int]:
    """How many verdicts are filed and how many effects are done; the same twice means that nothing is new."""
    ledger, run_id = desk.house.ledger, desk.run.run_id
    done = sum(effect.state in ("done", "found") for effect in ledger.effects_of(run_id))
    return len(ledger.verdicts_for(run_id)), done


def _look_later(desk: Desk, pull: PullNumber) -> None:
    """Nothing was new, so an immediate look would only ask for this review again: wait as long as it has lasted.

    The pause doubles in that way. Times are rounded, so that looks that are booked side by side become one.
    """
    now, decided = desk.house.clock.now(), desk.house.ledger.newest_decision(desk.run.run_id)
    lasted = (now - decided.at).total_seconds() if decided is not None else 0.0
    pause = min(max(lasted, LEAST_PAUSE), MOST_PAUSE)
    at = datetime.fromtimestamp(math.ceil((now.timestamp() + pause) / LEAST_PAUSE) * LEAST_PAUSE, UTC)
    desk.house.engine.reconcile(desk.run.repository_id, pull, at=at)


def _decide_for_real(desk: Desk, policy: Policy, verdicts: list[Verdict]) -> None:
    """Let the second App approve or request changes, where one is configured and the repository allows it.

    What the second App may not do does not end the run: where an approval is required, the gate asks for it.
    """
    second, run = desk.house.second, desk.run
    if second is None or policy.config is None or not policy.config.review.approve or run.pull is None:
        return
    calls = second.at_home_of(desk.ref)
    if calls is None:
        log.warning("second_app.absent", run=run.run_id, remedy="install the reviewer App on this repository")
        return
    try:
        desk.house.poster.decide(run, calls.reviews, run.pull, verdicts)
    except (Forbidden, InstallationGone, Unprocessable) as error:
        remedy = f"Look at the reviewer App's installation. {error.remedy}".rstrip()
        log.warning("second_app.refused", run=run.run_id, code=error.code, summary=error.summary, remedy=remedy)


def ask_again(
    house: House, run: RunEntry, head: HeadSha, check_name: str | None = None, *, base_tip: str = ""
) -> dict[str, int]:
    """Ask for another opinion on a head, of both reviews or of the one whose check is named; gives the attempts."""
    attempts = void(house, run, head, check_name)
    if attempts:
        house.engine.start_review(run.run_id, head, attempts, base_tip=base_tip)
    return attempts


def void(house: House, run: RunEntry, head: HeadSha, check_name: str | None = None) -> dict[str, int]:
    """From here on the verdicts filed on a head do not count any more; gives the attempts that will.

    So nothing merges on what was asked about again. Said twice before a new verdict is filed, it is said once.
    """
    attempts = _next_attempts(house, run, head, check_name)
    if attempts:
        asked = {**asked_attempts(run.asked_reviews, head), **attempts}
        told = " ".join([head, *(f"{kind}:{attempt}" for kind, attempt in sorted(asked.items()))])
        house.ledger.update_run(run.run_id, asked_reviews=told)
    return attempts


def _next_attempts(house: House, run: RunEntry, head: HeadSha, check_name: str | None) -> dict[str, int]:
    """By kind of review the attempt after the newest on that head; only the one kind whose check is named, if any."""
    filed = [verdict for verdict in house.ledger.verdicts_for(run.run_id) if verdict.key.head == head]
    return {
        kind.value: max((v.key.attempt for v in filed if v.kind is kind), default=0) + 1
        for kind in ReviewKind
        if check_name in (None, kind.check_name)
    }


def _tip(desk: Desk, seen: str) -> CommitSha:
    """The base tip that was seen, or as it stands now. A mirror is as old as this machine's last fetch."""
    if seen and desk.mirror.has(seen):
        return CommitSha(seen)
    desk.fetch()
    tip = CommitSha(seen) if seen and desk.mirror.has(seen) else desk.mirror.tip(desk.run.base_branch)
    if tip is None:
        raise CadenceError(f"`{desk.run.base_branch}` is gone", code="base.missing", remedy="Restore the base branch.")
    return tip


def _merge_base(desk: Desk, tip: CommitSha, head: HeadSha) -> BaseSha:
    if not desk.mirror.has(head):
        desk.fetch()
    base = desk.mirror.merge_base(tip, head)
    if base is None:
        raise CadenceError(
            "the head shares no history with its base",
            code="base.unrelated",
            remedy="Rebase the branch, or comment `/cadence replan --discard`.",
        )
    return BaseSha(base)


def _just_opened(desk: Desk, head: HeadSha) -> bool:
    """Whether this run made both the commit on the branch and the pull request: then nothing of ours can be there."""
    run = desk.run
    opened = desk.house.ledger.effect(run.run_id, EffectKind.PULL_OPEN, f"pull:{branch_for(run.issue)}:{head}")
    return opened is not None and opened.state == "done" and run.head_sha == head
