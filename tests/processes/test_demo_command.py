"""`cadence demo --repo` as people run it: on a repository of their own, ended by signals, kept running by `--stay`."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.processes.terminal import Terminal, left_over, until

BLUEPRINT = """# Add a note

```json cadence
{"message": "Add a note", "edits": [{"path": "NOTE.md", "mode": "add", "after": "note\\n"}]}
```
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "README.md").write_text("mine\n")
    (tmp_path / "blueprint.md").write_text(BLUEPRINT)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first")
    return folder


def git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True).stdout


def demo(terminal: Terminal, *words: str) -> tuple[subprocess.Popen[bytes], Path]:
    options = ("--repo", "mine", "--blueprint", "blueprint.md", "--plain", *words)
    return terminal.start("demo", *options, cwd=terminal.directory)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_leaves_no_process_behind(terminal: Terminal, repo: Path, number: signal.Signals) -> None:
    marker = terminal.directory / "ci-runs"
    process, log = demo(terminal, "--test-command", f"touch {marker}; sleep 300 & sleep 300")
    until("the pull request, while CI runs", lambda: "pull request #2 is open" in log.read_text() and marker.exists())
    assert left_over(terminal.directory, but=process.pid)
    process.send_signal(number)
    assert process.wait(60) == (-number if number == signal.SIGKILL else 130)
    until("no process", lambda: left_over(terminal.directory) == [], timeout=10)
    assert "Traceback" not in log.read_text()


def test_stay_keeps_the_pages_of_a_change_that_was_not_merged(terminal: Terminal, repo: Path) -> None:
    (terminal.directory / ".env").write_text("CADENCE_LOG=json\n")
    red = r"printf '\033[31mbroken\033[0m\n'; false"
    process, log = demo(terminal, "--stay", "--test-command", red, "--setup-command", "echo setup")
    until("staying", lambda: "staying at" in log.read_text())
    said = log.read_text()
    for words in (
        "CI prepares with: echo setup",
        f"CI runs: {red}",
        "cadence/gate: Blocked: tests failed",
        "`ci.failed` The check `tests` ended `failure`.",
        "  broken",
        "CI fails on the base branch too",
        "The change, not merged, is in branch cadence/issue-1 of",
    ):
        assert words in said
    assert "<details" not in said and "\033" not in said
    home = re.search(r"staying at (\S+)", said)[1]
    assert requests.get(f"{home}/pull/2", timeout=10).status_code == 200
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 1
    look = re.search(r"look at it: git -C (\S+) show (\S+)", said)
    assert "+note" in git(Path(look[1]), "show", look[2])


def test_a_merged_change_is_a_patch_where_one_is_wanted(terminal: Terminal, repo: Path) -> None:
    process, log = demo(terminal, "--patch", "out.patch", "--test-command", "true")
    assert process.wait(100) == 0, log.read_text()
    assert "merged as " in log.read_text()
    assert "http://127.0.0.1" not in log.read_text(), "nothing answers there any more"
    git(repo, "apply", "--check", "../out.patch")
    assert git(repo, "branch", "--list", "cadence/*") == ""
