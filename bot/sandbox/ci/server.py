"""The sandbox's CI: a GitHub App of its own that runs a repository's tests on every push and reports a check run.

It learns of pushes by its own webhook and reports by the REST API, as any CI App does, so its check runs carry
another App id than Cadence's.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import queue
import secrets
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from flask import Flask, request

from bot.core.clock import Clock
from bot.sandbox.ci.app_client import AppClient, SandboxAnswer
from bot.sandbox.ci.command import CommandOutcome, kill_group, run_command
from bot.sandbox.github.accounts import stamp
from bot.sandbox.github.bare import Bare, GitError
from bot.sandbox.loopback import Loopback

CI_CHECK = "tests"
CI_PERMISSIONS = {"metadata": "read", "contents": "read", "checks": "write", "issues": "read", "pull_requests": "read"}
"""Issues and pull requests only so that the demo's evidence can be read with this App's eyes."""
_ZERO = "0" * 40


class _Registered(Protocol):
    @property
    def app_id(self) -> int: ...

    @property
    def private_key_pem(self) -> str: ...


class SandboxCI:
    """Tests every pushed commit of one bare repository once; `start` also tests the tip of the base branch."""

    def __init__(
        self,
        *,
        repository: str,
        path: Path,
        command: str,
        search_path: str,
        clock: Clock,
        timeout: float = 300,
        setup: str = "",
        folder: str = "",
    ) -> None:
        """`repository` is OWNER/REPO, `path` its bare git directory, `timeout` seconds for one run of `command`.

        `setup` runs before it in each new checkout; both run in `folder`, a path inside the checkout.
        """
        self.repository = repository
        self.secret = secrets.token_hex(16)
        self.client: AppClient | None = None
        self._path = path
        self._command = command
        self._setup = setup
        self._folder = folder
        self._stopping = threading.Event()
        self._running: subprocess.Popen[bytes] | None = None
        self._search_path = search_path
        self._timeout = timeout
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._known: set[str] = set()
        self._clock = clock
        self._hook = Loopback(_hook(self), name="sandbox-ci-hook")
        self._worker = threading.Thread(target=self._work, name="sandbox-ci", daemon=True)
        self.failures: list[str] = []
        """Runs that could not be made or reported; the demo shows them as its own failure."""

    def listen(self) -> str:
        """Open the webhook's address, which the App is registered with."""
        return f"{self._hook.start()}/hook"

    def start(self, *, app: _Registered, url: str, base_tip: str) -> None:
        """Begin to work as that App at the sandbox's `url`, with the tip of the base branch."""
        self.client = AppClient(
            url, app_id=app.app_id, private_key_pem=app.private_key_pem, repository=self.repository, clock=self._clock
        )
        self._worker.start()
        self.test(base_tip)

    def stop(self) -> None:
        """End, and kill the command that is running."""
        self._hook.stop()
        self._stopping.set()
        if self._running is not None:
            kill_group(self._running)
        self._queue.put(None)
        if self._worker.is_alive():
            self._worker.join(timeout=10)

    def test(self, sha: str, *, again: bool = False) -> None:
        """Have that commit tested, once unless `again`."""
        if again or sha not in self._known:
            self._known.add(sha)
            self._queue.put(sha)

    def receive(self, event: str, payload: Mapping[str, Any]) -> None:
        """What one delivery of the webhook asks for."""
        if event == "push" and str(payload.get("ref", "")).startswith("refs/heads/") and payload["after"] != _ZERO:
            self.test(str(payload["after"]))
        elif event == "check_run" and payload.get("action") == "rerequested":
            self.test(str(payload["check_run"]["head_sha"]), again=True)
        elif event == "check_suite" and payload.get("action") == "rerequested":
            self.test(str(payload["check_suite"]["head_sha"]), again=True)

    def _work(self) -> None:
        while (sha := self._queue.get()) is not None and not self._stopping.is_set():
            try:
                self._run(sha)
            except (SandboxAnswer, GitError, OSError, http.client.HTTPException) as error:
                self.failures.append(f"{sha[:7]}: {error}")

    def _run(self, sha: str) -> None:
        if self.client is None:
            raise RuntimeError("the CI is not started")
        runs = f"/repos/{self.repository}/check-runs"
        created = self.client.post(runs, {"name": CI_CHECK, "head_sha": sha, "status": "queued"})
        this = f"{runs}/{created['id']}"
        began = self._clock.monotonic()
        self.client.patch(this, {"status": "in_progress", "started_at": stamp(self._clock.now())})
        outcome = self._outcome(sha)
        self.client.patch(
            this,
            {
                "status": "completed",
                "conclusion": outcome.conclusion,
                "completed_at": stamp(self._clock.now()),
                "output": _output(outcome, self._clock.monotonic() - began),
            },
        )

    def _outcome(self, sha: str) -> CommandOutcome:
        folder = Path(tempfile.mkdtemp(prefix="cadence-ci-"))
        try:
            checkout = folder / "checkout"
            # --shared borrows the bare repository's objects: nothing is copied, and a commit needs no branch any more.
            Bare(self._path).git("clone", "--quiet", "--shared", "--no-checkout", str(self._path), str(checkout))
            Bare(checkout).git("checkout", "--quiet", "--detach", sha)
            setup = self._run_in(checkout, self._setup) if self._setup else None
            if setup is not None and setup.code != 0:
                return replace(setup, command=f"setup command {setup.command}")
            return self._run_in(checkout, self._command)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _run_in(self, checkout: Path, command: str) -> CommandOutcome:
        def started(process: subprocess.Popen[bytes]) -> None:
            self._running = process
            if self._stopping.is_set():
                kill_group(process)

        return run_command(
            command,
            checkout / self._folder,
            search_path=self._search_path,
            timeout=self._timeout,
            started=started,
        )


def _output(outcome: CommandOutcome, seconds: float) -> dict[str, str]:
    ended = {"success": "passed", "failure": f"failed with code {outcome.code}", "timed_out": "ran out of time"}
    tail = outcome.output.replace("```", "'''")
    return {
        "title": f"{outcome.command} {ended[outcome.conclusion]}",
        "summary": f"`{outcome.command}` {ended[outcome.conclusion]} after {seconds:.1f} s.\n\n```text\n{tail}\n```",
    }


def _hook(ci: SandboxCI) -> Flask:
    app = Flask("sandbox-ci")

    @app.post("/hook")
    def hook() -> tuple[str, int]:
        expected = "sha256=" + hmac.new(ci.secret.encode(), request.get_data(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256", "")):
            return "wrong signature", 401
        ci.receive(request.headers.get("X-GitHub-Event", ""), request.get_json())
        return "", 202

    return app
