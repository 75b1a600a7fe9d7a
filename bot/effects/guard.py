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
_last_check: ContextVar[Callable[[], None] | None] = ContextVar("cadence_last_check", default=None)


@contextmanager
def effects_allowed(last_check: Callable[[], None] | None = None) -> Iterator[None]:
    """Allow side effects inside; only `effects.perform` may use this (tests/architecture/test_effects_gateway.py).

    `last_check` is called by `before_sending`.
    """
    token, check = _allowed.set(True), _last_check.set(last_check)
    try:
        yield
    finally:
        _allowed.reset(token)
        _last_check.reset(check)


def before_sending() -> None:
    """Ask again whether the effect may be sent. Adapters call it directly before a request that changes something.

    Between the fence and the request lies time: a token is made, a lock waited for. Raises FenceClosed or FenceLate.
    """
    check = _last_check.get()
    if check is not None:
        check()


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
