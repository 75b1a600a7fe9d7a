"""Ledgers on SQLite and on PostgreSQL: a test that takes `ledger_on_each` runs on both."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bot.ledger.ledger import Ledger
from bot.ledger.tables import metadata
from tests.adapters.github_stage import Stage
from tests.fakes.fake_clock import FakeClock

POSTGRES = os.environ.get("CADENCE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
ON_POSTGRES = pytest.param("postgresql", marks=pytest.mark.postgres)


@pytest.fixture(scope="module", params=["sqlite", ON_POSTGRES])
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An empty database of each kind, gone after the module."""
    if request.param == "sqlite":
        yield f"sqlite:///{Path(tmp_path_factory.mktemp('ledger')) / 'ledger.sqlite'}"
        return
    name = f"cadence_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"create database {name}")  # type: ignore[arg-type]
    yield POSTGRES.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def migrated_url(database_url: str) -> str:
    """The same with its tables."""
    ledger = Ledger.open(database_url, FakeClock())
    ledger.migrate()
    ledger.close()
    return database_url


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger_on_each(migrated_url: str, clock: FakeClock) -> Iterator[Ledger]:
    """An empty ledger on each kind of database."""
    ledger = Ledger.open(migrated_url, clock)
    yield ledger
    with ledger.engine.begin() as connection:
        for table in metadata.sorted_tables:
            connection.execute(table.delete())
    ledger.close()


@pytest.fixture
def github_stage() -> Iterator[Stage]:
    stage = Stage()
    yield stage
    stage.server.stop()
