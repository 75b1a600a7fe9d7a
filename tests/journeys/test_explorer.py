"""A run whose model looks around first and answers in blocks, from the label to the merge."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bot.core.states import RunState
from bot.plan.measured_form import FormFigures, MeasuredForm, keep_form
from bot.plan.request import Form
from bot.sandbox.model.script import Reply, Rule, blocks, look_up
from tests.journeys.world import FILES, World, verdict

STEPS = "".join(
    f"def step_{n}() -> int:\n    # one of the many steps of this file\n    return {n}\n\n\n" for n in range(1_800)
)
EDIT = {
    "summary": "Return nothing in step 1477",
    "plan": "step_1477 returns 0.",
    "message": "It was wrong.",
    "edits": [{"path": "steps.py", "operation": "replace", "old": 1, "new": 2}],
    "needs": [],
}


def prepared(make_world: Callable[..., World], **env: str) -> World:
    world = make_world(files={**FILES, "steps.py": STEPS}, **env)
    world.model.add(Rule("change_set", blocks(EDIT, "    return 1477", "    return 0")))
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    return world


def test_what_the_explorer_cites_is_shown_and_the_plan_in_blocks_is_merged(make_world: Callable[..., World]) -> None:
    world = prepared(make_world)
    calls = look_up(("search", {"text": "1477"}), ("outline", {"path": "greet.py"}))
    world.model.add(Rule("explore", calls, times=1))
    world.model.add(Rule("explore", Reply("steps.py:7386-7388 returns the wrong number")))
    issue = world.label_blueprint(title="A step is wrong", body="The number that comes back for 1477 has to be 0.")
    assert world.state(issue) is RunState.GATED
    answers = [turn for turn in world.model.requests[1].body["messages"] if turn["role"] == "tool"]
    assert "steps.py:7388:     return 1477" in answers[0]["content"]
    assert "def step_1477() -> int:" in world.asked("change_set")[0]
    kept = [one.body for one in world.ledger.recorded(world.run(issue).run_id, "look")]
    assert [(one["tool"], one["round"]) for one in kept] == [("search", 1), ("outline", 1)]
    assert "explorer: returns the wrong number" in world.pull().issue.body
    world.ci()
    world.later()
    world.must_be_merged(issue)
    assert b"    return 0\n\n\ndef step_1478" in (world.repo.read_file("steps.py") or b"")


def test_a_repository_can_do_without_a_look_around(make_world: Callable[..., World]) -> None:
    config = "version: 1\nplan: {explore: {calls: 0}}\n"
    world = make_world(files={**FILES, ".github/cadence.yml": config})
    world.script_all()
    world.label_blueprint()
    assert not [one for one in world.model.requests if one.kind == "cadence_explore"]


def test_the_operator_bounds_the_calls(make_world: Callable[..., World]) -> None:
    world = prepared(make_world, CADENCE_EXPLORE_CALLS="2", CADENCE_EXPLORE_ROUNDS="9")
    world.model.add(Rule("explore", look_up(("read", {"path": "greet.py"}), ("read", {"path": "greet.py"}))))
    issue = world.label_blueprint(title="step_1477 is wrong", body="step_1477 has to return 0.")
    asked = [one for one in world.model.requests if one.kind == "cadence_explore"]
    assert len(asked) == 2 and "No calls are left." in asked[-1].messages[-1][1]
    assert len(world.ledger.recorded(world.run(issue).run_id, "look")) == 2
    assert world.state(issue) is RunState.GATED


def test_a_server_without_tools_plans_from_cadences_own_choice(make_world: Callable[..., World]) -> None:
    world = prepared(make_world)
    refusal = {"error": {"message": "tools are not supported", "type": "invalid_request_error", "code": None}}
    world.model.add(Rule("explore", Reply(json.dumps(refusal))))
    issue = world.label_blueprint(title="step_1477 is wrong", body="step_1477 has to return 0.")
    assert world.state(issue) is RunState.GATED


@pytest.mark.parametrize(("env", "form"), [({}, "json"), ({"CADENCE_MODEL_PLAN_FORM": "text"}, "text")])
def test_a_run_is_planned_in_the_measured_form_unless_one_is_set(
    make_world: Callable[..., World], env: dict[str, str], form: str
) -> None:
    world = make_world(**env)
    figures: dict[Form, FormFigures] = {"text": FormFigures(9, 40, 1000), "json": FormFigures(1, 50, 2000)}
    measured = MeasuredForm("json", 60, "2026-01-02T03:04:05", "small", figures)
    keep_form(world.settings, world.settings.data_dir, measured)
    world.script_all()
    issue = world.label_blueprint()
    (kept,) = [one.body for one in world.ledger.recorded(world.run(issue).run_id, "plan")]
    assert kept["form"] == form
    (asked,) = world.asked("change_set")
    assert ("one JSON object in the given schema" in asked) == (form == "json")
    assert world.state(issue) is RunState.GATED
