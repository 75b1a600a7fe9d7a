"""The interface of the workflow engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.core.names import HeadSha, PullNumber, RepositoryId, RunId


class WorkflowEngine(Protocol):
    """The calls to the engine; their contracts are in durable.Engine, and tests use an inline engine instead."""

    def start_build(self, run_id: RunId, key: str, *, delay: float = 0.0) -> None: ...
    def restart_build(self, run_id: RunId) -> None: ...
    def start_review(
        self, run_id: RunId, head: HeadSha, attempts: Mapping[str, int] | None = None, *, base_tip: str = ""
    ) -> None: ...
    def tick(self, repository_id: RepositoryId, pull: PullNumber) -> None: ...
    def reconcile(self, repository_id: RepositoryId, pull: PullNumber, *, at: datetime | None = None) -> None: ...
    def start_errand(
        self, name: str, installation_id: int, key: str, arguments: Sequence[str | int], *, delay: float = 0.0
    ) -> None: ...
    def purge(self) -> int: ...
