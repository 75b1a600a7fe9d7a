"""How much a model may look up, and what is recorded of it: plain values, which the ledger keeps too."""

from __future__ import annotations

from dataclasses import dataclass

from bot.config.model import ExploreConfig

MOST_CALLS = 15
MOST_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a model may look up: `calls` in all, in `rounds` questions. No calls: nothing is looked up."""

    calls: int = MOST_CALLS
    rounds: int = MOST_ROUNDS


DEFAULT_LIMITS = Limits()


def limits_of(wanted: ExploreConfig, *, calls: int, rounds: int) -> Limits:
    """What a repository's config asks for, at most the operator's `calls` and `rounds`."""
    return Limits(
        calls if wanted.calls is None else min(wanted.calls, calls),
        rounds if wanted.rounds is None else min(wanted.rounds, rounds),
    )


@dataclass(frozen=True, slots=True)
class Look:
    """One call of a tool and its answer, as it is recorded. `round` counts from 1."""

    round: int
    tool: str
    arguments: str
    answer: str
    cut: bool
