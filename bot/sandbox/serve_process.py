"""`cadence serve` as the demo runs it: a process of its own, configured by its environment alone."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.clock import Clock

STOP_SECONDS = 15.0
LOG_NAME = "cadence.log"


class ServeFailed(Exception):
    """The process ended, or did not become ready in time."""


class ServeProcess:
    """One `cadence serve`. Its working directory is its data, so that nobody's `.env` is read by mistake."""

    def __init__(self, *, environment: Mapping[str, str], directory: Path, port: int, clock: Clock) -> None:
        self.log = directory / LOG_NAME
        self.port = port
        self._environment = dict(environment)
        self._directory = directory
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; everything it writes goes to `log`."""
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot", "serve"],
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_ready(self, timeout: float) -> None:
        """Wait until `/readyz` answers 200. Raises ServeFailed when it ends before that, or after `timeout` seconds."""
        end = self._clock.monotonic() + timeout
        while self._clock.monotonic() < end:
            self.must_run()
            if self._ready():
                return
            self._clock.sleep(0.1)
        raise ServeFailed(f"/readyz did not answer 200 within {timeout:g} s")

    def must_run(self) -> None:
        """Raises ServeFailed when the process is not running."""
        if self._process is None or self._process.poll() is not None:
            code = self._process.returncode if self._process else "none"
            raise ServeFailed(f"`cadence serve` ended with code {code}")

    def stop(self) -> None:
        """Ask it to end, and after some seconds make it."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def runs(self) -> list[dict[str, Any]]:
        """What `cadence runs --json` says; empty when it says nothing that can be read."""
        loaded = self._json("runs", "--json")
        return [entry for entry in loaded if isinstance(entry, dict)] if isinstance(loaded, list) else []

    def refusals(self, issue: int) -> list[list[str]]:
        """The codes with which each attempt at a plan for an issue was refused, as the ledger has them."""
        found = []
        for run in self.runs():
            if run.get("issue") == issue:
                shown = self._json("runs", "show", str(run["run"]), "--json")
                attempts = shown.get("findings", []) if isinstance(shown, dict) else []
                found += [[str(finding["code"]) for finding in one["findings"]] for one in attempts]
        return found

    def _json(self, *arguments: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=30,
        )
        try:
            return json.loads(done.stdout or b"[]")
        except ValueError:
            return []

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def log_tail(log: Path, lines: int = 40) -> str:
    """The last lines of a log, `` when there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
