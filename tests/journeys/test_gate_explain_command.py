"""`cadence explain` in a terminal: the gate's own answer, with nothing done."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import app, main
from bot.cli.explain_command import IdleEngine, answer, parse_target
from bot.core.errors import CadenceError, WrongUse
from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from tests.journeys.world import World, edit, plan

S = RunState


def settings_of(world: World) -> dict[str, str]:
    return {
        "CADENCE_GITHUB_URL": world.settings.github_url,
        "CADENCE_APP_ID": str(world.app.app_id),
        "CADENCE_PRIVATE_KEY": world.app.private_key_pem.replace("\n", "\\n"),
        "CADENCE_WEBHOOK_SECRET": "a secret",
        "CADENCE_DATA_DIR": str(world.settings.data_dir),
        "CADENCE_SETTLE_SECONDS": "0",
    }


def waiting(world: World) -> int:
    """A pull request that only waits for `lint`."""
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.ci(None, "lint")
    world.later()
    assert world.gate_codes(issue) == ["ci.pending"]
    return issue


def test_it_says_what_the_check_says_and_does_nothing(world: World) -> None:
    issue = waiting(world)
    before, shown = len(world.github.world.requests), world.checks(CHECK_GATE)[-1]
    effects = world.ledger.effects_of(world.run(issue).run_id)
    told = answer(world.services, "Olive/Greet", int(world.pull().number), (), as_json=False)
    assert "Waiting for CI: lint pending" in told and told.endswith("Merges when `lint` passes.")
    assert shown.title == "Waiting for CI: lint pending" and "Merges when `lint` passes." in (shown.summary or "")
    asked = world.github.world.requests[before:]
    changing = [one.route for one in asked if one.method != "GET" and one.route != "/graphql"]
    assert [route for route in changing if not route.endswith("/access_tokens")] == []
    assert world.ledger.effects_of(world.run(issue).run_id) == effects
    assert world.state(issue) is S.GATED and not world.engine.jobs


def test_what_if(world: World) -> None:
    issue = waiting(world)
    read = json.loads(answer(world.services, "olive/greet", issue, ["check=lint:success"], as_json=True))
    assert (read["decision"], read["reasons"], read["supposed"]) == ("merge", [], ["check=lint:success"])
    worse = json.loads(answer(world.services, "olive/greet", issue, ["check=lint:failure", "draft=true"], as_json=True))
    assert (worse["decision"], [one["code"] for one in worse["reasons"]]) == ("block", ["ci.failed", "draft"])
    assert worse["merges_when"] == "Merges when `lint` passes and it is marked ready for review."
    assert world.pull().merged_at is None


def test_the_command_reads_its_settings(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    waiting(world)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("bot.core.clock.SystemClock", lambda: world.clock)
    target = f"olive/greet#{world.pull().number}"
    result = CliRunner().invoke(app, ["explain", target, "--what-if", "check=lint:success"], env=settings_of(world))
    assert result.exit_code == 0, result.output
    assert "supposing check=lint:success" in result.output and "Everything passed" in result.output
    assert world.pull().merged_at is None


def test_what_it_cannot_answer(world: World, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    with pytest.raises(CadenceError, match=r"run\.unknown"):
        answer(world.services, "olive/greet", 99, (), as_json=False)
    for text in ("olive/greet", "greet#1", "olive/greet#0", "olive/greet#x", "a/b/c#1"):
        with pytest.raises(WrongUse):
            parse_target(text)
    monkeypatch.setattr("sys.argv", ["cadence", "explain", "olive#1"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2 and "OWNER/REPO#N" in capsys.readouterr().err


def test_a_run_without_a_pull_request(world: World) -> None:
    world.script("change_set", plan(edit("nowhere.py", replace=[{"old": "a", "new": "b", "count": None}])))
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED
    assert "is refused: " in answer(world.services, "olive/greet", issue, (), as_json=False)
    assert json.loads(answer(world.services, "olive/greet", issue, (), as_json=True))["pull"] is None


def test_a_merged_one(world: World) -> None:
    issue = waiting(world)
    (lint,) = (run for run in world.repo.check_runs(world.pull().head_sha) if run.name == "lint")
    world.repo.complete_check_run(lint, "success")
    world.later()
    world.must_be_merged(issue)
    assert answer(world.services, "olive/greet", issue, (), as_json=False).endswith("Merged")


def test_the_engine_of_those_who_only_ask_starts_nothing() -> None:
    assert IdleEngine().purge() == 0
