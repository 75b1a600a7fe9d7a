"""Caps on what a run may spend: reached before a question, they stop it; a judged change needs no more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from tests.journeys.world import FILES, WRITER, World

S = RunState
PRICED = {"CADENCE_MODEL_PRICES": "scripted-1=1/1"}


def with_budget(budget: str, merge: str = "") -> dict[str, str]:
    return {**FILES, ".github/cadence.yml": f"version: 1\nbudget: {{{budget}}}\n{merge}"}


def test_a_run_that_may_ask_nothing_says_so_and_asks_nothing(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_budget("run_tokens: 0"))
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET
    assert "`budget.run_tokens` allows 0" in world.status(issue) and "/cadence replan" in world.status(issue)
    assert not world.model.requests and not world.repo.pulls()


def test_a_cap_that_the_plan_used_up_stops_before_the_reviews(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_budget("run_tokens: 10"))
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and len(world.asked("change_set")) == 1
    assert not world.asked("reasoning") and not world.repo.pulls()


@pytest.mark.parametrize("cap", ["run_cost", "day_cost"])
def test_a_cost_without_a_price_is_not_risked(make_world: Callable[..., World], cap: str) -> None:
    world = make_world(files=with_budget(f"{cap}: 5"))
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and not world.model.requests
    assert f"`budget.{cap}` cannot be kept: CADENCE_MODEL_PRICES has no price" in world.status(issue)


def test_the_day_counts_all_runs_of_the_repository(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_budget("day_cost: 0.000001"), **PRICED)
    world.script_all()
    first = world.label_blueprint()
    second = world.label_blueprint("Another")
    assert [world.state(one) for one in (first, second)] == [S.STOPPED_BUDGET, S.STOPPED_BUDGET]
    assert len(world.asked("change_set")) == 1 and "in a day this repository's runs have cost" in world.status(second)
    world.later(25 * 3600)
    third = world.label_blueprint("Tomorrow")
    assert world.state(third) is S.STOPPED_BUDGET and len(world.asked("change_set")) == 2


def test_receipts_tell_the_cost(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_budget("run_cost: 5"), **PRICED)
    world.script_all()
    issue = world.label_blueprint()
    verdicts = world.ledger.verdicts_for(world.run(issue).run_id)
    assert all(v.receipt.cost and v.receipt.cost > 0 for v in verdicts) and len(verdicts) == 2
    assert all(v.receipt.model_asked == world.model.name for v in verdicts)
    counts = world.ledger.counts(world.run(issue).run_id)
    assert counts.cost is not None and counts.cost > sum(v.receipt.cost or 0 for v in verdicts)
    assert all("| cost | 0.0" in (review.body or "") for review in world.pull().reviews)


def test_at_the_gate_a_spent_budget_is_a_reason_until_it_is_raised(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_budget("run_tokens: 100000"))
    world.script_all()
    issue = world.label_blueprint()
    world.repo.push_commit(
        {".github/cadence.yml": with_budget("run_tokens: 1", "merge: {up_to_date: never}\n")[".github/cadence.yml"]},
        by=WRITER,
    )
    world.repo.push_commit({"more.py": "x = 1\n"}, by=WRITER, branch=f"cadence/issue-{issue}")
    world.ci()
    world.later()
    asked = len(world.model.requests)
    assert world.state(issue) is S.GATED and world.gate_codes(issue)[0] == "budget"
    assert "`budget.run_tokens` allows 1" in (world.checks(CHECK_GATE)[-1].summary or "")
    raised = with_budget("run_tokens: 200000", "merge: {up_to_date: never}\n")[".github/cadence.yml"]
    world.repo.push_commit({".github/cadence.yml": raised}, by=WRITER)
    world.sweep()
    world.later()
    assert len(world.model.requests) > asked
    world.must_be_merged(issue)
