"""What a test command gets to see, and how it ends."""

from __future__ import annotations

import os
import shlex
import sys
import time
from pathlib import Path

import pytest

from bot.sandbox.ci.command import CommandOutcome, outside_search_path, run_command


def run(command: str, folder: Path, timeout: float = 20) -> CommandOutcome:
    return run_command(command, folder, search_path=os.defpath, timeout=timeout)


def test_the_exit_code_decides(tmp_path: Path) -> None:
    assert run("echo fine", tmp_path) == CommandOutcome("echo fine", 0, "fine\n")
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


def test_installed_toolchains_are_found_without_the_home_that_holds_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RUSTUP_HOME", "CARGO_HOME", "JAVA_HOME"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("GOROOT", str(tmp_path / "gone"))
    shown = run('echo "$RUSTUP_HOME|$CARGO_HOME|$JAVA_HOME|$GOROOT|$HOME"', tmp_path).output.strip()
    assert shown == f"{tmp_path}/RUSTUP_HOME||{tmp_path}/JAVA_HOME||{tmp_path.parent}"


def test_a_command_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    began = time.monotonic()
    outcome = run("echo started; sleep 60 & sleep 60", tmp_path, timeout=0.3)
    assert (outcome.code, outcome.output) == (None, "started\n")
    assert outcome.conclusion == "timed_out"
    assert time.monotonic() - began < 10


def test_only_the_end_of_a_long_output_is_kept(tmp_path: Path) -> None:
    outcome = run("yes line | head -c 60000; echo; echo the end", tmp_path)
    assert len(outcome.output) == 20_000
    assert outcome.output.endswith("the end\n")


def test_the_command_never_sees_the_environment_that_runs_cadence(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    search_path = outside_search_path(os.pathsep.join((f"{sys.prefix}/bin", os.defpath)), tmp_path / "bin")
    outcome = run_command(
        "python -c 'import sys; print(sys.prefix)'; python3 -c 'import bot'",
        checkout,
        search_path=search_path,
        timeout=20,
    )
    assert outcome.output.splitlines()[0] == sys.base_prefix
    assert "No module named 'bot'" in outcome.output


def test_an_environment_of_the_checkouts_own_comes_first(tmp_path: Path) -> None:
    (tmp_path / "checkout").mkdir()
    tools = tmp_path / "venv" / "bin"
    tools.mkdir(parents=True)
    (tools / "pytest").write_text("#!/bin/sh\necho its own\n")
    (tools / "pytest").chmod(0o755)
    assert run("pytest", tmp_path / "checkout").output == "its own\n"
