"""Sends the calls of one repository: fills the path, uses the least permissions, waits while GitHub is late."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from github import Auth

from bot.core.clock import Clock
from bot.core.errors import Unprocessable
from bot.core.names import RepoRef
from bot.effects.guard import side_effect
from bot.github_api.permissions import READ
from bot.github_api.tokens import Permissions, Tokens
from bot.github_api.transport import ApiCall, Transport, paged

T = TypeVar("T")

# Seconds. GitHub's servers agree with a delay: a commit, branch or pull request that was just made may be unknown to
# the next call, which is then refused with 422 and one of these messages. Seen for example in
# https://github.com/home-assistant/service-hub/issues/394 and https://github.com/octokit/octokit.rb/issues/622
LAG_PAUSES = (1.0, 2.0, 4.0)
_LAG_MESSAGES = ("no commit found for sha", "could not resolve to a node", "head invalid", "head ref must be")


class RepositoryLink:
    """Sends one repository's calls, each with a token of the least permissions."""

    def __init__(self, ref: RepoRef, transport: Transport, tokens: Tokens, clock: Clock) -> None:
        self.ref = ref
        self._transport = transport
        self._tokens = tokens
        self._clock = clock

    @property
    def web(self) -> str:
        """The address of the repository's page."""
        return f"{self._transport.urls.web}/{self.ref.name.owner}/{self.ref.name.name}"

    def read(self, route: str, permissions: Permissions = READ, **values: object) -> Any:
        """GET one object; `values` fill the route beside owner and repo."""
        call = ApiCall("GET", route, self._values(values))
        return self._with_token(permissions, lambda auth: self._transport.send(call, auth))[1]

    def listed(
        self,
        route: str,
        permissions: Permissions = READ,
        *,
        query: Mapping[str, object] | None = None,
        key: str | None = None,
        **values: object,
    ) -> Iterator[Any]:
        """GET every item of a list, page after page, as far as the caller reads; see `paged`."""
        # Each page takes its own token: a long list may outlive the first one.
        yield from paged(
            lambda page: self._with_token(permissions, lambda auth: self._transport.send(page, auth)),
            ApiCall("GET", route, self._values(values), query or {}),
            key,
        )

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        """The `repository` of a query that has `$owner` and `$name`.

        Raises NotFound when the installation cannot see the repository.
        """
        given = {"owner": self.ref.name.owner, "name": self.ref.name.name, **variables}
        data = self._with_token(READ, lambda auth: self._transport.graphql(query, given, auth))
        return dict(data["repository"] or {})

    @side_effect
    def mutate(self, mutation: str, permissions: Permissions, **variables: Any) -> dict[str, Any]:
        """Send a GraphQL mutation. Only functions marked `side_effect` call this."""
        return self._with_token(permissions, lambda auth: self._transport.mutate(mutation, variables, auth))

    def change(
        self,
        method: str,
        route: str,
        permissions: Permissions,
        *,
        body: Mapping[str, Any] | None = None,
        **values: object,
    ) -> Any:
        """Send a REST call that changes something. Only functions marked `side_effect` call this.

        A call that GitHub refused because it lags behind an earlier one is repeated after each of LAG_PAUSES; it
        changed nothing.
        """
        call = ApiCall(method, route, self._values(values), body=body)

        def send(auth: Auth.Auth) -> Any:
            for pause in LAG_PAUSES:
                try:
                    return self._transport.send(call, auth)[1]
                except Unprocessable as error:
                    if not any(message in error.summary.lower() for message in _LAG_MESSAGES):
                        raise
                self._clock.sleep(pause)
            return self._transport.send(call, auth)[1]

        return self._with_token(permissions, send)

    def _with_token(self, permissions: Permissions, send: Callable[[Auth.Auth], T]) -> T:
        return self._tokens.call(
            self.ref.installation_id,
            lambda: self._tokens.of(self.ref, permissions),
            lambda token: send(Auth.Token(token)),
        )

    def _values(self, values: Mapping[str, object]) -> dict[str, object]:
        return {"owner": self.ref.name.owner, "repo": self.ref.name.name, **values}
