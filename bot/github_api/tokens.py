"""App JWTs and installation tokens: minted for one repository and the permissions of one step, kept while fresh."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import jwt
from github import Auth

from bot.clock import Clock
from bot.errors import Forbidden, GitHubError, InstallationGone, NotFound, SettingsInvalid, Unauthorized, Unprocessable
from bot.github_api.transport import Call, Transport
from bot.names import InstallationId, RepoRef

JWT_SECONDS = 540
"""GitHub refuses an `exp` more than ten minutes ahead of its own clock."""
JWT_BACKDATED_SECONDS = 60
REUSED_FOR_SECONDS = 25 * 60.0
"""A token lives an hour; a long git operation started with a kept one still has half an hour."""
YOUNG_SECONDS = 10.0
"""A fresh token may be refused for some seconds, until it has reached every server."""

Permissions = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token and when it was minted (monotonic seconds)."""

    value: str = field(repr=False)
    minted: float


class Tokens:
    """Proves the App to GitHub. Safe to use from several threads."""

    def __init__(self, transport: Transport, *, app_id: str, private_key: str, clock: Clock) -> None:
        self._transport = transport
        self._app_id = app_id
        self._key = private_key
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[object, ...], Token] = {}

    def app(self) -> Auth.Auth:
        """The App's own proof, for calls about the App and its installations.

        Raises SettingsInvalid when the key cannot sign.
        """
        now = int(self._clock.now().timestamp())
        claims = {"iat": now - JWT_BACKDATED_SECONDS, "exp": now + JWT_SECONDS - JWT_BACKDATED_SECONDS}
        try:
            signed = jwt.encode({**claims, "iss": self._app_id}, self._key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            # `from None`: the cause may quote the key.
            raise SettingsInvalid(
                "the private key is not an RSA key in PEM form",
                remedy="Set CADENCE_PRIVATE_KEY (line ends as \\n) or CADENCE_PRIVATE_KEY_FILE to the App's key.",
            ) from None
        return Auth.AppAuthToken(signed)

    def of(self, ref: RepoRef, permissions: Permissions) -> Token:
        """A token for one repository and exactly these permissions; a kept one while it is young enough."""
        key = (ref.installation_id, ref.repository_id, *sorted(permissions.items()))
        return self._kept_or_minted(key, ref.installation_id, permissions, [int(ref.repository_id)])

    def of_installation(self, installation: InstallationId, permissions: Permissions) -> Token:
        """A token for every repository of an installation, for reading lists only."""
        key = (installation, None, *sorted(permissions.items()))
        return self._kept_or_minted(key, installation, permissions, None)

    def forget(self, token: Token) -> None:
        """Drop a token that GitHub no longer accepts."""
        with self._lock:
            self._kept = {key: kept for key, kept in self._kept.items() if kept.value != token.value}

    def is_young(self, token: Token) -> bool:
        """Whether the token may not have reached every server yet."""
        return self._clock.monotonic() - token.minted < YOUNG_SECONDS

    def _kept_or_minted(
        self,
        key: tuple[object, ...],
        installation: InstallationId,
        permissions: Permissions,
        repositories: list[int] | None,
    ) -> Token:
        now = self._clock.monotonic()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and now - kept.minted < REUSED_FOR_SECONDS:
                return kept
        token = Token(self._mint(installation, permissions, repositories), self._clock.monotonic())
        with self._lock:
            fresh = {one: have for one, have in self._kept.items() if now - have.minted < REUSED_FOR_SECONDS}
            self._kept = {**fresh, key: token}
        return token

    def _mint(self, installation: InstallationId, permissions: Permissions, repositories: list[int] | None) -> str:
        body: dict[str, object] = {"permissions": dict(permissions)}
        if repositories is not None:
            body["repository_ids"] = repositories
        route = "/app/installations/{installation_id}/access_tokens"
        call = Call("POST", route, {"installation_id": installation}, body=body)
        try:
            _, data = self._transport.send(call, self.app())
        except NotFound:
            raise InstallationGone(
                f"installation {installation} is gone", remedy="Install the App on the repository again."
            ) from None
        except Unprocessable as error:
            raise _refused(error, permissions) from error
        except Unauthorized as error:
            raise Unauthorized(error.summary, remedy=error.remedy) from None
        return str(data["token"])


def _refused(error: Unprocessable, permissions: Permissions) -> GitHubError:
    """One permission not granted fails the whole mint; so does a repository that was taken out."""
    if "permission" in error.summary.lower():
        wanted = ", ".join(f"{name}: {level}" for name, level in sorted(permissions.items()))
        return Forbidden(
            f"the installation has not granted {wanted}",
            remedy="Its owner accepts the App's permissions in GitHub's settings; compare them with app.yml.",
        )
    return InstallationGone(
        "the repository is not in the installation any more", remedy="Add it to the App's installation again."
    )
