"""`cadence demo` from the outside: exit codes and words when it cannot be told."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.core.errors import WrongUse
from bot.sandbox.demo.run import DemoOptions, run_demo


def test_options_that_describe_no_demo_are_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="--repo and --blueprint belong together"):
        run_demo(DemoOptions(repo=str(tmp_path)))


def test_a_directory_with_the_data_of_an_earlier_demo_is_refused(tmp_path: Path) -> None:
    (tmp_path / "kept" / "cadence").mkdir(parents=True)
    with pytest.raises(WrongUse, match=r"--keep .*kept holds the data of an earlier demo"):
        run_demo(DemoOptions(plain=True, keep=tmp_path / "kept"))


def test_a_service_that_does_not_start_fails_the_demo_with_the_end_of_its_log(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    program = tmp_path / "cadence"
    program.write_text("#!/bin/sh\necho settings.invalid: the reason\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr("bot.sandbox.demo.serve_process.sys", SimpleNamespace(executable=str(program)))
    assert run_demo(DemoOptions(plain=True, keep=tmp_path / "kept")) == 1
    out = capfd.readouterr().out
    assert "`cadence serve` ended with code 3" in out
    assert "settings.invalid: the reason" in out
    assert "recorded answers" in out
    assert "BEGIN RSA" not in out
    key = tmp_path / "kept" / "cadence" / "app.pem"
    assert key.stat().st_mode & 0o777 == 0o600
