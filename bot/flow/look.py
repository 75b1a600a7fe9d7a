"""One look at a run's pull request: everything is read, then decided upon; nothing is changed."""

from __future__ import annotations

from dataclasses import replace

from bot.flow.approval import authority_of
from bot.flow.desk import Desk
from bot.flow.pushed import with_pushed
from bot.gate.decide import Decision, Merge, decide
from bot.gate.observer import Observation
from bot.gate.reasons import fits_the_queue
from bot.intake.authority import Cancelled, Go, blueprint_digest
from bot.policy import Policy
from bot.repo_config import RepoConfig


def look(desk: Desk) -> tuple[Observation, Decision]:
    """Observe and decide without acting.

    Before an answer is `Merge`, or lets an entry stay in a merge queue, the issue's text and history are read too.
    """
    seen = _observe(desk, fresh_rules=False)
    decision = judged(desk, seen)
    stays_queued = seen.snapshot.queued and fits_the_queue(decision)
    if isinstance(decision, Merge) or stays_queued:
        seen = replace(seen, snapshot=replace(seen.snapshot, blueprint_approved=_still_approved(desk, seen.policy)))
        decision = judged(desk, seen)
    return seen, decision


def last_look(desk: Desk, before: Observation) -> tuple[Observation, Decision]:
    """Read everything once more, the rules of the branch too, so that a merge may follow at once.

    The pull request is read last. `before` is the look by whose policy the issue's history is judged; under another
    policy the answer is another one anyway, because the evidence speaks of the old one.
    """
    approved = _still_approved(desk, before.policy)
    seen = _observe(desk, fresh_rules=True, approved=approved)
    return seen, judged(desk, seen)


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


def _still_approved(desk: Desk, policy: Policy | None) -> bool:
    """Whether the issue's text is the one that was planned, or a person has approved it since."""
    if policy is None or policy.config is None:
        return False
    history, authority = authority_of(desk, policy.config)
    if isinstance(authority, Cancelled):
        return False
    run, digest = desk.run, blueprint_digest(history.title, history.body)
    if run.approved_digest == digest:
        return True
    return isinstance(authority, Go) and digest == run.blueprint_digest
