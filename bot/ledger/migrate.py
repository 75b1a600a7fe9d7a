"""Updates the ledger's tables to this version with Alembic, and refuses a database that it cannot update."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock

from bot.core.errors import Audience, CadenceError

MIGRATIONS = Path(__file__).with_name("migrations")
REVISIONS = tuple(sorted(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")))
"""Every revision that a database can be brought up from, oldest first."""
_BEFORE_0004 = ("0001", "0002", "0003")
_LOCK_KEY = 7_243_391


def migrate(engine: sa.Engine) -> None:
    """Bring the tables to the newest revision. Of several processes that start at once one migrates, the others wait.

    Raises CadenceError `ledger.too_old` for a database before 0004 and `ledger.too_new` for one of a revision that this
    version does not have. Neither database is changed.
    """
    # Alembic takes 0.3 s to import, which commands that only read the ledger do not need.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with _one_at_a_time(engine), engine.connect() as connection:
        revision_of(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def revision_of(connection: sa.Connection) -> str | None:
    """The revision of a database, one of REVISIONS; None where nothing was migrated yet. Raises what `migrate` raises.

    Alembic would answer an unknown revision with "Can't locate revision", which names neither cause nor next step.
    """
    # Alembic keeps the revision in this table: https://alembic.sqlalchemy.org/en/latest/tutorial.html
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("select version_num from alembic_version"))
    if found in _BEFORE_0004:
        raise CadenceError(
            f"The ledger is at migration {found}, and this version of Cadence opens one from {REVISIONS[0]} on.",
            code="ledger.too_old",
            audience=Audience.OPERATOR,
            remedy="Make a backup, start `cadence serve` of commit 03cc379 on it once, then start this version again.",
        )
    if found is not None and found not in REVISIONS:
        raise CadenceError(
            f"The ledger is at migration {found}, which this version of Cadence does not have: the newest here is "
            f"{REVISIONS[-1]}.",
            code="ledger.too_new",
            audience=Audience.OPERATOR,
            remedy="Use the version of Cadence that wrote it, or a newer one.",
        )
    return found


@contextmanager
def _one_at_a_time(engine: sa.Engine) -> Iterator[None]:
    if engine.dialect.name != "postgresql":
        with FileLock(f"{engine.url.database}.migrate.lock"):
            yield
        return
    # A session's advisory lock also ends with its connection, so a process that is killed does not leave it behind:
    # https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
    with engine.connect() as connection:
        connection.execute(sa.text("select pg_advisory_lock(:key)"), {"key": _LOCK_KEY})
        try:
            yield
        finally:
            connection.execute(sa.text("select pg_advisory_unlock(:key)"), {"key": _LOCK_KEY})
