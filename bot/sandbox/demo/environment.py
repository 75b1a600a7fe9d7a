"""Everything that stands around one demo: the embedded GitHub, its CI, the scripted model and `cadence serve`."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.core.clock import Clock
from bot.llm.counting import count_tokens
from bot.sandbox.ci.server import CI_PERMISSIONS, SandboxCI
from bot.sandbox.demo.observe import Observer, SeenCheck, newest_checks
from bot.sandbox.demo.serve_process import LOG_NAME, ServeProcess, log_tail
from bot.sandbox.github.bare import Bare
from bot.sandbox.github.pages import pages
from bot.sandbox.github.server import SandboxGitHub
from bot.sandbox.model.script import Rule
from bot.sandbox.model.server import ScriptedModel

OWNER = "sam"
"""The maintainer: owns the repository, files the blueprints and labels them."""

CADENCE_SLUG = "cadence"
CADENCE_PERMISSIONS = {
    "metadata": "read",
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "checks": "write",
    "statuses": "read",
    "actions": "read",
}
CADENCE_EVENTS = [
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_thread",
    "check_run",
    "check_suite",
    "status",
    "workflow_run",
    "push",
]
READY_SECONDS = 30.0


class AnswerSource(StrEnum):
    """Who answers Cadence's questions to a model."""

    SCRIPTED = "scripted"
    """The stories' own script: recorded answers that fit the sample repository."""
    RECORDED = "recorded"
    """Reviews that say they are no judgement, and no plan: for a blueprint that carries its own ChangeSet."""
    REAL = "real"
    """The model behind OPENAI_API_KEY."""
    NONE = "none"


@dataclass(frozen=True)
class Subject:
    """The repository that the demo works on: copied from `source`, or made of `files`; and how its CI tests it."""

    name: str
    test_command: str
    source: Path | None = None
    files: Mapping[str, str] | None = None
    setup_command: str = ""
    folder: str = ""


@dataclass(frozen=True)
class Surroundings:
    """What the demo takes from outside. `environment` has no CADENCE_* and OPENAI_*; `model` has the real model's."""

    directory: Path
    clock: Clock
    environment: Mapping[str, str]
    search_path: str
    model: Mapping[str, str]


class DemoEnvironment:
    """Builds it all on entering and takes it all down on leaving, in the opposite order."""

    def __init__(self, subject: Subject, answers: AnswerSource, rules: Sequence[Rule], around: Surroundings) -> None:
        self.answers = answers
        self.model = ScriptedModel(rules, count=count_tokens)
        self._subject = subject
        self._around = around
        self._stack = ExitStack()
        self.github = SandboxGitHub(around.directory / "github", around.clock)
        self.url = ""
        self._ci: SandboxCI | None = None
        self._data = around.directory / "cadence"

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._build(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _build(self, stack: ExitStack) -> None:
        self.github.app.register_blueprint(pages(self.github.world.repository, self.github.world.lock))
        self.url = self.github.start()
        stack.callback(self.github.stop)
        self.github.create_user(OWNER)
        files = dict(self._subject.files) if self._subject.files is not None else None
        self.repository = self.github.create_repository(
            OWNER, self._subject.name, source=self._subject.source, files=files
        )
        self._start_ci(stack)
        if self.answers in (AnswerSource.SCRIPTED, AnswerSource.RECORDED):
            self.model.start()
            stack.callback(self.model.stop)
        self._start_cadence(stack)

    def _start_ci(self, stack: ExitStack) -> None:
        full_name = f"{OWNER}/{self._subject.name}"
        ci = self._ci = SandboxCI(
            repository=full_name,
            path=self.repository.state.path,
            command=self._subject.test_command,
            search_path=self._around.search_path,
            clock=self._around.clock,
            setup=self._subject.setup_command,
            folder=self._subject.folder,
        )
        stack.callback(ci.stop)
        app = self.github.create_app(
            "sandbox-ci",
            permissions=CI_PERMISSIONS,
            events=["push"],
            webhook_url=ci.listen(),
            webhook_secret=ci.secret,
        )
        self.github.install(app, self.repository)
        self._base_tip = self._observer("").base_tip()
        ci.start(app=app, url=self.url, base_tip=self._base_tip)

    def _start_cadence(self, stack: ExitStack) -> None:
        port = _free_port()
        secret = secrets.token_hex(20)
        self.cadence = self.github.create_app(
            CADENCE_SLUG,
            permissions=CADENCE_PERMISSIONS,
            events=CADENCE_EVENTS,
            webhook_url=f"http://127.0.0.1:{port}/webhooks/github",
            webhook_secret=secret,
        )
        data = self._data
        data.mkdir(parents=True, exist_ok=True)
        key = data / "app.pem"
        key.touch(mode=0o600)
        key.write_text(self.cadence.private_key_pem)
        environment = {
            **self._around.environment,
            **self._model_environment(),
            "CADENCE_GITHUB_URL": self.url,
            "CADENCE_APP_ID": str(self.cadence.app_id),
            "CADENCE_PRIVATE_KEY_FILE": str(key),
            "CADENCE_WEBHOOK_SECRET": secret,
            "CADENCE_DATA_DIR": str(data),
            "CADENCE_PORT": str(port),
            "CADENCE_WRITE_INTERVAL_MS": "0",
            "CADENCE_SETTLE_SECONDS": "2",
            "CADENCE_SWEEP_SECONDS": "10",
        }
        self.serve = ServeProcess(environment=environment, directory=data, port=port, clock=self._around.clock)
        self.serve.start()
        stack.callback(self.serve.stop)
        self.serve.wait_ready(READY_SECONDS)
        self.github.install(self.cadence, self.repository)
        self.observer = self._observer(f"{CADENCE_SLUG}[bot]")

    def _model_environment(self) -> Mapping[str, str]:
        match self.answers:
            case AnswerSource.REAL:
                return self._around.model
            case AnswerSource.NONE:
                return {}
            case _:
                return {
                    "OPENAI_BASE_URL": self.model.url,
                    "OPENAI_API_KEY": self.model.key,
                    "CADENCE_MODEL": self.model.name,
                }

    def _observer(self, bot_login: str) -> Observer:
        return Observer(self.repository.state, self.github.world.lock, bot_login=bot_login)

    def calls(self) -> tuple[int, int, int]:
        """So far: Cadence's GitHub API calls, those of them that create or change something, and answers scripted.

        Minting a token creates no content, and Cadence's GraphQL calls only read.
        """
        own = [request for request in self.github.world.requests if request.app == CADENCE_SLUG]
        reading = ("/access_tokens", "/graphql")
        writing = [one for one in own if one.method != "GET" and not one.path.split("?")[0].endswith(reading)]
        return len(own), len(writing), len(self.model.requests)

    def base_checks(self) -> tuple[SeenCheck, ...]:
        """The newest check runs on the commit that the base branch had at the start."""
        with self.github.world.lock:
            return newest_checks(self.repository.state.check_runs.values(), self._base_tip)

    def bare_merge_base(self, head: str) -> str:
        """The commit of the base at which the work on `head` began."""
        return Bare(self.repository.state.path).text("merge-base", self._base_tip, head).strip()

    def serve_log(self) -> str:
        """The end of what `cadence serve` wrote, `` when it never ran."""
        return log_tail(self._data / LOG_NAME)

    def ci_failures(self) -> tuple[str, ...]:
        """Test runs that the CI could not make or report."""
        return tuple(self._ci.failures) if self._ci else ()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
