"""Who is calling, what its token may do, and how a token is narrowed when it is minted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from jwt.types import Options

from bot.core.json_types import JsonDict
from bot.sandbox.github.accounts import Account, App
from bot.sandbox.github.answers import ApiError
from bot.sandbox.github.state import Installation, Repository, Token
from bot.sandbox.github.world import World

LEVELS = ("none", "read", "write", "admin")
MAX_JWT_SECONDS = 600
MAX_REPOSITORY_IDS = 500
_TIMES_UNCHECKED: Options = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


@dataclass(frozen=True)
class Caller:
    """The authenticated side of a request: an App by JWT (`token` is None), an installation, or no one."""

    app: App | None = None
    token: Token | None = None

    @property
    def actor(self) -> Account:
        """The bot account under whose name the call acts. Raises ApiError 401 where there is none."""
        if self.app is None:
            raise ApiError(401, "Requires authentication")
        return self.app.bot

    def sees(self, repo: Repository) -> bool:
        """Whether the token reaches this repository."""
        if self.token is None:
            return False
        listed = self.token.repository_ids
        return repo in self.token.installation.repositories and (listed is None or repo.id in listed)

    def may(self, needs: str) -> bool:
        """Whether the token satisfies `a=read,b=write; c=write` (`;` separates alternatives)."""
        return self.token is not None and allows(effective(self.token), needs)


def effective(token: Token) -> dict[str, str]:
    """The token's permissions, never more than the installation holds now."""
    held = token.installation.permissions
    return {
        name: min(level, held.get(name, "none"), key=LEVELS.index)
        for name, level in {"metadata": "read", **token.permissions}.items()
    }


def allows(granted: Mapping[str, str], needs: str) -> bool:
    """Whether one of the alternatives is granted in full; an empty need is always granted."""
    if not needs:
        return True
    for alternative in needs.split(";"):
        wanted = (part.strip().split("=") for part in alternative.split(","))
        if all(LEVELS.index(granted.get(name, "none")) >= LEVELS.index(level) for name, level in wanted):
            return True
    return False


def authenticate(world: World, header: str | None) -> Caller:
    """Read an `Authorization` header. Raises ApiError 401 for anything expired, forged or unknown."""
    if not header:
        return Caller()
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.casefold() == "basic":
        value = basic_password(value)
    elif scheme.casefold() not in ("bearer", "token"):
        raise ApiError(401, "Bad credentials")
    if value.startswith("eyJ"):
        if scheme.casefold() != "bearer":
            raise ApiError(401, "Bad credentials")
        return Caller(app=app_of_jwt(world, value))
    token = world.tokens.get(value)
    if token is None or token.expires_at <= world.now() or token.installation.deleted:
        raise ApiError(401, "Bad credentials")
    if token.installation.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    return Caller(app=token.installation.app, token=token)


def basic_password(value: str) -> str:
    """The password of Basic credentials. Raises ApiError 401."""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        raise ApiError(401, "Bad credentials") from None


def app_of_jwt(world: World, value: str) -> App:
    """The App whose key signed the JWT, its times compared with the world's clock. Raises ApiError 401."""
    undecodable = ApiError(401, "A JSON web token could not be decoded")
    try:
        claims: JsonDict = jwt.decode(value, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise undecodable from None
    issuer = str(claims.get("iss", ""))
    app = next((a for a in world.apps.values() if issuer in (str(a.id), f"Iv23li{a.id:014d}")), None)
    if app is None:
        raise ApiError(404, "Integration not found")
    try:
        jwt.decode(value, app.public_key_pem, algorithms=["RS256"], options=_TIMES_UNCHECKED)
    except jwt.InvalidTokenError:
        raise undecodable from None
    _check_times(claims, world.now().timestamp())
    return app


def _check_times(claims: JsonDict, now: float) -> None:
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or issued > now + 1:
        text = "must be an Integer representing the time that the assertion was issued"
        raise ApiError(401, f"'Issued at' claim ('iat') {text}")
    if not isinstance(expires, int) or expires <= now:
        text = "must be a numeric value representing the future time at which the assertion expires"
        raise ApiError(401, f"'Expiration time' claim ('exp') {text}")
    if expires > now + MAX_JWT_SECONDS:
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")


def mint_token(world: World, found: Installation, asked: JsonDict) -> Token:
    """`POST /app/installations/{id}/access_tokens`, narrowed as asked. Raises ApiError 403 and 422."""
    if found.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    permissions = asked.get("permissions")
    if permissions is not None:
        short = [
            name
            for name, level in permissions.items()
            if level not in LEVELS or LEVELS.index(found.permissions.get(name, "none")) < LEVELS.index(level)
        ]
        if short:
            raise ApiError(422, "The permissions requested are not granted to this installation.")
    granted = dict(permissions) if permissions is not None else dict(found.permissions)
    granted.setdefault("metadata", "read")
    return world.mint(found, repository_ids=_selected(found, asked), permissions=granted)


def _selected(found: Installation, asked: JsonDict) -> frozenset[int] | None:
    ids, names = asked.get("repository_ids"), asked.get("repositories")
    if ids is None and names is None:
        return None
    if len(ids or ()) > MAX_REPOSITORY_IDS:
        raise ApiError(422, f"You can only list up to {MAX_REPOSITORY_IDS} repositories.")
    by_id = {repo.id for repo in found.repositories}
    by_name = {repo.name.casefold(): repo.id for repo in found.repositories}
    wanted = set(ids or ()) | {by_name.get(name.casefold(), 0) for name in names or ()}
    if not wanted <= by_id:
        text = "There is at least one repository that does not exist or is not accessible to the parent installation."
        raise ApiError(422, text)
    return frozenset(wanted)
