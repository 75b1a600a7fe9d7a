"""GitHub's error answers, translated once: by status, headers and words into typed errors.

Sources: GitHub's pages "Troubleshooting the REST API", "Rate limits for the REST API" and "Best practices".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.errors import (
    Forbidden,
    GitHubError,
    HeadMoved,
    Limited,
    NotFound,
    NotMergeable,
    Suspended,
    Unauthorized,
    Unavailable,
    UnknownOutcome,
    Unprocessable,
)

LONGEST_WAIT = 3700.0
"""Seconds: a primary limit resets within the hour."""

LEAST_WAIT = 60.0
"""GitHub: without a header that says how long, wait at least a minute ("Rate limits for the REST API")."""

_LIMIT_WORDS = ("secondary rate limit", "rate limit exceeded", "abuse detection", "temporarily blocked from content")
_TRANSIENT_405 = ("base branch was modified", "not mergeable")
"""GitHub says `Pull Request is not mergeable` for a conflict, but also while it still computes and after a merge."""


def failure(*, method: str, route: str, status: int, headers: Mapping[str, str], data: Any, now: float) -> GitHubError:
    """The error that an answer from 300 on means. `now` is the time in epoch seconds, for reset headers."""
    said = words(data)
    where = f"{method} {route}"
    if status in (403, 429) and _limited(status, headers, said):
        after = _after(headers, now)
        limit = f"GitHub's rate limit: {said}"
        return Limited(limit, after=LEAST_WAIT if after is None else after, stated=after is not None, status=status)
    if status == 403 and "suspended" in said.lower():
        return Suspended(
            "the installation is suspended", status=403, remedy="Its owner unsuspends it in GitHub's settings."
        )
    if status == 403:
        return Forbidden(f"GitHub does not allow {where}: {said}", remedy=_permission_remedy(headers))
    if status == 401:
        return Unauthorized(
            f"GitHub does not accept the credentials for {where}: {said}",
            remedy="Check CADENCE_APP_ID, the private key, and this machine's clock.",
        )
    if status in (404, 410, 451):
        return NotFound(f"{where}: not found, or not visible to this installation ({said})", status=status)
    if status == 405:
        return _refused_merge(said)
    if status == 409 and route.endswith("/merge"):
        return HeadMoved(f"GitHub: {said}", remedy="The new head is reviewed again.")
    if status == 422:
        details = _details(data)
        more = f" ({'; '.join(details)})" if details else ""
        return Unprocessable(f"GitHub refused {where}: {said}{more}", details=details)
    if status >= 500:
        return lost(method, f"{where}: GitHub answered {status}", status=status)
    return _other(where, status, said)


def _other(where: str, status: int, said: str) -> GitHubError:
    if status in (301, 302, 303, 307, 308):
        return GitHubError(
            f"{where}: GitHub redirects the call ({status})",
            code="github.redirected",
            status=status,
            remedy="Check CADENCE_GITHUB_URL; a renamed repository is known again from its next event.",
        )
    return GitHubError(f"{where}: GitHub answered {status}: {said}", status=status, retry=status == 409)


def lost(method: str, what: str, *, status: int = 0) -> GitHubError:
    """No answer, or a server's error: nothing is known of a mutating call, and nothing happened by a read."""
    if method in ("GET", "HEAD"):
        return Unavailable(what, status=status, remedy="Cadence tries again automatically.")
    return UnknownOutcome(what, status=status, remedy="Cadence checks whether it happened, then continues.")


def graphql_failure(errors: list[Any]) -> GitHubError:
    """GraphQL answers 200 with `errors`; any error makes the whole answer unusable, partial data included."""
    first = errors[0] if errors and isinstance(errors[0], dict) else {}
    kind, said = str(first.get("type", "")), str(first.get("message", "an unknown error"))[:500]
    if kind == "NOT_FOUND":
        return NotFound(f"GitHub GraphQL: {said}")
    if kind == "RATE_LIMITED" or any(word in said.lower() for word in _LIMIT_WORDS):
        return Limited(f"GitHub's rate limit: {said}", after=LEAST_WAIT)
    if kind == "FORBIDDEN" or "not accessible by integration" in said.lower():
        return Forbidden(f"GitHub GraphQL: {said}", remedy="Compare the App's permissions with app.yml.")
    return Unavailable(f"GitHub GraphQL: {said}", remedy="Cadence tries again automatically.")


def mutation_failure(errors: list[Any]) -> GitHubError:
    """A mutation that GitHub refused: nothing was done. A refusal that a query does not have is about the merge."""
    first = errors[0] if errors and isinstance(errors[0], dict) else {}
    if str(first.get("type", "")) != "UNPROCESSABLE":
        return graphql_failure(errors)
    said = str(first.get("message", "no message"))[:500]
    if "head branch was modified" in said.lower() or "head sha" in said.lower():
        return HeadMoved(f"GitHub: {said}", remedy="The new head is reviewed again.")
    return _refused_merge(said)


def words(data: Any) -> str:
    """GitHub's own message, on one line."""
    message = data.get("message") if isinstance(data, dict) else data
    return " ".join(str(message or "no message").split())[:500]


def _details(data: Any) -> list[str]:
    """`errors` of a 422: strings, or objects with resource, field, code and message."""
    found = []
    errors = data.get("errors") if isinstance(data, dict) else None
    for one in errors if isinstance(errors, list) else [errors] if errors else []:
        if isinstance(one, dict):
            named = " ".join(str(one[key]) for key in ("resource", "field", "code") if one.get(key))
            found.append(str(one.get("message") or named))
        else:
            found.append(str(one))
    return [text[:300] for text in found if text]


def _limited(status: int, headers: Mapping[str, str], said: str) -> bool:
    if status == 429 or "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0":
        return True
    return any(word in said.lower() for word in _LIMIT_WORDS)


def _after(headers: Mapping[str, str], now: float) -> float | None:
    """`retry-after`, else the reset of a spent primary limit; None when GitHub does not say."""
    try:
        if "retry-after" in headers:
            return min(LONGEST_WAIT, max(1.0, float(headers["retry-after"])))
        if headers.get("x-ratelimit-remaining") == "0":
            return min(LONGEST_WAIT, max(1.0, float(headers.get("x-ratelimit-reset", "")) - now))
    except ValueError:
        return None
    return None


def _permission_remedy(headers: Mapping[str, str]) -> str:
    wanted = headers.get("x-accepted-github-permissions", "")
    return f"The App needs: {wanted}." if wanted else "Compare the App's permissions with app.yml."


def _refused_merge(said: str) -> NotMergeable:
    low = said.lower()
    transient = any(word in low for word in _TRANSIENT_405)
    remedy = "Cadence looks again shortly." if transient else "Cadence looks again when a check or review arrives."
    return NotMergeable(f"GitHub: {said}", retry=transient, remedy=remedy)
