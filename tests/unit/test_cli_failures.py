"""Every failure of a command ends in one line: the code, the cause and the next step. Never in a traceback."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from typer.testing import CliRunner

from bot.__main__ import app
from bot.cli.failures import run_command
from bot.core.errors import SettingsInvalid, Unavailable
from bot.ledger.ledger import Ledger
from bot.ledger.open import LedgerMissing, open_ledger
from bot.settings import Settings
from tests.fakes.fake_clock import FakeClock
from tests.unit.test_settings import GITHUB


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """`serve` sets up the logs for the standard error of its test, which is closed when later tests log."""
    yield
    structlog.reset_defaults()


def said(capsys: pytest.CaptureFixture[str], error: BaseException) -> tuple[int, str]:
    def fail() -> None:
        raise error

    code = run_command(fail)
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "words", "exit_code"),
    [
        (sa.exc.OperationalError("select 1", {}, Exception("Connection refused\nhint")), "database.unavailable", 1),
        (sa.exc.NoSuchModuleError("Can't load plugin"), "database.unavailable", 1),
        (OSError(errno.EADDRINUSE, "Address already in use"), "port.in_use", 1),
        (PermissionError(errno.EACCES, "Permission denied"), "port.refused", 1),
        (PermissionError(errno.EACCES, "Permission denied", "/data"), "files", 1),
        (OSError(errno.ENOSPC, "No space left on device", "/data"), "No space left on device", 1),
        (ZeroDivisionError("division by zero"), "internal: ZeroDivisionError: division by zero", 1),
        (KeyboardInterrupt(), "stopped", 130),
        (SettingsInvalid("CADENCE_PORT is wrong"), "settings.invalid: CADENCE_PORT is wrong", 2),
        (Unavailable("GET /app: no answer", remedy="Cadence tries again automatically."), "Run the command again", 1),
    ],
)
def test_one_line_with_cause_and_next_step(
    capsys: pytest.CaptureFixture[str], error: BaseException, words: str, exit_code: int
) -> None:
    code, text = said(capsys, error)
    assert code == exit_code
    assert words in text and text.startswith("cadence: ")
    assert text.count("\n") == 1 and "Traceback" not in text and "automatically" not in text


def test_a_traceback_is_shown_on_request(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CADENCE_TRACEBACK", "1")
    assert "Traceback" in said(capsys, ZeroDivisionError("x"))[1]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root@localhost/x", "`mysql` is not a database that Cadence can use"),
        ("nonsense", "not the address of a database.* write postgresql://"),
        ("postgresql://", "write postgresql://"),
        ("sqlite:", "sqlite:////absolute/path"),
    ],
)
def test_a_database_that_cannot_be_used_is_named(url: str, words: str) -> None:
    with pytest.raises(SettingsInvalid, match=words):
        Settings.load({"CADENCE_DATABASE_URL": url}, dotenv=None)


def test_a_port_that_is_not_a_number_is_named_without_the_password() -> None:
    with pytest.raises(SettingsInvalid, match="CADENCE_DATABASE_URL: its port is not a number") as caught:
        Ledger.open("postgresql://u:hush@db.example:port/x", FakeClock())
    assert "hush" not in str(caught.value) and caught.value.__suppress_context__


def test_postgres_is_a_name_of_postgresql() -> None:
    settings = Settings.load({"CADENCE_DATABASE_URL": "postgres://me@db.example/cadence"}, dotenv=None)
    assert settings.ledger_url == "postgresql://me@db.example/cadence" and settings.on_postgres


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "CADENCE_PUBLIC_URL"])
def test_an_address_that_is_none_is_named(variable: str) -> None:
    with pytest.raises(SettingsInvalid, match=f"settings.invalid: {variable}: it is not an http"):
        Settings.load({variable: "localhost:8000"}, dotenv=None)


def test_a_public_key_in_place_of_the_private_key_is_named() -> None:
    settings = Settings.load(
        {"CADENCE_PRIVATE_KEY": "-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----"}, dotenv=None
    )
    with pytest.raises(SettingsInvalid, match="CADENCE_PRIVATE_KEY is a public key"):
        settings.key_pem()


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings.load({"CADENCE_DATA_DIR": str(tmp_path / "file")}, dotenv=None)
    with pytest.raises(SettingsInvalid, match=r"file cannot be made or used: .*CADENCE_DATA_DIR"):
        Ledger.open(settings.ledger_url, FakeClock())


def test_reading_creates_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["runs"], ["runs", "show", "abc"], ["verify", "abcdef1"], ["export", "abcdef1"]):
        CliRunner().invoke(app, command)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_ledger_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerMissing, match="There is no ledger at") as caught:
        open_ledger(Settings.load({"CADENCE_DATA_DIR": str(tmp_path / "none")}, dotenv=None))
    assert caught.value.code == "ledger.missing"


def test_a_ledger_is_migrated_before_it_is_read(tmp_path: Path) -> None:
    settings = Settings.load({"CADENCE_DATA_DIR": str(tmp_path)}, dotenv=None)
    Ledger.open(settings.ledger_url, FakeClock()).close()
    (tmp_path / "cadence.sqlite").touch()
    assert open_ledger(settings).runs(limit=1) == []


@pytest.mark.parametrize(
    "command", [["runs"], ["verify", "abcdef1"], ["export", "abcdef1"], ["explain", "a/b#1"], ["serve"]]
)
@pytest.mark.parametrize(("revision", "code"), [("0003", "ledger.too_old"), ("9999", "ledger.too_new")])
def test_every_command_says_what_to_do_with_a_ledger_of_another_version(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
    revision: str,
    code: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in {**GITHUB, "CADENCE_DATA_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    ledger = Ledger.open(Settings.load().ledger_url, FakeClock())
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql("create table alembic_version (version_num varchar(32))")
        connection.execute(sa.text("insert into alembic_version values (:revision)"), {"revision": revision})
    ledger.close()
    assert run_command(lambda: app(command, standalone_mode=False)) == 1
    text = capsys.readouterr().err
    assert text.startswith(f"cadence: {code}: The ledger is at migration {revision}") and text.count("\n") == 1
