"""OpenAI's Responses API: the request's body, and the answer from a body or from the events of a stream. Pure.

https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bot.llm.answers import Answer, Malformed, RawCall, usage_of
from bot.llm.chat_api import cache_key, schema_words
from bot.llm.model import Message, Prompt
from bot.llm.roles import ModelRole
from bot.llm.ways import Way

_INCOMPLETE = {"max_output_tokens": "length", "content_filter": "filter"}
_LAST_EVENTS = ("response.completed", "response.incomplete", "response.failed")


class Failed(Exception):
    """The server began the answer and then failed; its words say why."""


def request_body(prompt: Prompt, role: ModelRole, way: Way) -> dict[str, Any]:
    """The request, less the parts that `way` leaves out."""
    turns = [item for message in prompt.messages for item in _items(message)]
    body: dict[str, Any] = {
        "model": role.name,
        "input": turns,
        "max_output_tokens": prompt.max_output_tokens,
        # By default OpenAI keeps every response for 30 days:
        # https://platform.openai.com/docs/guides/your-data
        "store": False,
    }
    body |= _shape(prompt, way, turns)
    if way.stream:
        body["stream"] = True
    if way.cache_key:
        body["prompt_cache_key"] = cache_key(prompt)
    if way.effort and role.effort is not None:
        body["reasoning"] = {"effort": role.effort}
    if way.temperature and role.temperature is not None:
        body["temperature"] = role.temperature
    return body


def answer_from(whole: object) -> Answer:
    """The answer in a response's JSON. Raises Malformed where it is not a response, Failed where it says so."""
    if not isinstance(whole, Mapping) or not isinstance(whole.get("output"), list):
        raise Malformed("something other than a response")
    if whole.get("status") == "failed":
        error = whole.get("error")
        raise Failed(str(error.get("message") if isinstance(error, Mapping) else "no reason given"))
    items = [item for item in whole["output"] if isinstance(item, Mapping)]
    parts = [part for item in items if item.get("type") == "message" for part in _parts(item)]
    calls = [item for item in items if item.get("type") == "function_call"]
    details = whole.get("incomplete_details")
    why = str(details.get("reason") if isinstance(details, Mapping) else "")
    return Answer(
        text="".join(str(part.get("text") or "") for part in parts if part.get("type") == "output_text"),
        model=str(whole.get("model") or ""),
        ended=_INCOMPLETE.get(why, "length") if whole.get("status") == "incomplete" else "stop",
        usage=usage_of(whole.get("usage"), "input", "output"),
        refusal="".join(str(part.get("refusal") or "") for part in parts if part.get("type") == "refusal"),
        calls=tuple(
            RawCall(str(c.get("call_id") or ""), str(c.get("name") or ""), str(c.get("arguments") or "")) for c in calls
        ),
    )


def answer_from_stream(events: Iterable[object]) -> Answer:
    """The answer in the last event of a stream, which repeats the whole. Raises Malformed and Failed."""
    seen = False
    for event in events:
        if not isinstance(event, Mapping):
            continue
        kind = str(event.get("type") or "")
        seen = seen or kind.startswith("response.")
        if kind == "error":
            raise Failed(str(event.get("message") or "no reason given"))
        if kind in _LAST_EVENTS:
            return answer_from(event.get("response"))
    if not seen:
        raise Malformed("a stream that is not of responses")
    return Answer("", "", None, None)


def _parts(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    content = item.get("content")
    yield from (part for part in content if isinstance(part, Mapping)) if isinstance(content, list) else ()


def _items(message: Message) -> Iterator[dict[str, Any]]:
    if message.role == "tool":
        yield {"type": "function_call_output", "call_id": message.answers, "output": message.content}
        return
    if message.content or not message.calls:
        yield {"role": message.role, "content": message.content}
    # Without the server's own ids of items, because with them it asks for the hidden reasoning before each call, too.
    for call in message.calls:
        yield {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments or "{}"}


def _shape(prompt: Prompt, way: Way, turns: list[dict[str, Any]]) -> dict[str, Any]:
    """What says how the answer must be. Where the server takes no format, the last of `turns` gets the schema."""
    if prompt.tools:
        tools = [_function(tool.name, dict(tool.schema), tool.description) for tool in prompt.tools]
        return {"tools": tools} | ({"parallel_tool_calls": True} if way.parallel_calls else {})
    if not prompt.schema:
        return {}
    schema = dict(prompt.schema)
    if way.form == "json_schema":
        shape = {"type": "json_schema", "name": prompt.schema_name, "strict": True, "schema": schema}
        return {"text": {"format": shape}}
    if way.form == "tools":
        choice = {"type": "function", "name": prompt.schema_name}
        return {"tools": [_function(prompt.schema_name, schema)], "tool_choice": choice}
    turns[-1] = {**turns[-1], "content": f"{turns[-1]['content']}\n\n{schema_words(schema)}"}
    return {"text": {"format": {"type": "json_object"}}} if way.form == "json_object" else {}


def _function(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    # `strict` is true by default here, and then every key has to be required:
    # https://platform.openai.com/docs/guides/migrate-to-responses
    function: dict[str, Any] = {"type": "function", "name": name, "parameters": schema, "strict": False}
    return function | ({"description": description} if description else {})
