"""Requests as the embedded GitHub logs them, as fault callbacks see them, and the lock that they are served under."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


@dataclass
class RequestRecord:
    """One request and its answer, without credentials. `route` is GitHub's template, `app` the caller's slug."""

    method: str
    path: str
    route: str
    query: dict[str, str]
    request: Any
    headers: dict[str, str]
    app: str | None = None
    status: int = 0
    response: Any = None


@dataclass(frozen=True)
class RequestPhase:
    """What a fault callback is given: before (`phase="before"`) or after the world changed."""

    method: str
    route: str
    path: str
    phase: str
    request: Any
    app: str | None


FaultCallback = Callable[[RequestPhase], "tuple[int, Any] | tuple[int, Any, dict[str, str]] | None"]


def locked(method: Callable[P, T]) -> Callable[P, T]:
    """Run a method of an object with a `world` while that world's lock is held."""

    @wraps(method)
    def held(*args: P.args, **kwargs: P.kwargs) -> T:
        with cast(Any, args[0]).world.lock:
            return method(*args, **kwargs)

    return held
