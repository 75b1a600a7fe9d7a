"""Caps on what a run may spend: reached before a question, they stop it; a judged change needs no more."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from bot.sandbox.model.script import Reply, Rule, hang_up, review
from tests.journeys.world import FILES, GOOD, WRITER, World, verdict

S = RunState
PRICED = {"CADENCE_MODEL_PRICES": "scripted-1=1/1"}


def with_budget(budget: str, merge: str = "") -> dict[str, str]:
    return {**FILES, ".github/cadence.yml": f"version: 1\nbudget: {{{budget}}}\n{merge}"}


def test_a_run_that_may_ask_nothing_says_so_and_asks_nothing(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_budget("run_tokens: 0"))
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET
    assert "`budget.run_tokens` allows 0" in world.status(issue) and "/cadence resume" in world.status(issue)
    assert not world.model.requests and not world.repo.pulls()


def raise_to(world: World, budget: str) -> None:
    """A maintainer changes the budget on the base, and nothing else."""
    text = with_budget(budget)[".github/cadence.yml"]
    world.repo.push_commit({".github/cadence.yml": text}, by=WRITER)
    world.settle()


def test_a_run_is_not_resumed_while_its_cap_is_as_it_was(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_budget("run_tokens: 100"))
    world.script_all()
    issue = world.label_blueprint()
    moves = len(world.ledger.transitions(world.run(issue).run_id))
    for budget in ("run_tokens: 100", "run_tokens: 200"):
        raise_to(world, budget)
        world.comment(issue, "/cadence resume")
        answer = world.bot_comments(issue)[-1]
        assert "The run stays **stopped: budget**" in answer and "Raise `budget.run_tokens`" in answer
        assert f"allows {budget.rpartition(' ')[2]} tokens" in answer and "/cadence resume" in answer
    assert len(world.ledger.transitions(world.run(issue).run_id)) == moves and not world.model.requests
    raise_to(world, "run_tokens: 100000")
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.GATED and len(world.runs(issue)) == 1


def test_a_resume_that_a_cap_refuses_ends_no_hold(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.script_all()
    issue = world.label_blueprint()
    world.comment(issue, "/cadence hold until Monday")
    raise_to(world, "run_tokens: 100")
    # The hold is the issue's, so it is there for the run of a new plan too.
    world.comment(issue, "/cadence replan")
    assert world.state(issue) is S.STOPPED_BUDGET
    world.comment(issue, "/cadence resume")
    assert "The run stays **stopped: budget**" in world.bot_comments(issue)[-1]
    assert world.ledger.steering(world.repo.id, world.run(issue).issue).held_by == WRITER
    raise_to(world, "run_tokens: 100000")
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.GATED
    assert not world.ledger.steering(world.repo.id, world.run(issue).issue).held_by


def test_a_run_goes_on_after_the_operator_raised_the_cap(make_world: Callable[..., World]) -> None:
    world = make_world(CADENCE_BUDGET_RUN_TOKENS="20000")
    world.script("change_set", GOOD)
    world.model.add(Rule("reasoning", lambda asked: replace(review(verdict())(asked), usage=(1000, 8000))))
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and used(world, issue) <= 20_000
    world.comment(issue, "/cadence resume")
    assert "The operator raises CADENCE_BUDGET_RUN_TOKENS" in world.bot_comments(issue)[-1]
    world.settings = world.settings.model_copy(update={"budget_run_tokens": 100_000})
    world.start_cadence()
    world.comment(issue, "/cadence resume")
    # It goes on at the question that did not fit: what was answered is not asked again.
    assert world.state(issue) is S.GATED and len(world.runs(issue)) == 1
    assert [len(world.asked(kind)) for kind in ("change_set", "reasoning", "efficiency")] == [1, 1, 1]


def used(world: World, issue: int) -> int:
    """Tokens that the run used, as the ledger counts them."""
    counts = world.ledger.counts(world.run(issue).run_id)
    return counts.input_tokens + counts.output_tokens


@pytest.mark.parametrize("usage", [(10**12, 10**12), (-5, -5), (0, 0), (1, 1), (700, 10**9)])
def test_an_absurd_figure_counts_as_the_worst_case_and_exceeds_no_cap(
    make_world: Callable[..., World], usage: tuple[int, int]
) -> None:
    # The plan's worst case fits. Counted in full, it leaves no room for a review.
    world = make_world(files=with_budget("run_tokens: 20000"))
    world.script("change_set", Reply(json.dumps(GOOD), usage=usage))
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and len(world.asked("change_set")) == 1
    assert not world.asked("reasoning") and not world.repo.pulls()
    assert 16_000 < used(world, issue) <= 20_000


def test_a_cap_in_mid_review_stops_before_the_question_that_does_not_fit(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_budget("run_tokens: 20000"))
    world.script("change_set", GOOD)
    world.model.add(Rule("reasoning", lambda asked: replace(review(verdict())(asked), usage=(1000, 8000))))
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and used(world, issue) <= 20_000
    assert len(world.asked("reasoning")) == 1 and not world.asked("efficiency")
    status = world.status(issue)
    assert "tokens, and the next question may use up to" in status
    assert "`budget.run_tokens` allows 20,000 tokens" in status
    raise_to(world, "run_tokens: 100000")
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.GATED
    # The same run with the same plan. Verdicts hold for one config, and the raised cap is another one.
    assert len(world.runs(issue)) == 1
    assert [len(world.asked(kind)) for kind in ("change_set", "reasoning", "efficiency")] == [1, 2, 1]
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_without_any_config_the_operators_caps_hold(make_world: Callable[..., World]) -> None:
    world = make_world(CADENCE_BUDGET_RUN_COST="0.001", **PRICED)
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and not world.model.requests
    assert "CADENCE_BUDGET_RUN_COST allows $0.001" in world.status(issue)
    assert "The operator raises CADENCE_BUDGET_RUN_COST" in world.status(issue)


def test_a_repository_cannot_raise_the_operators_cap(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_budget("run_tokens: 1000000"), CADENCE_BUDGET_RUN_TOKENS="1000")
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and not world.model.requests
    assert "CADENCE_BUDGET_RUN_TOKENS allows 1,000 tokens" in world.status(issue)


def test_a_model_without_a_price_has_caps_on_tokens_only(make_world: Callable[..., World]) -> None:
    world = make_world(CADENCE_BUDGET_RUN_COST="0", CADENCE_BUDGET_DAY_COST="0", CADENCE_BUDGET_CALL_COST="0")
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.GATED and world.ledger.counts(world.run(issue).run_id).cost is None
    limited = make_world(CADENCE_BUDGET_CALL_TOKENS="100")
    limited.script_all()
    other = limited.label_blueprint()
    assert limited.state(other) is S.STOPPED_BUDGET and not limited.model.requests
    assert "the next question may use up to" in limited.status(other)


def test_a_broken_connection_is_tried_again_by_the_engine_with_a_reservation_of_its_own(
    make_world: Callable[..., World],
) -> None:
    world = make_world(files=with_budget("run_tokens: 40000"))
    world.script("change_set", hang_up(), times=1)
    world.script_all()
    issue = world.label_blueprint()
    world.later()
    assert world.state(issue) is S.GATED
    first, second = (call for call in world.ledger.model_calls_of(world.run(issue).run_id) if call.kind == "plan")
    assert (first.outcome, first.output_tokens) == ("model.unreachable", 16_000)
    assert second.output_tokens < 1000
    tight = make_world(files=with_budget("run_tokens: 20000"))
    tight.script("change_set", hang_up(), times=1)
    tight.script_all()
    other = tight.label_blueprint()
    tight.later()
    assert tight.state(other) is S.STOPPED_BUDGET and used(tight, other) <= 20_000
    # The connection broke in the plan's question; the look around before it was answered.
    assert [one.kind for one in tight.model.requests] == ["cadence_explore", "cadence_change_set"]


@pytest.mark.parametrize("cap", ["run_cost", "day_cost"])
def test_a_cost_without_a_price_is_not_risked(make_world: Callable[..., World], cap: str) -> None:
    world = make_world(files=with_budget(f"{cap}: 5"))
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and not world.model.requests
    assert f"`budget.{cap}` cannot be kept: CADENCE_MODEL_PRICES has no price" in world.status(issue)


def test_the_day_counts_all_runs_of_the_repository(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_budget("day_cost: 0.0195"), **PRICED)
    world.script_all()
    first = world.label_blueprint()
    second = world.label_blueprint("Another")
    assert [world.state(one) for one in (first, second)] == [S.GATED, S.STOPPED_BUDGET]
    assert len(
        world.asked("change_set")
    ) == 1 and "in the last 24 hours this repository's runs have cost" in world.status(second)
    world.later(25 * 3600)
    third = world.label_blueprint("Tomorrow")
    assert world.state(third) is S.GATED and len(world.asked("change_set")) == 2


def test_receipts_tell_the_cost(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_budget("run_cost: 5"), **PRICED)
    world.script_all()
    issue = world.label_blueprint()
    verdicts = world.ledger.verdicts_for(world.run(issue).run_id)
    assert all(v.receipt.cost and v.receipt.cost > 0 for v in verdicts) and len(verdicts) == 2
    assert all(v.receipt.model_asked == world.model.name for v in verdicts)
    counts = world.ledger.counts(world.run(issue).run_id)
    assert counts.cost is not None and counts.cost > sum(v.receipt.cost or 0 for v in verdicts)
    assert all("| cost | $0.0" in (review.body or "") for review in world.pull().reviews)


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
    assert "`budget.run_tokens` allows 1 tokens" in (world.checks(CHECK_GATE)[-1].summary or "")
    raised = with_budget("run_tokens: 200000", "merge: {up_to_date: never}\n")[".github/cadence.yml"]
    world.repo.push_commit({".github/cadence.yml": raised}, by=WRITER)
    world.sweep()
    world.later()
    assert len(world.model.requests) > asked
    world.must_be_merged(issue)
