"""`cadence doctor`: each line says what was found at a server, and the exit code whether it works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Response
from typer.testing import CliRunner, Result

from bot.__main__ import app
from bot.llm.counting import count_tokens
from bot.plan.measured_form import FormFigures, MeasuredForm, keep_form
from bot.plan.request import Form
from bot.settings import Settings
from tests.adapters.model_server import ModelServer, chat, json_response, serving, told

RIGHT = '{"animal": "sparrow", "legs": 2}'
PAIR = [
    {"id": f"c{n}", "type": "function", "function": {"name": name, "arguments": "{}"}}
    for n, name in enumerate(("weather_in_oslo", "weather_in_rome"))
]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as server:
        server.listed = lambda: json_response({"object": "list", "data": [{"id": "small"}]})
        server.chat = good
        yield server


def usage_of(body: dict[str, Any]) -> tuple[int, int]:
    return sum(count_tokens(str(turn["content"])) for turn in body["messages"]), 9


def good(body: dict[str, Any]) -> Response:
    """A server that can do everything."""
    names = [tool["function"]["name"] for tool in body.get("tools", ())]
    if "weather_in_oslo" in names:
        return chat(None, tool_calls=PAIR, finish="tool_calls", usage=usage_of(body))
    if names:
        call = {"id": "c", "type": "function", "function": {"name": names[0], "arguments": RIGHT}}
        return chat(None, tool_calls=[call], finish="tool_calls", usage=usage_of(body))
    return chat(RIGHT, usage=usage_of(body))


def doctor(
    server: ModelServer | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *args: str, **env: str
) -> Result:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    told_so = {"OPENAI_API_KEY": "sk-hush", "OPENAI_BASE_URL": server.url, "CADENCE_MODEL": "small"} if server else {}
    for name, value in {**told_so, "CADENCE_DATA_DIR": str(tmp_path / "data"), **env}.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(app, ["doctor", *args])


def found(result: Result) -> dict[str, tuple[bool | None, str, str]]:
    report = json.loads(result.stdout)
    assert report["ok"] is (result.exit_code == 0)
    return {line["check"]: (line["ok"], line["text"], line["remedy"]) for line in report["checks"]}


def test_a_server_that_can_do_everything(server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = doctor(server, tmp_path, monkeypatch, CADENCE_MODEL_PRICES="small=1/2")
    assert result.exit_code == 0, result.output
    assert "✗" not in result.output and "sk-hush" not in result.output
    assert "explore, plan, reasoning, efficiency" in result.output
    for words in ("strict schema ✓", "a tool's arguments ✓", "JSON mode ✓", "text ✓", "calls several at once",
                  "CADENCE_MODEL_PRICES", "✓ streaming"):  # fmt: skip
        assert words in result.output, words
    (kept,) = (tmp_path / "data" / "models").glob("*.json")
    assert json.loads(kept.read_text())["way"]["form"] == "json_schema"
    assert len(server.asked) == 6


def test_a_form_that_is_taken_and_ignored_is_not_the_one_that_is_kept(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.chat = lambda body: good(body) if "tools" in body else chat("A sparrow has two legs.", usage=usage_of(body))
    lines = found(doctor(server, tmp_path, monkeypatch, "--json"))
    ok, text, _ = lines["answers in JSON"]
    assert ok is True and "strict schema ✗ (model.prose)" in text and "a tool's arguments is used" in text
    (kept,) = (tmp_path / "data" / "models").glob("*.json")
    assert json.loads(kept.read_text())["way"]["form"] == "tools"
    assert lines["price"][0] is None and "CADENCE_MODEL_PRICES=small=" in lines["price"][2]


def test_a_model_that_cannot_answer_in_json_is_a_fault(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.chat = lambda body: chat("Hello hello hello.", usage=usage_of(body))
    result = doctor(server, tmp_path, monkeypatch, "--json")
    lines = found(result)
    assert result.exit_code == 1 and lines["answers in JSON"][0] is False
    assert lines["tools"][:2] == (None, "takes tools and calls none")


@pytest.mark.parametrize(
    ("usage", "ok", "words"),
    [(None, False, "does not say how many"), ((5, 9), False, "5 for a question of about"), ((400, 9), True, "400 for")],
)
def test_whether_the_server_counts_tokens(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usage: Any, ok: bool, words: str
) -> None:
    server.chat = lambda _: chat(RIGHT, usage=usage)
    seen = found(doctor(server, tmp_path, monkeypatch, "--json"))["token counts"]
    assert seen[0] is ok and words in seen[1] and bool(seen[2]) is not ok


def test_what_keeps_a_model_from_answering_is_said_with_the_next_step(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.chat = lambda _: told("The model `small` does not exist", status=404, code="model_not_found")
    server.listed = lambda: json_response({"data": [{"id": "models/large"}]})
    lines = found(doctor(server, tmp_path, monkeypatch, "--json"))
    ok, text, remedy = lines["model"]
    assert ok is False and "model.unknown" in text and "the server lists large" in text and "CADENCE_MODEL" in remedy
    assert set(lines) == {"server", "model"}
    server.listed = lambda: told("wrong key sk-hush", status=401)
    lines = found(doctor(server, tmp_path, monkeypatch, "--json"))
    assert lines["server"][0] is False and "model.unauthorized" in lines["server"][1]
    assert "sk-hush" not in str(lines)


def test_a_server_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as gone:
        pass
    monkeypatch.setenv("OPENAI_BASE_URL", gone_url := "http://someone:hush@127.0.0.1:9/v1")
    result = doctor(None, tmp_path, monkeypatch, "--json", OPENAI_API_KEY="k", OPENAI_BASE_URL=gone_url)
    lines = found(result)
    assert result.exit_code == 1 and "127.0.0.1:9 cannot be reached" in lines["server"][1]
    assert "hush" not in result.output and "someone" not in result.output
    assert gone.asked == []


def test_settings_that_the_server_refuses_are_named(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.chat = lambda body: told("Unsupported parameter: temperature") if "temperature" in body else good(body)
    env = {"CADENCE_MODEL_PLAN_TEMPERATURE": "0.1", "CADENCE_MODEL_PLAN_EFFORT": "low"}
    lines = found(doctor(server, tmp_path, monkeypatch, "--json", **env))
    assert lines["temperature of plan"][0] is False
    assert lines["temperature of plan"][2] == "Remove CADENCE_MODEL_PLAN_TEMPERATURE."
    assert lines["effort of plan"] == (True, "low is taken", "")


def test_the_form_of_plans_and_whether_it_was_measured(
    server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def form(**env: str) -> tuple[bool | None, str, str]:
        return found(doctor(server, tmp_path, monkeypatch, "--json", **env))["form of plans"]

    ok, text, remedy = form()
    assert (ok, text) == (None, "numbered blocks of text; not measured")
    assert remedy == "Measure both forms: `cadence selftest planner --form both --limit 60`."
    settings = Settings.load(dotenv=None)
    figures: dict[Form, FormFigures] = {"text": FormFigures(9, 40, 1000), "json": FormFigures(1, 50, 2000)}
    keep_form(settings, settings.data_dir, MeasuredForm("json", 60, "2026-01-02T03:04:05", "small-7", figures))
    assert form() == (
        True,
        "JSON; measured 2026-01-02 on 60 tasks (text: 9 refused for their form, 40 done, 1,000 tokens; json: 1 refused "
        "for their form, 50 done, 2,000 tokens)",
        "",
    )
    ok, text, remedy = form(CADENCE_MODEL_PLAN_FORM="text")
    assert ok is None and text.startswith("numbered blocks of text, as CADENCE_MODEL_PLAN_FORM says; measured")
    assert remedy == "Unset CADENCE_MODEL_PLAN_FORM: the other form did better."


def test_without_a_key_it_says_which_roles_have_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = doctor(None, tmp_path, monkeypatch, "--json")
    lines = found(result)
    assert result.exit_code == 1 and lines["key"][0] is False and "OPENAI_API_KEY" in lines["key"][2]


def test_words_of_a_server_move_no_cursor(server: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.chat = lambda _: told("\x1b[2J gone \x07", status=404, code="model_not_found")
    assert "\x1b" not in doctor(server, tmp_path, monkeypatch).output
