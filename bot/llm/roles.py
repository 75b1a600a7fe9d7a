"""What the operator set for one kind of question: the model, its output limit, effort and temperature. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.llm.model import Prompt


@dataclass(frozen=True, slots=True)
class ModelRole:
    """One kind's model. None: the prompt's own limit, and the model's own effort and temperature."""

    name: str
    output_tokens: int | None = None
    effort: str | None = None
    temperature: float | None = None

    def applied_to(self, prompt: Prompt) -> Prompt:
        """The prompt with this role's output limit. To the result it can be applied again."""
        return prompt if self.output_tokens is None else replace(prompt, max_output_tokens=self.output_tokens)
