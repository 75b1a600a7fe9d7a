"""The embedded GitHub: a world behind HTTP on a free loopback port, and what tests and the demo call.

    github = SandboxGitHub(directory)
    url = github.start()                      # REST at /api/v3, GraphQL at /api/graphql, git at /OWNER/REPO.git
    app = github.create_app("cadence", {"issues": "write"}, ["issues"], webhook_url=..., webhook_secret=...)
    repo = github.create_repository("octo", "shop", files={"README.md": "hello"})
    github.install(app, repo)
    number = repo.file_issue("Title", "Body", by="octo", labels=["blueprint"])

Everything that people do is a method of `SandboxRepository` (module `people`); everything that Apps do goes over HTTP.
`github.world` holds the state, the webhook queue, the request log and the fault callbacks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

from flask import Flask, Response, request

from bot.core.clock import Clock, SystemClock
from bot.sandbox.github import (
    git_http,
    graphql_api,
    merge_queue,
    rest_actions,
    rest_app,
    rest_checks,
    rest_issues,
    rest_pulls,
    rest_repositories,
)
from bot.sandbox.github.accounts import Account
from bot.sandbox.github.answers import RestAnswer
from bot.sandbox.github.apps import SandboxApp
from bot.sandbox.github.bare import Bare
from bot.sandbox.github.hooks import HookDelivery
from bot.sandbox.github.people import SandboxRepository
from bot.sandbox.github.request_log import FaultCallback, locked
from bot.sandbox.github.routing import Incoming, RestApi
from bot.sandbox.github.state import Installation, Repository
from bot.sandbox.github.world import World
from bot.sandbox.loopback import Loopback

_MODULES = (rest_app, rest_repositories, rest_issues, rest_pulls, rest_checks, rest_actions, graphql_api)
_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class SandboxGitHub:
    """One embedded GitHub. `directory` keeps its bare repositories; `clock` decides about every expiry and stamp."""

    def __init__(self, directory: Path, clock: Clock | None = None) -> None:
        self.world = World(directory.resolve(), clock or SystemClock())
        self.world.after_event = merge_queue.tend
        self.app = Flask("bot.sandbox", static_folder=None)
        self._rest = RestApi(self.world, [route for module in _MODULES for route in module.routes.all])
        self._loopback = Loopback(self.app, name="sandbox GitHub")
        self._mount()

    # -- serving -----------------------------------------------------------------------------------------------

    def _mount(self) -> None:
        def rest(path: str) -> Response:
            return self._reply(self._rest.handle(_incoming(f"/{path}")))

        def graphql() -> Response:
            return self._reply(self._rest.handle(_incoming("/graphql")))

        def git_info(owner: str, name: str) -> Response:
            return self._git("GET", owner, name, request.args.get("service", ""))

        def git_service(owner: str, name: str, service: str) -> Response:
            return self._git("POST", owner, name, service)

        add = self.app.add_url_rule
        add("/api/v3/<path:path>", "rest", rest, methods=_METHODS)
        add("/api/graphql", "graphql", graphql, methods=["POST"])
        add("/graphql", "graphql-root", graphql, methods=["POST"])
        add("/<owner>/<name>.git/info/refs", "git-info", git_info, methods=["GET"])
        add(
            "/<owner>/<name>.git/<any('git-upload-pack', 'git-receive-pack'):service>",
            "git",
            git_service,
            methods=["POST"],
        )

    def _git(self, method: str, owner: str, name: str, service: str) -> Response:
        if service not in git_http.SERVICES:
            return Response("Please upgrade your git client.\n", 403)
        asked = git_http.GitAsked(method, owner, name, service, _headers(), request.get_data())
        given = git_http.answer(self.world, asked)
        return Response(given.body, given.status, dict(given.headers))

    def _reply(self, answer: RestAnswer) -> Response:
        if answer.body is None:
            return Response(b"", answer.status, dict(answer.headers))
        if isinstance(answer.body, bytes | str):
            return Response(answer.body, answer.status, dict(answer.headers))
        text = json.dumps(answer.body)
        headers = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
        return Response(text, answer.status, headers)

    def start(self, port: int = 0) -> str:
        """Listen on 127.0.0.1 (`port` 0: a free one) and begin to deliver webhooks; gives the URL.

        Raises CadenceError `port.in_use`.
        """
        self.world.site.web = self._loopback.start(port)
        self.world.hooks.start()
        return self.url

    def stop(self) -> None:
        """Stop delivering and listening."""
        self.world.hooks.stop()
        self._loopback.stop()

    @property
    def url(self) -> str:
        return self.world.site.web

    # -- making the world --------------------------------------------------------------------------------------

    @locked
    def create_user(self, login: str, *, kind: str = "User") -> Account:
        """A person (or `kind="Organization"`). Raises ValueError when the login is taken."""
        return self.world.add_account(login, kind)

    @locked
    def create_app(
        self,
        slug: str,
        permissions: Mapping[str, str],
        events: list[str],
        *,
        webhook_url: str | None = None,
        webhook_secret: str | None = None,
        owner: str = "app-owner",
    ) -> SandboxApp:
        """Register an App; without a webhook URL no event is delivered to it (see `set_webhook`)."""
        account = self.world.ensure_account(owner)
        made = self.world.add_app(slug, account, permissions=dict(permissions), events=events)
        made.webhook_url, made.webhook_secret = webhook_url, webhook_secret
        return SandboxApp(made.id, slug, made.private_key_pem, webhook_secret, made.bot.login, made.bot.id, made)

    @locked
    def set_webhook(self, app: SandboxApp, url: str | None, secret: str | None) -> None:
        """Point the App's webhook somewhere else from now on."""
        app.state.webhook_url, app.state.webhook_secret = url, secret

    @locked
    def create_repository(
        self,
        owner: str,
        name: str,
        source: Path | None = None,
        files: Mapping[str, str | bytes] | None = None,
        *,
        default_branch: str | None = None,
        private: bool = False,
    ) -> SandboxRepository:
        """A repository from an existing local git repository, from files, or with nothing but a README.

        The default branch is the one asked for, else the source's current branch, else `main`.
        """
        account = self.world.ensure_account(owner)
        branch = default_branch or (_current_branch(source) if source else "main")
        made = self.world.add_repository(account, name, default_branch=branch, private=private)
        opened = SandboxRepository(self.world, made)
        if source is not None:
            self.world.bare(made).git("fetch", "--quiet", str(source.resolve()), "+refs/heads/*:refs/heads/*")
        else:
            opened.push_commit(files or {"README.md": f"# {name}\n"}, by=owner, message="Initial commit")
        return opened

    def repository(self, full_name: str) -> SandboxRepository:
        """The repository of that name. Raises KeyError."""
        owner, _, name = full_name.partition("/")
        found = self.world.repository(owner, name)
        if found is None:
            raise KeyError(full_name)
        return SandboxRepository(self.world, found)

    @locked
    def install(
        self, app: SandboxApp, repo: SandboxRepository, permissions: Mapping[str, str] | None = None
    ) -> Installation:
        """Install the App on one more repository, with the App's permissions or only those given."""
        return self.world.install(app.state, repo.state, dict(permissions) if permissions is not None else None)

    @locked
    def remove(self, app: SandboxApp, repo: SandboxRepository) -> None:
        """Take the repository out of the App's installation. Raises KeyError when it is not in one."""
        self.world.remove_repository(self._installation(app, repo.state), repo.state)

    @locked
    def suspend(self, app: SandboxApp, repo: SandboxRepository, *, suspended: bool = True) -> None:
        """Suspend (or unsuspend) the installation that holds the repository."""
        self.world.set_suspended(self._installation(app, repo.state), suspended)

    @locked
    def uninstall(self, app: SandboxApp, repo: SandboxRepository) -> None:
        """Delete the installation that holds the repository; its tokens end with it."""
        self.world.uninstall(self._installation(app, repo.state))

    def _installation(self, app: SandboxApp, repo: Repository) -> Installation:
        found = self.world.installation_of(app.state, repo)
        if found is None:
            raise KeyError(f"{app.slug} is not installed on {repo.full_name}")
        return found

    # -- webhooks and faults -----------------------------------------------------------------------------------

    def deliveries(self) -> list[HookDelivery]:
        """Every webhook delivery so far, sent or waiting."""
        return self.world.hooks.deliveries()

    def redeliver(self, guid: str) -> HookDelivery:
        """Send a past delivery again under its own GUID. Raises KeyError."""
        return self.world.hooks.redeliver(guid)

    def pause_hooks(self) -> None:
        self.world.hooks.pause()

    def resume_hooks(self) -> None:
        self.world.hooks.resume()

    def flush(self, timeout: float = 30.0) -> None:
        """Wait until every webhook that may be sent was sent. Raises TimeoutError."""
        self.world.hooks.flush(timeout)

    def on_request(self, callback: FaultCallback) -> Callable[[], None]:
        """See `World.on_request`."""
        return self.world.on_request(callback)


def _current_branch(source: Path) -> str:
    return Bare(source).text("symbolic-ref", "--short", "HEAD")


def _headers() -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _incoming(path: str) -> Incoming:
    return Incoming(request.method, path, request.args.to_dict(), _headers(), request.get_data())
