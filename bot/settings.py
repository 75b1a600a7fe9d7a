"""The environment, read once at start into frozen settings. The only module that reads it."""

from __future__ import annotations

import difflib
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, field_validator

from bot.config.model import BudgetConfig, QuotaConfig
from bot.core.errors import SettingsInvalid
from bot.llm.model_settings import Blank, ModelSettings, Secret, Text, web_address

_NOT_SETTINGS = ("CADENCE_TEST_", "CADENCE_CONTRACT", "CADENCE_TRACEBACK")
"""Read by the test suite, or by the command line before there are settings."""
_REFUSED_ENVIRONMENT = ("DBOS__CLOUD", "DBOS_CONDUCTOR_KEY", "DBOS__CONDUCTOR_KEY")

File = Annotated[Path | None, Blank]


def _none_if_none(value: Any) -> Any:
    # Not the empty text: a variable that a template left empty must not take a cap away.
    return None if value == "none" else value


CapTokens = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(_none_if_none)]
CapCost = Annotated[Annotated[float, Field(ge=0, allow_inf_nan=False)] | None, BeforeValidator(_none_if_none)]
"""A cap of the operator, in tokens or US dollars; None where the variable is `none`."""
Amount = CapTokens
"""A quota of the operator; None where the variable is `none`."""


class Settings(ModelSettings):
    """Every setting of a Cadence process; deploy/example.env explains each. Made by `load`.

    Not a `BaseSettings`: `load` reads the environment itself to name every fault at once, and importing
    pydantic-settings takes 50 ms of each command.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    github_url: str = "https://github.com"
    app_id: Annotated[int | None, Blank] = None
    private_key: Secret = None
    private_key_file: File = None
    webhook_secret: Secret = None
    reviewer_app_id: Annotated[int | None, Blank] = None
    reviewer_private_key: Secret = None
    reviewer_private_key_file: File = None
    database_url: Text = None
    data_dir: Path = Path("./.cadence")
    # Only this machine, until the operator decides otherwise.
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: Text = None
    web_token: Secret = None
    executor_id: Text = None
    log: Literal["text", "json"] = "text"
    # `inf` is a float, and the sweep would never run.
    sweep_seconds: float = Field(default=180, gt=0, allow_inf_nan=False)
    # GitHub asks for at least a second between requests that change something:
    # https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#pause-between-mutative-requests
    write_interval_ms: int = Field(default=1000, ge=0)
    settle_seconds: int = Field(default=60, ge=0)
    signing_key: Secret = None
    signing_key_file: File = None
    # In 24,000 tokens the model sees the functions that an ordinary change touches, and what is around them.
    context_tokens: int = Field(default=24_000, ge=1_000)
    # What a planning model looks up before it plans; no calls: nothing.
    explore_calls: int = Field(default=15, ge=0, le=100)
    explore_rounds: int = Field(default=3, ge=0, le=10)
    context_tokens_most: int = Field(default=100_000, ge=1_000)
    # What an ordinary run never meets: it asks three to five questions of at most 60,000 tokens.
    budget_call_tokens: CapTokens = 400_000
    budget_call_cost: CapCost = 1.0
    budget_run_tokens: CapTokens = 2_000_000
    budget_run_cost: CapCost = 2.0
    budget_day_tokens: CapTokens = 20_000_000
    budget_day_cost: CapCost = 20.0
    # An ordinary run posts 3 comments and reviews, pushes once and opens one pull request. Each new head of a long one
    # is one push and two or three reviews, so the quota of pushes is met before that of comments.
    quota_comments: Amount = 200
    quota_pushes: Amount = 50
    quota_pulls: Amount = 5
    quota_files: Amount = 1_000
    quota_kilobytes: Amount = 50_000

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None, *, dotenv: Path | None = Path(".env")) -> Settings:
        """Settings from the environment over the `.env` file.

        Raises SettingsInvalid that lists every fault at once: the variable, what is wrong, what to do.
        """
        given = dict(os.environ if env is None else env)
        filed = _filed(dotenv) if dotenv is not None and dotenv.is_file() else {}
        # The environment wins: a container overrides one value of a mounted file.
        values = {**{k: v for k, v in filed.items() if v is not None}, **given}
        faults = _not_allowed(values)
        fields: Any = _fields(values)
        try:
            settings = cls(**fields)
        except ValidationError as error:
            faults += [_fault(one) for one in error.errors()]
            # `from None`: pydantic's error repeats the input, which may be a secret.
            # https://docs.pydantic.dev/latest/errors/errors/
            raise _invalid(faults) from None
        if faults:
            raise _invalid(faults)
        return settings

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The webhook's secrets. While one is being replaced there are two, separated by a comma."""
        # GitHub keeps one secret, and deliveries that it signed with the old one may still arrive after the change:
        # https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
        raw = self.webhook_secret.get_secret_value() if self.webhook_secret else ""
        return tuple(part.strip() for part in raw.split(",") if part.strip())

    @property
    def ledger_url(self) -> str:
        """The ledger's database: the configured one, or a SQLite file in the data directory."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'cadence.sqlite'}"

    @property
    def ledger_path(self) -> Path | None:
        """The ledger's SQLite file; None for PostgreSQL and for a database in memory."""
        if self.database_url is None:
            return self.data_dir.resolve() / "cadence.sqlite"
        kind, _, rest = self.database_url.partition(":///")
        return Path(rest) if kind == "sqlite" and rest and rest != ":memory:" else None

    @property
    def on_postgres(self) -> bool:
        return self.ledger_url.startswith("postgres")

    @property
    def executor(self) -> str:
        """This process's executor id: as configured, else the host's name."""
        # After a restart a process continues the work under its own name, so two processes must not share one.
        return self.executor_id or socket.gethostname()

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str | None) -> str | None:
        """SQLite or PostgreSQL; raises ValueError for another database."""
        if value is None:
            return None
        scheme, found, rest = value.partition("://")
        if found and scheme in ("postgres", "postgresql") and rest.strip("/"):
            # Many hosting services give `postgres://`, and SQLAlchemy knows only `postgresql://`:
            # https://docs.sqlalchemy.org/en/20/core/engines.html#postgresql
            return f"postgresql://{rest}"
        if found and scheme == "sqlite" and rest.startswith("/"):
            return value
        named = f"`{scheme}` is not" if found else "it is not the address of"
        raise ValueError(
            f"{named} a database that Cadence can use; write postgresql://USER@HOST/NAME or sqlite:////absolute/path"
        )

    @field_validator("public_url")
    @classmethod
    def _public_address(cls, value: str | None) -> str | None:
        return web_address(value)

    def caps(self) -> BudgetConfig:
        """The operator's caps on what models may use; None: there is none."""
        return BudgetConfig(
            call_tokens=self.budget_call_tokens,
            call_cost=self.budget_call_cost,
            run_tokens=self.budget_run_tokens,
            run_cost=self.budget_run_cost,
            day_tokens=self.budget_day_tokens,
            day_cost=self.budget_day_cost,
        )

    def context_budget(self, wanted: int | None) -> int:
        """How many tokens of a repository a planner is shown, where its config asks for so many or for none."""
        return min(wanted or self.context_tokens, max(self.context_tokens, self.context_tokens_most))

    def quotas(self) -> QuotaConfig:
        """The operator's quotas for each run; None: there is none."""
        return QuotaConfig(
            comments=self.quota_comments,
            pushes=self.quota_pushes,
            pulls=self.quota_pulls,
            files=self.quota_files,
            kilobytes=self.quota_kilobytes,
        )

    def key_pem(self) -> str:
        """The App's private key as PEM text. Raises SettingsInvalid when it is missing or cannot be read."""
        return _pem("CADENCE_PRIVATE_KEY", self.private_key, self.private_key_file)

    def reviewer_key_pem(self) -> str:
        """The second App's private key as PEM text. Raises SettingsInvalid when it is missing or cannot be read."""
        return _pem("CADENCE_REVIEWER_PRIVATE_KEY", self.reviewer_private_key, self.reviewer_private_key_file)

    def require_github(self) -> None:
        """Raise SettingsInvalid, with every missing setting, unless `serve` has what it needs to use GitHub."""
        faults = []
        if self.app_id is None:
            faults.append("CADENCE_APP_ID is needed: the App's id, from its settings page.")
        if self.private_key is None and self.private_key_file is None:
            faults.append("CADENCE_PRIVATE_KEY or CADENCE_PRIVATE_KEY_FILE is needed: the App's private key (PEM).")
        if not self.webhook_secrets:
            faults.append("CADENCE_WEBHOOK_SECRET is needed: the secret of the App's webhook.")
        if faults:
            raise _invalid(faults)
        self.key_pem()


def _filed(dotenv: Path) -> dict[str, str | None]:
    try:
        return dotenv_values(dotenv, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _invalid([f"{dotenv} cannot be read: {error}."]) from None


def _pem(name: str, inline: SecretStr | None, file: Path | None) -> str:
    text = _key_text(name, inline, file)
    # GitHub gives PKCS#1 (`BEGIN RSA PRIVATE KEY`), converters write PKCS#8 (`BEGIN PRIVATE KEY`):
    # https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/managing-private-keys-for-github-apps
    if "PRIVATE KEY-----" not in text:
        kind = "a public key" if "PUBLIC KEY-----" in text else "not a private key in PEM form"
        raise _invalid(
            [f"{name} is {kind}. Use the file that GitHub offers under `Private keys` on the App's settings page."]
        )
    return text


def _key_text(name: str, inline: SecretStr | None, file: Path | None) -> str:
    if inline is not None:
        # A variable in an environment file is one line, so a PEM has \n in place of its line ends.
        return inline.get_secret_value().replace("\\n", "\n")
    if file is None:
        raise _invalid([f"{name} or {name}_FILE is needed: the App's private key (PEM)."])
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise _invalid([f"{name}_FILE cannot be read: {error.strerror}."]) from None
    except UnicodeDecodeError:
        raise _invalid([f"{name}_FILE cannot be read: it is not a PEM file."]) from None


def _fields(values: Mapping[str, str]) -> dict[str, str]:
    """Variables by the name of their field."""
    found = {}
    for name, variable in zip(Settings.model_fields, variables(), strict=True):
        if variable in values:
            found[name] = values[variable]
    return found


def traceback_wanted() -> bool:
    """Whether CADENCE_TRACEBACK asks for the traceback of an unexpected exception."""
    return bool(os.environ.get("CADENCE_TRACEBACK"))


def variables() -> list[str]:
    """The name of every variable, in the order of the settings."""
    return [
        field.validation_alias if isinstance(field.validation_alias, str) else f"CADENCE_{name.upper()}"
        for name, field in Settings.model_fields.items()
    ]


def _not_allowed(values: Mapping[str, str]) -> list[str]:
    """Unknown `CADENCE_*` variables, and variables that connect the engine to DBOS's cloud service."""
    known = set(variables())
    faults = []
    for name in values:
        # A misspelt setting would have no effect, and the operator would not notice.
        if name.startswith("CADENCE_") and name not in known and not name.startswith(_NOT_SETTINGS):
            near = difflib.get_close_matches(name, known, n=1)
            faults.append(f"{name} is not a setting." + (f" Did you mean {near[0]}?" if near else ""))
        if name in _REFUSED_ENVIRONMENT:
            faults.append(f"{name} must not be set: it connects the engine to an outside service.")
    return faults


def _fault(error: Any) -> str:
    # Pydantic names the field or its alias: https://docs.pydantic.dev/latest/errors/errors/
    name = str(error["loc"][0]) if error["loc"] else "?"
    variable = dict(zip(Settings.model_fields, variables(), strict=True)).get(name, name)
    return f"{variable}: {error['msg'].removeprefix('Value error, ')}."


def _invalid(faults: list[str]) -> SettingsInvalid:
    return SettingsInvalid(" ".join(faults), remedy="deploy/example.env explains every setting.", details=tuple(faults))
