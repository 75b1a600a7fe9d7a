"""App JWTs and installation tokens. A token is minted for one repository and one step's permissions, and reused.

`Tokens.call` sends every call that uses an installation token: it replaces a token that GitHub refuses, and sends
nothing while GitHub asked the installation to wait.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

import jwt
from github import Auth

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
from bot.github_api.api_errors import LEAST_WAIT
from bot.github_api.transport import ApiCall, Transport

# GitHub refuses an `exp` more than ten minutes ahead of its own clock, and advises an `iat` 60 seconds in the past
# against clock drift.
# https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
JWT_SECONDS = 540
JWT_BACKDATED_SECONDS = 60
# An installation token lives one hour.
# https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
TOKEN_LIVES = timedelta(hours=1)
# A long git operation that starts with a reused token still has half an hour.
REUSED_FOR_SECONDS = 25 * 60.0
# A fresh token may be refused for some seconds, until it has reached every server of GitHub's.
FRESH_PAUSE_SECONDS = 1.0

Permissions = Mapping[str, str]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class InstallationToken:
    """An installation token, when it was minted and until when it is reused (this machine's wall clock)."""

    # An opaque text: since April 2026 a token has about 520 characters with dots and dashes, so nothing parses it.
    # https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/authenticating-as-a-github-app-installation
    value: str = field(repr=False)
    # Not monotonic times: a monotonic clock may not advance while the machine is suspended, but the token ages.
    minted: datetime
    until: datetime

    def is_fresh(self, now: datetime) -> bool:
        """Whether it may be used at that time. False when the clock was set back to before the mint."""
        return self.minted <= now < self.until


class Tokens:
    """Mints and keeps the App's credentials. Safe to use from several threads."""

    def __init__(self, transport: Transport, *, app_id: str, private_key: str, clock: Clock) -> None:
        self._transport = transport
        self._app_id = app_id
        self._key = private_key
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[tuple[object, ...], InstallationToken] = {}
        self._limited_until: dict[InstallationId, datetime] = {}

    def app(self) -> Auth.Auth:
        """A signed JWT, for calls about the App and its installations. Raises SettingsInvalid for an unusable key."""
        now = int(self._clock.now().timestamp())
        claims = {"iat": now - JWT_BACKDATED_SECONDS, "exp": now + JWT_SECONDS - JWT_BACKDATED_SECONDS}
        try:
            key = _read_key(self._key)
            signed = jwt.encode({**claims, "iss": self._app_id}, key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            # `from None`: the cause may quote the key.
            raise SettingsInvalid(
                "the private key is not an RSA key in PEM form",
                remedy="Set CADENCE_PRIVATE_KEY (line ends as \\n) or CADENCE_PRIVATE_KEY_FILE to the App's key.",
            ) from None
        return Auth.AppAuthToken(signed)

    def of(self, ref: RepoRef, permissions: Permissions) -> InstallationToken:
        """A token for one repository and exactly these permissions; reused for up to REUSED_FOR_SECONDS.

        Raises InstallationGone, Forbidden (a permission is not granted), Suspended, Unauthorized or Limited.
        """
        return self._kept_or_minted(ref.installation_id, permissions, [int(ref.repository_id)])

    def of_installation(self, installation: InstallationId, permissions: Permissions) -> InstallationToken:
        """A token for every repository of an installation, used only to read lists. Raises as `of` does."""
        return self._kept_or_minted(installation, permissions, None)

    def call(self, installation: InstallationId, mint: Callable[[], InstallationToken], send: Callable[[str], T]) -> T:
        """Send with the token that `mint` gives; after a 401 again with another token.

        Raises Limited, with the seconds that are left, while GitHub asked the installation to wait; Unauthorized when
        both tokens were refused; and whatever `mint` and `send` raise.
        """
        # GitHub bans integrations that continue while they are limited.
        # https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
        with self._lock:
            until = self._limited_until.get(installation)
            left = (until - self._clock.now()).total_seconds() if until is not None else 0.0
            if left <= 0:
                self._limited_until.pop(installation, None)
        if left > 0:
            raise Limited("GitHub's rate limit: GitHub asked this installation to wait", after=left, stated=True)
        try:
            return self._send_once(installation, mint(), send)
        except Unauthorized:
            # GitHub checks the credentials first, so a call answered with 401 changed nothing.
            self._clock.sleep(FRESH_PAUSE_SECONDS)
        return self._send_once(installation, mint(), send)

    def _send_once(self, installation: InstallationId, token: InstallationToken, send: Callable[[str], T]) -> T:
        try:
            return send(token.value)
        except Unauthorized:
            with self._lock:
                self._kept = {key: kept for key, kept in self._kept.items() if kept.value != token.value}
            raise
        except Limited as error:
            # The limit counts for the whole installation, whatever token was used.
            seconds = LEAST_WAIT if error.after is None else error.after
            with self._lock:
                self._limited_until[installation] = self._clock.now() + timedelta(seconds=seconds)
            raise

    def _kept_or_minted(
        self, installation: InstallationId, permissions: Permissions, repositories: list[int] | None
    ) -> InstallationToken:
        key, now = (installation, *(repositories or ()), *sorted(permissions.items())), self._clock.now()
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None and kept.is_fresh(now):
                return kept
        token = self._mint(installation, permissions, repositories)
        with self._lock:
            self._kept = {other: kept for other, kept in self._kept.items() if kept.is_fresh(now)} | {key: token}
        return token

    def _mint(
        self, installation: InstallationId, permissions: Permissions, repositories: list[int] | None
    ) -> InstallationToken:
        # Without `repository_ids` the token is for every repository of the installation.
        # https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
        body: dict[str, object] = {"permissions": dict(permissions)}
        if repositories is not None:
            body["repository_ids"] = repositories
        route = "/app/installations/{installation_id}/access_tokens"
        call = ApiCall("POST", route, {"installation_id": installation}, body=body)
        try:
            _, data = self._transport.send(call, self.app())
        except NotFound:
            raise InstallationGone(
                f"installation {installation} is gone", remedy="Install the App on the repository again."
            ) from None
        except Unprocessable as error:
            raise _mint_refused(error, permissions) from error
        except Unauthorized as error:
            # `from None`: the cause holds the request, and with it the JWT.
            raise Unauthorized(error.summary, remedy=error.remedy) from None
        minted = self._clock.now()
        try:
            lifetime = datetime.fromisoformat(str(data.get("expires_at")).replace("Z", "+00:00")) - minted
        except (ValueError, TypeError):
            lifetime = TOKEN_LIVES
        # An end before the mint only shows that this machine's clock is wrong.
        lifetime = lifetime if lifetime > timedelta() else TOKEN_LIVES
        reused = min(timedelta(seconds=REUSED_FOR_SECONDS), lifetime / 2)
        return InstallationToken(str(data["token"]), minted, minted + reused)


@lru_cache(maxsize=4)
def _read_key(pem: str) -> Any:
    # Read once: OpenSSL checks the primes of every RSA key that it reads, which takes far longer than a signature.
    # https://cryptography.io/en/latest/hazmat/primitives/asymmetric/serialization/
    return jwt.get_algorithm_by_name("RS256").prepare_key(pem)


def _mint_refused(error: Unprocessable, permissions: Permissions) -> GitHubError:
    # GitHub answers 422 when one permission is not granted, and also when a repository is not in the installation.
    # https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app
    if "permission" in error.summary.lower():
        wanted = ", ".join(f"{name}: {level}" for name, level in sorted(permissions.items()))
        return Forbidden(
            f"the installation has not granted {wanted}",
            remedy="Its owner accepts the App's permissions in GitHub's settings; compare them with app.yml.",
        )
    return InstallationGone(
        "the repository is not in the installation any more", remedy="Add it to the App's installation again."
    )
