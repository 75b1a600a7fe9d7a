"""Another worker ends a run while a stage is at work on it: nothing more is done, and what was begun is closed."""

from __future__ import annotations

import pytest

from bot.core.states import RunState
from tests.journeys.world import World

S = RunState


def end_at(
    world: World, route: str, method: str = "POST", phase: str = "after", to: RunState = S.STOPPED
) -> list[bool]:
    """End the newest run when a request is sent, as another worker would."""
    done: list[bool] = []

    def act(fault: object) -> None:
        here = fault.route.endswith(route) and (fault.method, fault.phase) == (method, phase)  # type: ignore[attr-defined]
        if here and not done:
            done.append(True)
            run = world.ledger.runs(1)[0]
            world.ledger.move(run.run_id, to, reason="another worker ended it")

    world.github.on_request(act)
    return done


@pytest.mark.parametrize("route", ["/git-receive-pack", "/pulls"])
def test_a_run_that_is_stopped_while_it_is_published_leaves_nothing_open(world: World, route: str) -> None:
    world.script_all()
    done = end_at(world, route)
    issue = world.label_blueprint()
    world.sweep()
    world.later()
    assert done
    assert (world.state(issue), world.run(issue).reason) == (S.STOPPED, "another worker ended it")
    assert all(pull.issue.state == "closed" for pull in world.repo.pulls())
    assert len(world.repo.pulls()) == (1 if route == "/pulls" else 0)
    assert world.repo.tip(f"cadence/issue-{issue}") is None
    assert all(status in ("done", "ignored") for status, _ in world.deliveries())


def test_a_stage_that_fails_after_its_run_was_ended_leaves_the_end_as_it_is(world: World) -> None:
    world.script_all()
    done = end_at(world, "/pulls", phase="before")

    def refuse(fault: object) -> tuple[int, object] | None:
        here = fault.route.endswith("/pulls") and fault.method == "POST" and fault.phase == "before"  # type: ignore[attr-defined]
        return (422, {"message": "Validation Failed"}) if here else None

    world.github.on_request(refuse)
    issue = world.label_blueprint()
    world.later()
    assert done
    assert (world.state(issue), world.run(issue).reason) == (S.STOPPED, "another worker ended it")


def test_a_superseded_run_leaves_the_branch_to_the_newer_one(world: World) -> None:
    world.script_all()
    end_at(world, "/git-receive-pack", to=S.SUPERSEDED)
    issue = world.label_blueprint()
    world.later()
    assert world.state(issue) is S.SUPERSEDED
    assert world.repo.tip(f"cadence/issue-{issue}") is not None


def test_a_crash_after_the_last_move_of_publishing_is_made_good(world: World) -> None:
    from tests.fakes.inline_engine import Crash

    world.script_all()
    start, crashed = world.engine.start_review, []

    def die_once(*given: object, **named: object) -> None:
        if not crashed:
            crashed.append(True)
            raise Crash
        start(*given, **named)  # type: ignore[arg-type]

    world.engine.start_review = die_once  # type: ignore[method-assign, assignment]
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert crashed
    world.must_be_merged(issue)
