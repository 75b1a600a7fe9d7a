"""Which test command is guessed, and what a test command gets to see."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path

import pytest

from bot.sandbox.ci_command import CommandOutcome, guess_command, run_command

UNITTEST = "import unittest\n"


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"Makefile": "test: setup\n\tpytest\n", "tests/test_a.py": UNITTEST}, "make test"),
        ({"Makefile": "test := yes\nbuild:\n", "tests/test_a.py": UNITTEST}, "python -m unittest discover"),
        ({"package.json": '{"scripts": {"test": "node --test"}}'}, "npm test"),
        ({"package.json": '{"scripts": {}}'}, None),
        ({"package.json": "not json"}, None),
        ({"go.mod": ""}, "go test ./..."),
        ({"Cargo.toml": ""}, "cargo test"),
        ({"tests/test_a.py": UNITTEST}, "python -m unittest discover"),
        ({"tests/test_a.py": "import pytest\n"}, "python -m pytest -q"),
        ({"tests/test_a.py": "def test_a(): pass\n"}, "python -m pytest -q"),
        ({"a_test.py": UNITTEST, "conftest.py": ""}, "python -m pytest -q"),
        ({"test_a.py": UNITTEST, "pyproject.toml": "[tool.pytest.ini_options]\n"}, "python -m pytest -q"),
        ({"README.md": "test:\n", "contest.py": ""}, None),
    ],
)
def test_guesses_the_command_from_the_files(files: dict[str, str], command: str | None) -> None:
    assert guess_command(files.keys(), files.get) == command


def run(command: str, folder: Path, timeout: float = 20) -> CommandOutcome:
    return run_command(command, folder, search_path=os.defpath, timeout=timeout)


def test_the_exit_code_decides(tmp_path: Path) -> None:
    assert run("echo fine", tmp_path) == CommandOutcome(0, "fine\n")
    assert run("echo fine", tmp_path).conclusion == "success"
    assert run("exit 3", tmp_path).conclusion == "failure"
    assert run("no-such-command", tmp_path).code == 127


def test_runs_in_the_folder_and_joins_both_outputs(tmp_path: Path) -> None:
    assert run("pwd; echo wrong >&2", tmp_path).output == f"{tmp_path}\nwrong\n"


def test_no_secret_of_this_process_reaches_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("CADENCE_WEBHOOK_SECRET", "hook-secret")
    shown = run(f"{shlex.quote(sys.executable)} -c 'import os; print(sorted(os.environ))'", tmp_path).output
    assert "PATH" in shown
    assert "OPENAI" not in shown
    assert "CADENCE" not in shown


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    began = time.monotonic()
    outcome = run("echo started; sleep 60 & sleep 60", tmp_path, timeout=0.3)
    assert outcome == CommandOutcome(None, "started\n")
    assert outcome.conclusion == "timed_out"
    assert time.monotonic() - began < 10


def test_only_the_end_of_a_long_output_is_kept(tmp_path: Path) -> None:
    outcome = run("yes line | head -c 60000; echo; echo the end", tmp_path)
    assert len(outcome.output) == 20_000
    assert outcome.output.endswith("the end\n")
