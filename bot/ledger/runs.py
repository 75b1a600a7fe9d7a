"""Runs and their transitions between states: each is checked against the state table and made in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.core.errors import CadenceError
from bot.core.names import (
    HeadSha,
    InstallationId,
    IssueNumber,
    PullNumber,
    RepositoryId,
    RunId,
)
from bot.core.states import AT_THE_GATE, FINAL, TERMINAL, RunState, may_move
from bot.ledger.chain_store import append
from bot.ledger.chained import TRANSITION, record, run_facts, run_start
from bot.ledger.columns import entry_of, row_of
from bot.ledger.database import Store, insert_once
from bot.ledger.entries import RunEntry, TransitionEntry
from bot.ledger.tables import effects, runs, stops, transitions

UNREACHABLE = ("github.not_found", "github.forbidden", "github.installation_gone", "github.unprocessable")
"""Errors after which a comment is not tried again."""
_SHOWN_STATES = (TERMINAL - {RunState.SUPERSEDED}) | {RunState.WAITING_APPROVAL}
"""States that the status comment must show; of a superseded run it shows the newer run instead."""
_FIELDS = frozenset(RunEntry.__dataclass_fields__) - {"run_id", "state", "reason", "created_at", "updated_at"}


class Runs(Store):
    """The part of the ledger that knows runs. `_now` is given by the ledger."""

    _now: Callable[[], datetime]

    def start_run(self, run: RunEntry) -> bool:
        """Write a new run; False when (repository id, issue, cause) has one already."""
        row = row_of(run)
        with self._engine.begin() as connection:
            if insert_once(connection, runs, row) is None:
                return False
            append(connection, run.run_id, "start", self._now(), run_start(row))
            self._record_move(connection, run.run_id, "", run.state, run.reason, run.started_by)
            return True

    def _record_move(
        self, connection: sa.Connection, run_id: RunId, came_from: str, to: RunState, reason: str, by: str
    ) -> int:
        row = {"run_id": run_id, "at": self._now(), "came_from": came_from, "to": to.value, "reason": reason, "by": by}
        return int(record(connection, TRANSITION, row) or 0)

    def run(self, run_id: RunId) -> RunEntry | None:
        """The run of that id."""
        return self._entry(RunEntry, sa.select(runs).where(runs.c.run_id == run_id))

    def runs(
        self, limit: int = 50, *, state: RunState | None = None, repository_id: RepositoryId | None = None
    ) -> list[RunEntry]:
        """The newest runs, newest first."""
        query = sa.select(runs).order_by(runs.c.created_at.desc(), runs.c.run_id).limit(limit)
        if state is not None:
            query = query.where(runs.c.state == state.value)
        if repository_id is not None:
            query = query.where(runs.c.repository_id == repository_id)
        return self._entries(RunEntry, query)

    def _where(self, *conditions: sa.ColumnElement[bool], newest_first: bool = True) -> list[RunEntry]:
        """Runs in the order in which they were started (the first transition's id), newest first unless asked."""
        first = (
            sa.select(transitions.c.run_id, sa.func.min(transitions.c.id).label("started"))
            .group_by(transitions.c.run_id)
            .subquery()
        )
        order = first.c.started.desc() if newest_first else first.c.started.asc()
        query = sa.select(runs).join(first, first.c.run_id == runs.c.run_id).where(*conditions).order_by(order)
        return self._entries(RunEntry, query)

    def runs_of_issue(self, repository_id: RepositoryId, issue: IssueNumber) -> list[RunEntry]:
        """Every run of an issue, newest first."""
        return self._where(runs.c.repository_id == repository_id, runs.c.issue == issue)

    def run_named(self, repository: str, number: int) -> RunEntry | None:
        """The newest run of a pull request, else of an issue, of that number in `owner/name` (case ignored)."""
        here = sa.func.lower(runs.c.repository) == repository.lower()
        by_pull = self._where(here, runs.c.pull == number)
        return next(iter(by_pull or self._where(here, runs.c.issue == number)), None)

    def latest_run(self, repository_id: RepositoryId, issue: IssueNumber) -> RunEntry | None:
        """The newest run of an issue."""
        return next(iter(self.runs_of_issue(repository_id, issue)), None)

    def unfinished_runs(self, repository_id: RepositoryId | None = None) -> list[RunEntry]:
        """Every run (of a repository) that is not in a terminal state, oldest first."""
        here = [] if repository_id is None else [runs.c.repository_id == repository_id]
        return self._where(runs.c.state.not_in([state.value for state in TERMINAL]), *here, newest_first=False)

    def runs_stopped_for(self, installation_id: InstallationId, reason: str) -> list[RunEntry]:
        """Runs of an installation that stopped with a reason that begins so, where no newer run of the issue exists."""
        found = self._where(
            runs.c.installation_id == installation_id,
            runs.c.state == RunState.STOPPED.value,
            runs.c.reason.startswith(reason, autoescape=True),
            newest_first=False,
        )
        return [run for run in found if self._is_newest(run)]

    def unconfirmed_stops(self, since: datetime) -> list[RunEntry]:
        """Runs that were stopped at or after a time and whose stop is not confirmed, oldest first.

        Those that lost their installation are left out: nothing can be sent for them.
        """
        last = sa.select(sa.func.max(transitions.c.id)).where(transitions.c.run_id == runs.c.run_id).scalar_subquery()
        confirmed = sa.exists().where(stops.c.run_id == runs.c.run_id, stops.c.move == last)
        return self._where(
            runs.c.state == RunState.STOPPED.value,
            runs.c.updated_at >= since,
            ~confirmed,
            runs.c.reason.not_like("github.%"),
            runs.c.reason.not_like("installation %"),
            newest_first=False,
        )

    def untold_runs(self, since: datetime, until: datetime) -> list[RunEntry]:
        """Runs whose status comment does not show their last transition, to an end or to a question; oldest first.

        Only the newest run of an issue, and only transitions between the two times. A run is left out when its comment
        cannot be written any more: GitHub answered that it is gone, forbidden or refused (UNREACHABLE).
        """
        last = (
            sa.select(transitions.c.run_id, sa.func.max(transitions.c.id).label("move"))
            .group_by(transitions.c.run_id)
            .subquery()
        )
        edit_key = sa.literal("status:") + sa.cast(last.c.move, sa.String) + ":%"
        settled = sa.or_(effects.c.state.in_(["done", "found"]), effects.c.error_code.in_(UNREACHABLE))
        shown_already = sa.exists().where(
            effects.c.run_id == runs.c.run_id,
            effects.c.kind == "comment.edit",
            effects.c.natural_key.like(edit_key),
            settled,
        )
        query = (
            sa.select(runs, last.c.move)
            .join(last, last.c.run_id == runs.c.run_id)
            .where(
                runs.c.state.in_([state.value for state in _SHOWN_STATES]),
                runs.c.updated_at >= since,
                runs.c.updated_at <= until,
                ~shown_already,
            )
            .order_by(last.c.move)
        )
        found = [(row.pop("move"), entry_of(RunEntry, row)) for row in self._all(query)]
        return [run for move, run in found if self._is_newest(run) and not self._shown_at_first(run.run_id, move)]

    def _is_newest(self, run: RunEntry) -> bool:
        newest = self.latest_run(run.repository_id, IssueNumber(run.issue))
        return newest is not None and newest.run_id == run.run_id

    def _shown_at_first(self, run_id: RunId, move: int) -> bool:
        """Whether the comment was created with that transition in it, or can never be created."""
        row = self._one(
            sa.select(effects.c.outcome, effects.c.error_code).where(
                effects.c.run_id == run_id, effects.c.kind == "comment.create", effects.c.natural_key == "status"
            )
        )
        if row is None:
            return False
        return row["error_code"] in UNREACHABLE or (row["outcome"] or {}).get("shown") == move

    def runs_that_wait(self, since: datetime) -> list[RunEntry]:
        """Runs that wait for a person's command, changed last at or after a time; oldest first."""
        states = [RunState.WAITING_APPROVAL, RunState.WAITING_ANSWER, RunState.HELD, RunState.GATED]
        states += [RunState.NEEDS_HUMAN, RunState.REFUSED, RunState.BLOCKED, RunState.STOPPED_BUDGET]
        waiting = runs.c.state.in_([state.value for state in states])
        return self._where(waiting, runs.c.updated_at >= since, newest_first=False)

    def runs_at_gate_on(self, repository_id: RepositoryId, base_branch: str) -> list[RunEntry]:
        """Runs with an open pull request against a base branch, oldest first; none that is watched after its merge."""
        return self._where(
            runs.c.repository_id == repository_id,
            runs.c.base_branch == base_branch,
            runs.c.state.in_([state.value for state in AT_THE_GATE - {RunState.WATCHING}]),
            newest_first=False,
        )

    def run_for_pull(self, repository_id: RepositoryId, pull: PullNumber) -> RunEntry | None:
        """The newest run of a pull request."""
        return next(iter(self._where(runs.c.repository_id == repository_id, runs.c.pull == pull)), None)

    def run_for_head(self, repository_id: RepositoryId, head: HeadSha) -> RunEntry | None:
        """The newest run whose head is that commit."""
        return next(iter(self._where(runs.c.repository_id == repository_id, runs.c.head_sha == head)), None)

    def run_for_merge(self, repository_id: RepositoryId, commit: str) -> RunEntry | None:
        """The newest run that was merged as that commit."""
        return next(iter(self._where(runs.c.repository_id == repository_id, runs.c.merge_sha == commit)), None)

    def update_run(self, run_id: RunId, **fields: Any) -> None:
        """Write fields of a run. Raises CadenceError for a field that does not exist or only `move` may write."""
        unknown = set(fields) - _FIELDS
        if unknown:
            raise CadenceError(f"a run has no field {sorted(unknown)} to write", code="internal")
        if "asked_digest" in fields and "asked_at" not in fields:
            # Asking for the same again must not make an approval that was given in between too early. Something else
            # has not been shown yet: `asked_at` is written when GitHub answers that it is on the issue.
            same = runs.c.asked_digest == fields["asked_digest"]
            fields["asked_at"] = sa.case((same, runs.c.asked_at), else_=sa.null())
        facts = run_facts(fields)
        with self._engine.begin() as connection:
            done = connection.execute(
                sa.update(runs).where(runs.c.run_id == run_id).values(**fields, updated_at=self._now())
            )
            if facts and done.rowcount:
                append(connection, run_id, "fields", self._now(), facts)

    def move(self, run_id: RunId, to: RunState, *, reason: str = "", by: str = "cadence") -> int | None:
        """Bring a run into a state; returns the transition's id, or None when state and reason are these already.

        Raises CadenceError `state.move` for a move that the table does not allow, `run.unknown` for an unknown run.
        """
        with self._engine.begin() as connection:
            row = connection.execute(
                sa.select(runs.c.state, runs.c.reason).where(runs.c.run_id == run_id).with_for_update()
            ).first()
            if row is None:
                raise CadenceError(f"run {run_id} is not in the ledger", code="run.unknown")
            current = RunState(row.state)
            if current is to and row.reason == reason:
                return None
            if current is not to and not may_move(current, to):
                raise CadenceError(f"run {run_id} cannot go from {current} to {to}", code="state.move")
            connection.execute(
                sa.update(runs)
                .where(runs.c.run_id == run_id)
                .values(state=to.value, reason=reason, updated_at=self._now())
            )
            return self._record_move(connection, run_id, current.value, to, reason, by)

    def end_run(self, run_id: RunId, to: RunState, *, reason: str = "", by: str = "cadence") -> bool:
        """End a run; False when it has ended already, for instance by another worker at the same time.

        Raises what `move` raises for a run that has not ended.
        """
        try:
            return self.move(run_id, to, reason=reason, by=by) is not None
        except CadenceError as error:
            run = self.run(run_id)
            if error.code == "state.move" and run is not None and run.state in TERMINAL:
                return False
            raise

    def supersede_others(
        self, repository_id: RepositoryId, issue: IssueNumber, keep: RunId, reason: str
    ) -> list[RunId]:
        """End every other run of the issue that is not final; returns their ids."""
        ended = []
        for run in self.runs_of_issue(repository_id, issue):
            if run.run_id == keep or run.state in FINAL:
                continue
            if self.end_run(run.run_id, RunState.SUPERSEDED, reason=reason):
                ended.append(run.run_id)
        return ended

    def transitions(self, run_id: RunId) -> list[TransitionEntry]:
        """Every transition of a run, oldest first."""
        query = sa.select(transitions).where(transitions.c.run_id == run_id).order_by(transitions.c.id)
        return self._entries(TransitionEntry, query)

    def last_transition(self, run_id: RunId) -> int:
        """The id of the run's newest transition; 0 for none."""
        row = self._one(sa.select(sa.func.max(transitions.c.id).label("id")).where(transitions.c.run_id == run_id))
        return int((row or {}).get("id") or 0)

    def pushed_heads(self, repository_id: RepositoryId, issue: IssueNumber) -> set[str]:
        """Every commit we pushed, or were about to push, to the issue's branch."""
        rows = self._all(
            sa.select(effects.c.natural_key)
            .join(runs, runs.c.run_id == effects.c.run_id)
            .where(runs.c.repository_id == repository_id, runs.c.issue == issue, effects.c.kind == "branch.push")
        )
        return {row["natural_key"].removeprefix("push:") for row in rows}
