"""The interface of a language model: it takes a prompt, a schema or tools, and returns text, calls and token counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Literal, Protocol

from bot.core.names import Digest, sha256

OPENAI_URL = "https://api.openai.com/v1"
"""The server that is asked where the operator names none."""


class ModelKind(StrEnum):
    """What a model is asked for; each may be another model (CADENCE_MODEL_EXPLORE, ..._PLAN, ...)."""

    EXPLORE = "explore"
    PLAN = "plan"
    REASONING = "reasoning"
    EFFICIENCY = "efficiency"


@dataclass(frozen=True, slots=True)
class Tool:
    """Something that a model may call. `schema` is the JSON Schema of its arguments, an object."""

    name: str
    description: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call that a model asks for.

    `arguments` are as the model wrote them, `values` the same as an object. `problem` says why they cannot be used (an
    unknown tool, not JSON, not the tool's schema), for the answer to the model; empty where they can.
    """

    id: str
    name: str
    arguments: str
    values: Mapping[str, Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn: `tool` is the answer to the call with the id `answers`; `calls` are those of an assistant."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    calls: tuple[ToolCall, ...] = ()
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question: who is asked, the turns, and what the answer must be.

    Without `tools` the answer follows the JSON Schema (strict-mode compatible). With `tools` it is calls, several at
    once if the model likes, or text; the schema is then not sent, so it must be empty.
    """

    kind: ModelKind
    messages: tuple[Message, ...]
    schema_name: str
    schema: Mapping[str, Any]
    max_output_tokens: int = 16_000
    tools: tuple[Tool, ...] = ()

    def __post_init__(self) -> None:
        if self.tools and self.schema:
            raise ValueError("a prompt has tools or a schema, not both")

    def texts(self) -> list[str]:
        """Everything that is sent and counts as tokens: the turns with their calls, the schema, the tools."""
        shown = [part for m in self.messages for part in (m.content, *(call.arguments for call in m.calls))]
        return [*shown, json.dumps(dict(self.schema)), *(_text_of(tool) for tool in self.tools)]

    def digest(self) -> Digest:
        """sha256 of the turns, the schema's name and the tools: the hash that receipts and the ledger record."""
        # Control characters between the parts: moving text from one turn to the next gives another digest.
        parts = [self.schema_name, *(f"{m.role}\x01{m.content}{_calls_of(m)}" for m in self.messages)]
        return sha256("\x00".join([*parts, *(f"\x03{_text_of(tool)}" for tool in self.tools)]))


def _calls_of(message: Message) -> str:
    calls = "".join(f"\x02{call.id}\x01{call.name}\x01{call.arguments}" for call in message.calls)
    return calls + (f"\x04{message.answers}" if message.answers else "")


def _text_of(tool: Tool) -> str:
    return f"{tool.name} {tool.description} {json.dumps(dict(tool.schema), sort_keys=True)}"


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer. `model` is the name the server answered with.

    `finish` is `stop`, `length`, `refusal`, `filter`, or `wrong_tool` for a call of a tool that was not offered where
    one tool was to be called. Only an answer with `stop` is complete; one that was cut has no `calls`.
    """

    text: str
    model: str
    input_tokens: int
    """Of the whole prompt, cached ones included, as far as the server says."""
    output_tokens: int
    """Hidden reasoning included."""
    finish: str
    duration_ms: int
    recorded: bool = False
    asked: str = ""
    """The model's name as it was asked for."""
    cost: float | None = None
    """What it cost by the operator's prices; None where the model has none."""
    cached_tokens: int = 0
    """Those of `input_tokens` that the server read from its cache."""
    reasoning_tokens: int = 0
    """Those of `output_tokens` that the model used for hidden reasoning."""
    calls: tuple[ToolCall, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As the ledger keeps it; `from_json` reads it."""
        return {**asdict(self), "calls": [asdict(call) for call in self.calls]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Completion:
        """An answer from `as_json`, also of an earlier version, which had fewer fields."""
        known = {field.name for field in fields(cls)}
        calls = tuple(ToolCall(**call) for call in kept.get("calls") or ())
        return cls(**{name: value for name, value in kept.items() if name in known} | {"calls": calls})

    @property
    def written(self) -> str:
        """Everything that the model wrote and shows: its text and the arguments of its calls."""
        return self.text + "".join(call.name + call.arguments for call in self.calls)


class LanguageModel(Protocol):
    """Models behind one or more servers."""

    def asked_name(self, kind: ModelKind) -> str:
        """The configured model name for that kind of question."""

    def prepare(self, prompt: Prompt) -> Prompt:
        """The prompt with the limits that the operator set for its kind. Before its worst case is reserved."""

    def slot(self, kind: ModelKind) -> AbstractContextManager[None]:
        """One of the places for questions that the server is asked at once. Raises ModelBusy when all are taken."""

    def close(self) -> None:
        """Close the connections; nothing is asked afterwards."""

    def complete(self, prompt: Prompt) -> Completion:
        """One answer. Raises ModelUnavailable, ModelUnusable or ModelAbsent; it never waits and asks again."""
