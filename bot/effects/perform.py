"""The effect gateway: every push, mutating GitHub call and model call passes `Effects.perform`.

In order: an outcome already recorded is returned as it is; the pace is kept, which may mean a wait; what the effect may
cost is reserved; one transaction asks the fence whether the run may still act, and writes the intent; the effect is
looked for where it would be; where it is not there, the run's quotas are asked; only then is it made, and its outcome
recorded. A crash between any two of these leaves an intent from which the next attempt starts by looking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from bot.core.clock import Clock
from bot.core.errors import CadenceError, FenceClosed, FenceLate, UnknownOutcome
from bot.core.json_types import JsonDict
from bot.core.names import RunId
from bot.core.states import TERMINAL, RunState
from bot.effects.guard import effects_allowed
from bot.effects.kinds import FENCED_TWICE, INFORMING, NOT_PACED, EffectActor, EffectKind
from bot.effects.quotas import COUNTED, KINDS, ChangeSize, Quota, count_reached, size_reached


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
    def intend(
        self,
        scope: str,
        run_id: RunId | None,
        kind: str,
        key: str,
        now: datetime,
        *,
        lease_seconds: float,
        ended_too: bool,
    ) -> StoredEffect: ...
    def settle(
        self, effect_id: int, state: str, *, outcome: JsonDict | None, error_code: str | None, now: datetime
    ) -> None: ...
    def run(self, run_id: RunId) -> StoredRun | None: ...
    def reserve_write(
        self, installation_id: int, interval_ms: int, now: datetime, *, count: int = 1, first: bool = False
    ) -> float: ...
    def must_yield(self, installation_id: int, now: datetime) -> bool: ...
    def count_made(self, run_id: RunId, kinds: frozenset[EffectKind], *, but: int = 0) -> int: ...


LEASE_SECONDS = 120.0
PUSH_LEASE_SECONDS = 330.0
"""How long an effect may take: more than the longest wait for an answer. After that, and a pause, a stop waits no
more. A push of git may take five minutes."""
LATE_SECONDS = 2.0
"""The most time between the second look at the fence and the request."""


T = TypeVar("T")


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
        self,
        store: EffectStore,
        clock: Clock,
        *,
        write_interval_ms: int,
        quotas: Callable[[RunId], Sequence[Quota]] = lambda _run: (),
    ) -> None:
        """`quotas` gives the quotas in force for a run."""
        self._store = store
        self._clock = clock
        self._interval_ms = write_interval_ms
        self._quotas = quotas

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
        find: Callable[[], T | None],
        do: Callable[[], T],
        outcome: Callable[[T], Mapping[str, Any]] = dict,  # type: ignore[assignment]
        fresh: bool = False,
        slots: Slots | None = None,
        when_ended: bool | None = None,
        reserve: Callable[[], None] | None = None,
        change: ChangeSize | None = None,
        told_anyway: bool = False,
    ) -> JsonDict:
        """Make one effect once, and return its outcome (a JSON object).

        `natural_key` names the effect within the actor's scope: the same key is never made twice. `find` looks for
        it where it would be and returns it, or None. `do` makes it. `outcome` says what the ledger keeps of what either
        of them returned; without it they return the JSON object themselves. `fresh` says that it cannot be there unless
        this ledger knows of an earlier attempt, which saves the look. `slots` were reserved for it and waited for by
        the caller, so nothing waits here. `when_ended` says whether a run that has ended still makes it; None leaves
        that to the kind (INFORMING). `reserve` reserves what the effect may cost, or raises; a run's call to a model
        needs it. `change` is the size of what a run pushes; a push needs it. `told_anyway` is for comments that say how
        the run stands or ended: they are counted, and no quota keeps them back.

        Raises FenceClosed and QuotaReached before anything is sent, and whatever `reserve`, `find` and `do` raise.
        """
        if actor.run is not None:
            _must_be_measured(kind, natural_key, reserve, change)
        known = self._store.effect(actor.scope, kind, natural_key)
        if known is not None and known.state in ("done", "found"):
            return dict(known.outcome or {})
        ended_too = kind in INFORMING if when_ended is None else when_ended
        # Asked before the wait as well, so that an ended run takes no slot.
        self._fence(actor, kind, ended_too)
        if slots is None:
            self._pace(actor, kind)
        if reserve is not None:
            reserve()
        # Written before the effect is made: a crash in between leaves it, and the next attempt begins with `find`. The
        # same transaction asks the fence again, because the run may have ended during the wait, and takes the lease, so
        # that a stop sees every effect that began.
        intent = self._store.intend(
            actor.scope,
            actor.run,
            kind,
            natural_key,
            self._clock.now(),
            lease_seconds=PUSH_LEASE_SECONDS if kind is EffectKind.BRANCH_PUSH else LEASE_SECONDS,
            ended_too=ended_too,
        )
        state = "done"
        check = (lambda: self._last_check(actor, kind, ended_too)) if kind in FENCED_TWICE else None
        try:
            with effects_allowed(check):
                made = None if fresh and intent.attempts == 1 else find()
                if made is not None:
                    state = "found"
                else:
                    if not told_anyway:
                        self._ask_quotas(actor, kind, intent.id, change)
                    try:
                        made = do()
                    except UnknownOutcome:
                        # No answer came, so it may well have happened: look once before giving up.
                        made = find()
                        if made is None:
                            raise
            kept = dict(outcome(made))
        except CadenceError as error:
            self._store.settle(intent.id, "failed", outcome=None, error_code=error.code, now=self._clock.now())
            raise
        self._store.settle(intent.id, state, outcome=kept, error_code=None, now=self._clock.now())
        return kept

    def _fence(self, actor: EffectActor, kind: EffectKind, ended_too: bool) -> None:
        """Raise FenceClosed where the run has ended: another worker, or a person's command, may have ended it."""
        if actor.run is None or ended_too:
            return
        run = self._store.run(actor.run)
        if run is None:
            raise FenceClosed(f"run {actor.run} is not in the ledger")
        if run.state in TERMINAL:
            raise FenceClosed(f"run {actor.run} is {run.state}; {kind} was not sent")

    def _last_check(self, actor: EffectActor, kind: EffectKind, ended_too: bool) -> None:
        """Read the stop and the clock directly before the request. A worker that was paused meanwhile sends nothing."""
        asked = self._clock.monotonic()
        self._fence(actor, kind, ended_too)
        if self._clock.monotonic() - asked > LATE_SECONDS:
            raise FenceLate(f"{kind} was not sent: reading whether it may be took more than {LATE_SECONDS:g} s")

    def _ask_quotas(self, actor: EffectActor, kind: EffectKind, effect_id: int, change: ChangeSize | None) -> None:
        """Raise QuotaReached where a quota of the run does not allow the effect.

        Asked after the intent was written: of two workers at the last one allowed, at least one sees the other's
        intent. The effect's own row is left out, so that another attempt at it does not count twice.
        """
        name = COUNTED.get(kind)
        if actor.run is None or name is None:
            return
        quotas = self._quotas(actor.run)
        reached = size_reached(quotas, change) if change is not None else None
        reached = reached or count_reached(
            quotas, name, self._store.count_made(actor.run, KINDS[name], but=effect_id) if quotas else 0
        )
        if reached is not None:
            raise reached

    def made(self, run_id: RunId, name: str) -> int:
        """How many of what the quota of that name counts the run has made."""
        return self._store.count_made(run_id, KINDS[name])

    def _pace(self, actor: EffectActor, kind: EffectKind) -> None:
        """Wait for the installation's next write slot.

        GitHub asks for at least a second between calls that create content:
        https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
        """
        if kind in NOT_PACED or self._interval_ms <= 0:
            return
        installation = actor.installation_id
        while True:
            wait = self._store.reserve_write(installation, self._interval_ms, self._clock.now())
            self._clock.sleep(wait)
            # A merge may have taken this slot during the wait.
            if wait <= 0 or not self._store.must_yield(installation, self._clock.now()):
                return


def _must_be_measured(
    kind: EffectKind, natural_key: str, reserve: Callable[[], None] | None, change: ChangeSize | None
) -> None:
    """Raise `door.closed` where it is not given what the effect may cost, or how large it is."""
    if kind is EffectKind.MODEL_CALL and reserve is None:
        raise CadenceError(f"{natural_key} would be asked without a reservation", code="door.closed")
    if kind is EffectKind.BRANCH_PUSH and change is None:
        raise CadenceError(f"{natural_key} would be pushed without its size", code="door.closed")
