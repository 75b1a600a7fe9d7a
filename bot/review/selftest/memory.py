"""The effect gateway's store for a self test, which belongs to no run and no repository."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.names import RunId
from bot.effects.kinds import EffectKind


@dataclass(slots=True)
class MemoryEffect:
    """One effect."""

    id: int
    state: str = "intended"
    attempts: int = 1
    outcome: dict[str, Any] | None = None


class MemoryEffects:
    """An `EffectStore` in memory, for one thread."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[str, str, str], MemoryEffect] = {}
        self._by_id: dict[int, MemoryEffect] = {}

    def effect(self, scope: str, kind: str, key: str) -> MemoryEffect | None:
        return self._by_key.get((scope, kind, key))

    def intend(
        self,
        scope: str,
        run_id: RunId | None,  # noqa: ARG002
        kind: str,
        key: str,
        now: datetime,  # noqa: ARG002
        *,
        lease_seconds: float = 0.0,  # noqa: ARG002
        ended_too: bool = True,  # noqa: ARG002
    ) -> MemoryEffect:
        known = self.effect(scope, kind, key)
        if known is not None:
            known.attempts += 1
            known.state = "intended"
            return known
        made = MemoryEffect(len(self._by_id) + 1)
        self._by_key[scope, kind, key] = self._by_id[made.id] = made
        return made

    def settle(
        self,
        effect_id: int,
        state: str,
        *,
        outcome: dict[str, Any] | None,
        error_code: str | None,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> None:
        effect = self._by_id[effect_id]
        effect.state, effect.outcome = state, outcome

    def run(self, run_id: RunId) -> None:  # noqa: ARG002
        """There are no runs."""
        return

    def reserve_write(
        self,
        installation_id: int,  # noqa: ARG002
        interval_ms: int,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
        *,
        count: int = 1,  # noqa: ARG002
        first: bool = False,  # noqa: ARG002
    ) -> float:
        """Nothing is written on GitHub."""
        return 0.0

    def must_yield(self, installation_id: int, now: datetime) -> bool:  # noqa: ARG002
        """Nothing is written on GitHub."""
        return False

    def count_made(self, run_id: RunId, kinds: frozenset[EffectKind], *, but: int = 0) -> int:  # noqa: ARG002
        """There are no runs."""
        return 0
