"""The model of an installation without a key: it refuses every question."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from bot.core.errors import ModelAbsent
from bot.llm.model import Completion, ModelKind, Prompt

ABSENT = "none"
"""The name that is recorded where no model is asked."""


class AbsentModel:
    """Says that there is no model, and what to do about it."""

    def asked_name(self, kind: ModelKind) -> str:  # noqa: ARG002
        return ABSENT

    def prepare(self, prompt: Prompt) -> Prompt:
        return prompt

    def slot(self, kind: ModelKind) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()

    def close(self) -> None:
        pass

    def complete(self, prompt: Prompt) -> Completion:
        """Always raises ModelAbsent."""
        raise ModelAbsent(
            f"no model is configured, so there can be no {prompt.kind} by a model",
            remedy="The operator sets OPENAI_API_KEY (and OPENAI_BASE_URL for another server); without it, a blueprint "
            "can carry its own ChangeSet in a fenced `json cadence` block.",
        )
