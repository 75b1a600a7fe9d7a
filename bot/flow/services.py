"""Everything the workflows need, in one value: built by `app`, handed to the flow, replaced piece by piece in tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.core.clock import Clock
from bot.core.signing import Signer
from bot.effects.perform import Effects
from bot.engine.protocol import WorkflowEngine
from bot.flow.run_budget import RunBudget
from bot.flow.run_quotas import RunQuotas
from bot.gate.merge import Merger
from bot.gate.observe import Observer
from bot.git_store.store import GitStore
from bot.github_api.client import GitHub
from bot.github_api.records import AppIdentity
from bot.intake.events import CommandGiven, Handled, Ignored
from bot.ledger.entries import CommandEntry
from bot.ledger.ledger import Ledger
from bot.llm.model import LanguageModel
from bot.plan.planner import Planner
from bot.publish.pull_request import Publisher
from bot.publish.reviews import ReviewPublisher
from bot.publish.status_comment import StatusComment
from bot.review.reviewer import Judge
from bot.settings import Settings

HandleCommand = Callable[["Services", CommandGiven], Handled | Ignored]
AnswerCommand = Callable[["Services", CommandEntry], str]


@dataclass(frozen=True, slots=True)
class Services:
    """Everything the flow needs; no part knows the whole."""

    settings: Settings
    clock: Clock
    ledger: Ledger
    github: GitHub
    git: GitStore
    effects: Effects
    budget: RunBudget
    quotas: RunQuotas
    model: LanguageModel
    planner: Planner
    judge: Judge
    publisher: Publisher
    poster: ReviewPublisher
    status: StatusComment
    observer: Observer
    merger: Merger
    engine: WorkflowEngine
    identity: AppIdentity
    signer: Signer
    handle_command: HandleCommand
    """Carries out the `/cadence` commands of a comment; app gives it, because commands/ lies above flow/."""
    answer_command: AnswerCommand
    """What a command that only asks is answered; the answer is read when it is posted."""
    second: GitHub | None = None
    """The second App, whose approvals count, where one is configured."""
