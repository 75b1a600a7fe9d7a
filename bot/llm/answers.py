"""What both of OpenAI's protocols say in an answer, in one shape. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from bot.llm.model import Prompt, Tool, ToolCall

MOST_TOKENS = 1_000_000_000
"""A larger figure is stored as this one: PostgreSQL's integer has 32 bits."""


class Malformed(ValueError):
    """The answer is not what the protocol asks for; its words say what it is instead."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as a server gave them; 0 for what it does not say."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class RawCall:
    """A call as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a server. `ended` is `stop`, `length` or `filter`; None for a stream that was cut."""

    text: str
    model: str
    ended: str | None
    usage: Usage | None
    refusal: str = ""
    calls: tuple[RawCall, ...] = ()
    fingerprint: str = ""


def figure(value: object) -> int:
    """A count of tokens as a server gave it; 0 for what cannot be one."""
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        return 0
    return min(value, MOST_TOKENS)


def usage_of(given: object, read: str, wrote: str) -> Usage | None:
    """Token counts of the whole prompt and of everything written, from figures that servers count differently.

    `given` is the server's `usage`, None where it has none; `read` and `wrote` are how the protocol names the two
    parts (`prompt_tokens` has the name `prompt`). OpenAI counts cached tokens within the prompt's and hidden reasoning
    within the answer's. Others count either beside them, which shows where the parts together give the total:
    https://platform.openai.com/docs/guides/prompt-caching
    """
    if not isinstance(given, Mapping):
        return None
    parts = [given.get(f"{name}_tokens_details") for name in (read, wrote)]
    details = [part if isinstance(part, Mapping) else {} for part in parts]
    prompt, answer, total = (figure(given.get(f"{name}_tokens")) for name in (read, wrote, "total"))
    from_cache, hidden = figure(details[0].get("cached_tokens")), figure(details[1].get("reasoning_tokens"))
    # More cached tokens than prompt tokens are possible only beside them.
    if from_cache and (
        from_cache > prompt or total in (prompt + from_cache + answer, prompt + from_cache + answer + hidden)
    ):
        prompt += from_cache
    if hidden and (hidden > answer or total == prompt + answer + hidden):
        answer += hidden
    # Google's server counts its thoughts in the total alone: https://ai.google.dev/gemini-api/docs/thinking
    if prompt and total > prompt + answer:
        hidden = hidden or total - prompt - answer
        answer = total - prompt
    return Usage(prompt, answer, min(from_cache, prompt), min(hidden, answer))


def tool_calls(prompt: Prompt, calls: Sequence[RawCall]) -> tuple[ToolCall, ...]:
    """The calls with their arguments read, each with what is wrong with it where something is."""
    tools = {tool.name: tool for tool in prompt.tools}
    return tuple(_tool_call(tools, call, number) for number, call in enumerate(calls, 1))


def _tool_call(tools: Mapping[str, Tool], call: RawCall, number: int) -> ToolCall:
    # Some servers give no ids; the answers to the calls need different ones.
    name, made = call.name, call.id or f"call_{number}"
    values, problem = _values(call.arguments)
    if name not in tools:
        problem = f"there is no tool {name[:60]!r}; the tools are {', '.join(tools)}"
    elif not problem:
        fault = next(iter(Draft202012Validator(dict(tools[name].schema)).iter_errors(values)), None)
        problem = "" if fault is None else f"the arguments do not fit: {fault.json_path}: {fault.message[:300]}"
    return ToolCall(made, name, call.arguments, values, problem)


def _values(arguments: str) -> tuple[dict[str, Any], str]:
    try:
        # A call without arguments comes as an empty text from some servers.
        values = json.loads(arguments or "{}")
        # A half of a surrogate pair is read without an error, and fails only where it is stored as UTF-8.
        json.dumps(values, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {}, "the arguments are not valid JSON"
    return (values, "") if isinstance(values, dict) else ({}, "the arguments are not a JSON object")
