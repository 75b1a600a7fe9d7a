"""The embedded parts together: a GitHub with one repository, its CI, a scripted model, and Cadence's App.

`cadence sandbox` runs these alone; `cadence demo` adds a `cadence serve` of its own (module `environment`).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.llm.counting import count_tokens
from bot.sandbox.ci.server import CI_PERMISSIONS, SandboxCI
from bot.sandbox.demo.surroundings import Surroundings
from bot.sandbox.github.bare import Bare
from bot.sandbox.github.pages import pages
from bot.sandbox.github.people import SandboxRepository
from bot.sandbox.github.server import SandboxGitHub
from bot.sandbox.loopback import free_port
from bot.sandbox.model.script import Rule
from bot.sandbox.model.server import ScriptedModel

OWNER = "sam"
"""The maintainer: owns the repository, files the blueprints and labels them."""

CADENCE_SLUG = "cadence"
# What app.yml asks for; a test compares them.
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


class AnswerSource(StrEnum):
    """Who answers Cadence's questions to a model."""

    SCRIPTED = "scripted"
    """The stories' own script: recorded answers that fit the sample repository."""
    RECORDED = "recorded"
    """Recorded approvals, which say that no model read the change, for a blueprint that carries its own ChangeSet."""
    REAL = "real"
    """The model behind OPENAI_API_KEY."""


@dataclass(frozen=True)
class Subject:
    """The repository to work on: copied from `source`, or made of `files` (path -> text); and how its CI tests it.

    `setup_command` prepares each of CI's checkouts; `folder` is where in the checkout both commands run, `` the root.
    """

    name: str
    test_command: str
    source: Path | None = None
    files: Mapping[str, str] | None = None
    setup_command: str = ""
    folder: str = ""


class EmbeddedParts:
    """Starts the parts on entering and stops them on leaving, in the opposite order.

    `port` is the embedded GitHub's, 0 for a free one; `forms` lets the pages act as the owner. Entering raises
    CadenceError `port.in_use` when another process listens on the port.
    """

    def __init__(
        self,
        subject: Subject,
        answers: AnswerSource,
        rules: Sequence[Rule],
        around: Surroundings,
        *,
        port: int = 0,
        forms: bool = False,
    ) -> None:
        self.answers = answers
        self.model = ScriptedModel(rules, count=count_tokens)
        self.github = SandboxGitHub(around.directory / "github", around.clock)
        self.data = around.directory / "cadence"
        self.url = ""
        self._subject = subject
        self._around = around
        self._port = port
        self._forms = forms
        self._stack = ExitStack()
        self._ci: SandboxCI | None = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        world, subject = self.github.world, self._subject
        # Before the start: Flask takes no route after its first request, and a browser may still be asking this port.
        people = (lambda found: SandboxRepository(world, found)) if self._forms else None
        self.github.app.register_blueprint(pages(world.repository, world.lock, people))
        self.url = self.github.start(self._port)
        stack.callback(self.github.stop)
        self.github.create_user(OWNER)
        files = dict(subject.files) if subject.files is not None else None
        self.repository = self.github.create_repository(OWNER, subject.name, source=subject.source, files=files)
        self._base_tip = Bare(self.repository.state.path).tip(self.repository.state.default_branch) or ""
        self._start_ci(stack)
        if self.answers is not AnswerSource.REAL:
            self.model.start()
            stack.callback(self.model.stop)
        self._register_cadence()

    def _start_ci(self, stack: ExitStack) -> None:
        ci = self._ci = SandboxCI(
            repository=self.repository.full_name,
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
        ci.start(app=app, url=self.url, base_tip=self._base_tip)

    def _register_cadence(self) -> None:
        """Register Cadence's App, keep its key in a file, and make the settings that point a `cadence serve` at it."""
        port, secret = free_port(), secrets.token_hex(20)
        self.cadence = self.github.create_app(
            CADENCE_SLUG,
            permissions=CADENCE_PERMISSIONS,
            events=CADENCE_EVENTS,
            webhook_url=f"http://127.0.0.1:{port}/webhooks/github",
            webhook_secret=secret,
        )
        self.data.mkdir(parents=True, exist_ok=True)
        key = self.data / "app.pem"
        key.touch(mode=0o600)
        key.write_text(self.cadence.private_key_pem)
        self.serve_port = port
        self.settings = {
            **self._model_settings(),
            "CADENCE_GITHUB_URL": self.url,
            "CADENCE_APP_ID": str(self.cadence.app_id),
            "CADENCE_PRIVATE_KEY_FILE": str(key),
            "CADENCE_WEBHOOK_SECRET": secret,
            "CADENCE_DATA_DIR": str(self.data),
            "CADENCE_PORT": str(port),
            # On github.com these protect a shared service and wait for slow CI; here no one else is served, and the
            # one CI reports within a second.
            "CADENCE_WRITE_INTERVAL_MS": "0",
            "CADENCE_SETTLE_SECONDS": "2",
            "CADENCE_SWEEP_SECONDS": "10",
        }

    def _model_settings(self) -> Mapping[str, str]:
        if self.answers is AnswerSource.REAL:
            return self._around.model
        return {
            "OPENAI_BASE_URL": self.model.url,
            "OPENAI_API_KEY": self.model.key,
            "CADENCE_MODEL": self.model.name,
        }
