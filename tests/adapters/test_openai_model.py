"""The openai client's adapter against the scripted model, as the demo and the journeys use it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bot.core.errors import Audience, CadenceError, ModelUnavailable, ModelUnusable
from bot.llm.openai_model import OpenAIModel
from bot.sandbox.model.script import (
    Reply,
    Rule,
    answer,
    broken,
    empty,
    hang_up,
    limited,
    refusal,
    truncated,
    unsupported_format,
)
from bot.sandbox.model.server import ScriptedModel
from tests.adapters.openai_stage import KEY, PROMPT, SCHEMA, VALUE, complete, failure, model_at


@pytest.fixture
def scripted() -> Iterator[ScriptedModel]:
    scripted = ScriptedModel(key=KEY)
    scripted.start()
    yield scripted
    scripted.stop()


@pytest.fixture
def model(scripted: ScriptedModel) -> Iterator[OpenAIModel]:
    model = model_at(scripted.url)
    yield model
    model.close()


def test_the_strictest_way_is_asked_first(scripted: ScriptedModel, model: OpenAIModel) -> None:
    scripted.add(Rule("review", answer(VALUE)))
    told = complete(model)
    assert (json.loads(told.text), told.model, told.finish, told.recorded) == (VALUE, "scripted-1", "stop", True)
    assert told.input_tokens > 0 and told.output_tokens > 0
    (asked,) = scripted.requests
    assert (asked.model, asked.format, asked.messages) == (
        "asked-model", "json_schema", (("system", "You review."), ("user", "Look.")),
    )  # fmt: skip
    assert asked.body["response_format"]["json_schema"] == {"name": "review", "strict": True, "schema": SCHEMA}
    assert asked.body["max_completion_tokens"] == 500


def test_a_server_without_formats_is_asked_by_a_tool_and_remembered(
    scripted: ScriptedModel, model: OpenAIModel
) -> None:
    scripted.add(Rule(None, unsupported_format(VALUE)))
    assert json.loads(complete(model).text) == VALUE
    assert json.loads(complete(model).text) == VALUE
    assert [(asked.format, asked.tool) for asked in scripted.requests] == [
        ("json_schema", ""), ("", "review"), ("", "review"),
    ]  # fmt: skip


def test_a_cut_answer_says_so(scripted: ScriptedModel, model: OpenAIModel) -> None:
    scripted.add(Rule("review", truncated(VALUE)))
    assert complete(model).finish == "length"


@pytest.mark.parametrize(
    ("reply", "kind", "code", "after"),
    [
        (limited(7), ModelUnavailable, "model.unavailable", 7.0),
        (broken(), ModelUnavailable, "model.unavailable", None),
        (hang_up(), ModelUnavailable, "model.unreachable", None),
        (refusal("I cannot."), ModelUnusable, "model.refused", None),
        (empty(), ModelUnusable, "model.empty", None),
        (Reply(" \n "), ModelUnusable, "model.empty", None),
    ],
)
def test_what_goes_wrong_has_a_code(
    scripted: ScriptedModel, model: OpenAIModel, reply: Reply, kind: type, code: str, after: float | None
) -> None:
    scripted.add(Rule(None, reply))
    error = failure(model)
    assert (type(error), error.code, error.after) == (kind, code, after)
    assert error.retry is (kind is ModelUnavailable)


def test_a_connection_that_was_cut_may_have_been_billed_and_is_not_tried_again_here(
    scripted: ScriptedModel, model: OpenAIModel
) -> None:
    scripted.add(Rule(None, hang_up(), times=1), Rule(None, answer(VALUE)))
    assert failure(model).may_cost and len(scripted.requests) == 1
    assert json.loads(complete(model).text) == VALUE


@pytest.mark.parametrize(("reply", "may_cost"), [(limited(7), False), (broken(), False), (empty(), True)])
def test_an_error_status_costs_nothing_and_an_unusable_answer_may(
    scripted: ScriptedModel, model: OpenAIModel, reply: Reply, may_cost: bool
) -> None:
    scripted.add(Rule(None, reply))
    assert failure(model).may_cost is may_cost


def test_outside_the_door_nothing_is_asked(scripted: ScriptedModel, model: OpenAIModel) -> None:
    with pytest.raises(CadenceError) as caught:
        model.complete(PROMPT)
    assert caught.value.code == "door.closed" and not scripted.requests


def test_a_wrong_key_is_the_operators_matter(scripted: ScriptedModel) -> None:
    scripted.key = "another"
    error = failure(model_at(scripted.url))
    assert (error.code, error.audience, error.retry) == ("model.unauthorized", Audience.OPERATOR, False)
    assert "OPENAI_API_KEY" in error.remedy
