"""The scripted model, asked by OpenAI's own client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from bot.sandbox.model.script import (
    Asked,
    Reply,
    Rule,
    answer,
    broken,
    empty,
    fenced,
    hang_up,
    limited,
    prose,
    refusal,
    truncated,
    unsupported_format,
)
from bot.sandbox.model.server import ScriptedModel

VALUE = {"verdict": "approve"}
SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"type": "string"}},
    "required": ["verdict"],
    "additionalProperties": False,
}


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    model = ScriptedModel()
    model.start()
    yield model
    model.stop()


@pytest.fixture
def client(model: ScriptedModel) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=model.url, api_key=model.key, max_retries=0, timeout=5) as client:
        yield client


def strict(name: str, schema: dict[str, Any] = SCHEMA) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


def ask(client: openai.OpenAI, text: str = "look at tally/cli.py", **rest: Any) -> Any:
    return client.chat.completions.create(model="any", messages=[{"role": "user", "content": text}], **rest)


def test_answers_by_schema_name_and_says_that_it_is_recorded(model: ScriptedModel, client: openai.OpenAI) -> None:
    model.add(Rule("review_efficiency", prose("wrong one")), Rule("review_reasoning", answer(VALUE)))
    raw = client.chat.completions.with_raw_response.create(
        model="any",
        messages=[{"role": "user", "content": "look at tally/cli.py"}],
        response_format=strict("review_reasoning"),  # type: ignore[arg-type]
    )
    assert raw.headers["x-cadence-recorded"] == "1"
    told = raw.parse()
    assert told.choices[0].message.content == '{"verdict": "approve"}'
    assert (told.model, told.system_fingerprint, told.choices[0].finish_reason) == ("scripted-1", "recorded", "stop")
    assert told.usage is not None
    assert told.usage.prompt_tokens > 3
    assert told.usage.completion_tokens > 3
    assert "tally/cli.py" in model.requests[0].text


def test_rules_are_tried_in_order_by_text_and_used_up(model: ScriptedModel, client: openai.OpenAI) -> None:
    model.add(
        Rule("change_set", prose("first"), when=lambda text: "alpha" in text, times=1),
        Rule("change_set", prose("later"), when=lambda text: "alpha" in text),
        Rule("change_set", lambda asked: Reply(f"other: {asked.text}")),
    )
    told = [
        ask(client, text, response_format=strict("change_set")).choices[0].message.content
        for text in ("alpha", "alpha", "beta")
    ]
    assert told == ["first", "later", "other: beta"]


def test_a_rule_put_first_wins(model: ScriptedModel, client: openai.OpenAI) -> None:
    model.add(Rule(None, prose("usual")))
    model.add(Rule(None, prose("now")), first=True)
    assert ask(client).choices[0].message.content == "now"


def test_an_unmatched_prompt_is_a_loud_error_and_kept(model: ScriptedModel, client: openai.OpenAI) -> None:
    model.add(Rule("change_set", answer(VALUE)))
    with pytest.raises(openai.InternalServerError, match=r"no answer for this prompt.*review_reasoning.*tally/cli\.py"):
        ask(client, response_format=strict("review_reasoning"))
    assert [asked.kind for asked in model.unmatched] == ["review_reasoning"]


def test_a_wrong_key_is_refused_and_not_counted(model: ScriptedModel) -> None:
    with (
        openai.OpenAI(base_url=model.url, api_key="other", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        ask(client)
    assert model.requests == []


@pytest.mark.parametrize(
    ("reply", "content", "finish"),
    [
        (prose("I would rather not."), "I would rather not.", "stop"),
        (fenced(VALUE, before="So:"), 'So:\n\n```json\n{\n  "verdict": "approve"\n}\n```\n', "stop"),
        (truncated(VALUE, keep=0.5), '{"verdict":', "length"),
        (empty(), "", "stop"),
        (refusal("no"), None, "stop"),
    ],
)
def test_useless_answers(
    model: ScriptedModel, client: openai.OpenAI, reply: Reply, content: str | None, finish: str
) -> None:
    model.add(Rule(None, reply))
    choice = ask(client, response_format=strict("change_set")).choices[0]
    assert (choice.message.content, choice.finish_reason) == (content, finish)
    assert choice.message.refusal == reply.refusal


def test_a_rate_limit_says_when_to_come_back(model: ScriptedModel, client: openai.OpenAI) -> None:
    model.add(Rule(None, limited(2.5)))
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client)
    assert caught.value.response.headers["retry-after"] == "2.5"


def test_a_broken_server(model: ScriptedModel, client: openai.OpenAI) -> None:
    model.add(Rule(None, broken()))
    with pytest.raises(openai.InternalServerError, match="had an error"):
        ask(client)


def test_a_cut_connection_and_the_server_lives_on(model: ScriptedModel, client: openai.OpenAI) -> None:
    model.add(Rule(None, hang_up(), times=1), Rule(None, prose("back")))
    with pytest.raises(openai.APIConnectionError):
        ask(client)
    assert ask(client).choices[0].message.content == "back"


def test_a_server_without_structured_output_answers_without_it(model: ScriptedModel, client: openai.OpenAI) -> None:
    model.add(Rule(None, unsupported_format(VALUE)))
    with pytest.raises(openai.BadRequestError, match="response_format"):
        ask(client, response_format=strict("change_set"))
    assert ask(client).choices[0].message.content == '{"verdict": "approve"}'


def test_a_tool_call_carries_the_answer(model: ScriptedModel, client: openai.OpenAI) -> None:
    model.add(Rule("change_set", answer(VALUE)))
    tool = {"type": "function", "function": {"name": "change_set", "parameters": SCHEMA}}
    choice = ask(client, tools=[tool]).choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    assert choice.message.tool_calls[0].function.arguments == '{"verdict": "approve"}'


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ({"tools": [{"name": "change_set"}]}, r"tools\[0\]\.type"),
        ({"tools": [{"type": "function", "function": {}}]}, r"tools\[0\]\.function"),
        ({"response_format": {"type": "json_object"}}, "must contain the word 'json'"),
        ({"response_format": {"type": "yaml"}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "json_schema.name"),
        ({"response_format": strict("p", SCHEMA | {"required": []})}, "Missing 'verdict'"),
        (
            {"response_format": strict("p", {"type": "array", "items": {"properties": {}}})},
            r"\('items'\).*additionalProperties",
        ),
    ],
)
def test_requests_that_openai_refuses(
    model: ScriptedModel, client: openai.OpenAI, rest: dict[str, Any], message: str
) -> None:
    model.add(Rule(None, answer(VALUE)))
    with pytest.raises(openai.BadRequestError, match=message):
        ask(client, **rest)
    assert model.requests == []


def test_turns_given_as_parts_are_read(model: ScriptedModel, client: openai.OpenAI) -> None:
    seen: list[Asked] = []

    def reply(asked: Asked) -> Reply:
        seen.append(asked)
        return prose("ok")

    model.add(Rule(None, reply))
    ask(client, [{"type": "text", "text": "one "}, {"type": "text", "text": "two"}])  # type: ignore[arg-type]
    assert seen[0].messages == (("user", "one two"),)
