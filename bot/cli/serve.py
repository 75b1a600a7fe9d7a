"""`cadence serve`, `web` and `worker`: the life of one process."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import TypeVar

import structlog
from waitress.server import create_server

from bot.app import (
    build_engine,
    build_flow,
    build_services,
    build_web,
    configure_logs,
    open_ledger,
)
from bot.core.clock import Clock, SystemClock
from bot.core.errors import GitHubError
from bot.core.pace import Pace
from bot.engine.durable import Engine
from bot.intake.drainer import Drainer
from bot.ledger.ledger import Ledger
from bot.llm.model import ModelKind
from bot.settings import Settings

T = TypeVar("T")
log = structlog.get_logger("cadence.serve")

# GitHub asks for growing pauses between retries:
# https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0


@dataclass(slots=True)
class Start:
    """Whether the worker could start; `fault` says why not yet, and `/readyz` shows it."""

    fault: str | None = None

    def until_answered(self, ask: Callable[[], T], stop: threading.Event) -> T | None:
        """What `ask` returns, asked again with growing pauses while GitHub does not answer; None once `stop` is set.

        Raises what no waiting can help: a key that GitHub does not accept, a setting that cannot be read.
        """
        pause = FIRST_PAUSE_SECONDS
        while not stop.is_set():
            try:
                answer = ask()
            except GitHubError as error:
                # 5xx is a fault of GitHub, which passes. A wrong key stays wrong.
                if not error.retry and error.status < 500:
                    raise
                # A rate limit resets within an hour:
                # https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
                wait = min(max(pause, error.after or 0.0), 3600.0)
                self.fault = f"GitHub does not answer ({error.code}); asked again in {wait:.0f} s at most"
                log.warning("start.waiting", code=error.code, summary=error.summary, seconds=wait)
                # Not a sleep, because SIGTERM has to end the wait.
                stop.wait(wait)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                continue
            self.fault = None
            return answer
        return None


def serve(settings: Settings, *, web: bool = True, worker: bool = True) -> None:
    """Run the web application, the worker, or both, until SIGTERM or SIGINT.

    The web side starts first: deliveries are kept while GitHub does not answer yet, and `/readyz` says so.
    Raises SettingsInvalid or GitHubError when the service cannot start.
    """
    configure_logs(settings.log)
    settings.require_github()
    clock = SystemClock()
    ledger = open_ledger(settings, clock)
    wake, stop = threading.Event(), threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    # Containers end a process with SIGTERM: https://docs.docker.com/reference/cli/docker/container/stop/
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    pace = Pace(clock)
    engine = build_engine(settings, ledger, clock, pace) if worker else None
    start = Start("not asked yet" if worker else None)
    server = None
    if web:
        app = build_web(settings, ledger, clock, wake=wake, engine=engine, github=lambda: start.fault)
        # GitHub caps payloads at 25 MB: https://docs.github.com/en/webhooks/webhook-events-and-payloads
        # waitress would accept 1 GB. A request only stores a delivery, so its threads mostly wait for the database:
        # https://docs.pylonsproject.org/projects/waitress/en/stable/arguments.html
        server = create_server(app, host=settings.host, port=settings.port, threads=8, max_request_body_size=26_214_400)
        # A daemon: a request that does not end must not keep the process alive.
        threading.Thread(target=_run_web, args=(server.run, stop), name="web", daemon=True).start()
        log.info("cadence.listening", url=f"http://{settings.host}:{server.effective_port}")
    drainer = None
    try:
        if engine is not None:
            drainer = _start_worker(settings, ledger, clock, engine, pace, start, wake, stop)
        stop.wait()
    finally:
        log.info("cadence.stopping")
        stop.set()
        # The web side ends first, so that nothing new arrives; the ledger ends last, because the others write to it.
        if server is not None:
            server.close()
        if drainer is not None:
            drainer.stop()
        if engine is not None and engine.running:
            engine.close()
        ledger.close()


def _run_web(run: Callable[[], None], stop: threading.Event) -> None:
    """Answer requests until the server is closed."""
    try:
        run()
    except (OSError, ValueError):
        # Waitress has no call that ends its loop from another thread; closing its sockets fails the loop's `select`.
        # https://docs.pylonsproject.org/projects/waitress/en/stable/api.html
        if not stop.is_set():
            raise


def _start_worker(
    settings: Settings,
    ledger: Ledger,
    clock: Clock,
    engine: Engine,
    pace: Pace,
    start: Start,
    wake: threading.Event,
    stop: threading.Event,
) -> Drainer | None:
    """Build the services, start the engine, then handle deliveries; None when the process ends before that."""
    services = start.until_answered(lambda: build_services(settings, ledger=ledger, clock=clock, engine=engine), stop)
    if services is None:
        return None
    log.info(
        "cadence.identity", app=services.identity.slug, app_id=services.identity.app_id, github=settings.github_url
    )
    if not any(settings.model_server(kind) for kind in ModelKind):
        log.warning(
            "model.absent", remedy="set OPENAI_API_KEY; only blueprints that carry their own ChangeSet can be planned"
        )
    flow = build_flow(services)
    # Launched before the drainer, because handling a delivery starts workflows.
    engine.launch(flow)
    drainer = Drainer(
        ledger, flow.deliver, wake, clock=clock, owner=settings.executor, is_dead=engine.is_dead, pace=pace
    )
    drainer.start()
    return drainer
