"""An engine that runs workflows one at a time in the test's own thread and remembers finished steps, as dbos does."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


class Crash(BaseException):
    """The process dies here: nothing catches it but the engine, which starts the workflow again from its steps."""


@dataclass(order=True)
class Job:
    """One workflow waiting to run."""

    at: datetime
    order: int
    name: str = field(compare=False)
    id: str = field(compare=False)
    args: tuple[Any, ...] = field(compare=False)


class InlineEngine:
    """bot.flow.services.WorkflowEngine for tests."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.flow: Any = None
        self.jobs: list[Job] = []
        self.ids: set[str] = set()
        self.memory: dict[tuple[str, str], Any] = {}
        self.running = ""
        self.current: Job | None = None
        """The job that runs, or that was interrupted by what only the test catches."""
        self.crashes = 0
        self._order = 0

    def step(self, name: str, work: Callable[[], Any]) -> Any:
        key = (self.running, name)
        if key not in self.memory:
            self.memory[key] = work()
        return self.memory[key]

    def _put(self, name: str, workflow_id: str, *args: Any, delay: float = 0.0) -> None:
        if workflow_id in self.ids:
            return
        self.ids.add(workflow_id)
        self._order += 1
        heapq.heappush(
            self.jobs, Job(self.clock.now() + timedelta(seconds=delay), self._order, name, workflow_id, args)
        )

    def start_build(self, run_id: str, key: str, *, delay: float = 0.0) -> None:
        self._put("build", f"build:{run_id}:{key}", run_id, delay=delay)

    def restart_build(self, run_id: str) -> None:
        prefix = f"build:{run_id}:"
        if not any(job.id.startswith(prefix) for job in self.jobs):
            self.start_build(run_id, f"sweep-{sum(i.startswith(prefix) for i in self.ids)}")

    def start_review(
        self, run_id: str, head: str, attempts: Mapping[str, int] | None = None, *, base_tip: str = ""
    ) -> None:
        prefix = f"review:{run_id}:{head}:"
        if attempts is None and any(job.id.startswith(prefix) for job in self.jobs):
            return
        number = sum(i.startswith(prefix) for i in self.ids)
        self._put("review", f"{prefix}{number}", run_id, head, dict(attempts or {}), base_tip)

    def tick(self, repository_id: int, pull: int) -> None:
        if not any(
            job.name == "reconcile" and job.args == (repository_id, pull) and job.at <= self.clock.now()
            for job in self.jobs
        ):
            self._put("reconcile", f"tick:{self._order}", repository_id, pull)

    def reconcile(self, repository_id: int, pull: int, *, at: datetime | None = None) -> None:
        if at is None:
            self._put("reconcile", f"reconcile:{self._order}", repository_id, pull)
            return
        delay = max(0.1, (at - self.clock.now()).total_seconds() + 0.2)
        self._put(
            "reconcile", f"reconcile:{repository_id}:{pull}:{at.timestamp():.1f}", repository_id, pull, delay=delay
        )

    def start_errand(self, name: str, installation_id: int, key: str, arguments: Any, *, delay: float = 0.0) -> None:
        self._put("errand", f"errand:{name}:{key}", name, list(arguments), delay=delay)

    def sweep(self) -> None:
        self._put("sweep", f"sweep:{self._order}")

    def purge(self) -> int:
        return 0

    def run_due(self, limit: int = 300) -> int:
        """Run everything whose time has come; returns how many workflows ran."""
        ran = 0
        while self.jobs and self.jobs[0].at <= self.clock.now():
            job = heapq.heappop(self.jobs)
            self._run(job)
            ran += 1
            if ran >= limit:
                raise AssertionError(f"still busy after {limit} workflows; last: {job.id}")
        return ran

    def _run(self, job: Job) -> None:
        self.running, self.current = job.id, job
        try:
            getattr(self.flow, job.name)(*job.args)
            self.current = None
        except Crash:
            self.crashes += 1
            self._order += 1
            self.current = None
            heapq.heappush(self.jobs, Job(self.clock.now(), self._order, job.name, job.id, job.args))
        finally:
            self.running = ""

    def next_time(self) -> datetime | None:
        """When the next workflow is booked."""
        return self.jobs[0].at if self.jobs else None
