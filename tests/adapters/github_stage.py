"""A server on loopback that answers GitHub's paths as it is told, and the real client on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask, Response, request

from bot.core.names import InstallationId, RepoName, RepoRef, RepositoryId
from bot.github_api.client import GitHub
from bot.github_api.repository import RepositoryLink
from bot.github_api.tokens import Tokens
from bot.github_api.transport import Transport
from bot.github_api.urls import GitHubUrls
from bot.sandbox.loopback import Loopback
from tests.fakes.fake_clock import FakeClock

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = _KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
).decode()
PUBLIC = _KEY.public_key()
REF = RepoRef(RepositoryId(11), RepoName("octo", "shop"), InstallationId(7))


@dataclass(frozen=True)
class Seen:
    """One request as it came; `token` is what the Authorization header carries."""

    method: str
    path: str
    query: dict[str, str]
    token: str
    body: Any
    headers: dict[str, str]


Answer = Callable[[Seen], Response]


def told(data: Any = None, status: int = 200, **headers: str) -> Response:
    body = "" if data is None else json.dumps(data)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(body, status, content_type="application/json", headers=named)


def refused(status: int, message: str = "no", headers: Mapping[str, str] | None = None, **more: Any) -> Response:
    return Response(json.dumps({"message": message, **more}), status, content_type="application/json", headers=headers)


@dataclass
class Meter:
    """Keeps (method, route, status) of every request."""

    counted: list[tuple[str, str, int]] = field(default_factory=list)

    def count(self, method: str, route: str, status: int) -> None:
        self.counted.append((method, route, status))


class Server:
    """Answers in the order in which answers were put; tokens are minted automatically, `t-1`, `t-2`, ..."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.mints: list[Seen] = []
        self.answers: list[Response | Answer] = []
        self.mint_answers: list[Response] = []
        self._loopback = Loopback(self._app(), name="github")

    def _app(self) -> Flask:
        app = Flask("github")

        @app.route("/api/<path:path>", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        def everything(path: str) -> Response:
            seen = Seen(
                request.method,
                request.full_path.partition("?")[0].removeprefix("/api/v3").removeprefix("/api"),
                dict(request.args),
                request.headers.get("Authorization", "").partition(" ")[2],
                request.get_json(silent=True),
                dict(request.headers),
            )
            if path.endswith("/access_tokens"):
                self.mints.append(seen)
                return self.mint_answers.pop(0) if self.mint_answers else told({"token": f"t-{len(self.mints)}"}, 201)
            self.seen.append(seen)
            answer = self.answers.pop(0)
            return answer if isinstance(answer, Response) else answer(seen)

        return app

    def put(self, *answers: Response | Answer) -> Server:
        self.answers += answers
        return self

    def start(self) -> str:
        return self._loopback.start()

    def stop(self) -> None:
        self._loopback.stop()


class Stage:
    """The server, and the client's parts on it."""

    def __init__(self) -> None:
        self.server = Server()
        self.clock = FakeClock()
        self.meter = Meter()
        self.urls = GitHubUrls.from_setting(self.server.start())
        self.transport = Transport(self.urls, self.clock, self.meter.count)
        self.tokens = Tokens(self.transport, app_id="42", private_key=PEM, clock=self.clock)
        self.link = RepositoryLink(REF, self.transport, self.tokens, self.clock)

    def github(self) -> GitHub:
        return GitHub(urls=self.urls, app_id="42", private_key=PEM, clock=self.clock, count_request=self.meter.count)
