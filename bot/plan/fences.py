"""The line around data in a prompt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count

from bot.core.names import sha256


def fence_for(shown: Sequence[str], others: Sequence[str]) -> str:
    """A line that is in none of the texts, so that no text can end its own block and give instructions after it.

    It follows from the `shown` texts alone where it can, so that the same context has the same fence and a server's
    cache can be used for it again.
    """
    joined = chr(0).join(shown)
    fences = (f"=====[{sha256(f'{number}{chr(0)}{joined}')[:16]}]=====" for number in count())
    return next(fence for fence in fences if not _in_any(fence, (*shown, *others)))


def _in_any(fence: str, texts: Iterable[str]) -> bool:
    return any(fence in text for text in texts)
