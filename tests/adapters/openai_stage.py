"""The openai client's adapter on some server, a prompt for it, and its failures with a look for secrets."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.errors import CadenceError, ModelUnavailable, ModelUnusable
from bot.effects.guard import effects_allowed
from bot.llm.connection import Limits
from bot.llm.model import Completion, Message, ModelKind, Prompt
from bot.llm.openai_model import OpenAIModel
from bot.llm.roles import ModelRole
from tests.fakes.fake_clock import FakeClock

KEY = "sk-a-secret-key-0123456789"
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"verdict": {"type": "string"}},
    "required": ["verdict"],
}
VALUE = {"verdict": "approve"}
PROMPT = Prompt(
    ModelKind.REASONING, (Message("system", "You review."), Message("user", "Look.")), "review", SCHEMA, 500
)


def model_at(
    url: str, clock: FakeClock | None = None, *, stall: float = 10.0, whole: float = 20.0, **rest: Any
) -> OpenAIModel:
    """A model behind a server; `rest` is `role`'s fields, or arguments of OpenAIModel."""
    fields = {name: rest.pop(name) for name in ("output_tokens", "effort", "temperature") if name in rest}
    roles = dict.fromkeys(ModelKind, ModelRole("asked-model", **fields))
    limits = Limits(whole=whole, stall=stall)
    return OpenAIModel(api_key=KEY, base_url=url, roles=roles, clock=clock or FakeClock(), limits=limits, **rest)


def complete(model: OpenAIModel, prompt: Prompt = PROMPT) -> Completion:
    with effects_allowed():
        return model.complete(prompt)


def failure(model: OpenAIModel) -> CadenceError:
    with pytest.raises((ModelUnavailable, ModelUnusable)) as caught:
        complete(model)
    error = caught.value
    chain, shown = error, ""
    while chain is not None:
        shown += f"{chain!r} {getattr(chain, 'details', '')}"
        chain = chain.__cause__  # type: ignore[assignment]
    assert KEY not in shown, "a secret in an error would be logged and shown"
    return error
