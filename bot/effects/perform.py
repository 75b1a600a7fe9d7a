"""The effect gateway: every push, mutating GitHub call and model call passes `Effects.perform`.

In order: an outcome already recorded is returned as it is; the pace is kept, which may mean a wait; only after the wait
the fence asks whether the run may still act, and the budget whether it may spend; the intent is written; the effect is
looked for where it would be; only then is it made, and its outcome recorded. A crash between any two of these leaves an
intent from which the next attempt starts by looking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.core.clock import Clock
from bot.core.errors import BudgetSpent, CadenceError, FenceClosed, UnknownOutcome
from bot.core.json_types import JsonDict
from bot.core.names import RunId
from bot.core.states import TERMINAL, RunState
from bot.effects.guard import effects_allowed
from bot.effects.kinds import INFORMING, NOT_PACED, EffectActor, EffectKind


class StoredEffect(Protocol):
    """The ledger's row of one effect."""

    @property
    def id(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def outcome(self) -> JsonDict | None: ...


class StoredRun(Protocol):
    """What the fence needs of a run."""

    @property
    def run_id(self) -> RunId: ...
    @property
    def state(self) -> RunState: ...


class EffectStore(Protocol):
    """The part of the ledger that the effect gateway writes to."""

    def effect(self, scope: str, kind: str, key: str) -> StoredEffect | None: ...
    def intend(self, scope: str, run_id: RunId | None, kind: str, key: str, now: datetime) -> StoredEffect: ...
    def settle(
        self, effect_id: int, state: str, *, outcome: JsonDict | None, error_code: str | None, now: datetime
    ) -> None: ...
    def run(self, run_id: RunId) -> StoredRun | None: ...
    def reserve_write(
        self, installation_id: int, interval_ms: int, now: datetime, *, count: int = 1, first: bool = False
    ) -> float: ...
    def must_yield(self, installation_id: int, now: datetime) -> bool: ...


class Budget(Protocol):
    """Says whether a run may spend on one more effect of a kind."""

    def refusal(self, run_id: RunId, kind: EffectKind) -> str | None:
        """None to go on, else the reason, with the figures."""


class NoBudget:
    """No caps."""

    def refusal(self, run_id: RunId, kind: EffectKind) -> str | None:  # noqa: ARG002
        return None


Find = Callable[[], Mapping[str, Any] | None]
Do = Callable[[], Mapping[str, Any]]


class Slots:
    """Write slots of one installation that were reserved together, before anything else waiting to be written.

    Each `wait` sleeps until the next of them. An effect that is given the slots then is not paced again.
    """

    def __init__(self, clock: Clock, begins: datetime, interval: timedelta, count: int) -> None:
        self._clock = clock
        self._times = [begins + number * interval for number in range(count)]

    def wait(self) -> None:
        """Sleep until the next slot; the last one serves every later call as well, without a wait."""
        if self._times:
            until = self._times.pop(0)
            self._clock.sleep(max(0.0, (until - self._clock.now()).total_seconds()))


class Effects:
    """The effect gateway. One per process; safe to use from several threads."""

    def __init__(
        self, store: EffectStore, clock: Clock, *, write_interval_ms: int, budget: Budget | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._interval_ms = write_interval_ms
        self._budget = budget or NoBudget()

    def reserve(self, actor: EffectActor, count: int) -> Slots:
        """Reserve the next `count` write slots of the actor's installation, ahead of every other waiting write."""
        now = self._clock.now()
        if self._interval_ms <= 0:
            return Slots(self._clock, now, timedelta(0), 0)
        wait = self._store.reserve_write(actor.installation_id, self._interval_ms, now, count=count, first=True)
        return Slots(self._clock, now + timedelta(seconds=wait), timedelta(milliseconds=self._interval_ms), count)

    def perform(
        self,
        actor: EffectActor,
        kind: EffectKind,
        natural_key: str,
        *,
        find: Find,
        do: Do,
        fresh: bool = False,
        slots: Slots | None = None,
        when_ended: bool | None = None,
    ) -> JsonDict:
        """Make one effect once, and return its outcome (a JSON object).

        `natural_key` names the effect within the actor's scope: the same key is never made twice. `find` looks for
        it where it would be and returns its outcome or None; `fresh` says that it cannot be there unless this
        ledger knows of an earlier attempt, which saves the look. `do` makes it. `slots` were reserved for it and
        waited for by the caller, so nothing waits here. `when_ended` says whether a run that has ended still makes
        it; None leaves that to the kind (TELLING).

        Raises FenceClosed or BudgetSpent before anything is sent, and whatever `find` and `do` raise.
        """
        known = self._store.effect(actor.scope, kind, natural_key)
        if known is not None and known.state in ("done", "found"):
            return dict(known.outcome or {})
        ended_too = kind in INFORMING if when_ended is None else when_ended
        # Asked before the wait as well, so that an ended run takes no slot.
        self._fence(actor, kind, ended_too)
        if slots is None:
            self._pace(actor, kind)
            self._fence(actor, kind, ended_too)
        self._spend(actor, kind)
        intent = self._store.intend(actor.scope, actor.run, kind, natural_key, self._clock.now())
        try:
            with effects_allowed():
                found = None if fresh and intent.attempts == 1 else find()
                made = found if found is not None else self._make(do, find)
            return self._settle(intent.id, "done" if found is None else "found", dict(made))
        except CadenceError as error:
            self._store.settle(intent.id, "failed", outcome=None, error_code=error.code, now=self._clock.now())
            raise

    def _make(self, do: Do, find: Find) -> Mapping[str, Any]:
        """Do it; where the outcome is unknown, look once before giving up: it may well have happened."""
        try:
            return do()
        except UnknownOutcome:
            found = find()
            if found is None:
                raise
            return found

    def _settle(self, effect_id: int, state: str, outcome: JsonDict) -> JsonDict:
        self._store.settle(effect_id, state, outcome=outcome, error_code=None, now=self._clock.now())
        return outcome

    def _fence(self, actor: EffectActor, kind: EffectKind, ended_too: bool) -> None:
        if actor.run is None or ended_too:
            return
        run = self._store.run(actor.run)
        if run is None:
            raise FenceClosed(f"run {actor.run} is not in the ledger")
        if run.state in TERMINAL:
            raise FenceClosed(f"run {actor.run} is {run.state}; {kind} was not sent")

    def _spend(self, actor: EffectActor, kind: EffectKind) -> None:
        if actor.run is None:
            return
        refusal = self._budget.refusal(actor.run, kind)
        if refusal is not None:
            raise BudgetSpent(refusal, remedy="Raise `budget` in .github/cadence.yml, then `/cadence replan`.")

    def _pace(self, actor: EffectActor, kind: EffectKind) -> None:
        """GitHub asks for at least a second between content-creating calls (best practices for the REST API)."""
        if kind in NOT_PACED or self._interval_ms <= 0:
            return
        installation = actor.installation_id
        while True:
            wait = self._store.reserve_write(installation, self._interval_ms, self._clock.now())
            self._clock.sleep(wait)
            # A merge may have taken this slot during the wait.
            if wait <= 0 or not self._store.must_yield(installation, self._clock.now()):
                return
