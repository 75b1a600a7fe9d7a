"""Runs the sandbox CI's commands in a checkout, without any secret and without Cadence's own environment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

OUTPUT_LIMIT = 20_000
"""Characters of a command's output that are kept: its end, where the outcome is."""


# Folders that hold only programs. CARGO_HOME, GRADLE_USER_HOME and the like are left out: they keep credentials too.
# https://rust-lang.github.io/rustup/environment-variables.html
_TOOLCHAINS = {"RUSTUP_HOME": "~/.rustup", "PYENV_ROOT": "~/.pyenv", "NVM_DIR": "~/.nvm", "JAVA_HOME": "", "GOROOT": ""}


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """How a command ended; `code` is None when it ran into the time limit."""

    command: str
    code: int | None
    output: str

    @property
    def conclusion(self) -> str:
        """The check run's conclusion, in GitHub's words."""
        if self.code is None:
            return "timed_out"
        return "success" if self.code == 0 else "failure"


_SUPERVISOR = """
import os, signal, subprocess, sys, threading

def watch():
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)

threading.Thread(target=watch, daemon=True).start()
code = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL)
os._exit(code if code >= 0 else 128 - code)
"""
"""Runs a command, and kills its whole process group once the other end of standard input is closed.

Only this process holds that end, so the system closes it however this process ends, by SIGKILL too.
"""


def run_command(
    command: str,
    folder: Path,
    *,
    search_path: str,
    timeout: float,
    started: Callable[[subprocess.Popen[bytes]], None] = lambda _: None,
) -> CommandOutcome:
    """Run a shell command in `folder`; the whole process group is killed after `timeout` seconds.

    The environment is made here from nothing: the command gets none of the tokens and keys of this process.
    `started` gets the process, whose group may be killed from outside.
    """
    home = folder.parent
    environment = {
        "PATH": os.pathsep.join((str(home / "venv" / "bin"), search_path)),
        "HOME": str(home),
        **_toolchains(),
        "LANG": "C.UTF-8",
        "CI": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        # The end of the output is what a person reads; advice about pip itself is not part of it.
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    reading, holding = os.pipe()
    try:
        # `sh -c` on purpose: a test command is the operator's own shell line, as in every CI.
        with subprocess.Popen(
            [sys.executable, "-I", "-c", _SUPERVISOR, "/bin/sh", "-c", command],
            cwd=folder,
            env=environment,
            stdin=reading,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            started(process)
            try:
                raw, _ = process.communicate(timeout=timeout)
                code: int | None = process.returncode
            except subprocess.TimeoutExpired:
                kill_group(process)
                raw, _ = process.communicate()
                code = None
    finally:
        os.close(reading)
        os.close(holding)
    return CommandOutcome(command, code, raw.decode("utf-8", "replace")[-OUTPUT_LIMIT:])


def _toolchains() -> dict[str, str]:
    """Where version managers keep the installed compilers: they look below HOME otherwise, and HOME is new here."""
    named = {name: os.environ.get(name) or str(Path(folder).expanduser()) for name, folder in _TOOLCHAINS.items()}
    return {name: folder for name, folder in named.items() if folder != "." and Path(folder).is_dir()}


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a command with everything that it started."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def outside_search_path(search_path: str, tools: Path) -> str:
    """`search_path` without the virtualenv that runs Cadence, and with the Python that the virtualenv was made from.

    A repository's tests must never import from Cadence's own environment: in Flask's checkout they tested our Flask.
    `tools` is a directory of our own, in which `python` and `python3` are made.
    """
    own = Path(sys.prefix).resolve()
    kept = [
        part
        for part in search_path.split(os.pathsep)
        if part and not (sys.prefix != sys.base_prefix and Path(part).resolve().is_relative_to(own))
    ]
    tools.mkdir(parents=True, exist_ok=True)
    real = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    for name in ("python", "python3"):
        if not (tools / name).exists():
            (tools / name).symlink_to(real)
    return os.pathsep.join((str(tools), *kept))
