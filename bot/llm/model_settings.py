"""The settings of the models: which server, which model and which limits for each kind of question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator

from bot.llm.model import OPENAI_URL, ModelKind
from bot.llm.prices import Prices, read_prices
from bot.llm.roles import ModelRole

DEFAULT_MODEL = "gpt-5.5"
NO_KEY = "none"
"""Sent where a role has a server of its own and no key: OPENAI_API_KEY is never sent to another server."""


def _none_if_blank(value: Any) -> Any:
    # Compose files and copied templates set a variable that is not used to an empty text.
    return None if isinstance(value, str) and not value.strip() else value


Blank = BeforeValidator(_none_if_blank)
Text = Annotated[str | None, Blank]
Secret = Annotated[SecretStr | None, Blank]
OutputTokens = Annotated[int, Field(ge=1, le=1_000_000)]
Effort = Annotated[Annotated[str, Field(pattern="^[a-z]{1,20}$")] | None, Blank]
Temperature = Annotated[Annotated[float, Field(ge=0, le=2, allow_inf_nan=False)] | None, Blank]
Seconds = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]


def web_address(value: str | None) -> str | None:
    """The address as it is. Raises ValueError where it is not one of http or https."""
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it is not an http(s) address such as https://host.example/v1")
    return value


def server_name(address: str) -> str:
    """Host, port and path of a server's address, without a user's name, a password and a query."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    try:
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        port = ""
    return f"{host}{port}{parts.path.rstrip('/')}"


@dataclass(frozen=True, slots=True)
class ModelServer:
    """A server of models: its address and the key for it."""

    url: str
    key: str

    @property
    def name(self) -> str:
        """The server as it is named in the data directory: see `server_name`."""
        return server_name(self.url)

    def __repr__(self) -> str:
        return "ModelServer(...)"


class ModelSettings(BaseModel):
    """The part of the settings that is about models; see `bot.settings.Settings`."""

    # The names that the client and other tools use, so that an existing environment works.
    openai_api_key: Secret = Field(default=None, validation_alias="OPENAI_API_KEY")
    openai_base_url: Text = Field(default=None, validation_alias="OPENAI_BASE_URL")
    model: str = DEFAULT_MODEL
    model_explore: Text = None
    model_explore_output_tokens: OutputTokens = 8_000
    model_explore_effort: Effort = None
    model_explore_temperature: Temperature = None
    model_explore_url: Text = None
    model_explore_api_key: Secret = None
    model_plan: Text = None
    model_plan_form: Literal["auto", "text", "json"] = "auto"
    model_plan_output_tokens: OutputTokens = 16_000
    model_plan_effort: Effort = None
    model_plan_temperature: Temperature = None
    model_plan_url: Text = None
    model_plan_api_key: Secret = None
    model_reasoning: Text = None
    model_reasoning_output_tokens: OutputTokens = 8_000
    model_reasoning_effort: Effort = None
    model_reasoning_temperature: Temperature = None
    model_reasoning_url: Text = None
    model_reasoning_api_key: Secret = None
    model_efficiency: Text = None
    model_efficiency_output_tokens: OutputTokens = 8_000
    model_efficiency_effort: Effort = None
    model_efficiency_temperature: Temperature = None
    model_efficiency_url: Text = None
    model_efficiency_api_key: Secret = None
    model_api: Literal["auto", "chat", "responses"] = "auto"
    # As many as one worker's queues start at once, so it limits only who lowers it, or has several workers.
    model_concurrency: int = Field(default=8, ge=1, le=1000)
    model_stall_seconds: Seconds = 120
    model_timeout_seconds: Seconds = 600
    model_prices: Text = None

    def model_role(self, kind: ModelKind) -> ModelRole:
        """What is asked for one kind of answer, and with which limits."""
        stem = f"model_{kind.value}"
        return ModelRole(
            name=getattr(self, stem) or self.model,
            output_tokens=getattr(self, f"{stem}_output_tokens"),
            effort=getattr(self, f"{stem}_effort"),
            temperature=getattr(self, f"{stem}_temperature"),
        )

    def model_server(self, kind: ModelKind) -> ModelServer | None:
        """Which server is asked for one kind of answer; None where there is no key for it."""
        url: str | None = getattr(self, f"model_{kind.value}_url")
        own: SecretStr | None = getattr(self, f"model_{kind.value}_api_key")
        if url is not None:
            return ModelServer(url, own.get_secret_value() if own else NO_KEY)
        key = own or self.openai_api_key
        return ModelServer(self.openai_base_url or OPENAI_URL, key.get_secret_value()) if key else None

    def prices(self) -> Prices:
        """What the models cost: as CADENCE_MODEL_PRICES says, else by the packaged prices of the configured servers."""
        servers = [server.url for kind in ModelKind if (server := self.model_server(kind))]
        return read_prices(self.model_prices or "", *dict.fromkeys(servers or [self.openai_base_url or OPENAI_URL]))

    @field_validator(
        "openai_base_url", "model_explore_url", "model_plan_url", "model_reasoning_url", "model_efficiency_url"
    )
    @classmethod
    def _web_address(cls, value: str | None) -> str | None:
        return web_address(value)

    @field_validator("model_prices")
    @classmethod
    def _readable_prices(cls, value: str | None) -> str | None:
        read_prices(value or "")
        return value
