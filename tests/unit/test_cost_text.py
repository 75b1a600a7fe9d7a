"""Estimates and receipts in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.core.names import RepositoryId, RunId
from bot.ledger.entries import EstimateEntry
from bot.plan.estimate import PhaseUse
from bot.publish.cost_text import (
    basis_text,
    dollars,
    duration,
    expected_text,
    outcome_text,
    receipt_lines,
    receipt_table,
    receipt_text,
)

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ENTRY = EstimateEntry(
    run_id=RunId("r"), attempt=1, repository_id=RepositoryId(7), at=AT, planned=True, context_tokens=20_000,
    runs_here=12, runs_elsewhere=0, tokens_low=21_432.0, tokens=30_000.0, tokens_high=58_765.0, cost_low=0.0412,
    cost=0.06, cost_high=0.1049, seconds_low=44.0, seconds=70.0, seconds_high=170.0, files_low=1.4, files=2.0,
    files_high=3.3,
)  # fmt: skip
FREE = replace(ENTRY, cost_low=None, cost=None, cost_high=None)
PHASES = (
    PhaseUse("plan", 2, 41_000, 5_200, 0.031, 95.0),
    PhaseUse("reasoning", 1, 4_000, 600, 0.011, 12.0),
    PhaseUse("efficiency", 1, 4_000, 500, 0.01, 9.0),
)


def test_what_is_expected_is_one_line_with_its_basis() -> None:
    assert (
        expected_text(ENTRY)
        == "$0.041 to $0.10 (21,000 to 59,000 tokens), 44 s to 3 min, 1 to 4 files; from 12 earlier runs here"
    )
    assert expected_text(FREE).startswith("21,000 to 59,000 tokens, 44 s")
    free = replace(ENTRY, cost_low=0.0, cost=0.0, cost_high=0.0, seconds_low=1.0, seconds_high=1.2)
    assert expected_text(free).startswith("$0.00 (21,000 to 59,000 tokens), 1 s, 1 to 4 files")
    one = replace(ENTRY, planned=False, files_low=1, files_high=1)
    assert "1 file; only for the reviews, because the issue gives the ChangeSet; from 12" in expected_text(one)


@pytest.mark.parametrize(
    ("here", "elsewhere", "text"),
    [
        (1, 0, "from 1 earlier run here and default figures"),
        (1, 1, "from 1 earlier run here and 1 earlier run in other repositories and default figures"),
        (0, 2, "no runs here yet, so from 2 earlier runs in other repositories and default figures"),
        (3, 0, "from 3 earlier runs here"),
        (3, 9, "from 3 earlier runs here and 9 earlier runs in other repositories"),
        (0, 9, "no runs here yet, so from 9 earlier runs in other repositories"),
        (0, 0, "no runs here yet, so from default figures"),
    ],
)
def test_the_basis_is_named(here: int, elsewhere: int, text: str) -> None:
    assert basis_text(replace(ENTRY, runs_here=here, runs_elsewhere=elsewhere)) == text


def test_the_outcome_is_empty_until_it_is_known() -> None:
    assert outcome_text(ENTRY) == ""
    ended = replace(ENTRY, used_tokens=36_123, used_cost=0.072, ended_at=AT, error=1.2)
    assert outcome_text(ended) == "$0.072; the estimate was $0.041 to $0.10 (1.2 times its middle)"
    assert outcome_text(replace(ended, error=None)) == "$0.072; the estimate was $0.041 to $0.10"
    free = replace(FREE, used_tokens=36_123, ended_at=AT, error=0.25)
    assert outcome_text(free) == "36,123 tokens; the estimate was 21,000 to 59,000 tokens (0.25 times its middle)"
    # A price that came, or went, while the run was going on.
    assert "36,123 tokens; the estimate" in outcome_text(replace(ended, used_cost=None))


def test_a_receipt_has_a_line_for_each_phase_and_one_for_all() -> None:
    assert receipt_table(PHASES).splitlines()[2:] == [
        "| plan (2 attempts) | 41,000 | 5,200 | $0.031 | 2 min |",
        "| reasoning review | 4,000 | 600 | $0.011 | 12 s |",
        "| efficiency review | 4,000 | 500 | $0.010 | 9 s |",
        "| in all | 49,000 | 6,300 | $0.052 | 2 min |",
    ]
    unpriced = (PHASES[0], replace(PHASES[1], cost=None))
    assert receipt_table(unpriced).endswith("| in all | 45,000 | 5,800 | no price | 2 min |")
    assert receipt_table(()) == "" and receipt_text((), ENTRY) == ""
    assert receipt_text(PHASES, None) == receipt_text(PHASES, ENTRY) == receipt_table(PHASES)
    ended = replace(ENTRY, used_tokens=36_123, used_cost=0.072, ended_at=AT, error=1.2)
    assert receipt_text(PHASES, ended).endswith(
        "(1.2 times its middle). Basis of the estimate: from 12 earlier runs here."
    )
    assert receipt_lines(PHASES)[0] == ("plan", "41,000 in, 5,200 out, $0.031, 2 min (2 attempts)")


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "$0.00"), (0.00001, "less than $0.0001"), (0.0061, "$0.0061"), (0.0432, "$0.043"), (0.1, "$0.10"),
     (1.239, "$1.24"), (1234.5, "$1,234.50")],
)  # fmt: skip
def test_money(amount: float, text: str) -> None:
    assert dollars(amount) == text


def test_time() -> None:
    assert [duration(one) for one in (0, 89, 91, 3000, 7200)] == ["0 s", "89 s", "2 min", "50 min", "2.0 h"]
