"""Models of several servers behind one interface: each kind of question goes to its own."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager

from bot.llm.model import Completion, LanguageModel, ModelKind, Prompt


class ModelsByRole:
    """A `LanguageModel` that hands each question to the model of its kind."""

    def __init__(self, models: Mapping[ModelKind, LanguageModel]) -> None:
        self._models = dict(models)

    def close(self) -> None:
        """Close the connections of each."""
        for model in set(self._models.values()):
            model.close()

    def of(self, kind: ModelKind) -> LanguageModel:
        """The model of one kind."""
        return self._models[kind]

    def asked_name(self, kind: ModelKind) -> str:
        return self._models[kind].asked_name(kind)

    def prepare(self, prompt: Prompt) -> Prompt:
        return self._models[prompt.kind].prepare(prompt)

    def slot(self, kind: ModelKind) -> AbstractContextManager[None]:
        return self._models[kind].slot(kind)

    def complete(self, prompt: Prompt) -> Completion:
        return self._models[prompt.kind].complete(prompt)
