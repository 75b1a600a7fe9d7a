"""A database and proofs made by the version whose last migration was 0004 (commit 03cc379) still open and verify.

tests/samples/ledger_0004/ holds a ledger of three merged runs (`cadence demo --keep`, scripted model), the exported
proofs of the three merges, the published keys (public halves only) and the repository as a git bundle.
"""

from __future__ import annotations

import gzip
import json
import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from bot.__main__ import app
from bot.core.states import RunState
from bot.ledger.ledger import Ledger
from tests.fakes.fake_clock import FakeClock

SAMPLE = Path(__file__).resolve().parents[1] / "samples" / "ledger_0004"
MERGES = sorted(path.name.removesuffix(".proof.json") for path in SAMPLE.glob("*.proof.json"))
KEYS = SAMPLE / "cadence-keys.json"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with the old database in it."""
    made = tmp_path / "cadence"
    made.mkdir()
    (made / "cadence.sqlite").write_bytes(gzip.decompress((SAMPLE / "cadence.sqlite.gz").read_bytes()))
    return made


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A full clone of the repository that the runs worked on."""
    made = tmp_path / "clone.git"
    subprocess.run(["git", "clone", "-q", "--mirror", SAMPLE / "repository.bundle", made], check=True)
    return made


def rows(ledger: Ledger) -> dict[str, int]:
    """How many rows each table has."""
    with ledger.engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        return {name: connection.execute(sa.text(f"select count(*) from {name}")).scalar_one() for name in tables}  # noqa: S608


def test_a_database_of_0004_opens_with_everything_in_it(data: Path) -> None:
    ledger = Ledger.open(f"sqlite:///{data / 'cadence.sqlite'}", FakeClock())
    before = rows(ledger)
    ledger.migrate()
    after = rows(ledger)
    assert {name: after[name] for name in before} == before
    merged = [run for run in ledger.runs() if run.state is RunState.MERGED]
    assert sorted((run.merge_sha or "")[:12] for run in merged) == MERGES
    ledger.close()


@pytest.mark.parametrize("merge", MERGES)
def test_a_proof_exported_then_verifies_now(merge: str, clone: Path) -> None:
    result = CliRunner().invoke(
        app,
        ["verify", merge, "--manifest", str(SAMPLE / f"{merge}.proof.json"), "--repo", str(clone), "--keys", str(KEYS)],
    )
    assert result.exit_code == 0, result.output
    assert result.output.endswith("The proof holds.\n")


@pytest.mark.parametrize("merge", MERGES)
def test_the_old_ledger_still_proves_its_merges(
    merge: str, data: Path, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CADENCE_DATA_DIR", str(data))
    result = CliRunner().invoke(app, ["verify", merge, "--repo", str(clone), "--json"])
    assert result.exit_code == 0, result.output
    assert "proof.ledger" in {check["code"] for check in json.loads(result.output)["checks"]}


def test_a_changed_proof_of_then_is_refused(tmp_path: Path, clone: Path) -> None:
    text = (SAMPLE / f"{MERGES[0]}.proof.json").read_text("utf-8")
    changed = tmp_path / "changed.json"
    changed.write_text(text.replace('"method":"squash"', '"method":"merge"', 1), "utf-8")
    result = CliRunner().invoke(app, ["verify", MERGES[0], "--manifest", str(changed), "--repo", str(clone)])
    assert result.exit_code == 1 and "proof.signature" in result.output
