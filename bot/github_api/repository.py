"""The line to one repository: fills the path, takes the step's token, bridges the seconds in which GitHub lags."""

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
from bot.github_api.transport import Call, Transport, paged

T = TypeVar("T")

LAG_PAUSES = (1.0, 2.0, 4.0)
"""Seconds. A commit, branch or pull request just made may be unknown to GitHub's other servers for a moment."""
_LAG_WORDS = ("no commit found for sha", "could not resolve to a node", "head invalid", "head ref must be")


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
        return f"{self._transport.web}/{self.ref.name.owner}/{self.ref.name.name}"

    def read(self, route: str, permissions: Permissions = READ, **values: object) -> Any:
        """GET one thing."""
        return self._with_token(
            permissions, lambda auth: self._transport.send(Call("GET", route, self._values(values)), auth)[1]
        )

    def listed(
        self,
        route: str,
        permissions: Permissions = READ,
        *,
        query: Mapping[str, object] | None = None,
        key: str | None = None,
        **values: object,
    ) -> Iterator[Any]:
        """GET every item of a list, page after page, as far as the caller reads."""
        call = Call("GET", route, self._values(values), query or {})

        def send(one: Call) -> tuple[dict[str, str], Any]:
            return self._with_token(permissions, lambda auth: self._transport.send(one, auth))

        yield from paged(send, call, key)

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        """The repository's part of a query that has `$owner` and `$name`.

        Raises NotFound when the installation cannot see the repository.
        """
        named = {"owner": self.ref.name.owner, "name": self.ref.name.name, **variables}
        data = self._with_token(READ, lambda auth: self._transport.graphql(query, named, auth))
        return dict(data["repository"] or {})

    @side_effect
    def mutate(self, mutation: str, permissions: Permissions, **variables: Any) -> dict[str, Any]:
        """A GraphQL mutation; only functions that are locked to the effect gateway call this."""
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
        """A mutating call; only functions that are locked to the effect gateway call this."""
        call = Call(method, route, self._values(values), body=body)
        return self._with_token(permissions, lambda auth: self._past_the_lag(call, auth))

    def _past_the_lag(self, call: Call, auth: Auth.Auth) -> Any:
        """Repeat a call that GitHub refused for not knowing yet what it has just been given: nothing was made."""
        for pause in LAG_PAUSES:
            try:
                return self._transport.send(call, auth)[1]
            except Unprocessable as error:
                if not any(word in error.summary.lower() for word in _LAG_WORDS):
                    raise
            self._clock.sleep(pause)
        return self._transport.send(call, auth)[1]

    def _with_token(self, permissions: Permissions, send: Callable[[Auth.Auth], T]) -> T:
        """Send with a kept or fresh token."""
        return self._tokens.call(
            self.ref.installation_id,
            lambda: self._tokens.of(self.ref, permissions),
            lambda token: send(Auth.Token(token)),
        )

    def _values(self, values: Mapping[str, object]) -> dict[str, object]:
        return {"owner": self.ref.name.owner, "repo": self.ref.name.name, **values}
