"""The interface of a language model: it takes a prompt and a schema, and returns text and token counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal, Protocol

from bot.core.names import Digest, sha256


class ModelKind(StrEnum):
    """What a model is asked for; each may be another model (CADENCE_MODEL_PLAN, ..._REASONING, ..._EFFICIENCY)."""

    PLAN = "plan"
    REASONING = "reasoning"
    EFFICIENCY = "efficiency"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question: who is asked, the turns, and the JSON Schema (strict-mode compatible) the answer must follow."""

    kind: ModelKind
    messages: tuple[Message, ...]
    schema_name: str
    schema: Mapping[str, Any]
    max_output_tokens: int = 16_000

    def digest(self) -> Digest:
        """sha256 of the turns and the schema's name: the prompt hash that receipts and the ledger record."""
        # Control characters between the parts: moving text from one turn to the next gives another digest.
        return sha256("\x00".join([self.schema_name, *(f"{m.role}\x01{m.content}" for m in self.messages)]))


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer. `model` is the name the server answered with; `finish` is `stop`, `length`, `refusal` or `filter`."""

    text: str
    model: str
    input_tokens: int
    output_tokens: int
    finish: str
    duration_ms: int
    recorded: bool = False
    asked: str = ""
    """The model's name as it was asked for."""
    cost: float | None = None
    """What it cost by the operator's prices; None where the model has none."""


class LanguageModel(Protocol):
    """A model behind some server."""

    def asked_name(self, kind: ModelKind) -> str:
        """The configured model name for that kind of question."""

    def complete(self, prompt: Prompt) -> Completion:
        """One answer. Raises ModelUnavailable, ModelUnusable or ModelAbsent; never retries for minutes."""
