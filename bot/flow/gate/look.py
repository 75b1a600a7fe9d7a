"""One look at a run's pull request: everything is read, then decided upon; nothing is changed."""

from __future__ import annotations

from dataclasses import replace

from bot.config.load import LoadedConfig
from bot.flow.building.approval import authority_of
from bot.flow.context import RunContext
from bot.flow.gate.people_commits import with_people_commits
from bot.gate.decide import Decision, Merge, decide
from bot.gate.observe import Observation
from bot.gate.reasons import fits_the_queue
from bot.intake.authority import Cancelled, Go, blueprint_digest


def look(context: RunContext) -> tuple[Observation, Decision]:
    """Observe and decide without acting.

    Before an answer is `Merge`, or lets an entry stay in a merge queue, the issue's text and history are read too.
    """
    seen = _observe(context, fresh_rules=False)
    decision = judged(context, seen)
    stays_queued = seen.snapshot.queued and fits_the_queue(decision)
    if isinstance(decision, Merge) or stays_queued:
        seen = replace(seen, snapshot=replace(seen.snapshot, blueprint_approved=_still_approved(context, seen.loaded)))
        decision = judged(context, seen)
    return seen, decision


def last_look(context: RunContext, before: Observation) -> tuple[Observation, Decision]:
    """Read everything again, the rules of the branch too, so that a merge may follow at once.

    The pull request is read last, so nothing else is read between its state and the merge. `before` is the look whose
    config says who may approve the issue's text. If the config has changed since, the decision differs anyway, because
    the verdicts are for the old one.
    """
    approved = _still_approved(context, before.loaded)
    seen = _observe(context, fresh_rules=True, approved=approved)
    return seen, judged(context, seen)


def _observe(context: RunContext, *, fresh_rules: bool, approved: bool = True) -> Observation:
    services = context.services
    seen = services.observer.observe(
        context.run, context.calls.snapshots, context.mirror, refresh=context.fetch, fresh_rules=fresh_rules
    )
    seen = with_people_commits(context, seen)
    return replace(seen, snapshot=replace(seen.snapshot, blueprint_approved=approved))


def judged(context: RunContext, seen: Observation) -> Decision:
    """The decision on what was seen, under the config it was seen with."""
    return decide(seen.snapshot, seen.config, settle_seconds=context.services.settings.settle_seconds)


def _still_approved(context: RunContext, loaded: LoadedConfig | None) -> bool:
    """Whether the issue's text is the one that was planned, or a person has approved it since."""
    if loaded is None or loaded.config is None:
        return False
    history, authority = authority_of(context, loaded.config)
    if isinstance(authority, Cancelled):
        return False
    run, digest = context.run, blueprint_digest(history.title, history.body)
    if run.approved_digest == digest:
        return True
    return isinstance(authority, Go) and digest == run.blueprint_digest
