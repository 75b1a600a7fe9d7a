"""`cadence replay`: a recorded run is planned and reviewed again, byte for byte, and what differs is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from bot.__main__ import app
from bot.changeset.pin import pin
from bot.core.states import RunState
from bot.flow.replay import Replay, Replayed
from bot.ledger.tables import recordings
from bot.llm.counting import count_tokens
from bot.plan.context.pack import ContextPack
from bot.plan.plan_prompt import Question, plan_question
from bot.plan.request import PlanRequest
from tests.journeys.world import GOOD, World, edit, plan

TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3


def merged(world: World) -> int:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert world.state(issue) in (RunState.WATCHING, RunState.MERGED)
    return issue


def replayed(world: World, issue: int) -> list[Replayed]:
    run = world.run(issue)
    mirror = world.services.git.mirror(run.repository_id)
    return list(Replay(world.ledger, mirror, run.run_id, count_tokens).stages())


def test_a_merged_run_is_the_same_again_without_a_server(make_world: Callable[..., World]) -> None:
    world = make_world()
    issue = merged(world)
    world.model.stop()
    world.github.stop()
    assert [(one.stage, one.questions, one.same) for one in replayed(world, issue)] == [
        ("plan", 2, True),
        ("reasoning review", 1, True),
        ("efficiency review", 1, True),
    ]


def test_repairs_and_refusals_are_done_again_too(make_world: Callable[..., World]) -> None:
    world = make_world()
    bad = plan(edit("greet.py", replace=[{"old": "nowhere", "new": "x", "count": None}]))
    other = plan(edit("greet.py", replace=[{"old": "elsewhere", "new": "x", "count": None}]))
    for change in (bad, other, bad):
        world.script("change_set", change, times=1)
    issue = world.label_blueprint()
    assert world.state(issue) is RunState.REFUSED
    (stage,) = replayed(world, issue)
    assert stage.same and stage.questions >= 2


def test_a_changed_prompt_is_named_with_its_lines(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    issue = merged(world)

    def briefly(request: PlanRequest, context: ContextPack, *, rounds: int = 0) -> Question:
        return plan_question(replace(request, guidance="Be brief."), context, rounds=rounds)

    monkeypatch.setattr("bot.plan.editing.plan_question", briefly)
    first = replayed(world, issue)[0]
    assert not first.same
    assert "question 1 (plan) is another one now" in first.difference
    assert "+Be brief." in first.difference
    monkeypatch.setenv("CADENCE_DATA_DIR", str(world.settings.data_dir))
    done = CliRunner().invoke(app, ["replay", world.run(issue).run_id])
    assert "replay.differs: 1 of 3 stages is not the same" in str(done.exception)
    assert done.output.startswith("different  plan (1 recorded answer)\n")


def test_changed_code_after_the_same_questions_is_named(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    issue = merged(world)
    monkeypatch.setattr(
        "bot.plan.editing.pin", lambda change_set, tree: pin(change_set.model_copy(update={"message": "x"}), tree)
    )
    first = replayed(world, issue)[0]
    assert not first.same
    assert "the questions are the same and the result is not" in first.difference


def test_no_secret_reaches_the_model_or_the_recordings(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.script("change_set", GOOD)
    world.script_all()
    issue = world.label_blueprint(body=f"Greet with an exclamation mark. My token is {TOKEN}, do not use it.")
    assert world.asked("change_set")
    assert TOKEN not in json.dumps(world.model.requests, default=str)
    assert "[removed: a GitHub token]" in "".join(world.asked("change_set"))
    kept = json.dumps([one.body for one in world.ledger.recorded(world.run(issue).run_id)])
    assert "[removed: a GitHub token]" in kept and TOKEN not in kept
    assert all(stage.same for stage in replayed(world, issue))


def test_the_command_says_same_or_different(make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    issue = merged(world)
    run = world.run(issue)
    monkeypatch.setenv("CADENCE_DATA_DIR", str(world.settings.data_dir))
    done = CliRunner().invoke(app, ["replay", run.run_id[:10]])
    assert done.exit_code == 0, done.output
    assert done.output.splitlines() == [
        "same       plan (2 recorded answers)",
        "same       reasoning review (1 recorded answer)",
        "same       efficiency review (1 recorded answer)",
    ]
    with world.ledger.engine.begin() as connection:
        connection.execute(sa.delete(recordings).where(recordings.c.step != "question"))
    done = CliRunner().invoke(app, ["replay", run.run_id])
    assert done.exit_code == 1
    assert "replay.nothing" in f"{done.output}{done.exception}"


def test_recordings_are_purged_with_the_rest(make_world: Callable[..., World], tmp_path: Path) -> None:
    world = make_world()
    issue = merged(world)
    world.ledger.purge(world.clock.now())
    assert world.ledger.recorded(world.run(issue).run_id) == []
