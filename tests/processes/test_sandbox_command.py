"""`cadence sandbox` as people run it: its settings start a `cadence serve` that merges, and Ctrl-C ends everything."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bot.sandbox.demo.extra import DEMO_PACKAGES
from tests.processes.terminal import ROOT, Terminal, left_over, until


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    yield terminal
    terminal.close()


def test_the_printed_settings_start_a_service_that_merges_a_labelled_issue(terminal: Terminal) -> None:
    sandbox, log = terminal.start("sandbox", cwd=terminal.directory)
    until("the guide", lambda: "Ctrl-C ends the sandbox" in log.read_text())
    guide = log.read_text()
    folder = Path(re.search(r"^  cd (\S+) && .* serve$", guide, re.MULTILINE)[1])
    assert (folder / ".env").stat().st_mode & 0o777 == 0o600
    serve, _ = terminal.start("serve", cwd=folder)
    label = re.search(r"curl -d label=blueprint (\S+)", guide)[1]
    home = label.removesuffix("/issues/1/labels")
    assert requests.post(label, data={"label": "blueprint"}, timeout=10).status_code == 200
    until("the merge", lambda: "state merged" in requests.get(f"{home}/pull/4", timeout=10).text)
    assert "/issues/4" in requests.get(f"{home}/issues/1", timeout=10).text, "the status comment links its pull request"
    # First the service, which keeps its data in the sandbox's folder: it could write there after the folder is gone.
    serve.send_signal(signal.SIGINT)
    assert serve.wait(30) == 0
    sandbox.send_signal(signal.SIGINT)
    assert sandbox.wait(30) == 0
    assert not folder.exists(), "a sandbox without --keep leaves nothing behind"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_sandbox_and_every_process_of_it(terminal: Terminal, number: signal.Signals) -> None:
    sandbox, log = terminal.start("sandbox", "--keep", str(terminal.directory / "kept"), cwd=terminal.directory)
    until("the guide", lambda: "Ctrl-C ends the sandbox." in log.read_text())
    sandbox.send_signal(number)
    assert sandbox.wait(30) == 0
    assert log.read_text().endswith("stopped\n")
    assert left_over(terminal.directory) == []


def test_a_port_in_use_is_one_coded_line(terminal: Terminal) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sandbox, log = terminal.start("sandbox", "--port", str(port), cwd=terminal.directory)
        assert sandbox.wait(60) == 1
    assert log.read_text() == (
        f"cadence: port.in_use: Another process listens on 127.0.0.1:{port}. "
        "Choose another --port, or leave it out for a free one.\n"
    )


def test_help_says_what_it_is_for(terminal: Terminal) -> None:
    asked, log = terminal.start("sandbox", "--help", cwd=terminal.directory)
    assert asked.wait(60) == 0
    assert "without github.com" in log.read_text()


BLOCKED = """
import importlib, pkgutil, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {packages}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
"""


def without_the_extra(code: str, directory: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED.format(packages="{'graphql'}") + code],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_everything_but_the_sandbox_imports_without_the_extra(tmp_path: Path) -> None:
    code = """
import bot
names = [one.name for one in pkgutil.walk_packages(bot.__path__, "bot.", onerror=lambda name: None)]
for name in names:
    if not name.startswith("bot.sandbox") and "migrations" not in name:
        importlib.import_module(name)
print(len(names))
"""
    done = without_the_extra(code, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 300


@pytest.mark.parametrize("command", ["demo", "sandbox"])
def test_without_the_extra_one_line_says_what_to_install(tmp_path: Path, command: str) -> None:
    done = without_the_extra(f"sys.argv = ['cadence', '{command}']\nimport bot.__main__ as m\nm.main()\n", tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "cadence: usage: `cadence demo` and `cadence sandbox` need graphql-core, which is not installed. "
        "Run: pip install 'cadence-bot[demo]'\n"
    )


def test_the_extra_names_what_only_the_sandbox_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = {re.split(r"[<>=~!]", one)[0] for one in project["optional-dependencies"]["demo"]}
    assert extra == set(DEMO_PACKAGES.values())
    assert not [one for one in project["dependencies"] if one.startswith(tuple(extra))]
    locked = (ROOT / "requirements.lock").read_text()
    assert all(f"\n{name}==" in locked for name in extra)
