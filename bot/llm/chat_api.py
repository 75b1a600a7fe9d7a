"""OpenAI's Chat Completions: the request's body, and the answer from a body or from the pieces of a stream. Pure.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.llm.answers import Answer, Malformed, RawCall, usage_of
from bot.llm.model import Message, Prompt
from bot.llm.roles import ModelRole
from bot.llm.ways import Way

_ENDED = {"length": "length", "content_filter": "filter"}


def request_body(prompt: Prompt, role: ModelRole, way: Way) -> dict[str, Any]:
    """The request, less the parts that `way` leaves out."""
    body: dict[str, Any] = {"model": role.name, "messages": [_turn(m) for m in prompt.messages]}
    body |= _shape(prompt, way, body["messages"])
    body[way.limit] = prompt.max_output_tokens
    if way.stream:
        # Without this a stream has no token counts: https://platform.openai.com/docs/api-reference/chat/create
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    if way.cache_key:
        body["prompt_cache_key"] = cache_key(prompt)
    if way.effort and role.effort is not None:
        body["reasoning_effort"] = role.effort
    if way.temperature and role.temperature is not None:
        body["temperature"] = role.temperature
    return body


def cache_key(prompt: Prompt) -> str:
    """Equal for prompts that begin alike, so that the server sends them to the same cache.

    https://platform.openai.com/docs/guides/prompt-caching
    """
    # Not the text's hash: the beginning of our system texts differs only by a fence, which the cache ends at anyway.
    return f"cadence-{prompt.kind}-{prompt.schema_name or 'tools'}"[:64]


def answer_from(whole: object) -> Answer:
    """The answer in a response's JSON. Raises Malformed where it is not a chat completion."""
    if not isinstance(whole, Mapping) or not isinstance(whole.get("choices"), list):
        raise Malformed("something other than a chat completion")
    choice = whole["choices"][0] if whole["choices"] else {}
    message = choice.get("message") if isinstance(choice, Mapping) else None
    message = message if isinstance(message, Mapping) else {}
    calls = message.get("tool_calls")
    return Answer(
        text=_text(message.get("content")),
        model=str(whole.get("model") or ""),
        # `tool_calls` is a complete answer too: https://platform.openai.com/docs/api-reference/chat/object
        ended=_ENDED.get(str(choice.get("finish_reason")), "stop") if isinstance(choice, Mapping) else "stop",
        usage=usage_of(whole.get("usage"), "prompt", "completion"),
        # A refusal is not in `content`: https://platform.openai.com/docs/guides/structured-outputs#refusals
        refusal=str(message.get("refusal") or ""),
        calls=tuple(_call(call) for call in calls if isinstance(call, Mapping)) if isinstance(calls, list) else (),
        fingerprint=str(whole.get("system_fingerprint") or ""),
    )


def answer_from_stream(pieces: Iterable[object]) -> Answer:
    """The answer in the pieces of a stream, put together. Raises Malformed where there is no piece of one."""
    text: list[str] = []
    refusal: list[str] = []
    calls: dict[int, dict[str, str]] = {}
    model, fingerprint, ended, usage, seen = "", "", None, None, False
    for piece in pieces:
        if not isinstance(piece, Mapping) or not isinstance(piece.get("choices"), list):
            continue
        seen = True
        model = str(piece.get("model") or model)
        fingerprint = str(piece.get("system_fingerprint") or fingerprint)
        # The counts come in a last piece without choices, or, from some servers, in every piece so far.
        usage = usage_of(piece.get("usage"), "prompt", "completion") or usage
        for choice in piece["choices"][:1]:
            delta = choice.get("delta") if isinstance(choice, Mapping) else None
            delta = delta if isinstance(delta, Mapping) else {}
            text.append(_text(delta.get("content")))
            refusal.append(str(delta.get("refusal") or ""))
            _gather(calls, delta.get("tool_calls"))
            if isinstance(choice, Mapping) and choice.get("finish_reason"):
                ended = _ENDED.get(str(choice["finish_reason"]), "stop")
    if not seen:
        raise Malformed("a stream that is not of chat completions")
    made = tuple(RawCall(call["id"], call["name"], call["arguments"]) for _, call in sorted(calls.items()))
    return Answer("".join(text), model, ended, usage, "".join(refusal), made, fingerprint)


def _gather(calls: dict[int, dict[str, str]], deltas: object) -> None:
    """Add the pieces of calls to those before them; the index says which call a piece belongs to."""
    for delta in deltas if isinstance(deltas, list) else ():
        if not isinstance(delta, Mapping):
            continue
        index, made = delta.get("index"), str(delta.get("id") or "")
        if not isinstance(index, int):
            # Google's server leaves the index out, and sends each call whole.
            index = len(calls) if made or not calls else len(calls) - 1
        call = calls.setdefault(index, {"id": "", "name": "", "arguments": ""})
        function = delta.get("function")
        function = function if isinstance(function, Mapping) else {}
        call["id"] = call["id"] or made
        call["name"] = call["name"] or str(function.get("name") or "")
        call["arguments"] += _arguments(function.get("arguments"))


def _call(call: Mapping[str, Any]) -> RawCall:
    function = call.get("function")
    function = function if isinstance(function, Mapping) else {}
    return RawCall(str(call.get("id") or ""), str(function.get("name") or ""), _arguments(function.get("arguments")))


def _arguments(given: object) -> str:
    # Some servers send the object itself instead of its JSON.
    return given if isinstance(given, str) else "" if given is None else json.dumps(given)


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return str(content or "")


def _turn(message: Message) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.answers, "content": message.content}
    turn: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.calls:
        turn["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments or "{}"}}
            for call in message.calls
        ]
        # Some servers refuse an empty text beside calls.
        turn["content"] = message.content or None
    return turn


def _shape(prompt: Prompt, way: Way, turns: list[dict[str, Any]]) -> dict[str, Any]:
    """What says how the answer must be. Where the server takes no format, the last of `turns` gets the schema."""
    if prompt.tools:
        tools = [_function(tool.name, dict(tool.schema), tool.description) for tool in prompt.tools]
        return {"tools": tools} | ({"parallel_tool_calls": True} if way.parallel_calls else {})
    if not prompt.schema:
        return {}
    schema = dict(prompt.schema)
    if way.form == "json_schema":
        shape = {"name": prompt.schema_name, "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": shape}}
    if way.form == "tools":
        # Named, so that the model cannot answer with prose instead.
        choice = {"type": "function", "function": {"name": prompt.schema_name}}
        return {"tools": [_function(prompt.schema_name, schema)], "tool_choice": choice}
    turns[-1] = {**turns[-1], "content": f"{turns[-1]['content']}\n\n{schema_words(schema)}"}
    return {"response_format": {"type": "json_object"}} if way.form == "json_object" else {}


def schema_words(schema: Mapping[str, Any]) -> str:
    """The schema in words, for a server without formats."""
    # In the last message, because some servers accept a system message only at the beginning, and because what
    # changes least must come first to be read from a cache.
    return f"Answer with one JSON object that follows this JSON Schema, and nothing else:\n{json.dumps(schema)}"


def _function(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    function = {"name": name, "parameters": schema} | ({"description": description} if description else {})
    return {"type": "function", "function": function}
