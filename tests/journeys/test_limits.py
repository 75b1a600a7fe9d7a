"""GitHub asks to wait: Cadence waits that long and goes on where it was; nothing cosmetic costs a run anything."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.core.states import RunState
from tests.journeys.world import World

S = RunState
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


def limit(world: World, method: str, route: str, times: int, after: str | None = "2") -> Callable[[], int]:
    """Answer the first requests to a route with a secondary limit; gives the way to count those that came."""
    seen: list[bool] = []

    def answer(fault: Any) -> tuple[Any, ...] | None:
        if fault.phase != "before" or fault.method != method or not fault.route.endswith(route):
            return None
        seen.append(True)
        if len(seen) > times:
            return None
        return (403, SECONDARY, {"Retry-After": after}) if after else (403, SECONDARY)

    world.github.on_request(answer)
    return lambda: len(seen)


def waits(world: World, issue: int) -> list[float]:
    """Seconds from each move into waiting to the next move."""
    moves = world.ledger.transitions(world.run(issue).run_id)
    return [
        round((after.at - before.at) / timedelta(seconds=1), 1)
        for before, after in pairwise(moves)
        if before.to == S.WAITING_LIMIT
    ]


def test_the_wait_is_what_github_says_every_time_and_goes_on_at_the_step_that_failed(world: World) -> None:
    world.script_all()
    limit(world, "POST", "/pulls", times=12)
    issue = world.label_blueprint()
    world.later(60)
    assert waits(world, issue) == [pytest.approx(2.0, abs=0.5)] * 12
    moves = [move.to for move in world.ledger.transitions(world.run(issue).run_id)]
    first = moves.index(S.WAITING_LIMIT)
    assert S.PLANNING not in moves[first:] and S.JUDGING not in moves[first:]
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_a_limit_without_a_time_waits_a_minute_then_longer(world: World) -> None:
    world.script_all()
    limit(world, "POST", "/pulls", times=3, after=None)
    issue = world.label_blueprint()
    world.later(600)
    assert waits(world, issue) == [pytest.approx(60, abs=1), pytest.approx(120, abs=1), pytest.approx(240, abs=1)]


@pytest.mark.parametrize("status", ["limit", "outage"])
def test_a_status_edit_that_fails_costs_the_run_nothing(world: World, status: str) -> None:
    world.script_all()

    def answer(fault: Any) -> tuple[Any, ...] | None:
        if fault.phase == "before" and fault.method == "PATCH" and "/issues/comments/" in fault.route:
            return (403, SECONDARY, {"Retry-After": "2"}) if status == "limit" else (502, {"message": "Server Error"})
        return None

    heal = world.github.on_request(answer)
    issue = world.label_blueprint()
    world.later(120)
    assert world.state(issue) is S.GATED
    heal()
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_the_receipt_on_the_issue_that_fails_keeps_no_run_from_starting(world: World) -> None:
    world.script_all()

    def answer(fault: Any) -> tuple[Any, ...] | None:
        if fault.phase == "before" and fault.route.endswith("/reactions"):
            return (502, {"message": "Server Error"})
        return None

    world.github.on_request(answer)
    issue = world.label_blueprint()
    assert world.state(issue) is S.GATED


def test_while_github_asks_to_wait_nothing_is_sent_for_the_installation(world: World) -> None:
    world.script_all()
    limit(world, "POST", "/pulls", times=1, after="100")
    issue = world.label_blueprint()
    before = len(world.github.world.requests)
    world.sweep()
    world.later(90)
    sent = [r for r in world.github.world.requests[before:] if not r.path.startswith("/app")]
    assert sent == []
    world.later(60)
    assert world.state(issue) is S.GATED


def test_reviews_that_meet_a_limit_are_posted_when_it_is_over(world: World) -> None:
    world.script_all()
    limit(world, "POST", "/reviews", times=2, after="7")
    issue = world.label_blueprint()
    world.later(30)
    assert world.state(issue) is S.GATED and len(world.pull().reviews) == 2
    world.ci()
    world.later()
    world.must_be_merged(issue)
