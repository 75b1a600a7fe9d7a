"""Every record of a run is in its chain, in the record's own transaction, whoever writes at the same time."""

import json
import os
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import make_url

from bot.changeset.model import ChangeSet
from bot.core.findings import Finding, Severity
from bot.core.names import (
    BaseSha,
    Cause,
    CommitSha,
    Digest,
    HeadSha,
    InstallationId,
    IssueNumber,
    RepositoryId,
    RunId,
    sha256,
)
from bot.core.states import RunState
from bot.ledger import chain_store, tables
from bot.ledger.chain import ChainHead, chain_faults
from bot.ledger.entries import ModelCallEntry, ProofEntry, RunEntry
from bot.ledger.ledger import Ledger
from bot.proof.checklist import LineResult
from bot.proof.ledger_check import ledger_checks
from bot.review.review_kinds import Conclusion, EvidenceKey, Receipt, ReviewKind, Verdict
from tests.fakes.fake_clock import FakeClock

POSTGRES = os.environ.get("CADENCE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RUN = RunEntry(
    RunId("1-2-x"), RepositoryId(1), "o/r", InstallationId(3), IssueNumber(2), Cause("label:1"), "olive",
    RunState.GATED, "", NOW, NOW,
)  # fmt: skip
ID = RUN.run_id
HEAD, BASE = HeadSha(CommitSha("a" * 40)), BaseSha(CommitSha("b" * 40))
RECEIPT = Receipt("m", "m-1", "p", "d", ("a.py",), (), 1, 2, 3)
VERDICT = Verdict(
    ReviewKind.REASONING, EvidenceKey(HEAD, BASE, Digest("c")), Conclusion.APPROVE, "review.approved", "Fine.", RECEIPT
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    if request.param == "sqlite":
        opened = Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}", FakeClock())
        yield from _migrated(opened)
        return
    name = f"cadence_chain_{uuid.uuid4().hex[:12]}"
    server = sa.create_engine(make_url(POSTGRES).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.text(f"create database {name}"))
    try:
        url = make_url(POSTGRES).set(database=name).render_as_string(hide_password=False)
        yield from _migrated(Ledger.open(url, FakeClock()))
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f"drop database {name} with (force)"))
        server.dispose()


def _migrated(opened: Ledger) -> Iterator[Ledger]:
    opened.migrate()
    opened.start_run(RUN)
    yield opened
    opened.close()


def kinds(ledger: Ledger) -> list[str]:
    return [entry.kind for entry in ledger.chain_of(ID)]


def proof(decision: int = 1, digest: str = "d" * 64) -> ProofEntry:
    return ProofEntry(Digest(digest), ID, RepositoryId(1), decision, HEAD, NOW, "k", "{}", "s")


def test_the_migrations_lead_to_the_tables(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def write_every_kind(ledger: Ledger) -> None:
    change_set = ChangeSet.model_validate({"message": "m", "edits": [{"path": "a", "mode": "add", "after": "x"}]})
    ledger.update_run(ID, approved_by="will", approved_digest="e" * 64)
    ledger.update_run(ID, branch="told nobody")
    ledger.update_run(ID, summary="told by its digest")
    ledger.move(ID, RunState.MERGING)
    ledger.move(ID, RunState.MERGING)
    intent = ledger.intend(ID, ID, "merge", "merge:a", NOW)
    ledger.settle(intent.id, "failed", outcome=None, error_code="head.moved", now=NOW)
    ledger.intend(ID, ID, "merge", "merge:a", NOW)
    ledger.settle(intent.id, "done", outcome={"sha": "f"}, error_code=None, now=NOW)
    asked = ledger.intend(ID, ID, "model.call", "plan:x", NOW)
    ledger.settle_call(
        0, ModelCallEntry(run_id=ID, kind="plan", at=NOW, model_asked="m", prompt_digest="p", outcome="stop", cost=0.5)
    )
    ledger.settle(asked.id, "done", outcome={"text": "the answer, at length"}, error_code=None, now=NOW)
    ledger.save_changeset(ID, change_set)
    ledger.record_findings(ID, 1, [Finding("stale", Severity.ERROR, "old", edit=0, path="a")])
    ledger.save_verdict(ID, VERDICT)
    ledger.save_verdict(ID, VERDICT)
    ledger.record_decision(ID, pull=1, head=HEAD, outcome="merge", reasons=[], now=NOW, matter="x")
    ledger.record_decision(ID, pull=1, head=HEAD, outcome="merge", reasons=[], now=NOW, matter="x")
    ledger.save_proof(proof())
    ledger.save_proof(proof(digest="e" * 64))
    ledger.seal_proof("d" * 64, seal="{}", signature="s", merge_sha="f" * 40)
    ledger.seal_proof("d" * 64, seal="{1}", signature="t", merge_sha="0" * 40)


def test_every_record_of_a_run_is_in_its_chain(ledger: Ledger) -> None:
    write_every_kind(ledger)
    assert kinds(ledger) == [
        "start", "transition", "fields", "fields", "transition", "intent", "outcome",
        "intent", "outcome", "intent", "model", "outcome", "changeset", "findings",
        "verdict", "decision", "manifest", "seal",
    ]  # fmt: skip
    assert chain_faults(ID, ledger.chain_of(ID)) == ()
    bodies = [json.loads(entry.body) for entry in ledger.chain_of(ID)]
    assert bodies[2] == {"approved_by": "will", "approved_digest": "e" * 64}
    assert bodies[3] == {"summary_digest": sha256("told by its digest")}
    assert (bodies[7]["attempt"], bodies[8]["outcome"]) == (2, {"sha": "f"})
    assert "the answer" not in ledger.chain_of(ID)[11].body and bodies[11]["outcome_digest"]
    kept = ledger.proof_by_digest("d" * 64)
    assert kept is not None and (kept.seal, kept.merge_sha) == ("{}", "f" * 40), "the first seal stays"


# The two differ in ids: PostgreSQL also counts an insert that a unique key refuses.
# https://www.postgresql.org/docs/current/functions-sequence.html
HEADS = {
    "sqlite": "5c079a3c45b9202622afd47acf18c99878b888d5400bbc336e1bde89d7cfbd6b",
    "postgresql": "2593200cdb6fcc992edf4eacfcbb7578e7c09d0284827962dece40f837e677f9",
}


def test_the_bytes_of_a_chain_never_change(ledger: Ledger) -> None:
    """Proofs sign a chain's head: a body that is spelt otherwise would break the chain of every running run."""
    write_every_kind(ledger)
    assert ledger.chain_head(ID) == ChainHead(18, HEADS[ledger.engine.dialect.name])


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ("update runs set approved_by = 'eve'", "runs: run has another approved_by than the chain"),
        ("update runs set summary = 'other'", "runs: run has another summary_digest than the chain"),
        ("update runs set state = 'merged'", "runs: run has another state than the chain"),
        ("update transitions set reason = 'x' where id = 2", "transitions: 2 has another reason than the chain"),
        ("delete from transitions where id = 2", "transitions: 2 is in the chain and not in the table"),
        ("update decisions set outcome = 'wait'", "decisions: 1 has another outcome than the chain"),
        ("update effects set error_code = 'x' where id = 1", "effects: 1 has another error than the chain"),
        ("update effects set outcome = '{}' where id = 1", "effects: 1 has another outcome than the chain"),
        ("update effects set outcome = '{}' where kind = 'model.call'", "another outcome_digest than the chain"),
        ("update model_calls set cost = 0.1", "model_calls: 1 has another cost than the chain"),
        ("update changesets set canonical = '{}'", "another digest than the chain"),
        ("update findings set findings = '[]'", "findings: 1 has another findings than the chain"),
        ("update verdicts set verdict = '{}'", "another conclusion than the chain"),
        ("update verdicts set attempt = 2", "is in the chain and not in the table"),
    ],
)
def test_a_row_that_was_changed_is_found(ledger: Ledger, change: str, failure: str) -> None:
    write_every_kind(ledger)
    assert [line.state for line in ledger_checks(ledger, ID)] == [LineResult.OK]
    with ledger.engine.begin() as connection:
        connection.execute(sa.text(change))
    (line,) = ledger_checks(ledger, ID)
    assert line.state is LineResult.FAILED and failure in line.text


def test_what_belongs_to_no_run_stands_in_no_chain(ledger: Ledger) -> None:
    before = kinds(ledger)
    effect = ledger.intend("repo:1", None, "reaction", "x", NOW)
    ledger.settle(effect.id, "done", outcome={}, error_code=None, now=NOW)
    ledger.settle_call(
        0, ModelCallEntry(run_id=None, kind="plan", at=NOW, model_asked="m", prompt_digest="p", outcome="stop")
    )
    ledger.update_run(RunId("unknown"), approved_by="x")
    assert kinds(ledger) == before


def test_a_record_without_its_entry_is_not_made(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Either both are there or neither: the entry is written in the record's own transaction."""

    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(chain_store, "entry_after", fail)
    for act in (
        lambda: ledger.move(ID, RunState.MERGING),
        lambda: ledger.intend(ID, ID, "merge", "merge:a", NOW),
        lambda: ledger.save_verdict(ID, VERDICT),
        lambda: ledger.save_proof(proof()),
        lambda: ledger.update_run(ID, approved_by="x"),
    ):
        with pytest.raises(RuntimeError):
            act()
    run = ledger.run(ID)
    assert run is not None and (run.state, run.approved_by) == (RunState.GATED, "")
    assert ledger.effects_of(ID) == [] and ledger.verdicts_for(ID) == [] and ledger.proofs_for_head(ID, HEAD) == []


def test_many_writers_make_one_chain(ledger: Ledger) -> None:
    writers, each = 8, 12
    barrier, problems = threading.Barrier(writers), []

    def write(number: int) -> None:
        barrier.wait()
        try:
            for step in range(each):
                effect = ledger.intend(ID, ID, "comment.edit", f"{number}:{step}", NOW)
                ledger.settle(effect.id, "done", outcome={}, error_code=None, now=NOW)
        except sa.exc.SQLAlchemyError as error:
            problems.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    entries = ledger.chain_of(ID)
    assert len(entries) == 2 + writers * each * 2
    assert chain_faults(ID, entries) == ()
    head = ledger.chain_head(ID)
    assert head is not None and (head.seq, head.hash) == (entries[-1].seq, entries[-1].hash)


def test_purging_drops_no_chain_and_no_proof(ledger: Ledger) -> None:
    ledger.save_proof(proof())
    before = kinds(ledger)
    ledger.purge(NOW + timedelta(days=4000))
    assert kinds(ledger) == before and ledger.proof_by_digest("d" * 64) is not None


def test_a_merge_is_found_by_enough_of_its_beginning(ledger: Ledger) -> None:
    for decision, sha in ((1, "abcdef01" + "0" * 32), (2, "abcdef02" + "0" * 32)):
        ledger.save_proof(proof(decision, digest=str(decision) * 64))
        ledger.seal_proof(str(decision) * 64, seal="{}", signature="s", merge_sha=sha)
    found = ledger.proof_of_merge("abcdef02")
    assert found is not None and found.decision_id == 2
    assert ledger.proof_of_merge("fffffff") is None
    for prefix, code in (("abcdef0", "commit.ambiguous"), ("abc", "commit.short"), ("%", "commit.short")):
        with pytest.raises(Exception, match=code):
            ledger.proof_of_merge(prefix)


def test_signing_keys_are_remembered_once(ledger: Ledger) -> None:
    ledger.record_signing_key("k1", "p1")
    ledger.record_signing_key("k2", "p2")
    ledger.record_signing_key("k1", "other")
    assert {(key.key_id, key.public_key) for key in ledger.signing_keys()} == {("k1", "p1"), ("k2", "p2")}
