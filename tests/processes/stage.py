"""`cadence serve` as users run it, beside an embedded GitHub that can kill it at any request."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from bot.core.clock import SystemClock
from bot.ledger.ledger import Ledger
from bot.sandbox.github.request_log import RequestPhase
from bot.sandbox.github.server import SandboxGitHub
from bot.sandbox.model.script import Rule, answer, review
from bot.sandbox.model.server import ScriptedModel
from tests.journeys.world import EVENTS, FILES, GOOD, OWNER, PERMISSIONS, SECRET, verdict


class Stage:
    """The embedded parts in this process, Cadence in processes of its own."""

    def __init__(self, directory: Path, *, database: str | None = None) -> None:
        self.directory = directory
        self.github = SandboxGitHub(directory / "github", SystemClock())
        self.url = self.github.start()
        self.github.create_user(OWNER)
        self.repo = self.github.create_repository(OWNER, "greet", files=FILES)
        approval = review(verdict())
        self.model = ScriptedModel(
            [Rule("change_set", answer(GOOD)), Rule("reasoning", approval), Rule("efficiency", approval)]
        )
        self.model.start()
        self.ci_app = self.github.create_app("sandbox-ci", {"checks": "write"}, [])
        self.github.install(self.ci_app, self.repo)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.app = self.github.create_app(
            "cadence", PERMISSIONS, EVENTS, webhook_url=self.base + "/webhooks/github", webhook_secret=SECRET
        )
        self.github.install(self.app, self.repo)
        self.database = database
        self.processes: list[subprocess.Popen[bytes]] = []
        self.kills = 0

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self, **more: str) -> dict[str, str]:
        keep = {k: v for k, v in os.environ.items() if not k.startswith(("CADENCE_", "OPENAI_"))}
        return {
            **keep,
            "CADENCE_GITHUB_URL": self.url,
            "CADENCE_APP_ID": str(self.app.app_id),
            "CADENCE_PRIVATE_KEY": self.app.private_key_pem,
            "CADENCE_WEBHOOK_SECRET": SECRET,
            "CADENCE_DATA_DIR": str(self.directory / "data"),
            "CADENCE_PORT": str(self.port),
            "CADENCE_WRITE_INTERVAL_MS": "0",
            "CADENCE_SETTLE_SECONDS": "1",
            "CADENCE_SWEEP_SECONDS": "1",
            "OPENAI_API_KEY": self.model.key,
            "OPENAI_BASE_URL": self.model.url,
            "CADENCE_MODEL": self.model.name,
            **({"CADENCE_DATABASE_URL": self.database} if self.database else {}),
            **more,
        }

    def start(self, command: str = "serve", **env: str) -> subprocess.Popen[bytes]:
        """Start a process; its log is kept beside the data."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with (self.directory / f"{command}-{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot", command],
                env=self.environment(**env),
                cwd=Path(__file__).resolve().parents[2],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def wait_ready(self) -> None:
        # Python imports for seconds; on a machine that is busy with other things, for minutes.
        self.until("ready", lambda: self._ready(), timeout=180.0)

    def _ready(self) -> bool:
        try:
            return requests.get(f"{self.base}/readyz", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def readiness(self) -> requests.Response | None:
        """What `/readyz` answers; None while nothing listens."""
        try:
            return requests.get(f"{self.base}/readyz", timeout=2)
        except requests.RequestException:
            return None

    def until(self, what: str, reached: Callable[[], Any], *, timeout: float = 60.0) -> Any:
        """Poll until something holds; the only waiting there is, bounded, on a state that can be read."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            value = reached()
            if value:
                return value
            time.sleep(0.05)
        raise AssertionError(f"never reached: {what}\n{self.logs()}")

    def kill_at(self, method: str, route_part: str, phase: str) -> Callable[[], None]:
        """`kill -9` the newest process at its next such request, once: before or after GitHub did it."""
        fired: list[bool] = []

        def strike(fault: RequestPhase) -> None:
            mine = fault.app in (None, "cadence") and fault.method == method and route_part in fault.route
            if mine and fault.phase == phase and not fired:
                fired.append(True)
                self.kills += 1
                self.processes[-1].send_signal(signal.SIGKILL)
                self.processes[-1].wait()

        return self.github.on_request(strike)

    def revive(self) -> None:
        """Start a new process once the last one is dead."""
        self.until("the kill", lambda: self.processes[-1].poll() is not None)
        self.start()
        self.wait_ready()

    def ci_green_on(self, sha: str) -> None:
        self.repo.create_check_run(self.ci_app, name="tests", head_sha=sha)

    def ledger(self) -> Ledger:
        url = self.database or f"sqlite:///{self.directory / 'data' / 'cadence.sqlite'}"
        return Ledger.open(url, SystemClock())

    def logs(self) -> str:
        return "\n".join(path.read_text(errors="replace")[-3000:] for path in sorted(self.directory.glob("*.log")))

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
        self.github.stop()
        self.model.stop()
