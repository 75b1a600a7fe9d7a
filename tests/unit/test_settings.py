"""The environment: every variable, every fault at once, and no secret where it could be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import Audience, SettingsInvalid
from bot.llm.model import ModelKind
from bot.llm.roles import ModelRole
from bot.settings import Settings, variables

PEM = "-----BEGIN RSA PRIVATE KEY-----\\nabc\\n-----END RSA PRIVATE KEY-----"
GITHUB = {"CADENCE_APP_ID": "7", "CADENCE_PRIVATE_KEY": PEM, "CADENCE_WEBHOOK_SECRET": "s"}
EXAMPLES: dict[str, tuple[str, str, Any]] = {
    "CADENCE_GITHUB_URL": ("github_url", "https://ghe.example", "https://ghe.example"),
    "CADENCE_APP_ID": ("app_id", "7", 7),
    "CADENCE_PRIVATE_KEY": ("private_key", "hush-key", "hush-key"),
    "CADENCE_PRIVATE_KEY_FILE": ("private_key_file", "/k.pem", Path("/k.pem")),
    "CADENCE_WEBHOOK_SECRET": ("webhook_secret", "hush-hook", "hush-hook"),
    "CADENCE_REVIEWER_APP_ID": ("reviewer_app_id", "8", 8),
    "CADENCE_REVIEWER_PRIVATE_KEY": ("reviewer_private_key", "hush-reviewer", "hush-reviewer"),
    "CADENCE_REVIEWER_PRIVATE_KEY_FILE": ("reviewer_private_key_file", "/r.pem", Path("/r.pem")),
    "CADENCE_DATABASE_URL": ("database_url", "postgresql://u@h/d", "postgresql://u@h/d"),
    "CADENCE_DATA_DIR": ("data_dir", "/data", Path("/data")),
    "CADENCE_HOST": ("host", "0.0.0.0", "0.0.0.0"),  # noqa: S104
    "CADENCE_PORT": ("port", "9000", 9000),
    "CADENCE_PUBLIC_URL": ("public_url", "https://c.example", "https://c.example"),
    "CADENCE_WEB_TOKEN": ("web_token", "hush-web", "hush-web"),
    "CADENCE_EXECUTOR_ID": ("executor_id", "one", "one"),
    "CADENCE_LOG": ("log", "json", "json"),
    "CADENCE_SWEEP_SECONDS": ("sweep_seconds", "60.5", 60.5),
    "CADENCE_WRITE_INTERVAL_MS": ("write_interval_ms", "0", 0),
    "CADENCE_SETTLE_SECONDS": ("settle_seconds", "5", 5),
    "CADENCE_SIGNING_KEY": ("signing_key", "hush-sign", "hush-sign"),
    "CADENCE_SIGNING_KEY_FILE": ("signing_key_file", "/s.pem", Path("/s.pem")),
    "OPENAI_API_KEY": ("openai_api_key", "hush-openai", "hush-openai"),
    "OPENAI_BASE_URL": ("openai_base_url", "http://127.0.0.1:1/v1", "http://127.0.0.1:1/v1"),
    "CADENCE_MODEL": ("model", "m", "m"),
    "CADENCE_MODEL_PLAN": ("model_plan", "p", "p"),
    "CADENCE_MODEL_REASONING": ("model_reasoning", "r", "r"),
    "CADENCE_MODEL_EFFICIENCY": ("model_efficiency", "e", "e"),
    "CADENCE_MODEL_EXPLORE": ("model_explore", "x", "x"),
    "CADENCE_MODEL_EXPLORE_OUTPUT_TOKENS": ("model_explore_output_tokens", "4000", 4000),
    "CADENCE_MODEL_EXPLORE_EFFORT": ("model_explore_effort", "low", "low"),
    "CADENCE_MODEL_EXPLORE_TEMPERATURE": ("model_explore_temperature", "0.5", 0.5),
    "CADENCE_MODEL_EXPLORE_URL": ("model_explore_url", "http://127.0.0.1:2/v1", "http://127.0.0.1:2/v1"),
    "CADENCE_MODEL_EXPLORE_API_KEY": ("model_explore_api_key", "hush-explore", "hush-explore"),
    "CADENCE_MODEL_PLAN_FORM": ("model_plan_form", "json", "json"),
    "CADENCE_MODEL_PLAN_OUTPUT_TOKENS": ("model_plan_output_tokens", "4000", 4000),
    "CADENCE_MODEL_PLAN_EFFORT": ("model_plan_effort", "low", "low"),
    "CADENCE_MODEL_PLAN_TEMPERATURE": ("model_plan_temperature", "0.5", 0.5),
    "CADENCE_MODEL_PLAN_URL": ("model_plan_url", "http://127.0.0.1:2/v1", "http://127.0.0.1:2/v1"),
    "CADENCE_MODEL_PLAN_API_KEY": ("model_plan_api_key", "hush-plan", "hush-plan"),
    "CADENCE_MODEL_REASONING_OUTPUT_TOKENS": ("model_reasoning_output_tokens", "4000", 4000),
    "CADENCE_MODEL_REASONING_EFFORT": ("model_reasoning_effort", "low", "low"),
    "CADENCE_MODEL_REASONING_TEMPERATURE": ("model_reasoning_temperature", "0.5", 0.5),
    "CADENCE_MODEL_REASONING_URL": ("model_reasoning_url", "http://127.0.0.1:2/v1", "http://127.0.0.1:2/v1"),
    "CADENCE_MODEL_REASONING_API_KEY": ("model_reasoning_api_key", "hush-reasoning", "hush-reasoning"),
    "CADENCE_MODEL_EFFICIENCY_OUTPUT_TOKENS": ("model_efficiency_output_tokens", "4000", 4000),
    "CADENCE_MODEL_EFFICIENCY_EFFORT": ("model_efficiency_effort", "low", "low"),
    "CADENCE_MODEL_EFFICIENCY_TEMPERATURE": ("model_efficiency_temperature", "0.5", 0.5),
    "CADENCE_MODEL_EFFICIENCY_URL": ("model_efficiency_url", "http://127.0.0.1:2/v1", "http://127.0.0.1:2/v1"),
    "CADENCE_MODEL_EFFICIENCY_API_KEY": ("model_efficiency_api_key", "hush-efficiency", "hush-efficiency"),
    "CADENCE_MODEL_API": ("model_api", "responses", "responses"),
    "CADENCE_MODEL_CONCURRENCY": ("model_concurrency", "2", 2),
    "CADENCE_MODEL_STALL_SECONDS": ("model_stall_seconds", "30", 30.0),
    "CADENCE_MODEL_TIMEOUT_SECONDS": ("model_timeout_seconds", "900", 900.0),
    "CADENCE_MODEL_PRICES": ("model_prices", "m=1/2", "m=1/2"),
    "CADENCE_EXPLORE_CALLS": ("explore_calls", "5", 5),
    "CADENCE_EXPLORE_ROUNDS": ("explore_rounds", "2", 2),
    "CADENCE_CONTEXT_TOKENS": ("context_tokens", "9000", 9000),
    "CADENCE_CONTEXT_TOKENS_MOST": ("context_tokens_most", "50000", 50000),
    "CADENCE_BUDGET_CALL_TOKENS": ("budget_call_tokens", "1000", 1000),
    "CADENCE_BUDGET_CALL_COST": ("budget_call_cost", "0.5", 0.5),
    "CADENCE_BUDGET_RUN_TOKENS": ("budget_run_tokens", "none", None),
    "CADENCE_BUDGET_RUN_COST": ("budget_run_cost", "none", None),
    "CADENCE_BUDGET_DAY_TOKENS": ("budget_day_tokens", "0", 0),
    "CADENCE_BUDGET_DAY_COST": ("budget_day_cost", "7", 7.0),
    "CADENCE_QUOTA_COMMENTS": ("quota_comments", "7", 7),
    "CADENCE_QUOTA_PUSHES": ("quota_pushes", "0", 0),
    "CADENCE_QUOTA_PULLS": ("quota_pulls", "none", None),
    "CADENCE_QUOTA_FILES": ("quota_files", "12", 12),
    "CADENCE_QUOTA_KILOBYTES": ("quota_kilobytes", "none", None),
}


def load(**env: str) -> Settings:
    return Settings.load(env, dotenv=None)


def faults(**env: str) -> str:
    with pytest.raises(SettingsInvalid) as caught:
        load(**env)
    assert caught.value.code == "settings.invalid" and caught.value.audience is Audience.OPERATOR
    assert "deploy/example.env" in caught.value.remedy
    return "\n".join(caught.value.details)


def plain(value: Any) -> Any:
    return value.get_secret_value() if hasattr(value, "get_secret_value") else value


def test_every_variable_has_an_example_here() -> None:
    missing = set(variables()) ^ set(EXAMPLES)
    assert not missing


@pytest.mark.parametrize(
    ("env", "wanted", "budget"),
    [
        ({}, None, 24_000),
        ({}, 5_000, 5_000),
        ({}, 60_000, 60_000),
        ({}, 500_000, 100_000),
        ({"CADENCE_CONTEXT_TOKENS": "9000"}, None, 9_000),
        ({"CADENCE_CONTEXT_TOKENS": "200000"}, None, 200_000),
        ({"CADENCE_CONTEXT_TOKENS_MOST": "30000"}, 60_000, 30_000),
    ],
)
def test_a_repository_may_ask_for_another_context_up_to_the_operators_most(
    env: dict[str, str], wanted: int | None, budget: int
) -> None:
    assert load(**env).context_budget(wanted) == budget


@pytest.mark.parametrize("variable", sorted(EXAMPLES))
def test_each_variable_is_read(variable: str) -> None:
    field, text, meant = EXAMPLES[variable]
    assert plain(getattr(load(**{variable: text}), field)) == meant


@pytest.mark.parametrize("variable", sorted(set(EXAMPLES) - {"CADENCE_GITHUB_URL", "CADENCE_HOST", "CADENCE_MODEL"}))
def test_a_blank_value_is_none_or_refused(variable: str) -> None:
    """`.env` files are copied with empty lines for what is not set."""
    field = EXAMPLES[variable][0]
    try:
        value = getattr(load(**{variable: " "}), field)
    except SettingsInvalid as error:
        assert variable in error.summary
        return
    assert value is None or variable == "CADENCE_DATA_DIR"


def test_no_secret_can_be_read_from_a_text_of_the_settings() -> None:
    settings = load(**{name: text for name, (_, text, _) in EXAMPLES.items()})
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "hush" not in shown


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"CADENCE_PRIVAT_KEY": "x"}, "CADENCE_PRIVAT_KEY is not a setting. Did you mean CADENCE_PRIVATE_KEY?"),
        ({"CADENCE_ZZZZ": "x"}, "CADENCE_ZZZZ is not a setting."),
        ({"CADENCE_OPENAI_API_KEY": "x"}, "CADENCE_OPENAI_API_KEY is not a setting."),
        ({"CADENCE_PORT": "80000"}, "CADENCE_PORT: "),
        ({"CADENCE_PORT": "http"}, "CADENCE_PORT: "),
        ({"CADENCE_APP_ID": "cadence"}, "CADENCE_APP_ID: "),
        ({"CADENCE_LOG": "loud"}, "CADENCE_LOG: "),
        ({"CADENCE_SWEEP_SECONDS": "0"}, "CADENCE_SWEEP_SECONDS: "),
        ({"CADENCE_SWEEP_SECONDS": "nan"}, "CADENCE_SWEEP_SECONDS: "),
        ({"CADENCE_SWEEP_SECONDS": "inf"}, "CADENCE_SWEEP_SECONDS: "),
        ({"CADENCE_WRITE_INTERVAL_MS": "-1"}, "CADENCE_WRITE_INTERVAL_MS: "),
        ({"CADENCE_SETTLE_SECONDS": "1.5"}, "CADENCE_SETTLE_SECONDS: "),
        ({"CADENCE_MODEL_CONCURRENCY": "0"}, "CADENCE_MODEL_CONCURRENCY: "),
        ({"CADENCE_MODEL_STALL_SECONDS": "nan"}, "CADENCE_MODEL_STALL_SECONDS: "),
        ({"CADENCE_MODEL_API": "completions"}, "CADENCE_MODEL_API: "),
        ({"CADENCE_MODEL_PLAN_OUTPUT_TOKENS": "0"}, "CADENCE_MODEL_PLAN_OUTPUT_TOKENS: "),
        ({"CADENCE_MODEL_PLAN_TEMPERATURE": "3"}, "CADENCE_MODEL_PLAN_TEMPERATURE: "),
        ({"CADENCE_MODEL_PLAN_EFFORT": "very high"}, "CADENCE_MODEL_PLAN_EFFORT: "),
        ({"CADENCE_MODEL_PLAN_URL": "localhost"}, "CADENCE_MODEL_PLAN_URL: "),
        ({"DBOS_CONDUCTOR_KEY": "x"}, "DBOS_CONDUCTOR_KEY must not be set"),
    ],
)
def test_each_fault_names_its_variable(env: dict[str, str], told: str) -> None:
    assert told in faults(**env)


def test_a_wrong_value_is_not_repeated() -> None:
    assert "hush" not in faults(CADENCE_APP_ID="hush-hush", CADENCE_PORT="hush")


def test_all_faults_are_told_at_once() -> None:
    told = faults(CADENCE_PORT="x", CADENCE_LOG="x", CADENCE_PROT="1")
    assert all(name in told for name in ("CADENCE_PORT:", "CADENCE_LOG:", "CADENCE_PROT is not"))


@pytest.mark.parametrize("name", ["CADENCE_TEST_POSTGRES", "CADENCE_CONTRACT", "PATH", "OPENAI_ORG_ID"])
def test_what_is_not_ours_to_judge_is_left_alone(name: str) -> None:
    assert load(**{name: "x"}) == load()


# -- .env -----------------------------------------------------------------------------------------------------------
def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('# comment\nCADENCE_PORT=1111\nexport CADENCE_HOST="0.0.0.0"\nCADENCE_MODEL=m # why\nPATH=/x\n')
    settings = Settings.load({"CADENCE_PORT": "2222"}, dotenv=file)
    assert (settings.port, settings.host, settings.model) == (2222, "0.0.0.0", "m")  # noqa: S104


def test_a_misspelt_name_in_the_file_is_told_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CADENCE_PROT=1\n")
    with pytest.raises(SettingsInvalid, match="CADENCE_PORT"):
        Settings.load({}, dotenv=tmp_path / ".env")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"CADENCE_PORT=\xff\n")
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        Settings.load({}, dotenv=tmp_path / ".env")


def test_the_example_file_loads() -> None:
    example = Path(__file__).parents[2] / "deploy" / "example.env"
    assert Settings.load({}, dotenv=example) == load()


def test_a_price_that_cannot_be_read_is_named() -> None:
    with pytest.raises(SettingsInvalid, match=r"CADENCE_MODEL_PRICES.*`gpt`"):
        load(CADENCE_MODEL_PRICES="gpt")
    assert load(CADENCE_MODEL_PRICES="gpt=1/2").prices().knows("gpt") and not load().prices().by_name


# -- what follows from them -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("raw", "secrets"),
    [("one", ("one",)), ("one, two", ("one", "two")), (" ,one,, ", ("one",)), (",", ()), ("", ())],
)
def test_several_webhook_secrets(raw: str, secrets: tuple[str, ...]) -> None:
    assert load(CADENCE_WEBHOOK_SECRET=raw).webhook_secrets == secrets


def test_models_fall_back_to_the_common_one() -> None:
    settings = load(CADENCE_MODEL="m", CADENCE_MODEL_PLAN="p", CADENCE_MODEL_PLAN_EFFORT="low")
    assert [settings.model_role(kind) for kind in ModelKind] == [
        ModelRole("m", 8_000), ModelRole("p", 16_000, effort="low"), ModelRole("m", 8_000), ModelRole("m", 8_000),
    ]  # fmt: skip


def test_the_common_key_is_never_sent_to_a_roles_own_server() -> None:
    settings = load(OPENAI_API_KEY="hush", CADENCE_MODEL_PLAN_URL="http://127.0.0.1:2/v1")
    plan, review = settings.model_server(ModelKind.PLAN), settings.model_server(ModelKind.REASONING)
    assert plan is not None and (plan.url, plan.key) == ("http://127.0.0.1:2/v1", "none")
    assert review is not None and (review.url, review.key) == ("https://api.openai.com/v1", "hush")
    assert "hush" not in repr(review)
    assert load().model_server(ModelKind.PLAN) is None


def test_the_ledger_is_a_file_in_the_data_directory_unless_told(tmp_path: Path) -> None:
    settings = load(CADENCE_DATA_DIR=str(tmp_path))
    assert settings.ledger_url == f"sqlite:///{tmp_path.resolve() / 'cadence.sqlite'}" and not settings.on_postgres
    assert load(CADENCE_DATABASE_URL="postgresql://h/d").on_postgres


def test_the_key_as_text_or_as_a_file(tmp_path: Path) -> None:
    assert load(CADENCE_PRIVATE_KEY=PEM).key_pem().count("\n") == 2
    (tmp_path / "k.pem").write_text(PEM.replace("\\n", "\n"))
    assert load(CADENCE_PRIVATE_KEY_FILE=str(tmp_path / "k.pem")).key_pem() == PEM.replace("\\n", "\n")
    with pytest.raises(SettingsInvalid, match="CADENCE_PRIVATE_KEY_FILE cannot be read: No such file"):
        load(CADENCE_PRIVATE_KEY_FILE=str(tmp_path / "none.pem")).key_pem()
    (tmp_path / "binary.pem").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsInvalid, match="CADENCE_PRIVATE_KEY_FILE cannot be read"):
        load(CADENCE_PRIVATE_KEY_FILE=str(tmp_path / "binary.pem")).key_pem()


@pytest.mark.parametrize("missing", sorted(GITHUB))
def test_serving_needs_an_app_a_key_and_a_secret(missing: str) -> None:
    load(**GITHUB).require_github()
    with pytest.raises(SettingsInvalid, match=missing):
        load(**{name: value for name, value in GITHUB.items() if name != missing}).require_github()


def test_what_serving_lacks_is_told_at_once() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load().require_github()
    assert len(caught.value.details) == 3
