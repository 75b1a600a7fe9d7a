"""The only place that builds the adapters (GitHub, git, database, model) and passes them to the workflows."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable

import structlog
from flask import Flask

from bot.commands.handle import answer_command, handle_command
from bot.core.clock import Clock
from bot.core.pace import Pace
from bot.core.signing import Signer, kept_key, read_key, read_key_file
from bot.effects.perform import Effects
from bot.engine.durable import Engine, EngineOptions
from bot.engine.executor_locks import ExecutorLocks, FileExecutorLocks, PostgresExecutorLocks
from bot.engine.protocol import WorkflowEngine
from bot.engine.workflows import step
from bot.flow.recovery.allowance import note_request
from bot.flow.run_budget import RunBudget
from bot.flow.run_quotas import RunQuotas
from bot.flow.services import Services
from bot.flow.workflows import Flow, Step
from bot.gate.merge import Merger
from bot.gate.observe import Observer
from bot.git_store.store import GitStore
from bot.github_api.client import GitHub
from bot.github_api.urls import GitHubUrls
from bot.intake.webhook import webhook_blueprint
from bot.ledger.ledger import Ledger
from bot.llm.by_role import ModelsByRole
from bot.llm.connection import Limits
from bot.llm.counting import count_tokens
from bot.llm.known_ways import KnownWays
from bot.llm.model import LanguageModel, ModelKind
from bot.llm.model_settings import ModelServer
from bot.llm.openai_model import OpenAIModel
from bot.llm.slots import ServerSlots
from bot.llm.stub import ABSENT, AbsentModel
from bot.plan.planner import Planner
from bot.publish.pull_request import Publisher
from bot.publish.reviews import ReviewPublisher
from bot.publish.status_comment import StatusComment
from bot.review.measured import measured_in
from bot.review.reviewer import Judge
from bot.settings import Settings
from bot.web.health import health_blueprint, waiting_too_long
from bot.web.keys import keys_blueprint
from bot.web.schemas import schemas_blueprint


def configure_logs(style: str) -> None:
    """Structured logs on standard error: one line each, text for people or JSON for machines."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if style == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        # Standard output is for the results of commands.
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        # A cached logger keeps the configuration of its first use: https://www.structlog.org/en/stable/performance.html
        cache_logger_on_first_use=False,
    )
    # Below WARNING, the HTTP clients log every request.
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s", stream=sys.stderr)


class _RunMeter:
    """Counts every GitHub request for the current run or delivery, whose id the flow binds to the log context."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def count(self, method: str, route: str, status: int) -> None:
        note_request(route, status)
        bound = structlog.contextvars.get_contextvars()
        self._ledger.record_request(
            # Neither is set at the start, for instance; such a request is counted without an owner.
            bound.get("run") or bound.get("delivery"),
            method=method,
            route=route,
            status=status,
            at=self._clock.now(),
        )


def build_model(settings: Settings, clock: Clock) -> LanguageModel:
    """The configured models; without a key one that always raises ModelAbsent."""
    known = KnownWays(settings.data_dir, clock.now)
    built: dict[ModelServer | None, LanguageModel] = {}
    by_kind: dict[ModelKind, LanguageModel] = {}
    for kind in ModelKind:
        server = settings.model_server(kind)
        if server not in built:
            built[server] = AbsentModel() if server is None else _model_of(settings, server, clock, known)
        by_kind[kind] = built[server]
    return next(iter(built.values())) if len(built) == 1 else ModelsByRole(by_kind)


def _model_of(settings: Settings, server: ModelServer, clock: Clock, known: KnownWays) -> OpenAIModel:
    return OpenAIModel(
        api_key=server.key,
        base_url=server.url,
        roles={kind: settings.model_role(kind) for kind in ModelKind},
        clock=clock,
        known=known,
        slots=ServerSlots(settings.data_dir, server.name, settings.model_concurrency),
        api=settings.model_api,
        limits=Limits(whole=settings.model_timeout_seconds, stall=settings.model_stall_seconds),
    )


def open_ledger(settings: Settings, clock: Clock) -> Ledger:
    """The ledger, with its tables brought to this version."""
    ledger = Ledger.open(settings.ledger_url, clock)
    ledger.migrate()
    return ledger


def build_signer(settings: Settings) -> Signer:
    """The key that signs proofs: the configured one, or one that is made once in the data directory.

    Raises SettingsInvalid for a key that cannot be read or made.
    """
    if settings.signing_key is not None:
        return read_key(settings.signing_key.get_secret_value())
    if settings.signing_key_file is not None:
        return read_key_file(settings.signing_key_file)
    return kept_key(settings.data_dir)


def build_services(
    settings: Settings, *, ledger: Ledger, clock: Clock, engine: WorkflowEngine, model: LanguageModel | None = None
) -> Services:
    """Build every adapter and stage. Asks GitHub once for the App's identity.

    Raises SettingsInvalid for a key that cannot be read, GitHubError when GitHub does not answer.
    """
    urls = GitHubUrls.from_setting(settings.github_url)
    github = GitHub(
        urls=urls,
        app_id=str(settings.app_id),
        private_key=settings.key_pem(),
        clock=clock,
        count_request=_RunMeter(ledger, clock).count,
    )
    # A wrong App id or key fails here, at the start, and not with the first delivery.
    identity = github.identity()
    git = GitStore(settings.data_dir / "mirrors", web=urls.web)
    model = model or build_model(settings, clock)
    budget = RunBudget(ledger, git, clock, settings.prices(), _asked(model), settings.caps(), count_tokens)
    quotas = RunQuotas(ledger, git, settings.quotas())
    effects = Effects(ledger, clock, write_interval_ms=settings.write_interval_ms, quotas=quotas)
    author = git.author(identity)
    signer = build_signer(settings)
    # Recorded before it signs anything, so that the page of keys is never without the key of a proof.
    ledger.record_signing_key(signer.key_id, signer.public_key)
    return Services(
        settings=settings,
        clock=clock,
        ledger=ledger,
        github=github,
        git=git,
        effects=effects,
        budget=budget,
        quotas=quotas,
        model=model,
        planner=Planner(
            count_tokens=count_tokens,
            record_findings=ledger.record_findings,
            record_context=ledger.record_context,
            record_looks=ledger.record_looks,
        ),
        judge=Judge(count_tokens=count_tokens, measured=measured_in(settings.data_dir)),
        publisher=Publisher(effects, ledger, bot_login=identity.bot_login, bot_email=author.email),
        poster=ReviewPublisher(effects),
        status=StatusComment(effects, ledger),
        observer=Observer(ledger, clock, identity.app_id, budget=budget.spent),
        merger=Merger(effects, ledger),
        engine=engine,
        identity=identity,
        signer=signer,
        handle_command=handle_command,
        answer_command=answer_command,
        second=_second_app(settings, urls, ledger, clock),
    )


def _asked(model: LanguageModel) -> tuple[str, ...]:
    """The names of the models that will be asked; empty without a model."""
    names = (model.asked_name(kind) for kind in ModelKind)
    return tuple(dict.fromkeys(name for name in names if name != ABSENT))


def _second_app(settings: Settings, urls: GitHubUrls, ledger: Ledger, clock: Clock) -> GitHub | None:
    """The App that approves pull requests of the first one; None if not configured."""
    # An author cannot approve their own pull request:
    # https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/reviewing-changes-in-pull-requests/approving-a-pull-request-with-required-reviews
    if settings.reviewer_app_id is None:
        return None
    key, count = settings.reviewer_key_pem(), _RunMeter(ledger, clock).count
    return GitHub(urls=urls, app_id=str(settings.reviewer_app_id), private_key=key, clock=clock, count_request=count)


def build_engine(settings: Settings, ledger: Ledger, clock: Clock, pace: Pace | None = None) -> Engine:
    """The durable engine on the same kind of database as the ledger."""
    # Both kinds of lock end with their process, so a crashed executor is recognised:
    # https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    locks: ExecutorLocks
    if settings.on_postgres:
        locks = PostgresExecutorLocks(ledger.engine)
        url, path = settings.ledger_url, None
    else:
        # A file of its own: SQLite has one writer at a time, and the engine would wait for the ledger.
        # https://www.sqlite.org/faq.html#q5
        path = settings.data_dir.resolve() / "engine.sqlite"
        locks = FileExecutorLocks(settings.data_dir / "executors")
        url = f"sqlite:///{path}"
    options = EngineOptions(
        database_url=url, executor_id=settings.executor, sweep_seconds=settings.sweep_seconds, sqlite_path=path
    )
    return Engine(options, locks, clock, next_number=ledger.next_number, pace=pace)


def build_flow(services: Services, run_step: Step = step) -> Flow:
    """The engine's handlers."""
    return Flow(services, run_step)


def build_web(
    settings: Settings,
    ledger: Ledger,
    clock: Clock,
    *,
    wake: threading.Event,
    engine: Engine | None,
    github: Callable[[], str | None] | None = None,
) -> Flask:
    """The web application. It writes deliveries to the inbox, and uses neither GitHub nor the model.

    `github` returns why this process cannot use GitHub, None when it can; `/readyz` shows it.
    """
    web = Flask("cadence")
    web.register_blueprint(webhook_blueprint(settings, ledger, wake, clock))

    def workers() -> str | None:
        # A process that is only the web side has no engine, and that is not a fault.
        return None if engine is None or engine.running else "the engine is not running"

    web.register_blueprint(keys_blueprint(ledger.signing_keys))
    web.register_blueprint(schemas_blueprint())

    def inbox() -> str | None:
        # Without a database, its own check fails already.
        return waiting_too_long(ledger.waiting_since(), clock.now()) if ledger.fault() is None else None

    checks = {"database": ledger.fault, "engine": workers, "inbox": inbox}
    if github is not None:
        checks["github"] = github
    web.register_blueprint(health_blueprint(checks, ledger.delivery_counts))
    return web
