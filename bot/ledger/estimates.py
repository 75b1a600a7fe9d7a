"""What runs were expected to use, what they used, and the earlier runs from which the next estimate is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.core.names import InstallationId, RepositoryId, RunId
from bot.ledger.columns import entry_of, row_of
from bot.ledger.database import Store, insert_once
from bot.ledger.entries import EstimateEntry
from bot.ledger.tables import estimates, model_calls, runs
from bot.plan.estimate import MOST_RUNS, PastRun, PhaseUse


class Estimates(Store):
    """The part of the ledger that knows what was expected of runs."""

    def save_estimate(self, entry: EstimateEntry) -> None:
        """Keep an attempt's estimate; the first one stays, however often the step is repeated."""
        with self._engine.begin() as connection:
            insert_once(connection, estimates, row_of(entry))

    def end_estimate(self, run_id: RunId, attempt: int, outcome: Mapping[str, Any]) -> None:
        """Write what an attempt used, as fields of its entry with `ended_at`; what is there already stays."""
        here = (estimates.c.run_id == run_id, estimates.c.attempt == attempt, estimates.c.ended_at.is_(None))
        with self._engine.begin() as connection:
            connection.execute(sa.update(estimates).where(*here).values(**outcome))

    def estimates_of(self, run_id: RunId) -> list[EstimateEntry]:
        """The estimate of every attempt of a run, oldest first."""
        query = sa.select(estimates).where(estimates.c.run_id == run_id).order_by(estimates.c.attempt)
        return self._entries(EstimateEntry, query)

    def phases_of(
        self, run_id: RunId, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[PhaseUse, ...]:
        """What the run's calls used by phase, in the order of their first calls; of calls begun within the times."""
        window = [] if since is None else [model_calls.c.at >= since]
        window += [] if until is None else [model_calls.c.at <= until]
        query = sa.select(model_calls).where(model_calls.c.run_id == run_id, *window).order_by(model_calls.c.id)
        return _by_phase(self._all(query))

    def past_runs(
        self, repository_id: RepositoryId, installation_id: InstallationId, leave_out: RunId | None = None
    ) -> list[PastRun]:
        """Earlier runs that came to their pull request, oldest first: the newest here, and the newest elsewhere.

        Elsewhere is the same installation only, which is one account: what the runs of other accounts used is not
        shown to it.
        """
        here = estimates.c.repository_id == repository_id
        found = self._ended(here, leave_out=leave_out)
        found += self._ended(~here, runs.c.installation_id == installation_id, leave_out=leave_out)
        return self._with_phases(sorted(found, key=lambda one: one.at), repository_id)

    def ended_estimates(self) -> list[EstimateEntry]:
        """Every estimate with its outcome, in the order in which they were made."""
        query = sa.select(estimates).where(estimates.c.ended_at.is_not(None))
        return self._entries(EstimateEntry, query.order_by(estimates.c.at, estimates.c.run_id))

    def as_past_runs(self, entries: Sequence[EstimateEntry], repository_id: RepositoryId) -> list[PastRun]:
        """Ended estimates as earlier runs, in the same order, for an estimate of that repository."""
        return self._with_phases(entries, repository_id)

    def _ended(self, *where: sa.ColumnElement[bool], leave_out: RunId | None) -> list[EstimateEntry]:
        query = sa.select(estimates).join(runs, runs.c.run_id == estimates.c.run_id)
        query = query.where(estimates.c.ended_at.is_not(None), estimates.c.run_id != (leave_out or ""), *where)
        rows = self._all(query.order_by(estimates.c.at.desc(), estimates.c.run_id).limit(MOST_RUNS))
        return [entry_of(EstimateEntry, row) for row in rows]

    def _with_phases(self, entries: Sequence[EstimateEntry], repository_id: RepositoryId) -> list[PastRun]:
        calls: dict[str, list[dict[str, Any]]] = defaultdict(list)
        ids = sorted({one.run_id for one in entries})
        # In parts: SQLite takes a limited number of values in one statement (https://www.sqlite.org/limits.html).
        for at in range(0, len(ids), 500):
            query = sa.select(model_calls).where(model_calls.c.run_id.in_(ids[at : at + 500]))
            for row in self._all(query.order_by(model_calls.c.id)):
                calls[row["run_id"]].append(row)
        return [
            PastRun(
                context_tokens=one.context_tokens,
                planned=one.planned,
                phases=_by_phase(
                    [row for row in calls[one.run_id] if one.ended_at and one.at <= row["at"] <= one.ended_at]
                ),
                seconds=one.used_seconds or 0.0,
                files=one.changed_files or 0,
                lines=one.changed_lines or 0,
                here=one.repository_id == repository_id,
            )
            for one in entries
        ]


def _by_phase(rows: Sequence[Mapping[str, Any]]) -> tuple[PhaseUse, ...]:
    by_phase: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        # Without tokens nothing was asked: there was no model, or no connection.
        if row["input_tokens"] or row["output_tokens"]:
            by_phase.setdefault(row["kind"], []).append(row)
    return tuple(_sum(phase, of_phase) for phase, of_phase in by_phase.items())


def _sum(phase: str, rows: Sequence[Mapping[str, Any]]) -> PhaseUse:
    costs = [row["cost"] for row in rows if row["cost"] is not None]
    return PhaseUse(
        phase=phase,
        calls=len(rows),
        input_tokens=sum(row["input_tokens"] for row in rows),
        output_tokens=sum(row["output_tokens"] for row in rows),
        cost=sum(costs) if len(costs) == len(rows) else None,
        seconds=sum(row["duration_ms"] for row in rows) / 1000,
        model=rows[-1]["model_asked"],
    )
