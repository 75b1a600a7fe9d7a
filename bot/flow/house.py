"""The house's parts in one value: built by `app`, handed to the flow, replaced piece by piece in tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.clock import Clock
from bot.effects import Effects
from bot.gate.merger import Merger
from bot.gate.observer import Observer
from bot.git_store.store import GitStore
from bot.github_api.client import GitHub
from bot.github_api.records import AppIdentity
from bot.llm.model import LanguageModel
from bot.names import HeadSha, PullNumber, RepositoryId, RunId
from bot.plan.planner import Planner
from bot.publish.publisher import Publisher
from bot.publish.status import StatusComment
from bot.record.ledger import Ledger
from bot.review.poster import Poster
from bot.review.reviewer import Judge
from bot.settings import Settings
from bot.signing import Signer


class EnginePort(Protocol):
    """What the flow asks of the engine (see engine.Engine)."""

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


@dataclass(frozen=True, slots=True)
class House:
    """Everything the flow needs; no part knows the whole."""

    settings: Settings
    clock: Clock
    ledger: Ledger
    github: GitHub
    git: GitStore
    effects: Effects
    model: LanguageModel
    planner: Planner
    judge: Judge
    publisher: Publisher
    poster: Poster
    status: StatusComment
    observer: Observer
    merger: Merger
    engine: EnginePort
    identity: AppIdentity
    signer: Signer
    second: GitHub | None = None
    """The second App, whose approvals count, where one is configured."""
