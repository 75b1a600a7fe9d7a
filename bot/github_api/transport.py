"""Sends one request to GitHub through PyGithub's requester, counts it, and returns data or raises a typed error."""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

import requests
from github import Auth, Github
from github.Requester import Requester

from bot.core.clock import Clock
from bot.core.deadline import Deadline
from bot.core.errors import GitHubError
from bot.core.foreign_text import read_foreign
from bot.effects.guard import before_sending, side_effect
from bot.github_api.api_errors import mutation_error, no_answer, query_error, rest_error
from bot.github_api.urls import GitHubUrls
from bot.github_api.watched import limited

# Version 2026-03-10 removes `merge_commit_sha` from pull requests, and GitHub Enterprise Server knows it only from 3.21
# on. https://docs.github.com/en/rest/about-the-rest-api/breaking-changes
API_VERSION = "2022-11-28"
ACCEPT = "application/vnd.github+json"
GRAPHQL = "/graphql"
TIMEOUT_SECONDS = 20
"""The longest wait for the next piece of an answer."""
WHOLE_ANSWER_SECONDS = 90.0
MOST_ANSWER_BYTES = 64 * 1024 * 1024
"""GitHub's largest JSON answers (file contents and trees) stay far below it."""
LATE = "no answer in time"
# The largest page that REST gives. https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
PER_PAGE = 100
MOST_PAGES = 30
KEPT_CONNECTIONS = 8

# At DEBUG PyGithub logs whole answers, and with them freshly minted tokens (seen with 2.10).
logging.getLogger("github.Requester").setLevel(logging.INFO)

CountRequest = Callable[[str, str, int], None]
"""Called once per request with (method, GitHub's path template, status); status 0 is a request without an answer."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One REST call. `route` is GitHub's path template, which `values` fill; `body` is sent as JSON."""

    method: str
    route: str
    values: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, object] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None

    @property
    def path(self) -> str:
        """The path with its values, escaped."""
        # GitHub answers 404 for an unescaped slash in a value. Only a git ref is a path of several parts.
        # https://docs.github.com/en/rest/git/refs#get-a-reference
        escaped = {key: quote(str(value), safe="/" if key == "ref" else "") for key, value in self.values.items()}
        return self.route.format(**escaped)


class Transport:
    """Sends REST and GraphQL calls to one GitHub. Safe to use from several threads."""

    def __init__(self, urls: GitHubUrls, clock: Clock, count_request: CountRequest) -> None:
        self.urls = urls
        self._clock = clock
        self._count_request = count_request
        # PyGithub promises no thread safety, so each thread keeps its own clients.
        self._local = threading.local()

    def send(self, call: ApiCall, auth: Auth.Auth | None) -> tuple[dict[str, str], Any]:
        """(headers with names in lower case, decoded JSON) of an answer with a status below 300.

        Raises the typed errors of api_errors.py.
        """
        return self._exchange(call, auth, is_read=call.method in ("GET", "HEAD"))

    def graphql(self, query: str, variables: Mapping[str, Any], auth: Auth.Auth) -> dict[str, Any]:
        """The `data` of a query that was answered without errors. Raises ValueError for a mutation: see `mutate`."""
        if query.lstrip().startswith("mutation"):
            raise ValueError("a mutation is sent by `mutate`")
        data = self._post_graphql(query, variables, auth, is_read=True)
        if not isinstance(data, dict) or data.get("errors") or not isinstance(data.get("data"), dict):
            raise query_error((data.get("errors") if isinstance(data, dict) else None) or [])
        return dict(data["data"])

    @side_effect
    def mutate(self, mutation: str, variables: Mapping[str, Any], auth: Auth.Auth) -> dict[str, Any]:
        """The `data` of a mutation. Raises UnknownOutcome where it may have happened."""
        data = self._post_graphql(mutation, variables, auth, is_read=False)
        if not isinstance(data, dict):
            raise no_answer("POST", "GitHub GraphQL: an answer that is not an object")
        if data.get("errors"):
            raise mutation_error(data["errors"])
        return dict(data.get("data") or {})

    def _post_graphql(self, document: str, variables: Mapping[str, Any], auth: Auth.Auth, *, is_read: bool) -> Any:
        # One endpoint takes every query and mutation, always by POST.
        # https://docs.github.com/en/graphql/guides/forming-calls-with-graphql
        body = {"query": document, "variables": dict(variables)}
        return self._exchange(ApiCall("POST", GRAPHQL, body=body), auth, is_read=is_read)[1]

    def _exchange(self, call: ApiCall, auth: Auth.Auth | None, *, is_read: bool) -> tuple[dict[str, str], Any]:
        """Send one request. `is_read` says that a lost answer changed nothing, so that the error is Unavailable."""
        method = "GET" if is_read else call.method
        summary = "GitHub GraphQL" if call.route == GRAPHQL else f"{call.method} {call.route}"
        requester = self._requester(auth)
        with limited(WHOLE_ANSWER_SECONDS, MOST_ANSWER_BYTES, None if is_read else before_sending) as deadline:
            try:
                status, headers, output = requester.requestJson(
                    call.method,
                    requester.graphql_url if call.route == GRAPHQL else call.path,
                    {key: value for key, value in call.query.items() if value is not None} or None,
                    None if call.route == GRAPHQL else {"Accept": ACCEPT},
                    dict(call.body) if call.body is not None else None,
                )
            except requests.exceptions.RequestException as error:
                self._count_request(call.method, call.route, 0)
                raise _connection_error(method, f"{summary} at {self.urls.host}", error, deadline) from None
            except RuntimeError as error:
                # This is how PyGithub reports a redirect to another host or scheme, which it refuses to follow.
                raise GitHubError(
                    f"{summary}: GitHub redirects the call to another address",
                    code="github.redirected",
                    remedy="Check CADENCE_GITHUB_URL.",
                    log_lines=(str(error),),
                ) from None
        if deadline.passed:
            # A connection that was cut while its headers arrived looks like a whole answer without a body.
            self._count_request(call.method, call.route, 0)
            raise no_answer(method, f"{summary}: {LATE}")
        self._count_request(call.method, call.route, status)
        lowered = {str(key).lower(): str(value) for key, value in headers.items()}
        data = _decoded(output)
        if status >= 300:
            now = self._clock.now().timestamp()
            raise rest_error(method=method, route=call.route, status=status, headers=lowered, data=data, now=now)
        return lowered, data

    def _requester(self, auth: Auth.Auth | None) -> Requester:
        """This thread's requester for one token; the least recently used ones are closed."""
        clients: OrderedDict[str, Github] | None = getattr(self._local, "clients", None)
        if clients is None:
            clients = self._local.clients = OrderedDict()
        key = auth.token if auth is not None else ""
        client = clients.pop(key, None) or Github(
            auth=auth,
            base_url=self.urls.api,
            timeout=TIMEOUT_SECONDS,
            # GitHub refuses a request without a user agent.
            # https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
            user_agent="cadence-bot",
            per_page=PER_PAGE,
            # PyGithub's default repeats a POST on every 5xx, which makes a second comment, and sleeps up to an hour
            # until a rate limit resets. Cadence decides itself what is safe to repeat.
            # https://pygithub.readthedocs.io/en/stable/github.html
            retry=None,
            # Its pauses count for one object only; the write slots of the ledger are shared by all processes.
            seconds_between_requests=None,
            seconds_between_writes=None,
            lazy=True,
            api_version=API_VERSION,
        )
        clients[key] = client
        while len(clients) > KEPT_CONNECTIONS:
            clients.popitem(last=False)[1].close()
        return client.requester


def paged(
    send: Callable[[ApiCall], tuple[dict[str, str], Any]], call: ApiCall, key: str | None = None
) -> Iterator[Any]:
    """Every item of a paged list, page after page as the caller reads; `key` names the list inside an object.

    Raises GitHubError `github.too_many` after MOST_PAGES pages, so that no item is left out silently.
    """
    for number in range(1, MOST_PAGES + 1):
        query = {**call.query, "per_page": PER_PAGE, "page": number}
        headers, data = send(replace(call, query=query))
        yield from (data[key] if key else data)
        # A short page is not a last one: only the `link` header tells whether another page follows.
        # https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api#using-link-headers
        if 'rel="next"' not in headers.get("link", ""):
            return
    raise GitHubError(
        f"{call.route} has more than {MOST_PAGES * PER_PAGE} items",
        code="github.too_many",
        remedy="Cadence does not read lists this long.",
    )


def _decoded(output: object) -> Any:
    # A proxy may answer with HTML. It is treated as an object with a message, as GitHub's own errors are.
    text = output if isinstance(output, str) else ""
    if not text.strip():
        return None
    unread = {"message": f"an answer that is not JSON, beginning {text[:80]!r}"}
    return read_foreign(lambda: json.loads(text), lambda _: unread)


def _connection_error(
    method: str, summary: str, error: requests.exceptions.RequestException, deadline: Deadline
) -> GitHubError:
    # The text of `error` is left out: requests puts the address into it, and a query may hold names.
    if deadline.too_large and method in ("GET", "HEAD"):
        return GitHubError(f"{summary}: the answer is too large", code="github.too_large", remedy="See the log.")
    if deadline.passed or isinstance(error, requests.exceptions.Timeout):
        return no_answer(method, f"{summary}: {LATE}")
    return no_answer(method, f"{summary}: no answer ({type(error).__name__})")
