"""The one door, over a real ledger: made once, looked for before it is made again, fenced, paced, recorded."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.errors import BudgetSpent, CadenceError, FenceClosed, FenceLate, UnknownOutcome
from bot.core.json_types import JsonDict
from bot.core.names import Cause, InstallationId, IssueNumber, RepositoryId, RunId
from bot.core.states import RunState
from bot.effects.guard import before_sending, side_effect
from bot.effects.kinds import EffectActor, EffectKind, repository_actor
from bot.effects.perform import Effects
from bot.effects.quotas import ChangeSize
from bot.flow.recovery.stopped import GRACE
from bot.ledger.entries import RunEntry, actor_of
from bot.ledger.ledger import Ledger
from tests.fakes.fake_clock import FakeClock

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RUN = RunEntry(
    RunId("1-2-x"), RepositoryId(1), "o/r", InstallationId(3), IssueNumber(2), Cause("label:1"), "olive",
    RunState.GATED, "", NOW, NOW,
)  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", FakeClock())
    ledger.migrate()
    ledger.start_run(RUN)
    yield ledger
    ledger.close()


class Outside:
    """Something outside that remembers what was done to it."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.fail: list[Exception] = []

    @side_effect
    def make(self) -> dict[str, Any]:
        if self.fail:
            error = self.fail.pop()
            if isinstance(error, UnknownOutcome):
                self.made.append("made")
            raise error
        self.made.append("made")
        return {"id": len(self.made)}

    def find(self) -> dict[str, Any] | None:
        return {"id": len(self.made), "by": "finding"} if self.made else None


def door(ledger: Ledger, **options: Any) -> Effects:
    return Effects(ledger, FakeClock(), write_interval_ms=0, **options)


def perform(effects: Effects, outside: Outside, actor: EffectActor | None = None, **options: Any) -> dict[str, Any]:
    return effects.perform(
        actor or actor_of(RUN), EffectKind.MERGE, "merge:abc", find=outside.find, do=outside.make, **options
    )


def test_an_effect_is_made_once_and_its_outcome_kept(ledger: Ledger) -> None:
    outside = Outside()
    assert perform(door(ledger), outside) == {"id": 1}
    assert perform(door(ledger), outside) == {"id": 1}
    assert outside.made == ["made"]
    (entry,) = ledger.effects_of(RUN.run_id)
    assert (entry.state, entry.outcome, entry.attempts) == ("done", {"id": 1}, 1)


def test_what_is_there_already_is_found_and_not_made_again(ledger: Ledger) -> None:
    outside = Outside()
    outside.made.append("by a process that died before it could record this")
    assert perform(door(ledger), outside)["by"] == "finding"
    assert len(outside.made) == 1


def test_a_fresh_effect_is_not_looked_for_unless_it_was_tried_before(ledger: Ledger) -> None:
    outside = Outside()
    outside.made.append("unrelated")
    assert perform(door(ledger), outside, fresh=True) == {"id": 2}
    other = Outside()
    ledger.intend(RUN.run_id, RUN.run_id, EffectKind.PULL_OPEN, "pull", NOW)
    other.made.append("made, then the process died")
    found = door(ledger).perform(
        actor_of(RUN), EffectKind.PULL_OPEN, "pull", find=other.find, do=other.make, fresh=True
    )
    assert found["by"] == "finding"
    assert len(other.made) == 1


def test_an_unknown_outcome_is_looked_for_before_it_is_given_up(ledger: Ledger) -> None:
    outside = Outside()
    outside.fail = [UnknownOutcome("502")]
    assert perform(door(ledger), outside, fresh=True)["by"] == "finding"
    assert outside.made == ["made"]


def test_a_failure_is_recorded_and_can_be_tried_again(ledger: Ledger) -> None:
    outside = Outside()
    outside.fail = [CadenceError("no", code="github.forbidden")]
    with pytest.raises(CadenceError):
        perform(door(ledger), outside)
    (entry,) = ledger.effects_of(RUN.run_id)
    assert (entry.state, entry.error_code) == ("failed", "github.forbidden")
    assert perform(door(ledger), outside) == {"id": 1}


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.SUPERSEDED, RunState.REFUSED])
def test_the_fence_keeps_an_ended_run_from_acting(ledger: Ledger, state: RunState) -> None:
    outside = Outside()
    ledger.move(RUN.run_id, state)
    with pytest.raises(FenceClosed) as caught:
        perform(door(ledger), outside)
    assert caught.value.code == "fence.closed"
    assert outside.made == []
    told = door(ledger).perform(actor_of(RUN), EffectKind.COMMENT_EDIT, "status:1", find=lambda: None, do=outside.make)
    assert told == {"id": 1}, "an ended run still says that it ended"


def test_a_run_that_is_not_in_the_ledger_does_nothing(ledger: Ledger) -> None:
    stranger = EffectActor("x", RUN.repository_id, RUN.installation_id, RunId("x"))
    with pytest.raises(FenceClosed):
        perform(door(ledger), Outside(), stranger)


def test_what_belongs_to_no_run_needs_no_run(ledger: Ledger) -> None:
    actor = repository_actor(RUN.repository_id, RUN.installation_id)
    assert perform(door(ledger), Outside(), actor) == {"id": 1}


def test_what_cannot_be_reserved_is_not_sent(ledger: Ledger) -> None:
    def reserve() -> None:
        raise BudgetSpent("1,000 of 1,000 tokens are spent")

    outside = Outside()
    with pytest.raises(BudgetSpent, match="1,000 of 1,000"):
        perform(door(ledger), outside, reserve=reserve)
    assert outside.made == [] and not ledger.effects_of(RUN.run_id)


def test_a_run_asks_no_model_without_a_reservation(ledger: Ledger) -> None:
    outside = Outside()
    with pytest.raises(CadenceError, match="without a reservation"):
        door(ledger).perform(actor_of(RUN), EffectKind.MODEL_CALL, "plan:1", find=outside.find, do=outside.make)
    assert outside.made == []


def test_writes_of_one_installation_keep_their_distance(ledger: Ledger) -> None:
    clock = FakeClock()
    effects = Effects(ledger, clock, write_interval_ms=1000)
    begun = clock.now()
    for number in range(3):
        effects.perform(
            actor_of(RUN), EffectKind.REACTION, f"eyes:{number}", find=lambda: None, do=lambda: {"ok": True}
        )
    assert (clock.now() - begun).total_seconds() == pytest.approx(2.0)


class ClockWithAHook(FakeClock):
    """A clock on which something happens while somebody waits."""

    def __init__(self) -> None:
        super().__init__()
        self.during_a_wait: list[Callable[[], Any]] = []

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if seconds > 0 and self.during_a_wait:
            self.during_a_wait.pop()()


def test_a_run_that_ends_during_the_wait_for_a_write_slot_does_not_act(ledger: Ledger) -> None:
    clock, outside = ClockWithAHook(), Outside()
    effects = Effects(ledger, clock, write_interval_ms=1000)
    perform(effects, Outside(), repository_actor(RUN.repository_id, RUN.installation_id))
    clock.during_a_wait.append(lambda: ledger.move(RUN.run_id, RunState.STOPPED))
    with pytest.raises(FenceClosed):
        perform(effects, outside)
    assert outside.made == []


def test_what_an_ended_run_may_still_do_is_said_by_whoever_asks(ledger: Ledger) -> None:
    outside = Outside()
    ledger.move(RUN.run_id, RunState.STOPPED)
    with pytest.raises(FenceClosed):
        door(ledger).perform(
            actor_of(RUN), EffectKind.CHECK_PUT, "gate:1", find=lambda: None, do=outside.make, when_ended=False
        )
    assert perform(door(ledger), outside, when_ended=True) == {"id": 1}


def test_reserved_slots_go_before_every_write_that_waits(ledger: Ledger) -> None:
    clock = ClockWithAHook()
    effects = Effects(ledger, clock, write_interval_ms=1000)
    begun, sent = clock.now(), []
    for _ in range(60):
        ledger.reserve_write(RUN.installation_id, 1000, begun)

    def merge() -> None:
        slots = effects.reserve(actor_of(RUN), 2)
        for name in ("check", "merge"):
            slots.wait()
            sent.append((name, (clock.now() - begun).total_seconds()))

    clock.advance(0.5)
    merge()
    assert sent == [("check", 1.0), ("merge", 2.0)]


def test_a_write_whose_slot_was_taken_by_a_merge_takes_another_one(ledger: Ledger) -> None:
    clock = ClockWithAHook()
    effects = Effects(ledger, clock, write_interval_ms=1000)
    begun = clock.now()
    ledger.reserve_write(RUN.installation_id, 1000, begun)
    merges: list[float] = []

    def reserve() -> None:
        # The other machine reserved just before our write's time came.
        wait = ledger.reserve_write(RUN.installation_id, 1000, begun + timedelta(seconds=0.9), count=2, first=True)
        merges.extend(0.9 + wait + number for number in range(2))

    clock.during_a_wait.append(reserve)
    effects.perform(actor_of(RUN), EffectKind.REACTION, "eyes", find=lambda: None, do=lambda: {"ok": True})
    assert merges == pytest.approx([1.0, 2.0])
    assert (clock.now() - begun).total_seconds() == pytest.approx(3.0)


def test_an_effect_holds_a_lease_until_it_is_settled(ledger: Ledger) -> None:
    seen: list[int] = []

    def leases() -> int:
        return ledger.open_leases(RUN.run_id, NOW, timedelta(seconds=30))

    @side_effect
    def make() -> dict[str, Any]:
        seen.append(leases())
        return {}

    effects = door(ledger)
    effects.perform(actor_of(RUN), EffectKind.PULL_EDIT, "edit:1", find=lambda: None, do=make)
    assert (seen, leases()) == ([1], 0)
    with pytest.raises(CadenceError):
        effects.perform(actor_of(RUN), EffectKind.PULL_EDIT, "edit:2", find=lambda: None, do=failing)
    assert leases() == 0, "a failure ends it too"


@side_effect
def failing() -> dict[str, Any]:
    raise CadenceError("no", code="github.error")


def test_the_lease_of_a_worker_that_died_expires(ledger: Ledger) -> None:
    @side_effect
    def die() -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        door(ledger).perform(actor_of(RUN), EffectKind.PULL_EDIT, "edit:1", find=lambda: None, do=die)
    grace = timedelta(seconds=30)
    assert ledger.open_leases(RUN.run_id, NOW + timedelta(seconds=149), grace) == 1
    assert ledger.open_leases(RUN.run_id, NOW + timedelta(seconds=151), grace) == 0


def test_a_stop_between_the_fence_and_the_intent_is_seen(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    outside, effects = Outside(), door(ledger)
    monkeypatch.setattr(effects, "_fence", lambda *_: None)
    ledger.move(RUN.run_id, RunState.STOPPED)
    with pytest.raises(FenceClosed):
        perform(effects, outside)
    assert not outside.made and not ledger.effects_of(RUN.run_id)


def test_a_stop_is_not_confirmed_while_an_effect_is_in_flight(ledger: Ledger) -> None:
    move = ledger.move(RUN.run_id, RunState.STOPPED)
    assert move is not None
    confirmed: list[bool] = []

    def clean_up() -> JsonDict:
        confirmed.append(ledger.confirm_stop(RUN.run_id, move, NOW, GRACE))
        return {"done": True}

    deletion = EffectKind.BRANCH_DELETE
    door(ledger).perform(actor_of(RUN), deletion, "delete:1", find=lambda: None, do=clean_up, when_ended=True)
    assert confirmed == [False] and not ledger.stop_confirmed(RUN.run_id)
    assert ledger.confirm_stop(RUN.run_id, move, NOW, GRACE) and ledger.stop_confirmed(RUN.run_id)


def test_after_a_confirmed_stop_nothing_is_sent_not_even_a_comment(ledger: Ledger) -> None:
    outside, effects = Outside(), door(ledger)
    move = ledger.move(RUN.run_id, RunState.STOPPED)
    assert move is not None
    say = {"find": lambda: None, "do": outside.make}
    effects.perform(actor_of(RUN), EffectKind.COMMENT_EDIT, "status:1", **say)
    assert ledger.confirm_stop(RUN.run_id, move, NOW, GRACE)
    with pytest.raises(FenceClosed):
        effects.perform(actor_of(RUN), EffectKind.COMMENT_EDIT, "status:2", **say)
    ledger.move(RUN.run_id, RunState.GATED, reason="resumed")
    effects.perform(actor_of(RUN), EffectKind.COMMENT_EDIT, "status:3", **say)
    assert len(outside.made) == 2


@pytest.mark.parametrize("kind", [EffectKind.MERGE, EffectKind.BRANCH_PUSH, EffectKind.QUEUE_ENTER])
def test_a_stop_between_the_intent_and_the_request_is_seen(ledger: Ledger, kind: EffectKind) -> None:
    """The token is made, or a lock waited for, in that time."""
    sent: list[str] = []

    @side_effect
    def send() -> dict[str, Any]:
        ledger.move(RUN.run_id, RunState.STOPPED)
        before_sending()
        sent.append("request")
        return {}

    with pytest.raises(FenceClosed):
        door(ledger).perform(
            actor_of(RUN), kind, "one", find=lambda: None, do=send, fresh=True, change=ChangeSize(1, 1)
        )
    assert not sent and ledger.effects_of(RUN.run_id)[0].state == "failed"


def test_a_worker_that_was_paused_before_the_request_gives_up(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, sent = FakeClock(), list[str]()
    effects = Effects(ledger, clock, write_interval_ms=0)

    def slow(run_id: RunId) -> RunEntry | None:
        clock.advance(2.1)
        return RUN if run_id == RUN.run_id else None

    @side_effect
    def send() -> dict[str, Any]:
        monkeypatch.setattr(ledger, "run", slow)
        before_sending()
        sent.append("request")
        return {}

    with pytest.raises(FenceLate) as caught:
        effects.perform(actor_of(RUN), EffectKind.MERGE, "merge:abc", find=lambda: None, do=send, fresh=True)
    assert caught.value.code == "fence.late" and caught.value.retry and not sent
