"""GitHub's error answers as Cadence's typed errors, by status, headers and message.

Every function here only builds an error; the caller raises it.
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
"""Seconds. A primary rate limit resets within the hour; the rest is for a clock that differs from GitHub's."""

# An answer that names no time: wait at least a minute before the next request.
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
LEAST_WAIT = 60.0

# A secondary limit has no header of its own, so that only its message tells it from a missing permission (both are
# 403). https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
_LIMIT_MESSAGES = ("secondary rate limit", "rate limit exceeded", "abuse detection", "temporarily blocked from content")

# A merge refused with 405 for one of these may succeed a little later. "Pull Request is not mergeable" means a
# conflict, but GitHub also answers it while it computes mergeability and after a merge.
_TRANSIENT_REFUSALS = ("base branch was modified", "not mergeable")


def rest_error(
    *, method: str, route: str, status: int, headers: Mapping[str, str], data: Any, now: float
) -> GitHubError:
    """The error for a REST answer with a status from 300 on.

    `headers` have names in lower case, `data` is the decoded body, `now` is epoch seconds (to read a reset header).
    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
    """
    message, where = github_message(data), f"{method} {route}"
    if status in (403, 429) and _is_rate_limit(status, headers, message):
        after = _seconds_to_wait(headers, now)
        limit = f"GitHub's rate limit: {message}"
        return Limited(limit, after=LEAST_WAIT if after is None else after, stated=after is not None, status=status)
    if status == 403:
        return _forbidden(where, headers, message)
    if status == 401:
        return Unauthorized(
            f"GitHub does not accept the credentials for {where}: {message}",
            remedy="Check CADENCE_APP_ID, the private key, and this machine's clock.",
        )
    # 404 also hides what the token may not see; 410 is a deleted or disabled resource, 451 a legal block.
    if status in (404, 410, 451):
        return NotFound(f"{where}: not found, or not visible to this installation ({message})", status=status)
    # 405 and 409 of the merge call: https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
    if status == 405:
        return _merge_refused(message)
    if status == 409 and route.endswith("/merge"):
        return HeadMoved(f"GitHub: {message}", remedy="The new head is reviewed again.")
    if status == 422:
        details = _validation_details(data)
        more = f" ({'; '.join(details)})" if details else ""
        return Unprocessable(f"GitHub refused {where}: {message}{more}", details=details)
    if status >= 500:
        return no_answer(method, f"{where}: GitHub answered {status}", status=status)
    # GitHub redirects a repository that was renamed or moved. A redirect is not followed: it could lead the token to
    # another host. https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    if status in (301, 302, 303, 307, 308):
        return GitHubError(
            f"{where}: GitHub redirects the call ({status})",
            code="github.redirected",
            status=status,
            remedy="Check CADENCE_GITHUB_URL; after a repository was renamed, its next event gives the new name.",
        )
    return GitHubError(f"{where}: GitHub answered {status}: {message}", status=status, retry=status == 409)


def no_answer(method: str, summary: str, *, status: int = 0) -> GitHubError:
    """The error for a missing answer or a 5xx: Unavailable for a read, UnknownOutcome for any other method.

    GitHub cuts a request off after ten seconds and may still carry it out, so a change is never repeated blindly.
    https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#timeouts
    """
    if method in ("GET", "HEAD"):
        return Unavailable(summary, status=status, remedy="Cadence tries again automatically.")
    return UnknownOutcome(summary, status=status, remedy="Cadence checks whether it happened, then continues.")


def query_error(errors: list[Any]) -> GitHubError:
    """The error for a GraphQL query that was answered with `errors`; the partial data beside them is not used."""
    first = errors[0] if errors and isinstance(errors[0], dict) else {}
    kind, message = str(first.get("type", "")), str(first.get("message", "an unknown error"))[:500]
    if kind == "NOT_FOUND":
        return NotFound(f"GitHub GraphQL: {message}")
    # GraphQL reports a spent limit with status 200.
    # https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
    if kind == "RATE_LIMITED" or any(one in message.lower() for one in _LIMIT_MESSAGES):
        return Limited(f"GitHub's rate limit: {message}", after=LEAST_WAIT)
    if kind == "FORBIDDEN" or "not accessible by integration" in message.lower():
        return Forbidden(f"GitHub GraphQL: {message}", remedy="Compare the App's permissions with app.yml.")
    return Unavailable(f"GitHub GraphQL: {message}", remedy="Cadence tries again automatically.")


def mutation_error(errors: list[Any]) -> GitHubError:
    """The error for a GraphQL mutation that GitHub refused, which changed nothing.

    UNPROCESSABLE is about the pull request (HeadMoved or NotMergeable); every other type is as for a query.
    https://docs.github.com/en/graphql/reference/mutations#enqueuepullrequest
    """
    first = errors[0] if errors and isinstance(errors[0], dict) else {}
    if str(first.get("type", "")) != "UNPROCESSABLE":
        return query_error(errors)
    message = str(first.get("message", "no message"))[:500]
    if "head branch was modified" in message.lower() or "head sha" in message.lower():
        return HeadMoved(f"GitHub: {message}", remedy="The new head is reviewed again.")
    return _merge_refused(message)


def github_message(data: Any) -> str:
    """GitHub's own message from a decoded answer, on one line and cut to 500 characters."""
    message = data.get("message") if isinstance(data, dict) else data
    return " ".join(str(message or "no message").split())[:500]


def _forbidden(where: str, headers: Mapping[str, str], message: str) -> GitHubError:
    if "suspended" in message.lower():
        return Suspended(
            "the installation is suspended", status=403, remedy="Its owner unsuspends it in GitHub's settings."
        )
    # The header names the permissions that the endpoint accepts.
    # https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#insufficient-permissions
    wanted = headers.get("x-accepted-github-permissions", "")
    remedy = f"The App needs: {wanted}." if wanted else "Compare the App's permissions with app.yml."
    return Forbidden(f"GitHub does not allow {where}: {message}", remedy=remedy)


def _validation_details(data: Any) -> list[str]:
    # `errors` of a 422 is a list of objects (resource, field, code, message), of strings (reviews), or one string.
    # https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#validation-failed
    errors = data.get("errors") if isinstance(data, dict) else None
    details = []
    for error in errors if isinstance(errors, list) else [errors] if errors else []:
        if isinstance(error, dict):
            fields = " ".join(str(error[key]) for key in ("resource", "field", "code") if error.get(key))
            details.append(str(error.get("message") or fields))
        else:
            details.append(str(error))
    return [text[:300] for text in details if text]


def _is_rate_limit(status: int, headers: Mapping[str, str], message: str) -> bool:
    # A 403 without any of these signs is a missing permission, and waiting would not help.
    if status == 429 or "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0":
        return True
    return any(one in message.lower() for one in _LIMIT_MESSAGES)


def _seconds_to_wait(headers: Mapping[str, str], now: float) -> float | None:
    # GitHub's order: `retry-after` first, then the reset of a spent primary limit. None: GitHub names no time.
    try:
        if "retry-after" in headers:
            return min(LONGEST_WAIT, max(1.0, float(headers["retry-after"])))
        if headers.get("x-ratelimit-remaining") == "0":
            return min(LONGEST_WAIT, max(1.0, float(headers.get("x-ratelimit-reset", "")) - now))
    except ValueError:
        return None
    return None


def _merge_refused(message: str) -> NotMergeable:
    transient = any(one in message.lower() for one in _TRANSIENT_REFUSALS)
    remedy = "Cadence looks again shortly." if transient else "Cadence looks again when a check or review arrives."
    return NotMergeable(f"GitHub: {message}", retry=transient, remedy=remedy)
