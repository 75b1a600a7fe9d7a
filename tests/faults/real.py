"""Runs of real `cadence serve` processes, in which something happens at a request that Cadence sends to GitHub."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.core.json_types import JsonDict
from bot.core.names import IssueNumber, is_revert
from bot.ledger.entries import RunEntry
from bot.ledger.tables import stops
from bot.sandbox.github.request_log import RequestPhase
from tests.faults.state import end_of
from tests.journeys.world import BODY, OWNER, TITLE
from tests.processes.stage import Stage


@dataclass(frozen=True)
class Call:
    """A request that changes GitHub: the `number`th of its `name` in the run. `phase` is `before` or `after`.

    The order of two different calls is not the same in every run, because several threads make them; the order of the
    calls of one name is.
    """

    name: str
    number: int
    phase: str

    def __str__(self) -> str:
        return f"{self.phase} {self.name} {self.number}"


@dataclass(frozen=True)
class Sent:
    """A call as GitHub got it; `at` is the machine's clock in seconds."""

    call: Call
    at: float


def name_of(asked: RequestPhase) -> str | None:
    """The name of a call that changes GitHub; None for one that reads or makes a token."""
    if asked.method == "GET" or asked.route.endswith(("/access_tokens", "/git-upload-pack")):
        return None
    if asked.route.endswith("/git-receive-pack"):
        return "push"
    if asked.route == "/graphql":
        query = str((asked.request or {}).get("query", "")).lstrip()
        return query.partition("{")[2].strip().partition("(")[0] if query.startswith("mutation") else None
    return f"{asked.method} {asked.route.removeprefix('/repos/{owner}/{repo}')}"


class RealRun:
    """One stage with a blueprint on the way to its merge, and a record of every call of Cadence's that changes GitHub.

    `visit` is called for each; an answer that it returns is sent instead of GitHub's.
    """

    def __init__(
        self, directory: Path, visit: Callable[[Call], Any] = lambda _call: None, *, database: str | None = None
    ) -> None:
        self.stage = Stage(directory, database=database)
        self.repo, self.app = self.stage.repo, self.stage.app
        self.sent: list[Sent] = []
        self.issue = 0
        self._visit = visit
        self._counts: dict[str, int] = {}
        self._numbers = threading.local()
        self._lock = threading.Lock()
        self._ledger: Any = None
        self.stage.github.on_request(self._see)

    def _see(self, asked: RequestPhase) -> Any:
        name = name_of(asked)
        if name is None or asked.app not in (None, "cadence"):
            return None
        with self._lock:
            # One thread serves both phases of a request.
            if asked.phase == "before":
                self._numbers.one = self._counts[name] = self._counts.get(name, 0) + 1
            call = Call(name, self._numbers.one, asked.phase)
            self.sent.append(Sent(call, time.time()))
        return self._visit(call)

    def begin(self, *commands: str) -> None:
        """Start Cadence (`serve`, or a process for each of the `commands`), file the issue and label it."""
        for command in commands or ("serve",):
            self.stage.start(command, CADENCE_EXECUTOR_ID=f"number-{len(self.stage.processes)}")
        self.stage.wait_ready()
        self.issue = self.repo.file_issue(TITLE, BODY, by=OWNER)
        self.repo.label(self.issue, "blueprint", by=OWNER)

    def green(self) -> None:
        """CI reports success on the head of every open pull request where it has not yet."""
        reported = {run.head_sha for run in self.repo.check_runs() if run.app.id == self.stage.ci_app.app_id}
        for pull in self.repo.pulls():
            if pull.head_sha not in reported and pull.issue.state == "open":
                self.stage.ci_green_on(pull.head_sha)

    def until(self, what: str, reached: Callable[[], Any], *, timeout: float = 300.0) -> Any:
        """Wait for a state, with a new process whenever the last one was killed, and with CI."""

        def look() -> Any:
            process = self.stage.processes[-1]
            if process.poll() is not None:
                self.stage.start()
                self.stage.wait_ready()
            self.green()
            return reached()

        return self.stage.until(what, look, timeout=timeout)

    def merged(self) -> bool:
        """Whether the run has come to its end and says so."""
        said = [body for body in self.bot_comments(self.issue) if "cadence:status" in body]
        return bool(said) and "state=merged" in said[0] and self.repo.issue(self.issue).state == "closed"

    # -- what `end_of` reads ---------------------------------------------------------------------------------------
    @property
    def ledger(self) -> Any:
        if self._ledger is None:
            self._ledger = self.stage.ledger()
        return self._ledger

    def run(self) -> RunEntry | None:
        """The run of the label; a run that offers to revert its merge is another one."""
        runs = self.ledger.runs_of_issue(self.repo.id, IssueNumber(self.issue))
        return next((run for run in runs if not is_revert(run.cause)), None)

    def confirmed_at(self, run_id: str) -> float:
        """When the run's stop was confirmed, in seconds of the machine's clock."""
        with self.ledger.engine.connect() as connection:
            at = connection.scalar(sa.select(sa.func.max(stops.c.confirmed_at)).where(stops.c.run_id == run_id))
        return float(at.timestamp())

    def state(self, _issue: int) -> str:
        run = self.run()
        return str(run.state) if run else ""

    def bot_comments(self, issue: int) -> list[str]:
        return [c.body for c in self.repo.issue(issue).comments if c.user.login == self.app.bot_login]

    def end(self) -> JsonDict:
        """GitHub's state now, as plain data."""
        return end_of(self, self.issue)

    def close(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
        self.stage.close()
