"""App JWTs and installation tokens: minted for one repository and the permissions of one step, kept while fresh.

Every call with an installation token is sent by `Tokens.call`, which replaces a token that GitHub refuses and keeps
the wait that GitHub asks of an installation.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TypeVar

import jwt
from github import Auth
from jwt.algorithms import AllowedRSAKeys, RSAAlgorithm

from bot.core.clock import Clock
from bot.core.errors import (
    Forbidden,
    GitHubError,
    InstallationGone,
    Limited,
    NotFound,
    SettingsInvalid,
    Unauthorized,
    Unprocessable,
)
from bot.core.names import InstallationId, RepoRef
from bot.github_api.failures import LEAST_WAIT
from bot.github_api.transport import Call, Transport

JWT_SECONDS = 540
"""GitHub refuses an `exp` more than ten minutes ahead of its own clock."""
JWT_BACKDATED_SECONDS = 60
TOKEN_LIVES = timedelta(hours=1)
REUSED_FOR_SECONDS = 25 * 60.0
"""A token lives an hour; a long git operation started with a kept one still has half an hour."""
FRESH_PAUSE_SECONDS = 1.0
"""A token just minted may be refused for a moment, until it has reached every server of GitHub's."""

Permissions = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Token:
    """An installation token, when it was minted and until when it is reused.

    Both times are wall-clock times of this machine: a monotonic clock stands still while the machine is suspended.
    """

    value: str = field(repr=False)
    minted: datetime
    until: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Whether it may be used at that time; not when the clock was set back to before the mint."""
        return self.minted <= now < self.until


class Tokens:
    """Proves the App to GitHub. Safe to use from several threads."""

    def __init__(self, transport: Transport, *, app_id: str, private_key: str, clock: Clock) -> None:
        self._transport = transport
        self._app_id = app_id
        self._key = private_key
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[object, ...], Token] = {}
        self._limited: dict[InstallationId, datetime] = {}

    def app(self) -> Auth.Auth:
        """The App's own proof, for calls about the App and its installations.

        Raises SettingsInvalid when the key cannot sign.
        """
        now = int(self._clock.now().timestamp())
        claims = {"iat": now - JWT_BACKDATED_SECONDS, "exp": now + JWT_SECONDS - JWT_BACKDATED_SECONDS}
        try:
            key = _read_key(self._key)
            signed = jwt.encode({**claims, "iss": self._app_id}, key, algorithm="RS256")  # type: ignore[arg-type]
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

    def call(self, installation: InstallationId, mint: Callable[[], Token], send: Callable[[str], T]) -> T:
        """Send with the token that `mint` gives. After a 401, which changed nothing, again with another token.

        While GitHub's last answer asked the installation to wait, nothing is sent. Raises Limited then, with the
        seconds that are left, Unauthorized when both tokens were refused, and whatever `send` raises.
        """
        self._wait_is_over(installation)
        try:
            return self._sent(installation, mint(), send)
        except Unauthorized:
            self._clock.sleep(FRESH_PAUSE_SECONDS)
        return self._sent(installation, mint(), send)

    def _sent(self, installation: InstallationId, token: Token, send: Callable[[str], T]) -> T:
        try:
            return send(token.value)
        except Unauthorized:
            self.forget(token)
            raise
        except Limited as error:
            seconds = LEAST_WAIT if error.after is None else error.after
            with self._lock:
                self._limited[installation] = self._clock.now() + timedelta(seconds=seconds)
            raise

    def _wait_is_over(self, installation: InstallationId) -> None:
        """GitHub bans integrations that go on while they are limited ("Best practices for using the REST API")."""
        with self._lock:
            until = self._limited.get(installation)
            left = (until - self._clock.now()).total_seconds() if until is not None else 0.0
            if left <= 0:
                self._limited.pop(installation, None)
                return
        raise Limited("GitHub's rate limit: GitHub asked this installation to wait", after=left, stated=True)

    def _kept_or_minted(
        self,
        key: tuple[object, ...],
        installation: InstallationId,
        permissions: Permissions,
        repositories: list[int] | None,
    ) -> Token:
        now = self._clock.now()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.is_fresh(now):
                return kept
        token = self._mint(installation, permissions, repositories)
        with self._lock:
            fresh = {one: have for one, have in self._kept.items() if have.is_fresh(now)}
            self._kept = {**fresh, key: token}
        return token

    def _mint(self, installation: InstallationId, permissions: Permissions, repositories: list[int] | None) -> Token:
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
        minted = self._clock.now()
        reused = min(timedelta(seconds=REUSED_FOR_SECONDS), _lifetime(data.get("expires_at"), minted) / 2)
        return Token(str(data["token"]), minted, minted + reused)


@lru_cache(maxsize=4)
def _read_key(pem: str) -> AllowedRSAKeys:
    # Read once: OpenSSL checks the primes of the key that it reads, which takes fifty times as long as a signature.
    # https://cryptography.io/en/latest/hazmat/primitives/asymmetric/serialization/ (unsafe_skip_rsa_key_validation)
    return RSAAlgorithm(RSAAlgorithm.SHA256).prepare_key(pem)


def _lifetime(expires_at: object, minted: datetime) -> timedelta:
    """How long GitHub lets the token live. An end before its beginning says that our clock is wrong, and no more."""
    try:
        left = datetime.fromisoformat(str(expires_at).replace("Z", "+00:00")) - minted
    except (ValueError, TypeError):
        return TOKEN_LIVES
    return left if left > timedelta() else TOKEN_LIVES


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
