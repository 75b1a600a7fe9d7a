"""One request to GitHub: sent through PyGithub's requester, counted, and answered with data or a typed error.

PyGithub's own retries, pauses and lazy objects are all off: a repeated POST makes a second comment, and a pause inside
the library would stop a worker for an hour.
"""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import quote

import requests
from github import Auth, Github
from github.Requester import Requester

from bot.core.clock import Clock
from bot.core.deadline import Deadline
from bot.core.errors import GitHubError
from bot.core.foreign_text import read_foreign
from bot.effects.guard import side_effect
from bot.github_api.failures import failure, graphql_failure, lost, mutation_failure
from bot.github_api.urls import GitHubUrls
from bot.github_api.watched import limited

API_VERSION = "2022-11-28"
"""2026-03-10 drops `merge_commit_sha`, and GitHub Enterprise Server knows it from 3.21 on only."""
ACCEPT = "application/vnd.github+json"
TIMEOUT_SECONDS = 20
"""From one piece of an answer to the next."""
WHOLE_ANSWER_SECONDS = 90.0
MOST_ANSWER_BYTES = 64 * 1024 * 1024
"""GitHub's largest JSON answers, file contents and trees, stay far below it."""
LATE = "no answer in time"
PER_PAGE = 100
MOST_PAGES = 30
KEPT_CONNECTIONS = 8

# At DEBUG the library prints answers whole, and with them freshly minted tokens.
logging.getLogger("github.Requester").setLevel(logging.INFO)


class Meter(Protocol):
    """Told of every request; `route` is GitHub's path template."""

    def request(self, method: str, route: str, status: int) -> None: ...


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `route` is GitHub's path template; `values` fill it, escaped. `body` is sent as JSON."""

    method: str
    route: str
    values: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    @property
    def path(self) -> str:
        """The path; a git ref keeps its slashes, everything else has them escaped."""
        shown = {key: quote(str(value), safe="/" if key == "ref" else "") for key, value in self.values.items()}
        return self.route.format(**shown)


class Transport:
    """Sends calls. Requesters are kept per thread and token, because the library promises no thread safety."""

    def __init__(self, urls: GitHubUrls, clock: Clock, meter: Meter) -> None:
        self._urls = urls
        self._clock = clock
        self._meter = meter
        self._local = threading.local()

    @property
    def web(self) -> str:
        """The address of GitHub's pages, without a slash at its end."""
        return self._urls.web

    def send(self, call: Call, auth: Auth.Auth | None) -> tuple[dict[str, str], Any]:
        """(headers in lower case, decoded JSON) of an answer below 300. Raises the typed errors of failures.py."""
        raw = {"Accept": ACCEPT}
        requester = self._requester(auth)
        with limited(WHOLE_ANSWER_SECONDS, MOST_ANSWER_BYTES) as deadline:
            try:
                status, headers, output = requester.requestJson(
                    call.method,
                    call.path,
                    {key: value for key, value in call.query.items() if value is not None} or None,
                    raw,
                    dict(call.body) if call.body is not None else None,
                )
            except requests.exceptions.RequestException as error:
                self._meter.request(call.method, call.route, 0)
                raise _unanswered(call.method, f"{call.method} {call.route}", error, deadline) from None
            except RuntimeError as error:
                # So the library tells of a redirect to another host or scheme.
                raise GitHubError(
                    f"{call.method} {call.route}: GitHub sends the call elsewhere",
                    code="github.redirected",
                    remedy="Check CADENCE_GITHUB_URL.",
                    log_lines=(str(error),),
                ) from None
        if deadline.passed:
            # Cut off among its headers, an answer looks like a whole one without a body.
            self._meter.request(call.method, call.route, 0)
            raise lost(call.method, f"{call.method} {call.route}: {LATE}")
        self._meter.request(call.method, call.route, status)
        seen = {str(key).lower(): str(value) for key, value in headers.items()}
        data = _decoded(output)
        if status >= 300:
            now = self._clock.now().timestamp()
            raise failure(method=call.method, route=call.route, status=status, headers=seen, data=data, now=now)
        return seen, data

    def graphql(self, query: str, variables: Mapping[str, Any], auth: Auth.Auth) -> dict[str, Any]:
        """The `data` of a query that had no errors at all. Raises ValueError for a mutation: see `mutate`."""
        if query.lstrip().startswith("mutation"):
            raise ValueError("a mutation is sent by `mutate`")
        status, headers, data = self._post_graphql(query, variables, auth, "GET")
        if status >= 300:
            now = self._clock.now().timestamp()
            raise failure(method="GET", route="/graphql", status=status, headers=headers, data=data, now=now)
        if not isinstance(data, dict) or data.get("errors") or not isinstance(data.get("data"), dict):
            raise graphql_failure((data.get("errors") if isinstance(data, dict) else None) or [])
        return dict(data["data"])

    @side_effect
    def mutate(self, mutation: str, variables: Mapping[str, Any], auth: Auth.Auth) -> dict[str, Any]:
        """The `data` of a mutation. Raises UnknownOutcome where it may have happened."""
        status, headers, data = self._post_graphql(mutation, variables, auth, "POST")
        if status >= 300:
            now = self._clock.now().timestamp()
            raise failure(method="POST", route="/graphql", status=status, headers=headers, data=data, now=now)
        if not isinstance(data, dict):
            raise lost("POST", "GitHub GraphQL: an answer that is not an object")
        if data.get("errors"):
            raise mutation_failure(data["errors"])
        return dict(data.get("data") or {})

    def _post_graphql(
        self, document: str, variables: Mapping[str, Any], auth: Auth.Auth, method: str
    ) -> tuple[int, dict[str, str], Any]:
        """Status, headers and decoded answer; `method` GET says that a lost answer changed nothing."""
        requester = self._requester(auth)
        with limited(WHOLE_ANSWER_SECONDS, MOST_ANSWER_BYTES) as deadline:
            try:
                status, headers, output = requester.requestJson(
                    "POST", requester.graphql_url, None, None, {"query": document, "variables": dict(variables)}
                )
            except requests.exceptions.RequestException as error:
                self._meter.request("POST", "/graphql", 0)
                raise _unanswered(method, "GitHub GraphQL", error, deadline) from None
        if deadline.passed:
            self._meter.request("POST", "/graphql", 0)
            raise lost(method, f"GitHub GraphQL: {LATE}")
        self._meter.request("POST", "/graphql", status)
        return status, {str(key).lower(): str(value) for key, value in headers.items()}, _decoded(output)

    def pages(self, call: Call, auth: Auth.Auth | None, key: str | None = None) -> Iterator[Any]:
        """Every item of a paged list, read with one proof; see `paged`."""
        return paged(lambda one: self.send(one, auth), call, key)

    def _requester(self, auth: Auth.Auth | None) -> Requester:
        kept: OrderedDict[str, Github] | None = getattr(self._local, "kept", None)
        if kept is None:
            kept = self._local.kept = OrderedDict()
        key = auth.token if auth is not None else ""
        client = kept.pop(key, None) or Github(
            auth=auth,
            base_url=self._urls.api,
            timeout=TIMEOUT_SECONDS,
            user_agent="cadence-bot",
            per_page=PER_PAGE,
            retry=None,
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
            api_version=API_VERSION,
        )
        kept[key] = client
        while len(kept) > KEPT_CONNECTIONS:
            kept.popitem(last=False)[1].close()
        return client.requester


def paged(send: Callable[[Call], tuple[dict[str, str], Any]], call: Call, key: str | None = None) -> Iterator[Any]:
    """Every item of a paged list, page after page; `key` names the list inside an object.

    Raises GitHubError `github.too_many` rather than leave items out in silence.
    """
    for number in range(1, MOST_PAGES + 1):
        query = {**call.query, "per_page": PER_PAGE, "page": number}
        headers, data = send(Call(call.method, call.route, call.values, query))
        yield from (data[key] if key else data)
        if 'rel="next"' not in headers.get("link", ""):
            return
    raise GitHubError(
        f"{call.route} has more than {MOST_PAGES * PER_PAGE} items",
        code="github.too_many",
        remedy="Cadence does not read lists this long.",
    )


def _decoded(output: object) -> Any:
    text = output if isinstance(output, str) else ""
    if not text.strip():
        return None
    unread = {"message": f"an answer that is not JSON, beginning {text[:80]!r}"}
    return read_foreign(lambda: json.loads(text), lambda _: unread)


def _unanswered(method: str, what: str, error: requests.exceptions.RequestException, deadline: Deadline) -> GitHubError:
    """What went wrong on the way, without the address the library adds (a query may hold names)."""
    if deadline.too_large and method in ("GET", "HEAD"):
        return GitHubError(f"{what}: the answer is too large", code="github.too_large", remedy="See the log.")
    if deadline.passed or isinstance(error, requests.exceptions.Timeout):
        return lost(method, f"{what}: {LATE}")
    return lost(method, f"{what}: no answer ({type(error).__name__})")
