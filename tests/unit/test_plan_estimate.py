"""The estimate: which history it uses, what a few expensive runs do to it, and that no history breaks it."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.plan.estimate import PastRun, PhaseUse, Range, Task, estimate, fit, off_by


def price(phase: str, asked: int, answered: int) -> float | None:
    return (asked * 1 + answered * 10) / 1e6


def nothing(phase: str, asked: int, answered: int) -> float | None:
    return None


def past(context: int, attempts: int = 1, *, scale: float = 1.0, here: bool = True, files: int = 2) -> PastRun:
    plan = PhaseUse("plan", attempts, int(context * attempts * scale), int(2_000 * attempts * scale), None, 30.0)
    reviews = [PhaseUse(kind, 1, int(4_000 * scale), int(600 * scale), None, 10.0) for kind in REVIEWS]
    return PastRun(context, True, (plan, *reviews), 60.0, files, 50, here)


REVIEWS = ("reasoning", "efficiency")
TASK = Task(20_000, planned=True)


def test_without_history_the_default_is_said_and_is_wide() -> None:
    made = estimate(TASK, [], price)
    assert (made.runs_here, made.runs_elsewhere) == (0, 0)
    assert made.cost is not None and round(made.cost.high / made.cost.low, 6) == 4 and round(made.files.middle, 6) == 3
    assert round(made.tokens.middle) == 25_000 + 3_000 + 2 * (4_500 + 700)


def test_the_estimate_grows_with_the_context() -> None:
    history = [past(size) for size in (5_000, 10_000, 20_000, 30_000, 40_000, 60_000, 8_000, 15_000)]
    for size in (6_000, 25_000, 50_000):
        made = estimate(Task(size, planned=True), history, price)
        true = size + 2_000 + 2 * 4_600
        assert true / 1.3 < made.tokens.middle < true * 1.3
        assert made.tokens.low <= made.tokens.middle <= made.tokens.high


def test_a_single_expensive_run_does_not_move_it() -> None:
    history = [past(20_000 + 100 * number) for number in range(11)]
    usual, moved = estimate(TASK, history, price), estimate(TASK, [*history, past(20_000, 3, scale=10)], price)
    assert usual.cost and moved.cost and moved.cost.middle < 1.05 * usual.cost.middle


def test_repairs_in_some_runs_lie_within_a_factor_of_two() -> None:
    # Of each ten runs, six need one attempt, three need two, one needs three.
    history = [past(20_000 + 50 * number, (1, 1, 2, 1, 1, 2, 1, 3, 1, 2)[number % 10]) for number in range(30)]
    made = estimate(TASK, history, price)
    for attempts in (1, 2, 3):
        used = sum(one.input_tokens + one.output_tokens for one in past(20_000, attempts).phases)
        assert 0.5 <= (off_by(made.tokens.middle, used) or 0) <= 2, attempts


def test_other_repositories_count_until_there_are_enough_runs_here() -> None:
    others = [past(20_000, scale=4, here=False) for _ in range(9)]
    few = estimate(TASK, [*others, past(20_000)], price)
    many = estimate(TASK, [*others, *[past(20_000)] * 5], price)
    assert (few.runs_here, few.runs_elsewhere) == (1, 9) and (many.runs_here, many.runs_elsewhere) == (5, 0)
    assert many.tokens.middle < few.tokens.middle


def test_old_runs_are_left_out() -> None:
    made = estimate(TASK, [*[past(20_000, scale=9)] * 100, *[past(20_000)] * 60], price)
    assert made.runs_here == 60 and made.tokens.middle == estimate(TASK, [past(20_000)] * 60, price).tokens.middle


def test_runs_that_asked_another_model_are_left_out_when_there_are_enough_without_them() -> None:
    def by(model: str, run: PastRun) -> PastRun:
        return replace(run, phases=tuple(replace(one, model=model) for one in run.phases))

    old, new = [by("old", past(20_000, scale=5))] * 20, by("new", past(20_000))
    task = replace(TASK, models=tuple((kind, "new") for kind in ("plan", *REVIEWS)))
    few, enough = estimate(task, [*old, *[new] * 4], price), estimate(task, [*old, *[new] * 5], price)
    assert (few.runs_here, enough.runs_here) == (24, 5)
    assert enough.tokens.middle < 1.05 * estimate(task, [new] * 9, price).tokens.middle < few.tokens.middle


def test_a_given_change_set_costs_its_reviews_and_its_files_are_known() -> None:
    history = [past(20_000 + number) for number in range(12)]
    made = estimate(Task(2_000, planned=False, files=4), history, price)
    assert made.files == Range(4, 4, 4) and made.runs_here == 12
    assert 8_000 < made.tokens.middle < 11_000 and made.seconds.middle < 40


def test_a_run_without_a_plan_says_nothing_about_one_that_has_to_be_planned() -> None:
    reviewed = replace(past(500), planned=False, phases=past(500).phases[1:])
    assert estimate(TASK, [reviewed] * 8, price).runs_here == 0
    assert estimate(Task(500, planned=False, files=1), [reviewed] * 8, price).runs_here == 8


def test_without_a_price_there_are_tokens_only() -> None:
    made = estimate(TASK, [past(20_000)], nothing)
    assert made.cost is None and made.tokens.middle > 0
    free = estimate(TASK, [past(20_000)] * 4, lambda *_: 0.0)
    assert free.cost == Range(0, 0, 0)


def test_the_error_is_a_factor() -> None:
    assert off_by(2.0, 3.0) == 1.5 and off_by(0.0, 3.0) is None and off_by(2.0, 0.0) is None


NUMBERS = st.integers(min_value=0, max_value=10**12)
RUNS = st.builds(
    PastRun,
    context_tokens=NUMBERS,
    planned=st.booleans(),
    phases=st.lists(
        st.builds(
            PhaseUse, st.sampled_from(["plan", *REVIEWS]), NUMBERS, NUMBERS, NUMBERS, st.none(),
            st.floats(0, 1e9),
        ),
        max_size=4,
    ).map(tuple),
    seconds=st.floats(min_value=0, max_value=1e12),
    files=NUMBERS,
    lines=NUMBERS,
    here=st.booleans(),
)  # fmt: skip


@given(st.lists(RUNS, max_size=12), NUMBERS, st.booleans())
def test_whatever_the_history_holds_there_is_an_ordered_finite_range(
    history: list[PastRun], size: int, planned: bool
) -> None:
    made = estimate(Task(size, planned=planned, files=None if planned else 1), history, price)
    assert made.cost is not None
    for one in (made.tokens, made.cost, made.seconds, made.files):
        assert 0 <= one.low <= one.middle <= one.high < math.inf


def test_fit_follows_the_part_that_grows_and_the_part_that_does_not() -> None:
    dice = random.Random(7)  # noqa: S311
    sizes = [dice.uniform(1_000, 30_000) for _ in range(40)]
    flat = fit(sizes, [5.0] * 40, 30_000)
    steep = fit(sizes, [size / 1_000 for size in sizes], 30_000)
    assert 4.5 < flat.middle < 5.5 and 27 < steep.middle < 33
