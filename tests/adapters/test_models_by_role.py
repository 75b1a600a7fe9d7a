"""Each kind of question goes to its own server, with that server's key and nothing else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import build_model
from bot.core.errors import ModelAbsent
from bot.effects.guard import effects_allowed
from bot.llm.model import Message, ModelKind, Prompt
from bot.llm.stub import AbsentModel
from bot.settings import Settings
from tests.adapters.model_server import chat, serving
from tests.adapters.openai_stage import SCHEMA
from tests.fakes.fake_clock import FakeClock

GOOD = '{"verdict": "approve"}'


def settings(tmp_path: Path, **env: str) -> Settings:
    return Settings.load({"CADENCE_DATA_DIR": str(tmp_path), **env}, dotenv=None)


def question(kind: ModelKind) -> Prompt:
    return Prompt(kind, (Message("user", "Look."),), "review", SCHEMA)


def test_a_role_with_a_server_of_its_own(tmp_path: Path) -> None:
    with serving() as common, serving() as own:
        common.chat = own.chat = lambda _: chat(GOOD)
        model = build_model(
            settings(
                tmp_path,
                OPENAI_API_KEY="sk-common",
                OPENAI_BASE_URL=common.url,
                CADENCE_MODEL="large",
                CADENCE_MODEL_EFFICIENCY="small",
                CADENCE_MODEL_EFFICIENCY_URL=own.url,
                CADENCE_MODEL_EFFICIENCY_OUTPUT_TOKENS="99",
            ),
            FakeClock(),
        )
        with effects_allowed():
            answers = [model.complete(question(kind)) for kind in (ModelKind.PLAN, ModelKind.EFFICIENCY)]
        assert [answer.text for answer in answers] == [GOOD] * 2
        assert [body["model"] for body in common.bodies] == ["large"] and common.keys == ["Bearer sk-common"]
        assert [body["model"] for body in own.bodies] == ["small"] and own.keys == ["Bearer none"]
        assert own.bodies[0]["max_completion_tokens"] == 99
        assert model.prepare(question(ModelKind.EFFICIENCY)).max_output_tokens == 99
        assert (model.asked_name(ModelKind.PLAN), model.asked_name(ModelKind.EFFICIENCY)) == ("large", "small")


def test_without_the_common_key_only_roles_with_a_server_have_a_model(tmp_path: Path) -> None:
    with serving() as own:
        own.chat = lambda _: chat(GOOD)
        model = build_model(settings(tmp_path, CADENCE_MODEL_PLAN_URL=own.url), FakeClock())
        with effects_allowed():
            assert model.complete(question(ModelKind.PLAN)).text == GOOD
            with pytest.raises(ModelAbsent):
                model.complete(question(ModelKind.REASONING))
    assert isinstance(build_model(settings(tmp_path), FakeClock()), AbsentModel)


def test_prices_are_those_of_every_configured_server(tmp_path: Path) -> None:
    both = settings(
        tmp_path, OPENAI_API_KEY="k", OPENAI_BASE_URL="http://127.0.0.1:1/v1",
        CADENCE_MODEL_PLAN_URL="https://api.openai.com/v1",
    )  # fmt: skip
    assert both.prices().knows("gpt-5.5")
    assert not settings(tmp_path, OPENAI_API_KEY="k", OPENAI_BASE_URL="http://127.0.0.1:1/v1").prices().knows("gpt-5.5")
