"""A small sandbox with one repository, two Apps and a client that speaks raw HTTP: what the sandbox tests share."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import requests

from bot.sandbox.github.apps import SandboxApp
from bot.sandbox.github.people import SandboxRepository
from bot.sandbox.github.server import SandboxGitHub

PERMISSIONS = {
    "issues": "write",
    "pull_requests": "write",
    "contents": "write",
    "checks": "write",
    "statuses": "read",
    "actions": "read",
}
EVENTS = ["issues", "issue_comment", "pull_request", "pull_request_review", "status", "push"]
SECRET = "It's a Secret to Everybody"


class Moment:
    """A clock that stands still until told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return time.monotonic()


@dataclass
class Client:
    """One App's calls; every answer is a `requests.Response`."""

    github: SandboxGitHub
    app: SandboxApp
    token: str = field(default="", repr=False)
    headers: dict[str, str] = field(default_factory=lambda: {"User-Agent": "tests"})

    def app_jwt(self, **claims: Any) -> str:
        now = int(self.github.world.now().timestamp())
        return jwt.encode(
            {"iat": now - 60, "exp": now + 300, "iss": str(self.app.app_id), **claims},
            self.app.private_key_pem,
            algorithm="RS256",
        )

    def mint(self, installation: int, **asked: Any) -> requests.Response:
        return self.call("POST", f"/app/installations/{installation}/access_tokens", asked, auth=self.app_jwt())

    def call(self, method: str, path: str, body: Any = None, *, auth: str | None = None) -> requests.Response:
        headers = {**self.headers, "Authorization": f"Bearer {auth or self.token}"}
        return requests.request(method, f"{self.github.url}/api/v3{path}", json=body, headers=headers, timeout=20)

    def graphql(self, query: str, **variables: Any) -> Any:
        headers = {**self.headers, "Authorization": f"bearer {self.token}"}
        body = {"query": query, "variables": variables}
        return requests.post(f"{self.github.url}/api/graphql", json=body, headers=headers, timeout=20).json()


@dataclass
class Stage:
    """The sandbox, its repository `octo/shop`, and the App `cadence` with a token for everything it may."""

    github: SandboxGitHub
    clock: Moment
    app: SandboxApp
    repo: SandboxRepository
    installation: int
    client: Client

    def branch(self, name: str, files: dict[str, str] | None = None, *, by: str = "octo") -> str:
        return self.repo.push_commit(files or {"feature.txt": "new\n"}, by=by, branch=name, message=f"Work on {name}")

    def pull(self, branch: str = "cadence/issue-1", **rest: Any) -> int:
        """A pull request of the App, opened over HTTP."""
        asked = {"title": "A change", "head": branch, "base": "main", "body": "", **rest}
        answer = self.client.call("POST", "/repos/octo/shop/pulls", asked)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["number"])

    def narrowed(self, **permissions: str) -> Client:
        """A client whose token holds only those permissions."""
        made = self.client.mint(self.installation, permissions=permissions)
        assert made.status_code == 201, made.text
        return Client(self.github, self.app, made.json()["token"])


def open_stage(directory: Any) -> Stage:
    """Start a sandbox; the caller stops it."""
    clock = Moment()
    github = SandboxGitHub(directory, clock)
    github.start()
    app = github.create_app("cadence", PERMISSIONS, EVENTS)
    files = {"README.md": "# shop\n", "src/a.py": "".join(f"line {n}\n" for n in range(1, 21))}
    repo = github.create_repository("octo", "shop", files=files)
    installation = github.install(app, repo).id
    client = Client(github, app)
    client.token = client.mint(installation).json()["token"]
    return Stage(github, clock, app, repo, installation, client)
