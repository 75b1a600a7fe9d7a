"""Whatever the planning model does wrong ends in a repair, another try, or a refusal with its code."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.states import RunState
from tests.journeys.misbehaviour import BEGIN, END, PAGE, ROWS, Row, table
from tests.journeys.world import World

S = RunState
SHORT = {"CADENCE_MODEL_STALL_SECONDS": "0.3"}
IDS = [row.name for row in ROWS]


def become_of(world: World, issue: int) -> str:
    """In the words of `Row`."""
    run = world.run(issue)
    if run.state is not S.GATED:
        assert run.state in (S.REFUSED, S.NEEDS_HUMAN), run
        assert f"{run.reason.partition(':')[0]}: " in world.status(issue)
        return run.reason.partition(":")[0]
    if any(move.to == S.WAITING_LIMIT for move in world.ledger.transitions(run.run_id)):
        return "tried again"
    return "asked again" if "Your answer was not applied" in world.asked("change_set")[-1] else "used"


def form_of(row: Row) -> dict[str, str]:
    """A tool is offered only where the answer is asked for as JSON."""
    return {"CADENCE_MODEL_PLAN_FORM": "json"} if row.name.startswith("a call of") else {}


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_misbehaviour_that_passes(make_world: Callable[..., World], row: Row) -> None:
    world = make_world(**SHORT, **form_of(row))
    world.script("change_set", row.reply, times=3 if row.name.startswith("a call of") else 1)
    world.script_all()
    issue = world.label_blueprint()
    world.later(60)
    assert become_of(world, issue) == row.once


@pytest.mark.parametrize("row", ROWS, ids=IDS)
def test_a_misbehaviour_that_stays(make_world: Callable[..., World], row: Row) -> None:
    world = make_world(**SHORT, **form_of(row))
    world.script("change_set", row.reply)
    world.script_all()
    issue = world.label_blueprint()
    for _ in range(10):
        world.later(1900)
    assert become_of(world, issue) == row.always
    assert row.always == "used" or not world.repo.pulls()


def test_the_page_shows_this_table() -> None:
    shown = PAGE.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    assert shown.strip() == table(), "run `python -m tests.journeys.misbehaviour`"
