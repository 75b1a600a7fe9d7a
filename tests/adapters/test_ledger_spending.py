"""Reservations of model calls: no two workers exceed a cap together, and what may have been used stays counted."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from bot.ledger.entries import ModelCallEntry
from bot.ledger.ledger import Ledger
from bot.ledger.spending import Spent, Worst
from tests.adapters.ledger_rows import NOW, REPO, run

WORST = Worst(60, 40, 0.5)


def under(cap: int) -> Callable[[Spent], str | None]:
    return lambda spent: f"{spent.day_tokens} of {cap}" if spent.day_tokens + WORST.tokens > cap else None


def call(run_id: object, **figures: object) -> ModelCallEntry:
    whole = {"kind": "plan", "at": NOW, "model_asked": "m", "prompt_digest": "d", "outcome": "stop"}
    return ModelCallEntry(run_id=run_id, **{**whole, **figures})  # type: ignore[arg-type]


def test_workers_that_reserve_at_once_do_not_exceed_the_cap_together(ledger_on_each: Ledger) -> None:
    runs = [run(f"label:{number}", issue=number) for number in range(1, 9)]
    for one in runs:
        ledger_on_each.start_run(one)
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda one: ledger_on_each.reserve_call(one.run_id, REPO, WORST, NOW, under(300)), runs))
    assert sum(isinstance(one, int) for one in made) == 3
    assert {one for one in made if isinstance(one, str)} == {"300 of 300"}


def test_a_reservation_becomes_the_figures_of_its_call(ledger_on_each: Ledger) -> None:
    one = run()
    ledger_on_each.start_run(one)
    held = ledger_on_each.reserve_call(one.run_id, REPO, WORST, NOW, under(100))
    assert isinstance(held, int)
    assert ledger_on_each.spent(one.run_id, REPO, NOW) == Spent(100, 0.5, 100, 0.5)
    ledger_on_each.settle_call(held, call(one.run_id, input_tokens=5, output_tokens=6, cost=0.25))
    assert ledger_on_each.spent(one.run_id, REPO, NOW) == Spent(11, 0.25, 11, 0.25)


def test_a_call_whose_process_ended_stays_counted(ledger_on_each: Ledger) -> None:
    one, other = run(), run("label:2", issue=4)
    for each in (one, other):
        ledger_on_each.start_run(each)
    assert isinstance(ledger_on_each.reserve_call(one.run_id, REPO, WORST, NOW, under(150)), int)
    assert ledger_on_each.reserve_call(one.run_id, REPO, WORST, NOW, under(150)) == "100 of 150"
    later = NOW + timedelta(hours=25)
    assert ledger_on_each.spent(one.run_id, REPO, later) == Spent(100, 0.5, 0, 0.0)
    assert ledger_on_each.spent(other.run_id, REPO, NOW) == Spent(0, 0.0, 100, 0.5)


def test_the_call_that_was_refused_last_is_known_until_one_fits(ledger_on_each: Ledger) -> None:
    one = run()
    ledger_on_each.start_run(one)
    assert ledger_on_each.refused_call(one.run_id) is None
    for _ in range(2):
        assert ledger_on_each.reserve_call(one.run_id, REPO, WORST, NOW, under(50)) == "0 of 50"
    assert ledger_on_each.refused_call(one.run_id) == WORST
    assert ledger_on_each.spent(one.run_id, REPO, NOW) == Spent(0, 0.0, 0, 0.0)
    ledger_on_each.reserve_call(one.run_id, REPO, WORST, NOW, under(100))
    assert ledger_on_each.refused_call(one.run_id) is None
