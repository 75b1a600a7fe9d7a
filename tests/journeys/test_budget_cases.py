"""Every case of bench/budget.py: absurd figures, no price, a cap in mid-review, two workers; no cap is exceeded."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bot.core.states import RunState
from tests.journeys.budget_cases import CASES, Case, play

POSTGRES = os.environ.get("CADENCE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Empty for SQLite; else an empty PostgreSQL database, gone afterwards."""
    if request.param == "sqlite":
        yield ""
        return
    name = f"cadence_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"create database {name}")  # type: ignore[arg-type]
    yield POSTGRES.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")  # type: ignore[arg-type]


@pytest.mark.parametrize("case", [one for one in CASES if one.workers == 1], ids=lambda one: one.name)
def test_no_cap_is_exceeded(case: Case, tmp_path: Path) -> None:
    figures = play(case, tmp_path)
    assert figures.ends == (RunState.STOPPED_BUDGET,) and figures.refused >= 1 and figures.calls >= 1
    assert figures.overshoot == 0, figures
    assert 0 < figures.real <= figures.counted <= figures.cap


@pytest.mark.parametrize("case", [one for one in CASES if one.workers == 2], ids=lambda one: one.name)
def test_two_workers_at_once_keep_the_days_cap(case: Case, tmp_path: Path, url: str) -> None:
    figures = play(case, tmp_path, url)
    # The one that asked ends at its next question, the other one at its first.
    assert figures.ends == (RunState.STOPPED_BUDGET, RunState.STOPPED_BUDGET)
    assert figures.calls == 1 and figures.overshoot == 0, figures
    assert 0 < figures.real <= figures.counted <= figures.cap
