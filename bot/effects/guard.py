"""Makes sure that calls which change GitHub, or cost money, run only inside `effects.perform`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from bot.core.errors import CadenceError

P = ParamSpec("P")
R = TypeVar("R")

_allowed: ContextVar[bool] = ContextVar("cadence_effects_allowed", default=False)


@contextmanager
def effects_allowed() -> Iterator[None]:
    """Allow side effects inside; only `effects.perform` may use this (tests/architecture/test_effects_gateway.py)."""
    token = _allowed.set(True)
    try:
        yield
    finally:
        _allowed.reset(token)


def side_effect(call: Callable[P, R]) -> Callable[P, R]:
    """Mark an adapter's call that changes GitHub or costs money; outside `perform` it raises `door.closed`."""

    @wraps(call)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not _allowed.get():
            raise CadenceError(
                f"{call.__qualname__} was called outside effects.perform",
                code="door.closed",
                remedy="Make the effect through effects.perform.",
            )
        return call(*args, **kwargs)

    return guarded
