"""`cadence serve` as the demo runs it: a process of its own, configured by its environment alone."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bot.core.clock import Clock
from bot.ledger.ledger import Ledger
from bot.ledger.open import LedgerMissing, open_ledger
from bot.settings import Settings

_LAUNCHER = (
    "import ctypes, os, sys\n"
    "try:\n"
    "    ctypes.CDLL(None).prctl(1, 9)\n"
    "except (AttributeError, OSError):\n"
    "    pass\n"
    "os.execvp(sys.argv[1], sys.argv[1:])\n"
)
"""Starts a program that the kernel kills when the thread that started it ends: PR_SET_PDEATHSIG with SIGKILL, on Linux
(https://man7.org/linux/man-pages/man2/prctl.2.html). Else a demo that is killed would leave its service running."""

STOP_SECONDS = 15.0
LOG_NAME = "cadence.log"


class ServeFailed(Exception):
    """The process ended, or did not become ready in time."""


class ServeProcess:
    """One `cadence serve`. Its working directory is its data, so that no `.env` of the user's is read by mistake."""

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
                [sys.executable, "-c", _LAUNCHER, sys.executable, "-m", "bot", "serve"],
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

    def runs(self) -> dict[int, str]:
        """The state in which the ledger has the newest run of each issue; empty while there is no ledger."""
        with self._ledger() as ledger:
            found = ledger.runs(limit=1000) if ledger else []
        return {run.issue: run.state.value for run in reversed(found)}

    def model_calls(self, issue: int) -> int:
        """How often the model was asked for an issue, by all of its runs."""
        with self._ledger() as ledger:
            runs = [run for run in ledger.runs(limit=1000) if run.issue == issue] if ledger else []
            return sum(ledger.counts(run.run_id).model_calls for run in runs) if ledger else 0

    def refusals(self, issue: int) -> list[list[str]]:
        """The codes with which each attempt at a plan for an issue was refused, as the ledger has them."""
        with self._ledger() as ledger:
            runs = [run for run in ledger.runs(limit=1000) if run.issue == issue] if ledger else []
            return [
                [str(finding["code"]) for finding in attempt["findings"]]
                for run in runs
                for attempt in (ledger.findings_of(run.run_id) if ledger else [])
            ]

    @contextmanager
    def _ledger(self) -> Iterator[Ledger | None]:
        """The service's ledger, read in this process: starting `cadence runs` for it takes a second each time."""
        try:
            ledger = open_ledger(Settings.load(self._environment, dotenv=None))
        except LedgerMissing:
            yield None
            return
        try:
            yield ledger
        finally:
            ledger.close()

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
