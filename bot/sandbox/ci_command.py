"""The sandbox CI's test command: guessed from a repository's files, and run in a checkout without any secret."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

OUTPUT_LIMIT = 20_000
"""Characters of a command's output that are kept: its end, where the outcome stands."""

_MAKE_TEST = re.compile(r"^test\s*:(?!=)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CommandOutcome:
    """How a command ended; `code` is None when it ran into the time limit."""

    code: int | None
    output: str

    @property
    def conclusion(self) -> str:
        """The check run's conclusion, in GitHub's words."""
        if self.code is None:
            return "timed_out"
        return "success" if self.code == 0 else "failure"


def guess_command(paths: Collection[str], read: Callable[[str], str | None]) -> str | None:
    """The command by which a repository's tests are most likely run, or None. `read` gives a file's text."""
    if _MAKE_TEST.search(read("Makefile") or ""):
        return "make test"
    if _has_npm_test(read("package.json")):
        return "npm test"
    if "go.mod" in paths:
        return "go test ./..."
    if "Cargo.toml" in paths:
        return "cargo test"
    python_tests = [path for path in paths if re.search(r"(^|/)(test_[^/]*|[^/]*_test)\.py$", path)]
    if not python_tests:
        return None
    return "python -m pytest -q" if _wants_pytest(paths, python_tests, read) else "python -m unittest discover"


def _has_npm_test(text: str | None) -> bool:
    try:
        loaded = json.loads(text or "{}")
    except ValueError:
        return False
    scripts = loaded.get("scripts") if isinstance(loaded, dict) else None
    return isinstance(scripts, dict) and "test" in scripts


def _wants_pytest(paths: Collection[str], tests: Collection[str], read: Callable[[str], str | None]) -> bool:
    if any(path.rsplit("/", 1)[-1] in ("conftest.py", "pytest.ini") for path in paths):
        return True
    if "[tool.pytest" in (read("pyproject.toml") or "") or "[tool:pytest]" in (read("setup.cfg") or ""):
        return True
    texts = [read(path) or "" for path in sorted(tests)[:20]]
    return any("import pytest" in text for text in texts) or not any("unittest" in text for text in texts)


def run_command(command: str, folder: Path, *, search_path: str, timeout: float) -> CommandOutcome:
    """Run a shell command in `folder`; the whole process group is killed after `timeout` seconds.

    The environment is made here from nothing: whatever tokens and keys this process knows, the command does not.
    """
    environment = {
        "PATH": search_path,
        "HOME": str(folder.parent),
        "LANG": "C.UTF-8",
        "CI": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    # `sh -c` on purpose: a test command is the operator's own shell line, as in every CI.
    with subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            raw, _ = process.communicate(timeout=timeout)
            code: int | None = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raw, _ = process.communicate()
            code = None
    return CommandOutcome(code, raw.decode("utf-8", "replace")[-OUTPUT_LIMIT:])
