"""A model's server is asked only so much at once: a run that gets no place waits without a lease, and then goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.core.states import RunState
from bot.llm.model import ModelKind
from bot.sandbox.model.script import Rule, broken
from tests.journeys.world import WRITER, World

S = RunState


def test_a_run_waits_for_its_place_and_then_goes_on(make_world: Callable[..., World]) -> None:
    world = make_world(CADENCE_MODEL_CONCURRENCY="1")
    world.script_all()
    with world.services.model.slot(ModelKind.PLAN):
        issue = world.label_blueprint()
        world.later(300)
        run = world.run(issue)
        assert run.state is S.WAITING_LIMIT and run.reason.startswith("model.busy: ")
        assert "CADENCE_MODEL_CONCURRENCY" in world.status(issue)
        assert not world.model.requests and not world.ledger.open_leases(run.run_id, world.clock.now(), timedelta(0))
        assert world.ledger.spent(run.run_id, run.repository_id, world.clock.now()).run_tokens == 0
    world.later(121)
    assert world.state(issue) is S.GATED


def test_waiting_for_a_place_is_never_a_failure(make_world: Callable[..., World]) -> None:
    world = make_world(CADENCE_MODEL_CONCURRENCY="1")
    world.script_all()
    with world.services.model.slot(ModelKind.PLAN):
        issue = world.label_blueprint()
        for _ in range(20):
            world.later(121)
        assert world.state(issue) is S.WAITING_LIMIT
    world.later(121)
    assert world.state(issue) is S.GATED


def test_a_review_at_the_gate_is_asked_again_after_a_failure(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.GATED
    asked = len(world.asked("reasoning"))
    world.model.add(Rule("reasoning", broken(), times=4), first=True)
    world.repo.push_commit({"more.py": "x = 1\n"}, by=WRITER, branch=f"cadence/issue-{issue}")
    world.settle()
    world.later(400)
    assert len(world.asked("reasoning")) == asked + 5, "four times it failed, and no sweep was needed"
    world.ci()
    world.later()
    assert world.end_state(issue) is S.MERGED
