"""How the sandbox answers: a body with a status, or a refusal in GitHub's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.core.json_types import JsonDict

MAX_BODY = 65_536


@dataclass(frozen=True)
class RestAnswer:
    """What a route gives back; `listing` bodies are cut into pages by the router."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class ApiError(Exception):
    """A refusal: HTTP status, GitHub's message, and `errors` (strings or objects) where GitHub sends them."""

    def __init__(
        self, status: int, message: str, *, errors: list[Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {message} {errors or ''}".strip())
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = dict(headers or {})

    def body(self) -> JsonDict:
        made: JsonDict = {"message": self.message}
        if self.errors is not None:
            made["errors"] = self.errors
        return {**made, "documentation_url": "https://docs.github.com/rest", "status": str(self.status)}


def not_found() -> ApiError:
    return ApiError(404, "Not Found")


def forbidden(accepted: str) -> ApiError:
    """The 403 of a missing permission, naming what the endpoint accepts."""
    headers = {"X-Accepted-GitHub-Permissions": accepted} if accepted else {}
    return ApiError(403, "Resource not accessible by integration", headers=headers)


def invalid(resource: str, *, field_name: str = "", code: str = "custom", message: str = "") -> ApiError:
    """The 422 with one object in `errors`."""
    error: JsonDict = {"resource": resource, "code": code}
    if field_name:
        error["field"] = field_name
    if message:
        error["message"] = message
    return ApiError(422, "Validation Failed", errors=[error])


def check_body_length(resource: str, body: str | None) -> None:
    """Refuse a text longer than GitHub stores."""
    if body is not None and len(body) > MAX_BODY:
        raise invalid(resource, field_name="body", message=f"body is too long (maximum is {MAX_BODY} characters)")
