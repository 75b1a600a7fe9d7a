"""Quotas in the effect gateway, over a real ledger: two workers, restarts, repeats after a crash."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock
from typing import Any

import pytest

from bot.core.errors import CadenceError, GitFailed, PushRefused, QuotaReached, UnknownOutcome
from bot.effects.guard import side_effect
from bot.effects.kinds import EffectKind
from bot.effects.perform import Effects
from bot.effects.quotas import ChangeSize, Quota
from bot.ledger.entries import RunEntry, actor_of
from bot.ledger.ledger import Ledger
from tests.adapters.ledger_rows import NOW, run
from tests.fakes.fake_clock import FakeClock

RUN = run()
COMMENT, PUSH, PULL = EffectKind.COMMENT_CREATE, EffectKind.BRANCH_PUSH, EffectKind.PULL_OPEN
SMALL = ChangeSize(1, 1)


class Outside:
    """What was made outside; `fail` is raised in place of making it."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self._lock = Lock()

    def make(self, key: str, outcome: dict[str, Any] | None = None, fail: Exception | None = None) -> Any:
        @side_effect
        def do() -> dict[str, Any]:
            if fail is not None:
                raise fail
            with self._lock:
                self.made.append(key)
            return outcome or {}

        return do


def gateway(ledger: Ledger, **amounts: int) -> Effects:
    quotas = tuple(Quota(name, f"quota.{name}", amount, is_operators=False) for name, amount in amounts.items())
    return Effects(ledger, FakeClock(), write_interval_ms=0, quotas=lambda _run: quotas)


def send(effects: Effects, outside: Outside, kind: EffectKind, key: str, **options: Any) -> dict[str, Any]:
    given = {"outcome": options.pop("gives", None), "fail": options.pop("fail", None)}
    find: Callable[[], Any] = options.pop("find", lambda: None)
    change = SMALL if kind is PUSH else None
    return effects.perform(
        actor_of(RUN), kind, key, find=find, do=outside.make(key, **given), **{"change": change, **options}
    )


@pytest.fixture
def ledger(ledger_on_each: Ledger) -> Ledger:
    ledger_on_each.start_run(RUN)
    return ledger_on_each


def test_what_is_over_a_quota_is_not_made_and_not_counted(ledger: Ledger) -> None:
    outside, effects = Outside(), gateway(ledger, comments=2, pushes=1)
    send(effects, outside, COMMENT, "one")
    send(effects, outside, EffectKind.REVIEW_POST, "two")
    for key in ("three", "three", "four"):
        with pytest.raises(QuotaReached) as caught:
            send(effects, outside, COMMENT, key)
        assert caught.value.code == "quota.comments" and "has made 2" in caught.value.summary
    assert outside.made == ["one", "two"] and effects.made(RUN.run_id, "comments") == 2
    # Each quota counts its own, and edits are not counted.
    send(effects, outside, PUSH, "push:a")
    send(effects, outside, EffectKind.COMMENT_EDIT, "status:1")
    with pytest.raises(QuotaReached, match=r"1 pushes.*allows 1"):
        send(effects, outside, PUSH, "push:b")


def test_a_raised_quota_lets_the_same_effect_be_made(ledger: Ledger) -> None:
    outside = Outside()
    with pytest.raises(QuotaReached):
        send(gateway(ledger, pushes=0), outside, PUSH, "push:a")
    send(gateway(ledger, pushes=1), outside, PUSH, "push:a")
    assert outside.made == ["push:a"]


def test_the_counts_survive_a_restart_and_hold_across_workers(ledger: Ledger) -> None:
    outside, barrier = Outside(), Barrier(8)
    send(gateway(ledger, comments=3), outside, COMMENT, "before the restart")

    def work(number: int) -> bool:
        effects = gateway(ledger, comments=3)
        barrier.wait()
        try:
            send(effects, outside, COMMENT, f"at once {number}")
        except QuotaReached:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    # Never more. Workers at the last one allowed may all be refused, and there is room again for the next.
    assert len(outside.made) <= 3
    for number in range(3):
        if len(outside.made) < 3:
            send(gateway(ledger, comments=3), outside, COMMENT, f"later {number}")
    assert len(outside.made) == 3 == gateway(ledger).made(RUN.run_id, "comments")


def test_a_repeat_after_a_crash_is_found_and_counts_once(ledger: Ledger) -> None:
    outside = Outside()
    ledger.intend(RUN.run_id, RUN.run_id, COMMENT, "one", NOW)
    assert gateway(ledger).made(RUN.run_id, "comments") == 1, "it may have been made"
    effects = gateway(ledger, comments=1)
    send(effects, outside, COMMENT, "one", find=lambda: {"id": 7})
    assert not outside.made and effects.made(RUN.run_id, "comments") == 1
    with pytest.raises(QuotaReached):
        send(effects, outside, COMMENT, "two")


def test_what_was_there_before_the_first_attempt_is_not_the_runs(ledger: Ledger) -> None:
    effects = gateway(ledger, comments=1)
    send(effects, Outside(), COMMENT, "status", find=lambda: {"id": 7})
    assert effects.made(RUN.run_id, "comments") == 0


def test_a_pull_request_counts_once_for_all_its_heads(ledger: Ledger) -> None:
    outside, effects = Outside(), gateway(ledger, pulls=1)
    send(effects, outside, PULL, "pull:a", gives={"number": 5})
    for head in ("b", "c"):
        send(effects, outside, PULL, f"pull:{head}", find=lambda: {"number": 5})
    ledger.intend(RUN.run_id, RUN.run_id, PULL, "pull:d", NOW)
    send(effects, outside, PULL, "pull:d", find=lambda: {"number": 5})
    assert effects.made(RUN.run_id, "pulls") == 1 and outside.made == ["pull:a"]
    with pytest.raises(QuotaReached, match="1 pull requests"):
        send(effects, outside, PULL, "pull:e")


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (UnknownOutcome("502"), 1),
        (GitFailed("the connection broke"), 1),
        (PushRefused("a rule", code="rule.push"), 0),
    ],
)
def test_a_failure_counts_where_the_effect_may_be_there(ledger: Ledger, error: CadenceError, counted: int) -> None:
    effects = gateway(ledger, pushes=1)
    with pytest.raises(type(error)):
        send(effects, Outside(), PUSH, "push:a", fail=error)
    assert effects.made(RUN.run_id, "pushes") == counted
    # The same push again is the same one.
    send(effects, Outside(), PUSH, "push:a")
    assert effects.made(RUN.run_id, "pushes") == 1


def test_what_tells_how_the_run_ended_is_written_at_the_quota(ledger: Ledger) -> None:
    outside, effects = Outside(), gateway(ledger, comments=0)
    send(effects, outside, COMMENT, "status", told_anyway=True)
    assert outside.made == ["status"] and effects.made(RUN.run_id, "comments") == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [(ChangeSize(3, 10), "quota.files"), (ChangeSize(2, 5_001), "quota.kilobytes"), (ChangeSize(2, 5_000), "")],
)
def test_the_size_of_a_push_is_held_to_its_quotas(ledger: Ledger, change: ChangeSize, code: str) -> None:
    outside, effects = Outside(), gateway(ledger, files=2, kilobytes=5)
    if not code:
        send(effects, outside, PUSH, "push:a", change=change)
        assert outside.made
        return
    with pytest.raises(QuotaReached) as caught:
        send(effects, outside, PUSH, "push:a", change=change)
    assert caught.value.code == code and not outside.made


def test_a_push_without_its_size_is_not_made(ledger: Ledger) -> None:
    outside = Outside()
    with pytest.raises(CadenceError) as caught:
        send(gateway(ledger), outside, PUSH, "push:a", change=None)
    assert caught.value.code == "door.closed" and not outside.made


def test_the_lower_of_two_quotas_counts(ledger: Ledger) -> None:
    both = (Quota("pushes", "quota.pushes", 9, is_operators=False), Quota("pushes", "C_PUSHES", 0, is_operators=True))
    effects = Effects(ledger, FakeClock(), write_interval_ms=0, quotas=lambda _run: both)
    with pytest.raises(QuotaReached) as caught:
        send(effects, Outside(), PUSH, "push:a")
    assert caught.value.remedy.startswith("The operator raises C_PUSHES")


def test_another_runs_effects_are_not_counted(ledger: Ledger) -> None:
    other: RunEntry = run("label:2", issue=4)
    ledger.start_run(other)
    ledger.intend(other.run_id, other.run_id, COMMENT, "one", NOW)
    assert gateway(ledger).made(RUN.run_id, "comments") == 0
