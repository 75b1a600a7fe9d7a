"""One whole world for a journey: the embedded GitHub, a scripted model, and Cadence, told in story verbs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

from bot.app import build_flow, build_services, build_web, configure_logs
from bot.core.names import CHECK_EFFICIENCY, CHECK_GATE, CHECK_REASONING, IssueNumber
from bot.core.states import RunState
from bot.intake.drainer import Drainer
from bot.ledger.entries import RunEntry
from bot.ledger.ledger import Ledger
from bot.llm.counting import count_tokens
from bot.sandbox.github.server import SandboxGitHub
from bot.sandbox.loopback import Loopback
from bot.sandbox.model.script import Reply, Rule, answer, review
from bot.sandbox.model.server import ScriptedModel
from bot.settings import Settings
from tests.fakes.fake_clock import FakeClock
from tests.fakes.inline_engine import Crash, InlineEngine
from tests.fakes.ledger_file import write_ledger

OWNER, WRITER, OUTSIDER = "olive", "will", "oscar"
SECRET = "a secret of the webhook"
SETTLE = 30
PERMISSIONS = {
    "metadata": "read", "contents": "write", "issues": "write", "pull_requests": "write",
    "checks": "write", "statuses": "read", "actions": "read",
}  # fmt: skip
EVENTS = [
    "issues",
    "issue_comment",
    "pull_request",
    "pull_request_review",
    "pull_request_review_thread",
    "check_run",
    "check_suite",
    "status",
    "push",
]
FILES = {
    "greet.py": 'def greet(name: str) -> str:\n    """A greeting."""\n    return "Hello " + name\n',
    "test_greet.py": 'from greet import greet\n\n\ndef test_greet() -> None:\n    assert greet("Ada") == "Hello Ada"\n',
    "README.md": "# greet\n\nSays hello.\n",
    ".github/cadence.yml": "version: 1\n",
}
TITLE = "Greet politely"
BODY = "The greeting should end in an exclamation mark.\n\nAcceptance: greet('Ada') returns 'Hello Ada!'"


def edit(path: str, mode: str = "modify", **fields: Any) -> dict[str, Any]:
    """An edit in the shape the model's schema wants."""
    empty = {"after": None, "replace": None, "rename_from": None, "executable": None, "removes": None}
    return {"path": path, "mode": mode, **empty, **fields}


def plan(*edits: dict[str, Any], summary: str = "End the greeting in an exclamation mark") -> dict[str, Any]:
    """A planner's answer."""
    return {"summary": summary, "plan": "Change greet and its test.", "message": "Politer.", "edits": list(edits)}


GOOD = plan(
    edit("greet.py", replace=[{"old": '"Hello " + name', "new": 'f"Hello {name}!"', "count": None}]),
    edit("test_greet.py", replace=[{"old": '"Hello Ada"', "new": '"Hello Ada!"', "count": None}]),
)


def verdict(word: str = "approve", summary: str = "Does what it says.", *findings: dict[str, Any]) -> dict[str, Any]:
    """A reviewer's answer."""
    return {"verdict": word, "summary": summary, "findings": list(findings)}


class World:
    """Everything a journey needs; `settle` lets Cadence work until nothing is due."""

    def __init__(
        self,
        directory: Path,
        *,
        key: bool = True,
        files: dict[str, str] | None = None,
        permissions: dict[str, str] | None = None,
        second: bool = False,
        **env: str,
    ) -> None:
        configure_logs("text")
        self.clock = FakeClock()
        self.github = SandboxGitHub(directory / "github", self.clock)
        url = self.github.start()
        for login in (OWNER, WRITER, OUTSIDER):
            self.github.create_user(login)
        self.repo = self.github.create_repository(OWNER, "greet", files=files or FILES)
        self.repo.add_collaborator(WRITER, "write")
        self.model = ScriptedModel(count=count_tokens)
        self.model.start()
        self.ci_app = self.github.create_app("sandbox-ci", {"checks": "write", "statuses": "write"}, [])
        self.github.install(self.ci_app, self.repo)
        self.wake = Event()
        self.app = self.github.create_app(
            "cadence", {**PERMISSIONS, **(permissions or {})}, EVENTS, webhook_secret=SECRET
        )
        self.installation = self.github.install(self.app, self.repo)
        model = {"OPENAI_API_KEY": self.model.key, "OPENAI_BASE_URL": self.model.url} if key else {}
        if second:
            self.reviewer = self.github.create_app(
                "cadence-reviewer", {"pull_requests": "write", "contents": "write"}, []
            )
            self.github.install(self.reviewer, self.repo)
            env["CADENCE_REVIEWER_APP_ID"] = str(self.reviewer.app_id)
            env["CADENCE_REVIEWER_PRIVATE_KEY"] = self.reviewer.private_key_pem
        self.settings = Settings.load(
            {
                "CADENCE_GITHUB_URL": url,
                "CADENCE_APP_ID": str(self.app.app_id),
                "CADENCE_PRIVATE_KEY": self.app.private_key_pem.replace("\n", "\\n"),
                "CADENCE_WEBHOOK_SECRET": SECRET,
                "CADENCE_DATA_DIR": str(directory / "cadence"),
                "CADENCE_WRITE_INTERVAL_MS": "0",
                "CADENCE_SETTLE_SECONDS": str(SETTLE),
                "CADENCE_MODEL": self.model.name,
                **model,
                **env,
            },
            dotenv=None,
        )
        if self.settings.ledger_path is not None:
            write_ledger(self.settings.ledger_path)
        self.ledger = Ledger.open(self.settings.ledger_url, self.clock)
        self.ledger.migrate_if_older()
        self.start_cadence()
        self._start_web()

    def _start_web(self) -> None:
        self.web = build_web(self.settings, self.ledger, self.clock, wake=self.wake, engine=None)
        self.client = self.web.test_client()
        self._server = Loopback(self.web, name="cadence")
        self.github.set_webhook(self.app, f"{self._server.start()}/webhooks/github", SECRET)

    def reopen(self) -> None:
        """Restart: the same files are opened again, and nothing else of the process before is left."""
        self._server.stop()
        self.services.git.close()
        self.ledger.close()
        self.ledger = Ledger.open(self.settings.ledger_url, self.clock)
        self.start_cadence()
        self._start_web()

    def start_cadence(self) -> None:
        """Build the services; called again, it is a restart on the same ledger with an empty engine."""
        self.engine = InlineEngine(self.clock)
        self.services = build_services(self.settings, ledger=self.ledger, clock=self.clock, engine=self.engine)
        self.engine.flow = build_flow(self.services, self.engine.step)
        self.drainer = Drainer(
            self.ledger, self.engine.flow.deliver, self.wake, clock=self.clock, owner=self.settings.executor
        )

    def close(self) -> None:
        self._server.stop()
        self.services.git.close()
        close = getattr(self.services.model, "close", None)
        if close:
            close()
        self.github.stop()
        self.model.stop()
        self.ledger.close()

    # -- Cadence works ------------------------------------------------------------------------------------------
    def settle(self) -> None:
        """Deliver webhooks and run what is due until nothing is left to do now."""
        for _ in range(200):
            self.github.flush()
            handed = self._hand_over()
            ran = self.engine.run_due()
            if not handed and not ran:
                return
        raise AssertionError("Cadence never came to rest")

    def _hand_over(self) -> int:
        """Handle a lot of deliveries. A process that dies of one of them is started again."""
        try:
            return self.drainer.hand_over()
        except Crash:
            self.engine.crashes += 1
            self.drainer = Drainer(
                self.ledger, self.engine.flow.deliver, self.wake, clock=self.clock, owner=self.settings.executor
            )
            return 1

    def next_time(self) -> datetime | None:
        """When the next workflow or the next attempt at a delivery is due."""
        retries = [one.due_at for one in self.ledger.deliveries(status="failed")]
        return min((one for one in (self.engine.next_time(), *retries) if one is not None), default=None)

    def later(self, seconds: float = SETTLE + 5) -> None:
        """Let time pass, running what falls due on the way."""
        end = self.clock.now() + timedelta(seconds=seconds)
        self.settle()
        while (due := self.next_time()) is not None and due <= end:
            self.clock.advance_to(due)
            self.settle()
        self.clock.advance_to(end)
        self.settle()

    def sweep(self) -> None:
        """The timed look at everything unfinished."""
        self.engine.sweep()
        self.settle()

    # -- what people do -----------------------------------------------------------------------------------------
    def script(
        self, kind: str, reply: Reply | dict[str, Any], *, times: int | None = None, first: bool = False
    ) -> None:
        """Script the model's answers to one kind of question."""
        made = reply if isinstance(reply, Reply) else review(reply) if "verdict" in reply else answer(reply)
        self.model.add(Rule(kind, made, times=times), first=first)

    def script_all(self, change: dict[str, Any] = GOOD) -> None:
        """A good plan, and two approvals."""
        self.script("change_set", change)
        self.script("reasoning", verdict())
        self.script("efficiency", verdict())

    def label_blueprint(self, title: str = TITLE, body: str = BODY, *, author: str = OWNER, by: str = OWNER) -> int:
        """File an issue and label it, then let Cadence work."""
        issue = self.repo.file_issue(title, body, by=author)
        self.repo.label(issue, "blueprint", by=by)
        self.settle()
        return issue

    def ci(self, conclusion: str | None = "success", name: str = "tests", *, head: str | None = None) -> Any:
        """Another App's check run on the pull request's head; None leaves it in progress."""
        sha = head or self.pull().head_sha
        status = "completed" if conclusion else "in_progress"
        run = self.repo.create_check_run(self.ci_app, name=name, head_sha=sha, status=status, conclusion=conclusion)
        self.settle()
        return run

    def comment(self, issue: int, body: str, *, by: str = WRITER) -> None:
        """Comment on an issue or pull request, then let Cadence work."""
        self.clock.advance(2)
        self.repo.comment(issue, body, by=by)
        self.settle()

    # -- what can be seen ---------------------------------------------------------------------------------------
    def run(self, issue: int) -> RunEntry:
        run = self.ledger.latest_run(self.repo.id, IssueNumber(issue))  # type: ignore[arg-type]
        assert run is not None, f"no run for issue {issue}"
        return run

    def runs(self, issue: int) -> Sequence[RunEntry]:
        return self.ledger.runs_of_issue(self.repo.id, IssueNumber(issue))  # type: ignore[arg-type]

    def state(self, issue: int) -> RunState:
        return self.run(issue).state

    def end_state(self, issue: int) -> RunState:
        """The state after the watch: it ends soon where the base has no CI, else after the default 30 minutes."""
        for seconds in (SETTLE + 5, 31 * 60):
            if self.state(issue) is RunState.WATCHING:
                self.later(seconds)
        return self.state(issue)

    def pull(self) -> Any:
        """The newest pull request."""
        pulls = self.repo.pulls()
        assert pulls, "no pull request"
        return self.repo.pull(max(p.number for p in pulls))

    def checks(self, name: str, head: str | None = None) -> list[Any]:
        """Our check runs of that name on a head (the pull request's by default), oldest first."""
        runs = self.repo.check_runs(head or self.pull().head_sha)
        return [run for run in runs if run.name == name and run.app.id == self.app.app_id]

    def gate_codes(self, issue: int) -> list[str]:
        """The codes of the newest decision."""
        decision = self.ledger.newest_decision(self.run(issue).run_id)
        return [] if decision is None else [reason["code"] for reason in decision.reasons]

    def bot_comments(self, issue: int) -> list[str]:
        """What Cadence wrote on an issue."""
        return [c.body for c in self.repo.issue(issue).comments if c.user.login == self.app.bot_login]

    def status(self, issue: int) -> str:
        """The one status comment."""
        found = [body for body in self.bot_comments(issue) if "cadence:status" in body]
        assert len(found) == 1, f"{len(found)} status comments"
        return found[0]

    def asked(self, kind: str) -> list[str]:
        """The prompts of one kind that the model received."""
        return [asked.text for asked in self.model.requests if kind in asked.kind]

    def deliveries(self) -> list[tuple[str, str]]:
        """(status, reason) of every delivery, newest first."""
        return [(d.status, d.reason) for d in self.ledger.deliveries(1000)]

    def post(self, event: str, payload: dict[str, Any], *, guid: str = "guid-1", **headers: str) -> Any:
        """A signed POST, as GitHub sends it."""
        from bot.intake.signature import sign

        body = json.dumps(payload).encode()
        sent = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": guid,
            "X-GitHub-Hook-Installation-Target-Type": "integration",
            "X-GitHub-Hook-Installation-Target-ID": str(self.app.app_id),
            "X-Hub-Signature-256": sign(SECRET, body),
            **headers,
        }
        return self.client.post("/webhooks/github", data=body, headers=sent)

    def must_be_merged(self, issue: int) -> None:
        """The happy end, with all its evidence in place and nothing left over."""
        assert self.end_state(issue) is RunState.MERGED
        pull = self.repo.pull(self.run(issue).pull or 0)
        assert pull.merged_at is not None
        for name in (CHECK_REASONING, CHECK_EFFICIENCY, CHECK_GATE):
            newest = self.checks(name, pull.head_sha)[-1]
            assert (newest.status, newest.conclusion) == ("completed", "success"), name
        assert len([r for r in pull.reviews if r.commit_id == pull.head_sha]) == 2
        assert self.repo.issue(issue).state == "closed"
        assert self.repo.tip(f"cadence/issue-{issue}") is None
        assert "Merged" in self.status(issue)
        self.must_be_quiet()

    def must_be_quiet(self) -> None:
        """Nothing asked of the embedded parts that they do not model, and nothing unscripted."""
        assert not self.github.world.unmodelled
        assert not self.model.unmatched
