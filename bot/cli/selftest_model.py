"""The model that a self test measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.errors import SettingsInvalid

if TYPE_CHECKING:
    from bot.llm.openai_model import OpenAIModel
    from bot.settings import Settings


def configured_model(settings: Settings, name: str | None, *, instead: str = "") -> OpenAIModel:
    """The configured model, or the one of that name. Raises SettingsInvalid without a key; `instead` is what else the
    remedy offers."""
    from bot.core.clock import SystemClock
    from bot.llm.model import ModelKind
    from bot.llm.openai_model import OpenAIModel

    if settings.openai_api_key is None:
        raise SettingsInvalid(
            "OPENAI_API_KEY is needed: there is no model to measure.",
            remedy=f"Set it, and OPENAI_BASE_URL for another server; deploy/example.env explains both.{instead}",
        )
    return OpenAIModel(
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=settings.openai_base_url,
        names=dict.fromkeys(ModelKind, name) if name else settings.model_names(),
        clock=SystemClock(),
    )
