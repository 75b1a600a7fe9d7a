"""A stop stops: what is in flight is waited for, checks end, and nothing of the run follows the confirmation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.cli.stop_command import REASON, stop_in
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


def test_a_stop_makes_the_pull_request_a_draft_and_resume_makes_it_ready(world: World) -> None:
    issue = waiting_for_ci(world)
    world.comment(issue, "/cadence stop")
    assert world.pull().draft, "GitHub refuses a late merge of a draft with 405"
    world.comment(issue, "/cadence resume")
    world.ci()
    world.later()
    assert not world.pull().draft
    world.must_be_merged(issue)


def test_a_draft_of_a_person_stays_one(world: World) -> None:
    issue = waiting_for_ci(world)
    world.repo.set_draft(world.pull().number, True, by=OWNER)
    world.comment(issue, "/cadence stop")
    world.comment(issue, "/cadence resume")
    world.ci()
    world.later()
    assert world.pull().draft and world.gate_codes(issue) == ["draft"]


def test_the_label_put_on_again_makes_it_ready_for_the_new_run(world: World) -> None:
    issue = waiting_for_ci(world)
    world.repo.unlabel(issue, "blueprint", by=OWNER)
    world.settle()
    assert world.state(issue) is S.STOPPED and world.pull().draft
    world.clock.advance(5)
    world.repo.label(issue, "blueprint", by=OWNER)
    world.settle()
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_a_stop_from_the_terminal(world: World) -> None:
    issue = waiting_for_ci(world)
    assert stop_in(world.ledger, "olive/other", None, world.clock.now()) == []
    assert stop_in(world.ledger, "olive/greet", issue + 100, world.clock.now()) == []
    (stopped,) = stop_in(world.ledger, "Olive/Greet", world.pull().number, world.clock.now())
    assert (stopped.issue, stopped.in_flight, world.state(issue)) == (issue, 0, S.STOPPED)
    before = writes(world)
    world.ci()
    world.later()
    assert writes(world) == before and world.pull().merged_at is None
    world.sweep()
    assert CONFIRMED in world.status(issue) and REASON in world.status(issue)


def test_a_pause_on_the_base_stops_what_is_being_built(world: World) -> None:
    world.script_all()
    world.repo.push_commit({".github/cadence.yml": "version: 1\nplan: {approval: required}\n"}, by=OWNER)
    issue = world.label_blueprint()
    assert world.state(issue) is S.WAITING_APPROVAL and world.run(issue).base_branch == "main", "the diff waits"
    world.repo.push_commit({".github/cadence.yml": "version: 1\npaused: true\n"}, by=OWNER)
    world.settle()
    assert world.state(issue) is S.STOPPED and "paused" in world.status(issue)


@pytest.mark.parametrize("lost", [False, True], ids=["delivered", "the delivery is lost"])
def test_a_pause_on_the_base_stops_what_is_at_the_gate(world: World, lost: bool) -> None:
    issue = waiting_for_ci(world)
    world.ci(None)
    world.later()
    world.github.world.hooks.drop((lambda one: one.event == "push") if lost else None)
    world.repo.push_commit({".github/cadence.yml": "version: 1\npaused: true\n"}, by=OWNER)
    world.settle()
    world.sweep()
    run = world.run(issue)
    assert run.state is S.STOPPED and run.reason.startswith("paused: ") and world.ledger.stop_confirmed(run.run_id)
    assert world.checks(CHECK_GATE)[-1].conclusion == "cancelled" and world.pull().draft
    assert "paused" in world.gate_codes(issue) or not lost
    before = writes(world)
    world.ci()
    world.later(3600)
    world.sweep()
    assert writes(world) == before and world.pull().merged_at is None
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.STOPPED, "it is paused still"
    world.github.world.hooks.drop(None)
    world.repo.push_commit({".github/cadence.yml": "version: 1\n"}, by=OWNER)
    world.settle()
    assert world.state(issue) is S.STOPPED, "a person ends a stop"
    world.comment(issue, "/cadence resume")
    for _ in range(3):
        world.ci()
        world.later()
    world.must_be_merged(issue)


def test_a_merge_that_lands_after_the_stop_is_said_and_a_revert_offered(world: World) -> None:
    """A worker that was paused between its last look and the request: GitHub took the merge before it was a draft."""
    issue = waiting_for_ci(world)
    run = world.run(issue)
    world.ledger.intend(run.run_id, run.run_id, "merge", f"merge:{run.head_sha}", world.clock.now(), lease_seconds=1)
    world.ci(None)
    world.github.world.hooks.hold_back(lambda _: True)
    world.ledger.move(run.run_id, S.STOPPED, reason="`/cadence stop` by @will", by="will")
    world.repo.merge_pull(world.pull().number, by=OWNER)
    world.github.world.hooks.release()
    merged = world.pull().number
    world.later(600)
    assert not world.ledger.stop_confirmed(run.run_id), "what is said and offered now would follow the confirmation"
    assert "stop.late" in world.ledger.runs_of_issue(run.repository_id, run.issue)[-1].reason
    assert any("although the run was stopped" in body for body in world.bot_comments(issue))
    assert world.pull().number != merged and world.pull().draft
