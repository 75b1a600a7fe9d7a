"""The guard of the effect gateway: what changes the outside runs only inside `effects.perform`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from bot.core.errors import CadenceError

P = ParamSpec("P")
R = TypeVar("R")

_open: ContextVar[bool] = ContextVar("cadence_door_open", default=False)


@contextmanager
def effects_allowed() -> Iterator[None]:
    """Hold the door open; only `effects.perform` may (an architecture test reads the imports)."""
    token = _open.set(True)
    try:
        yield
    finally:
        _open.reset(token)


def side_effect(call: Callable[P, R]) -> Callable[P, R]:
    """Mark an adapter's call that changes the outside; outside `perform` it raises `door.closed`."""

    @wraps(call)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if not _open.get():
            raise CadenceError(
                f"{call.__qualname__} was called outside effects.perform",
                code="door.closed",
                remedy="Make the effect through effects.perform.",
            )
        return call(*args, **kwargs)

    guarded.__cadence_door__ = True  # type: ignore[attr-defined]
    return guarded
