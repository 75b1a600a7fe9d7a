"""A stop at every point of the happy path: at each intent and each outcome of an effect."""

from __future__ import annotations

import pytest

from bot.cli.stop_command import stop_in
from bot.core.states import RunState
from tests.faults.story import Point, Points
from tests.journeys.world import BODY, OWNER, TITLE, World

SAMPLED = range(1, 30, 4)
"""Every fourth effect; the happy path has fewer than 30."""


def changes(world: World) -> list[str]:
    """REST calls that changed GitHub, without those that made a token."""
    sent = world.github.world.requests
    return [f"{r.method} {r.route}" for r in sent if r.method != "GET" and r.route.startswith("/repos/")]


@pytest.mark.parametrize("where", ["intent", "outcome"])
@pytest.mark.parametrize("number", SAMPLED)
def test_nothing_follows_a_confirmed_stop(world: World, where: str, number: int) -> None:
    stopped: list[Point] = []

    def visit(point: Point) -> None:
        if (point.where, point.number) == (where, number) and not stopped:
            stopped.append(point)
            stop_in(world.ledger, "olive/greet", None, world.clock.now())

    Points(visit).watch(world)
    world.script_all()
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.repo.label(issue, "blueprint", by=OWNER)
    world.settle()
    if world.repo.pulls():
        world.ci()
    world.later(200)
    world.sweep()
    run = world.runs(issue)[-1]
    if stopped and stopped[0].name == "merge":
        # The merge was made; only its outcome was not in the ledger yet.
        assert where == "outcome" or run.state is RunState.STOPPED
        if where == "outcome":
            assert run.reason.startswith("stop.late:") and world.pull().draft
            return
    if not stopped or run.merge_sha:
        assert not stopped or stopped[0].name not in ("model.call", "branch.push", "pull.open"), stopped
        return
    assert run.state is RunState.STOPPED and world.ledger.stop_confirmed(run.run_id), stopped
    before = changes(world)
    world.later(3600)
    world.sweep()
    assert changes(world) == before, stopped
    assert all(pull.merged_at is None for pull in world.repo.pulls())
    assert world.ledger.open_leases(run.run_id, world.clock.now(), world.clock.now() - run.created_at) == 0
