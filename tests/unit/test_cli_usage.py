"""How commands are called: defaults, wrong use, and that every output names what it is about."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app, main
from bot.cli.explain_command import parse_target
from bot.cli.stop_command import parse_target as parse_stopped
from bot.core.errors import WrongUse
from bot.core.findings import Finding, sentence
from bot.llm.model import Message, ModelKind, Prompt
from bot.plan.plan_prompt import Question, json_answer, repair_prompt


def repository(folder: Path) -> Path:
    """A repository with one commit, and a folder in it."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    inner = folder / "inner"
    inner.mkdir()
    (inner / "a.txt").write_text("a\n")
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "c"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True)
    return inner


@pytest.mark.parametrize("limit", ["0", "-3"])
def test_a_limit_below_one_is_wrong_use(limit: str) -> None:
    result = CliRunner().invoke(app, ["runs", "--limit", limit])
    assert result.exit_code == 2
    assert "--limit" in result.stderr


def test_check_uses_the_repository_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository(tmp_path))
    result = CliRunner().invoke(app, ["check", "--base", "HEAD", "--head", "HEAD"])
    assert (result.exit_code, result.stdout) == (0, "No findings.\n")


def test_check_outside_a_repository_asks_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["check", "--base", "HEAD", "--head", "HEAD"])
    assert result.exit_code == 2
    assert "is not a git repository. Name one with --repo DIR" in result.stderr


@pytest.mark.parametrize("path", ["pull/12", "pull/12/files", "issues/12", "issues/12?x=1#issuecomment-3"])
def test_explain_takes_the_url_of_a_pull_request(path: str) -> None:
    assert parse_target(f"https://github.com/octo/shop/{path}") == ("octo/shop", 12)
    assert parse_target(f"http://127.0.0.1:8/octo/shop/{path}", "http://127.0.0.1:8") == ("octo/shop", 12)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://github.com/octo/shop", "is not OWNER/REPO#N or the URL of a pull request"),
        ("https://github.com/octo/shop/pull/0", "is not OWNER/REPO#N or the URL of a pull request"),
        ("https://github.example/octo/shop/pull/12", "is not on https://github.com"),
    ],
)
def test_explain_refuses_other_urls(url: str, words: str) -> None:
    with pytest.raises(WrongUse, match=words):
        parse_target(url)


def test_config_check_names_the_file_it_checked(tmp_path: Path) -> None:
    file = tmp_path / "mine.yml"
    file.write_text("version: 1\n")
    assert CliRunner().invoke(app, ["config", "check", str(file)]).stdout == f"{file}: valid; it has no policy tests\n"
    file.write_text("version: 1\nnonsense: 2\n")
    assert CliRunner().invoke(app, ["config", "check", str(file)]).stdout.endswith(f"{file}: invalid: 1 mistake\n")


@pytest.mark.parametrize("command", ["apply", "diff"])
def test_empty_standard_input_is_named(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repository(tmp_path))
    monkeypatch.setattr(sys, "argv", ["cadence", command, "-"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b" \n")))
    with pytest.raises(SystemExit) as ended:
        main()
    shown = "".join(capfd.readouterr())
    assert ended.value.code == 1
    assert "contract.not_json" in shown and "standard input is empty" in shown


def test_messages_and_instructions_are_sentences_of_their_own() -> None:
    prompt = Prompt(ModelKind.PLAN, (Message("system", "s"), Message("user", "u")), "schema", {})
    again = repair_prompt(
        Question(prompt, json_answer(), ""),
        "{}",
        [Finding("stale", "the file has changed", "Read it again.", path="a.py")],
    )
    assert "- stale (a.py): the file has changed. Read it again." in again.messages[-1].content
    assert [sentence("a"), sentence("a."), sentence("a:\n")] == ["a.", "a.", "a:"]


def test_the_modules_that_only_the_service_needs_are_not_imported_by_runs(tmp_path: Path) -> None:
    code = (
        "import sys; sys.argv = ['cadence', 'runs']\n"
        "from bot.cli.runs_text import runs_table; from bot.ledger.open import open_ledger; import bot.__main__\n"
        "heavy = {'flask', 'openai', 'dbos', 'alembic', 'github', 'git', 'pydantic_settings', 'tree_sitter',\n"
        "         'sqlalchemy.dialects.postgresql', 'markdown_it', 'jsonschema', 'structlog', 'lizard'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("target", ["greet", "olive/greet#", "olive/greet#0", "olive/greet/x", "#3", ""])
def test_stop_takes_a_repository_or_one_of_its_issues(target: str) -> None:
    with pytest.raises(WrongUse):
        parse_stopped(target)
    assert parse_stopped("olive/greet") == ("olive/greet", None)
    assert parse_stopped("olive/greet#7") == ("olive/greet", 7)
