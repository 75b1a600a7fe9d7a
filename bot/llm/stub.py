"""The model of an installation without a key: it refuses every question."""

from __future__ import annotations

from bot.core.errors import ModelAbsent
from bot.llm.model import Completion, ModelKind, Prompt


class AbsentModel:
    """Says that there is no model, and what to do about it."""

    def asked_name(self, kind: ModelKind) -> str:  # noqa: ARG002
        return "none"

    def complete(self, prompt: Prompt) -> Completion:
        """Always raises ModelAbsent."""
        raise ModelAbsent(
            f"no model is configured, so there can be no {prompt.kind} by a model",
            remedy="The operator sets OPENAI_API_KEY (and OPENAI_BASE_URL for another server); without it, a blueprint "
            "can carry its own ChangeSet in a fenced `json cadence` block.",
        )
