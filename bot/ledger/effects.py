"""Effects with their intents and outcomes, requests to GitHub, model calls, and the pace between writes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bot.core.errors import FenceClosed, GitFailed, UnknownOutcome
from bot.core.names import IssueNumber, PullNumber, RepositoryId, RunId
from bot.core.states import TERMINAL, RunState
from bot.effects.kinds import EffectKind
from bot.ledger.chain_store import append
from bot.ledger.chained import EFFECT, effect_outcome
from bot.ledger.columns import entry_of
from bot.ledger.database import Store, insert, insert_once
from bot.ledger.entries import Counts, EffectEntry, ModelCallEntry
from bot.ledger.tables import effects, leases, model_calls, pace, requests, runs, stops, transitions

_NOT_CONTENT = ("/app/installations/{installation_id}/access_tokens", "/graphql")

_MAY_BE_MADE = (UnknownOutcome.code, GitFailed.code)
"""Failures after which the effect may be there all the same."""

MOST_WAITING = 60
"""The most writers of an installation that wait at once: several times the threads of a process, each with one slot."""


def _ask_fence(connection: sa.Connection, run_id: RunId, kind: str, *, ended_too: bool) -> None:
    """The fence, in the transaction that takes the lease: a stop either sees the lease, or closed the fence before."""
    # The row is locked, so that a move by another worker comes before or after the whole transaction:
    # https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-ROWS
    state = connection.scalar(sa.select(runs.c.state).where(runs.c.run_id == run_id).with_for_update())
    if state is None or RunState(state) not in TERMINAL:
        return
    if not ended_too:
        raise FenceClosed(f"run {run_id} is {state}; {kind} was not sent")
    if state == RunState.STOPPED and connection.scalar(_confirmed(run_id)) is not None:
        raise FenceClosed(f"the stop of run {run_id} was confirmed; {kind} was not sent")


def _confirmed(run_id: RunId) -> sa.Select[Any]:
    """When the run's present stop was confirmed."""
    last = sa.select(sa.func.max(transitions.c.id)).where(transitions.c.run_id == run_id).scalar_subquery()
    return sa.select(stops.c.confirmed_at).where(stops.c.run_id == run_id, stops.c.move == last)


def _open_leases(run_id: RunId, expired: datetime) -> sa.Select[Any]:
    """Count the leases of the run that expire after `expired`."""
    open_here = sa.and_(leases.c.run_id == run_id, leases.c.expires_at > expired)
    return sa.select(sa.func.count().label("count")).where(open_here)


class EffectRecords(Store):
    """The part of the ledger behind the effect gateway."""

    def effect(self, scope: str, kind: str, key: str) -> EffectEntry | None:
        """The effect of that natural key in that scope."""
        return self._entry(EffectEntry, sa.select(effects).where(*_is(scope, kind, key)))

    def intend(
        self,
        scope: str,
        run_id: RunId | None,
        kind: str,
        key: str,
        now: datetime,
        *,
        lease_seconds: float = 120.0,
        ended_too: bool = True,
    ) -> EffectEntry:
        """Write the intent before the effect, and return the entry; a repeated intent counts one attempt more.

        The effect of a run gets a lease, which `settle` ends. Raises FenceClosed where the run has ended and
        `ended_too` is false, and after a confirmed stop whatever the effect is.
        """
        row = {"scope": scope, "run_id": run_id, "kind": kind, "natural_key": key, "attempts": 1}
        again = {"state": "intended", "intended_at": now}
        with self._engine.begin() as connection:
            if run_id is not None:
                _ask_fence(connection, run_id, kind, ended_too=ended_too)
            if insert_once(connection, effects, row | again) is None:
                values = again | {"attempts": effects.c.attempts + 1, "ended_at": None}
                connection.execute(sa.update(effects).where(*_is(scope, kind, key)).values(values))
            kept = connection.execute(sa.select(effects).where(*_is(scope, kind, key))).mappings().one()
            if run_id is not None:
                append(connection, run_id, EFFECT.kind, now, EFFECT.body_of(dict(kept)))
                expires = now + timedelta(seconds=lease_seconds)
                lease = {"run_id": run_id, "kind": kind, "taken_at": now, "expires_at": expires}
                taken = insert(connection, leases).values(effect_id=kept["id"], **lease)
                connection.execute(taken.on_conflict_do_update(index_elements=["effect_id"], set_=lease))
            return entry_of(EffectEntry, dict(kept))

    def settle(
        self, effect_id: int, state: str, *, outcome: dict[str, Any] | None, error_code: str | None, now: datetime
    ) -> None:
        """Record an effect's outcome: `done`, `found` or `failed`."""
        values = {"state": state, "outcome": outcome, "error_code": error_code}
        with self._engine.begin() as connection:
            connection.execute(sa.update(effects).where(effects.c.id == effect_id).values(values | {"ended_at": now}))
            connection.execute(sa.delete(leases).where(leases.c.effect_id == effect_id))
            kept = connection.execute(sa.select(effects).where(effects.c.id == effect_id)).mappings().first()
            if kept is not None and kept["run_id"] is not None:
                append(connection, kept["run_id"], "outcome", now, effect_outcome({**kept, **values}))

    def open_leases(self, run_id: RunId, now: datetime, grace: timedelta) -> int:
        """How many effects of the run may still be in flight: begun, not settled, and not expired for `grace`."""
        row = self._one(_open_leases(run_id, now - grace))
        return int((row or {"count": 0})["count"])

    def stop_confirmed(self, run_id: RunId) -> bool:
        """Whether the run's present stop is confirmed."""
        return self._one(_confirmed(run_id)) is not None

    def confirm_stop(self, run_id: RunId, move: int, now: datetime, grace: timedelta) -> bool:
        """From here on nothing of the run is sent, until a person resumes it. `move` is the transition that stopped.

        False, and not confirmed, where an effect is in flight: what cleans up after a stop may have begun meanwhile.
        """
        with self._engine.begin() as connection:
            # The row that `intend` locks: an effect takes its lease before this, or is refused after it.
            connection.execute(sa.select(runs.c.state).where(runs.c.run_id == run_id).with_for_update())
            if connection.scalar(_open_leases(run_id, now - grace)):
                return False
            insert_once(connection, stops, {"run_id": run_id, "move": move, "confirmed_at": now})
            connection.execute(sa.delete(leases).where(leases.c.run_id == run_id))
            return True

    def drafted(self, repository_id: RepositoryId, issue: IssueNumber, pull: PullNumber) -> int | None:
        """The effect by which a stop made the pull request a draft; None when it is ready again, or never was.

        The run that made it a draft may be another one than the run that works on it now.
        """
        newest = self._one(
            sa.select(effects.c.id, effects.c.kind)
            .join(runs, runs.c.run_id == effects.c.run_id)
            .where(
                runs.c.repository_id == repository_id,
                runs.c.issue == issue,
                effects.c.kind.in_([EffectKind.PULL_DRAFT, EffectKind.PULL_READY]),
                # An issue's revert has a pull request of its own.
                sa.or_(*(effects.c.natural_key.startswith(f"{to}:{pull}:") for to in ("draft", "ready"))),
                effects.c.state == "done",
            )
            .order_by(effects.c.id.desc())
            .limit(1)
        )
        return int(newest["id"]) if newest is not None and newest["kind"] == EffectKind.PULL_DRAFT else None

    def effects_of(self, run_id: RunId) -> list[EffectEntry]:
        """Every effect of a run, oldest intent first."""
        return self._entries(EffectEntry, sa.select(effects).where(effects.c.run_id == run_id).order_by(effects.c.id))

    def count_made(self, run_id: RunId, kinds: frozenset[EffectKind], *, but: int = 0) -> int:
        """How many effects of the kinds a run has made or may have made, except the one whose id is `but`.

        An intent without an outcome may have been made. What was there at the first look was not made by the run. A
        pull request counts once, however often it is looked for again.
        """
        rows = self._all(
            sa.select(effects.c.kind, effects.c.natural_key, effects.c.state, effects.c.attempts)
            .add_columns(effects.c.error_code, effects.c.outcome)
            .where(effects.c.run_id == run_id, effects.c.kind.in_(kinds), effects.c.id != but)
        )
        return len({_what_was_made(row) for row in rows if _may_be_made(row)})

    def record_request(self, run_id: RunId | str | None, *, method: str, route: str, status: int, at: datetime) -> None:
        """Count one GitHub request that went out."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.insert(requests).values(run_id=run_id, at=at, method=method, route=route, status=status)
            )

    def adopt_requests(self, delivery: str, run_id: RunId) -> None:
        """Count the requests that were made for a delivery to the run that the delivery turned out to concern."""
        with self._engine.begin() as connection:
            connection.execute(sa.update(requests).where(requests.c.run_id == delivery).values(run_id=run_id))

    def requests_between(self, run_id: RunId, begin: datetime, end: datetime) -> int:
        """How many requests for a run counted against the installation's rate limit between two times."""
        # A conditional request that is answered 304 does not count, and tokens are made by the App and not the
        # installation: https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        row = self._one(
            sa.select(sa.func.count().label("count")).where(
                requests.c.run_id == run_id,
                requests.c.at.between(begin, end),
                requests.c.status != 304,
                requests.c.route.not_like("%/access_tokens"),
            )
        )
        return int((row or {"count": 0})["count"])

    def requests_of(self, run_id: RunId) -> list[dict[str, Any]]:
        """Every GitHub request made for a run, oldest first: at, method, route, status."""
        return self._all(sa.select(requests).where(requests.c.run_id == run_id).order_by(requests.c.id))

    def model_calls_of(self, run_id: RunId) -> list[ModelCallEntry]:
        """Every model call of a run, oldest first."""
        query = sa.select(model_calls).where(model_calls.c.run_id == run_id).order_by(model_calls.c.id)
        return self._entries(ModelCallEntry, query)

    def counts(self, run_id: RunId) -> Counts:
        """What a run has spent so far."""
        sent = self.requests_of(run_id)
        asked = self.model_calls_of(run_id)
        costs = [call.cost for call in asked if call.cost is not None]
        return Counts(
            github_calls=len(sent),
            content_creating=sum(r["method"] != "GET" and r["route"] not in _NOT_CONTENT for r in sent),
            model_calls=len(asked),
            input_tokens=sum(call.input_tokens for call in asked),
            output_tokens=sum(call.output_tokens for call in asked),
            cost=sum(costs) if costs else None,
        )

    def reserve_write(
        self, installation_id: int, interval_ms: int, now: datetime, *, count: int = 1, first: bool = False
    ) -> float:
        """Take the installation's next `count` write slots, across processes; returns the seconds to the first one.

        `first` takes the earliest slots even where other writers reserved them: they ask `must_yield` when their time
        comes, and reserve again.
        """
        # GitHub asks for a second between writes, which all processes of an installation share:
        # https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        present, step = now.timestamp(), interval_ms / 1000.0
        with self._engine.begin() as connection:
            # The slots may come from another machine. One further ahead than any number of waiting writers explains was
            # written by a clock that is wrong, and does not count.
            latest = present + MOST_WAITING * step
            next_at, kept_until = (at if at <= latest else present for at in self._pace_of(connection, installation_id))
            slot = max(present, next_at)
            if first and next_at > present:
                # The slots ahead are one step apart, and the last one is a step before `next_at`.
                slot = next_at - int((next_at - present) / step) * step
            slot = max(slot, kept_until)
            end = slot + count * step
            values = {"next_at": max(next_at, end), "kept_until": end if first else kept_until}
            connection.execute(sa.update(pace).where(pace.c.installation_id == installation_id).values(values))
        return slot - present

    def must_yield(self, installation_id: int, now: datetime) -> bool:
        """Whether a write that goes first has taken the installation's present slot (`reserve_write(first=True)`)."""
        with self._engine.begin() as connection:
            return now.timestamp() < self._pace_of(connection, installation_id)[1]

    def _pace_of(self, connection: sa.Connection, installation_id: int) -> tuple[float, float]:
        """(the first free slot, until when the slots are kept for a write that goes first); the row is locked."""
        insert_once(connection, pace, {"installation_id": installation_id, "next_at": 0.0, "kept_until": 0.0})
        row = connection.execute(
            sa.select(pace.c.next_at, pace.c.kept_until)
            .where(pace.c.installation_id == installation_id)
            .with_for_update()
        ).one()
        return float(row.next_at), float(row.kept_until)


def _may_be_made(row: dict[str, Any]) -> bool:
    match row["state"]:
        case "found":
            return bool(row["attempts"] > 1)
        case "failed":
            return row["error_code"] in _MAY_BE_MADE
        case _:
            return True


def _what_was_made(row: dict[str, Any]) -> tuple[str, Any]:
    """Each effect is one of its kind; a pull request is looked for with every new head, and is still the same."""
    number = (row["outcome"] or {}).get("number") if row["kind"] == EffectKind.PULL_OPEN else None
    return row["kind"], number or row["natural_key"]


def _is(scope: str, kind: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (effects.c.scope == scope, effects.c.kind == kind, effects.c.natural_key == key)
