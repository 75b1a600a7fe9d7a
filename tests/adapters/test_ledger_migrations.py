"""Alembic's versions lead exactly to `tables.py`, on both databases, from wherever a ledger stands."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from bot.core.errors import CadenceError
from bot.ledger.ledger import Ledger
from bot.ledger.migrate import MIGRATIONS, REVISIONS
from bot.ledger.tables import metadata, runs
from tests.adapters.ledger_rows import delivery, run
from tests.fakes.fake_clock import FakeClock


def config() -> Config:
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    return made


@pytest.fixture
def empty(database_url: str) -> Iterator[Ledger]:
    """A ledger without tables, on each kind of database."""
    ledger = Ledger.open(database_url, FakeClock())
    yield ledger
    with ledger.engine.begin() as connection:
        found = sa.MetaData()
        found.reflect(connection)
        found.drop_all(connection)
    ledger.close()


def differences(ledger: Ledger) -> list[object]:
    """What autogenerate would change. Of SQLite it reads an empty default as another one than it wrote."""
    with ledger.engine.connect() as connection:
        on_postgres = connection.dialect.name == "postgresql"
        options = {"compare_type": True, "compare_server_default": on_postgres, "render_as_batch": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))


def names(ledger: Ledger) -> dict[str, set[str | None]]:
    """Unique constraints and indexes of every table, by name."""
    look = sa.inspect(ledger.engine)
    return {
        table: {one["name"] for one in [*look.get_unique_constraints(table), *look.get_indexes(table)]}
        | {look.get_pk_constraint(table)["name"]}
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def upgrade(ledger: Ledger, revision: str) -> None:
    settings = config()
    with ledger.engine.connect() as connection:
        settings.attributes["connection"] = connection
        command.upgrade(settings, revision)
        connection.commit()


def test_the_versions_lead_exactly_to_the_tables(empty: Ledger) -> None:
    assert differences(empty), "the comparison sees what is missing"
    empty.migrate()
    assert differences(empty) == []


def test_they_lead_to_the_same_names_as_the_tables_themselves(empty: Ledger) -> None:
    empty.migrate()
    migrated = names(empty)
    with empty.engine.begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    assert migrated == names(empty)


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_older_ledger_is_brought_up_with_its_rows(empty: Ledger, revision: str) -> None:
    upgrade(empty, revision)
    found = sa.Table("runs", sa.MetaData(), autoload_with=empty.engine)
    kept = {name: getattr(run(), name) for name in ("run_id", "repository_id", "issue", "cause", "installation_id")}
    with empty.engine.begin() as connection:
        moment = "2026-11-24T12:00:00.000000+00:00"
        connection.execute(sa.insert(found).values(**kept, state="gated", created_at=moment, updated_at=moment))
    empty.migrate()
    assert differences(empty) == []
    again = empty.run(run().run_id)
    assert again is not None and (again.state, again.repository_id) == ("gated", run().repository_id)


def test_migrating_again_changes_nothing(empty: Ledger) -> None:
    empty.migrate()
    empty.take_in(delivery())
    empty.migrate()
    assert empty.delivery(delivery().guid) == delivery(due_at=delivery().received_at)


def test_several_may_start_at_once(empty: Ledger, database_url: str) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        ledger = Ledger.open(database_url, FakeClock())
        try:
            ledger.migrate()
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
        finally:
            ledger.close()

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == [] and differences(empty) == []


@pytest.mark.parametrize(
    ("revision", "code", "cause"),
    [
        (
            "0001",
            "ledger.too_old",
            "The ledger is at migration 0001, and this version of Cadence opens one from 0004 on.",
        ),
        (
            "0003",
            "ledger.too_old",
            "The ledger is at migration 0003, and this version of Cadence opens one from 0004 on.",
        ),
        ("from-the-future", "ledger.too_new", "The ledger is at migration from-the-future, which this version"),
    ],
)
def test_a_ledger_that_no_migration_leads_from_is_refused_and_stays_as_it_is(
    empty: Ledger, revision: str, code: str, cause: str
) -> None:
    upgrade(empty, "0004")
    with empty.engine.begin() as connection:
        connection.execute(sa.text("update alembic_version set version_num = :it"), {"it": revision})
    before = names(empty)
    for opened in (empty.migrate, empty.migrate_if_older):
        with pytest.raises(CadenceError) as caught:
            opened()
        assert caught.value.code == code and caught.value.summary.startswith(cause) and caught.value.remedy
    assert names(empty) == before


def test_the_first_migration_makes_every_column_where_0001_to_0004_did(empty: Ledger) -> None:
    """Order counts for people who read the tables with SQL: what 0003 and 0004 added comes last."""
    upgrade(empty, "0004")
    columns = [column["name"] for column in sa.inspect(empty.engine).get_columns("runs")]
    assert columns[-3:] == ["merge_sha", "approved_pushed", "asked_reviews"]
    assert len(columns) == len(runs.columns)


def test_the_revisions_known_are_those_that_alembic_knows() -> None:
    found = ScriptDirectory.from_config(config()).walk_revisions()
    assert (
        [one.revision for one in found]
        == list(reversed(REVISIONS))
        == ["0011", "0010", "0009", "0008", "0007", "0006", "0005", "0004"]
    )


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_migration_can_be_taken_back(empty: Ledger, revision: str) -> None:
    settings = config()
    upgrade(empty, revision)
    with empty.engine.connect() as connection:
        settings.attributes["connection"] = connection
        command.downgrade(settings, "base")
        connection.commit()
    assert sa.inspect(empty.engine).get_table_names() == ["alembic_version"]


def test_the_directory_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'not' / 'there' / 'yet.sqlite'}", FakeClock())
    ledger.migrate()
    with ledger.engine.connect() as connection:
        assert connection.exec_driver_sql("pragma journal_mode").scalar() == "wal"
    ledger.close()
