"""The model that a self test measures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.core.errors import SettingsInvalid

if TYPE_CHECKING:
    from bot.llm.model import LanguageModel, ModelKind
    from bot.settings import Settings


def configured_model(
    settings: Settings, name: str | None, kinds: Sequence[ModelKind], *, instead: str = ""
) -> LanguageModel:
    """The configured model of some kinds of question, or the one of that name.

    Raises SettingsInvalid without a key; `instead` is what else the remedy offers.
    """
    from bot.app import build_model
    from bot.core.clock import SystemClock

    if all(settings.model_server(kind) is None for kind in kinds):
        raise SettingsInvalid(
            "OPENAI_API_KEY is needed: there is no model to measure.",
            remedy=f"Set it, and OPENAI_BASE_URL for another server; deploy/example.env explains both.{instead}",
        )
    if name is not None:
        settings = settings.model_copy(update={f"model_{kind.value}": name for kind in kinds})
    return build_model(settings, SystemClock())
