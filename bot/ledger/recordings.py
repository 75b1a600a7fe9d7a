"""What a run asked models, and what its stages were given: what `cadence replay` does again without a model."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from bot.core.names import Digest, RunId, sha256
from bot.ledger.chain import canonical
from bot.ledger.database import Store, insert_once
from bot.ledger.tables import effects, recordings
from bot.plan.explore.values import Look

Step = Literal["question", "look", "plan", "review"]
"""`question`: a request to a model; `look`: a tool call and its answer; `plan`, `review`: a stage with its result."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded step of a run. `body` is its JSON data, `digest` the sha256 of that in canonical form."""

    step: Step
    key: str
    digest: Digest
    body: dict[str, Any]
    at: datetime


class Recordings(Store):
    """The part of the ledger that keeps questions and the inputs of stages. `_now` is given by the ledger."""

    _now: Callable[[], datetime]

    def record_step(self, run_id: RunId, step: Step, key: str, body: dict[str, Any]) -> None:
        """Keep a step under its key; the first one of a key stays, because a repeat is the same step.

        `body` must hold no secrets: see `bot.changeset.guards.scrub`.
        """
        text = canonical(body)
        row = {"run_id": run_id, "step": step, "key": key, "at": self._now(), "digest": sha256(text)}
        with self._engine.begin() as connection:
            # A prompt has about 100 kB, of which a third is left.
            insert_once(connection, recordings, row | {"body": zlib.compress(text.encode())})

    def record_looks(self, run_id: RunId, looks: Sequence[Look]) -> None:
        """Keep what a model looked up, with the answers that it got."""
        for number, look in enumerate(looks, 1):
            body = asdict(look)
            self.record_step(run_id, "look", f"{sha256(canonical(body))[:32]}:{number}", body)

    def recorded(self, run_id: RunId, step: Step | None = None) -> list[Recording]:
        """The steps of a run, oldest first; with `step` only those."""
        query = sa.select(recordings).where(recordings.c.run_id == run_id).order_by(recordings.c.id)
        rows = self._all(query if step is None else query.where(recordings.c.step == step))
        return [
            Recording(row["step"], row["key"], row["digest"], json.loads(zlib.decompress(row["body"])), row["at"])
            for row in rows
        ]

    def answers_of(self, run_id: RunId, kind: str) -> dict[str, dict[str, Any]]:
        """The outcomes of a run's effects of one kind, by their natural keys: of model calls, the answers."""
        query = sa.select(effects.c.natural_key, effects.c.outcome).where(
            effects.c.run_id == run_id, effects.c.kind == kind, effects.c.state == "done"
        )
        return {row["natural_key"]: row["outcome"] for row in self._all(query)}
