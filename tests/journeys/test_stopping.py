"""A stop stops: what is in flight is waited for, checks end, and nothing of the run follows the confirmation."""

from __future__ import annotations

from datetime import timedelta

from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from bot.flow.recovery.stopped import CONFIRMED, GRACE
from tests.journeys.world import OWNER, WRITER, World

S = RunState


def writes(world: World) -> int:
    """REST calls that changed GitHub so far, by Cadence."""
    return len([r for r in world.github.world.requests if r.method != "GET" and r.route.startswith("/repos/")])


def waiting_for_ci(world: World) -> int:
    world.script_all()
    issue = world.label_blueprint()
    world.later()
    assert world.checks(CHECK_GATE)[-1].status == "in_progress" or world.gate_codes(issue)
    return issue


def test_a_stop_ends_the_open_check_and_is_confirmed(world: World) -> None:
    issue = waiting_for_ci(world)
    world.ci(None)
    world.later()
    assert world.checks(CHECK_GATE)[-1].status == "in_progress"
    world.comment(issue, "/cadence stop")
    gate = world.checks(CHECK_GATE)[-1]
    assert (gate.status, gate.conclusion) == ("completed", "cancelled")
    assert world.ledger.stop_confirmed(world.run(issue).run_id)
    assert CONFIRMED in world.status(issue) and f"by @{WRITER}" in world.status(issue).replace("\u200b", "")
    before = writes(world)
    world.ci(head=world.pull().head_sha)
    world.later(3600)
    world.sweep()
    assert writes(world) == before
    assert world.pull().merged_at is None


def test_a_stop_is_not_confirmed_while_an_effect_is_in_flight(world: World) -> None:
    issue = waiting_for_ci(world)
    run = world.run(issue)
    world.ledger.intend(run.run_id, run.run_id, "merge", "merge:x", world.clock.now(), lease_seconds=120)
    world.comment(issue, "/cadence stop")
    assert world.state(issue) is S.STOPPED and not world.ledger.stop_confirmed(run.run_id)
    world.later(120)
    assert not world.ledger.stop_confirmed(run.run_id), "its lease expired, but not long enough ago"
    world.later(GRACE / timedelta(seconds=1))
    assert world.ledger.stop_confirmed(run.run_id)


def test_an_effect_that_ends_lets_the_stop_be_confirmed(world: World) -> None:
    issue = waiting_for_ci(world)
    run = world.run(issue)
    effect = world.ledger.intend(run.run_id, run.run_id, "merge", "merge:x", world.clock.now(), lease_seconds=120)
    world.comment(issue, "/cadence stop")
    world.ledger.settle(effect.id, "failed", outcome=None, error_code="x", now=world.clock.now())
    world.later(5)
    assert world.ledger.stop_confirmed(run.run_id)


def test_a_restart_does_not_lose_the_confirmation(world: World) -> None:
    issue = waiting_for_ci(world)
    run = world.run(issue)
    world.ledger.move(run.run_id, S.STOPPED, reason="`cadence stop` in a terminal", by="operator")
    world.start_cadence()
    world.sweep()
    assert world.ledger.stop_confirmed(run.run_id) and CONFIRMED in world.status(issue)


def test_resume_after_a_confirmed_stop_goes_on_to_the_merge(world: World) -> None:
    issue = waiting_for_ci(world)
    world.comment(issue, "/cadence stop")
    world.comment(issue, "/cadence resume")
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_closing_the_issue_is_confirmed_too(world: World) -> None:
    issue = waiting_for_ci(world)
    world.repo.close(issue, by=OWNER)
    world.later(10)
    assert world.state(issue) is S.STOPPED and world.ledger.stop_confirmed(world.run(issue).run_id)
