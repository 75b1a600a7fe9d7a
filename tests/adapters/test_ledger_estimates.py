"""Estimates in the ledger: the first one stays, its outcome too, and earlier runs come back with their phases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.core.names import InstallationId, IssueNumber, RepositoryId
from bot.ledger.entries import EstimateEntry, ModelCallEntry, RunEntry
from bot.ledger.ledger import Ledger
from bot.plan.estimate import PhaseUse
from tests.adapters.ledger_rows import NOW, REPO, run

FIGURES = {
    f"{name}{end}": value
    for name, value in (("tokens", 9_000.0), ("cost", 0.25), ("seconds", 60.5), ("files", 2.0))
    for end in ("_low", "", "_high")
}
OUTCOME = {
    "used_tokens": 2**40, "used_cost": 0.5, "used_seconds": 12.25, "changed_files": 3, "changed_lines": 40,
    "ended_at": NOW + timedelta(minutes=5), "error": 2.0,
}  # fmt: skip


def entry(one: RunEntry, attempt: int = 1, **changes: object) -> EstimateEntry:
    whole = {
        "run_id": one.run_id, "attempt": attempt, "repository_id": one.repository_id, "at": NOW, "planned": True,
        "context_tokens": 5_000, "runs_here": 3, "runs_elsewhere": 1, **FIGURES,
    }  # fmt: skip
    return EstimateEntry(**{**whole, **changes})  # type: ignore[arg-type]


def call(ledger: Ledger, one: RunEntry, kind: str, minutes: float, cost: float | None = 0.25) -> None:
    figures = ModelCallEntry(
        run_id=one.run_id, kind=kind, at=NOW + timedelta(minutes=minutes), model_asked="m", prompt_digest="d",
        outcome="stop", input_tokens=1000, output_tokens=100, cost=cost, duration_ms=1500,
    )  # fmt: skip
    ledger.settle_call(0, figures)


def test_the_first_estimate_of_an_attempt_stays_and_so_does_its_outcome(ledger_on_each: Ledger) -> None:
    one = run()
    ledger_on_each.start_run(one)
    first = entry(one)
    ledger_on_each.save_estimate(first)
    ledger_on_each.save_estimate(replace(first, tokens=1.0))
    ledger_on_each.save_estimate(entry(one, 2, cost=None, cost_low=None, cost_high=None))
    assert ledger_on_each.estimates_of(one.run_id)[0] == first
    ledger_on_each.end_estimate(one.run_id, 1, OUTCOME)
    ledger_on_each.end_estimate(one.run_id, 1, {**OUTCOME, "used_tokens": 1})
    ended, second = ledger_on_each.estimates_of(one.run_id)
    assert ended == replace(first, **OUTCOME) and (second.attempt, second.cost, second.ended_at) == (2, None, None)


def test_phases_are_summed_within_the_times(ledger_on_each: Ledger) -> None:
    one = run()
    ledger_on_each.start_run(one)
    call(ledger_on_each, one, "plan", -1, None)
    call(ledger_on_each, one, "plan", 0)
    call(ledger_on_each, one, "plan", 1)
    call(ledger_on_each, one, "reasoning", 2, None)
    whole = ledger_on_each.phases_of(one.run_id)
    assert [(part.phase, part.calls) for part in whole] == [("plan", 3), ("reasoning", 1)]
    assert ledger_on_each.phases_of(one.run_id, NOW, NOW + timedelta(minutes=1)) == (
        PhaseUse("plan", 2, 2000, 200, 0.5, 3.0, "m"),
    )
    assert whole[1].cost is None


def test_earlier_runs_come_in_time_order_without_the_run_itself_and_without_other_accounts(
    ledger_on_each: Ledger,
) -> None:
    mine, before, unfinished = run("label:9", issue=9), run("label:1", issue=1), run("label:2", issue=2)
    elsewhere = replace(run("label:3"), run_id="elsewhere", repository_id=RepositoryId(77), issue=IssueNumber(8))
    stranger = replace(elsewhere, run_id="stranger", repository_id=RepositoryId(78), installation_id=InstallationId(5))
    for number, one in enumerate((mine, before, unfinished, elsewhere, stranger)):
        assert ledger_on_each.start_run(one)
        ledger_on_each.save_estimate(entry(one, at=NOW - timedelta(hours=number)))
        call(ledger_on_each, one, "plan", -60 * number)
        call(ledger_on_each, one, "reasoning", 60 * 24)
        if one is not unfinished:
            ledger_on_each.end_estimate(one.run_id, 1, OUTCOME)
    found = ledger_on_each.past_runs(REPO, mine.installation_id, leave_out=mine.run_id)
    assert [(past.here, past.files, past.seconds) for past in found] == [(False, 3, 12.25), (True, 3, 12.25)]
    assert all([(part.phase, part.calls) for part in past.phases] == [("plan", 1)] for past in found)
    assert len(ledger_on_each.past_runs(REPO, mine.installation_id)) == 3
    assert len(ledger_on_each.ended_estimates()) == 4
