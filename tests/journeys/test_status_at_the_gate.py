"""The status comment at the gate: the first reason and the next step, and a last word at the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.states import RunState
from tests.journeys.world import OWNER, World, verdict

S = RunState


def opened(world: World) -> int:
    world.script_all()
    issue = world.label_blueprint()
    world.later(3)
    return issue


WAYS: dict[str, tuple[Callable[[World, int], object], str, str]] = {
    "no check yet": (lambda _w, _: None, "ci.none", "Let CI run on pull requests"),
    "red": (lambda w, _: w.ci("failure"), "ci.failed", "Re-run it if it is flaky"),
    "hold": (
        lambda w, _: (w.ci(), w.repo.label(w.pull().number, "cadence:hold", by=OWNER)),
        "hold",
        "takes the label `cadence:hold` off",
    ),
    "draft": (lambda w, _: (w.ci(), w.repo.set_draft(w.pull().number, True, by=OWNER)), "draft", "Mark it ready"),
    "skipped": (lambda w, _: w.ci("skipped"), "ci.skipped", "ci.allow_skipped"),
    "edited": (lambda w, i: (w.repo.edit_body(i, "New.", by=OWNER), w.ci()), "blueprint.edited", "/cadence go"),
}


@pytest.mark.parametrize("name", WAYS)
def test_the_first_reason_and_the_next_step_are_shown(world: World, name: str) -> None:
    change, code, then = WAYS[name]
    issue = opened(world)
    change(world, issue)
    world.settle()
    world.later()
    assert world.state(issue) is (S.HELD if name == "hold" else S.GATED)
    first = world.ledger.newest_decision(world.run(issue).run_id).reasons[0]  # type: ignore[union-attr]
    assert first["code"].startswith(code)
    shown = world.status(issue)
    assert first["code"] in shown and then in shown
    assert "posting the reviews" not in shown


def test_a_rejected_change_is_shown_as_such(world: World) -> None:
    world.script_all()
    world.script("reasoning", verdict("reject", "It breaks everything."), first=True)
    issue = world.label_blueprint()
    world.later(3)
    assert "review.rejected" in world.status(issue) and "/cadence replan" in world.status(issue)


def test_a_reason_that_comes_back_is_shown_again(world: World) -> None:
    issue = opened(world)
    number = world.pull().number
    for _ in range(2):
        world.repo.label(number, "cadence:hold", by=OWNER)
        world.settle()
        assert "hold: " in world.status(issue)
        world.repo.unlabel(number, "cadence:hold", by=OWNER)
        world.settle()
        assert "hold: " not in world.status(issue)


@pytest.mark.parametrize(
    ("end", "word"),
    [
        (lambda w, _: w.repo.close_pull(w.pull().number, by=OWNER), "Stopped"),
        (lambda w, i: w.repo.unlabel(i, "blueprint", by=OWNER), "Stopped"),
        (lambda w, _: w.repo.merge_pull(w.pull().number, by=OWNER), "Merged"),
    ],
    ids=["closed", "label off", "merged"],
)
def test_the_end_is_said_in_a_word(world: World, end: Callable[[World, int], object], word: str) -> None:
    issue = opened(world)
    end(world, issue)
    world.settle()
    world.later(60)
    assert f"{word}." in world.status(issue).split("\n")[2]
