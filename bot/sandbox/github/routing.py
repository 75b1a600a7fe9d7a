"""The REST front: finds the route, authenticates, checks permissions, pages, counts the rate limit and logs."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bot.core.json_types import JsonDict
from bot.sandbox.github.accounts import Account
from bot.sandbox.github.answers import ApiError, RestAnswer, forbidden, not_found
from bot.sandbox.github.bare import GitError
from bot.sandbox.github.permissions import Caller, authenticate
from bot.sandbox.github.request_log import RequestPhase, RequestRecord
from bot.sandbox.github.state import Issue, Pull, Repository
from bot.sandbox.github.world import World

API_VERSION = "2022-11-28"
_NO_AGENT = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header."
_SLASHED = ("branch", "ref")


@dataclass(frozen=True)
class Incoming:
    """One HTTP request as it arrived; `path` starts after `/api/v3`, header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes


@dataclass
class RestCall:
    """What a route is given."""

    world: World
    caller: Caller
    params: Mapping[str, str]
    query: Mapping[str, str]
    body: JsonDict
    found: Repository | None = None

    @property
    def repo(self) -> Repository:
        """The repository of the path."""
        if self.found is None:
            raise not_found()
        return self.found

    @property
    def actor(self) -> Account:
        return self.caller.actor

    def number(self, name: str) -> int:
        """A numeric path parameter. Raises ApiError 404."""
        if not self.params[name].isdigit():
            raise not_found()
        return int(self.params[name])

    def require(self, needs: str) -> None:
        """Refuse unless the token satisfies the need."""
        if not self.caller.may(needs):
            raise forbidden(needs)

    def issue(self, *, write: bool = False) -> Issue:
        """The issue or conversation of the path; a plain issue also needs the permission `issues`."""
        issue = self.repo.issues.get(self.number("issue_number"))
        if issue is None:
            raise not_found()
        if issue.pull is None:
            self.require("issues=write" if write else "issues=read")
        return issue

    def pull(self) -> Pull:
        """The pull request of the path. Raises ApiError 404."""
        issue = self.repo.issues.get(self.number("pull_number"))
        if issue is None or issue.pull is None:
            raise not_found()
        return issue.pull


Handler = Callable[[RestCall], RestAnswer]


@dataclass(frozen=True)
class Route:
    """One endpoint. `auth` is `app` (JWT), `token` or `any`; `paged` names the list to cut ("" = the body itself)."""

    method: str
    template: str
    handler: Handler
    needs: str = ""
    auth: str = "token"
    paged: str | None = None
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        def group(match: re.Match[str]) -> str:
            name = match[1]
            return f"(?P<{name}>{'.+' if name in _SLASHED else '[^/]+'})"

        object.__setattr__(self, "pattern", re.compile(re.sub(r"\{(\w+)\}", group, self.template)))


class Routes:
    """The endpoints of one module, collected by decorator."""

    def __init__(self) -> None:
        self.all: list[Route] = []

    def on(
        self, method: str, template: str, needs: str = "", *, auth: str = "token", paged: str | None = None
    ) -> Callable[[Handler], Handler]:
        """Register the function as an endpoint; `needs` is written as `X-Accepted-GitHub-Permissions` writes it."""

        def keep(handler: Handler) -> Handler:
            self.all.append(Route(method, template, handler, needs, auth, paged))
            return handler

        return keep


class RestApi:
    """Answers REST requests against one world."""

    def __init__(self, world: World, routes: list[Route]) -> None:
        self._world = world
        # `{ref}` and `{branch}` swallow slashes, so `/commits/{ref}/status` has to be tried before `/commits/{ref}`.
        self._routes = sorted(routes, key=lambda route: -len(route.template))

    def handle(self, asked: Incoming) -> RestAnswer:
        """Answer one request and log it. Never raises for a bad request."""
        world = self._world
        body = _parsed(asked.raw)
        route, params = self._match(asked)
        entry = RequestRecord(
            asked.method, asked.path, route.template if route else asked.path, dict(asked.query), body, _kept(asked)
        )
        caller = Caller()
        try:
            _check_protocol(asked)
            caller = authenticate(world, asked.headers.get("authorization"))
            entry.app = caller.app.slug if caller.app else None
            answer = self._act(asked, route, RestCall(world, caller, params, asked.query, body or {}), entry)
        except ApiError as refused:
            answer = RestAnswer(refused.status, refused.body(), refused.headers)
        entry.status, entry.response = answer.status, _without_token(answer.body)
        world.requests.append(entry)
        return RestAnswer(answer.status, answer.body, {**self._limits(caller), **answer.headers})

    def _act(self, asked: Incoming, route: Route | None, call: RestCall, entry: RequestRecord) -> RestAnswer:
        world = self._world
        if route is None:
            world.unmodelled.append(f"{asked.method} {asked.path}")
            raise ApiError(501, f"THE SANDBOX DOES NOT MODEL {asked.method} {asked.path}")
        for phase in ("before", "after"):
            answer = None
            if phase == "after":
                answer = self._perform(route, call, asked)
            given = world.fault(RequestPhase(asked.method, route.template, asked.path, phase, entry.request, entry.app))
            if given is not None:
                return RestAnswer(*given)
        if answer is None:
            raise AssertionError("the second phase answers")
        return answer

    def _perform(self, route: Route, call: RestCall, asked: Incoming) -> RestAnswer:
        with self._world.lock:
            try:
                _admit(route, call)
                answer = route.handler(call)
            except GitError as broken:
                return RestAnswer(500, {"message": f"the sandbox's git failed: {broken}"})
            except ApiError as refused:
                return RestAnswer(refused.status, refused.body(), refused.headers)
        if route.paged is not None and answer.status == 200:
            answer = self._page(answer, route.paged, asked)
        return _conditional(answer, asked)

    def _match(self, asked: Incoming) -> tuple[Route | None, dict[str, str]]:
        for route in self._routes:
            if route.method == asked.method and (match := route.pattern.fullmatch(asked.path)):
                return route, match.groupdict()
        return None, {}

    def _page(self, answer: RestAnswer, key: str, asked: Incoming) -> RestAnswer:
        everything = answer.body[key] if key else answer.body
        size = min(_positive(asked.query.get("per_page"), 30), 100)
        page, last = _positive(asked.query.get("page"), 1), max(1, -(-len(everything) // size))
        part = everything[(page - 1) * size : page * size]
        links = {"first": 1, "prev": page - 1} if page > 1 else {}
        links.update({"next": page + 1, "last": last} if page < last else {})
        url = f"{self._world.site.api}{asked.path}"
        shown = [f'<{url}?{urlencode({**asked.query, "page": n})}>; rel="{rel}"' for rel, n in links.items()]
        headers = {**answer.headers, **({"Link": ", ".join(shown)} if shown else {})}
        return RestAnswer(answer.status, {**answer.body, key: part} if key else part, headers)

    def _limits(self, caller: Caller) -> dict[str, str]:
        world = self._world
        now = int(world.now().timestamp())
        who = f"installation {caller.token.installation.id}" if caller.token else f"app {caller.app}"
        hour = now // 3600
        used = world.spent[who, hour] = world.spent.get((who, hour), 0) + 1
        return {
            "X-RateLimit-Limit": str(world.rate_limit),
            "X-RateLimit-Remaining": str(max(0, world.rate_limit - used)),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str((hour + 1) * 3600),
            "X-RateLimit-Resource": "core",
            "X-GitHub-Request-Id": secrets.token_hex(8).upper(),
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": API_VERSION,
        }


def _check_protocol(asked: Incoming) -> None:
    if not asked.headers.get("user-agent"):
        raise ApiError(403, _NO_AGENT)
    version = asked.headers.get("x-github-api-version", API_VERSION)
    if version != API_VERSION:
        raise ApiError(400, f"Invalid API version: {version!r}. The sandbox only models {API_VERSION}.")
    if asked.raw and _parsed(asked.raw) is None:
        raise ApiError(400, "Problems parsing JSON")


def _admit(route: Route, call: RestCall) -> None:
    caller = call.caller
    if route.auth == "app" and (caller.app is None or caller.token is not None):
        raise ApiError(401, "A JSON web token could not be decoded")
    if route.auth == "token" and caller.token is None:
        raise ApiError(401, "Bad credentials" if caller.app else "Requires authentication")
    if "owner" in call.params:
        call.found = call.world.repository(call.params["owner"], call.params["repo"])
        if call.found is None or (route.auth == "token" and not caller.sees(call.found)):
            raise not_found()
    if route.needs and not caller.may(route.needs):
        raise forbidden(route.needs)
    if call.found and call.found.archived and route.method != "GET":
        raise ApiError(403, "Repository was archived so is read-only.")


def _without_token(body: Any) -> Any:
    """The log shows that a token was given, not the token."""
    return {**body, "token": "ghs_hidden"} if isinstance(body, dict) and "token" in body else body


def _conditional(answer: RestAnswer, asked: Incoming) -> RestAnswer:
    if asked.method != "GET" or answer.status != 200:
        return answer
    tag = f'W/"{hashlib.sha256(json.dumps(answer.body).encode()).hexdigest()}"'
    headers = {**answer.headers, "ETag": tag}
    if asked.headers.get("if-none-match") == tag:
        return RestAnswer(304, None, headers)
    return RestAnswer(200, answer.body, headers)


def _parsed(raw: bytes) -> Any:
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _kept(asked: Incoming) -> dict[str, str]:
    return {name: value for name, value in asked.headers.items() if name not in ("authorization", "cookie")}


def _positive(text: str | None, default: int) -> int:
    return int(text) if text and text.isdigit() and int(text) > 0 else default
