"""Evidence on both databases: ChangeSets, findings, verdicts, decisions, sightings; and what a purge leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.changeset.model import ChangeSet, Edit
from bot.core.findings import Finding, Severity
from bot.core.names import BaseSha, CommitSha, Digest, RunId
from bot.core.states import RunState
from bot.ledger.entries import verdict_from_json, verdict_to_json
from bot.ledger.ledger import Ledger
from bot.review.review_kinds import Conclusion, EvidenceKey, ReviewKind
from tests.adapters.ledger_rows import BASE, HEAD, ISSUE, NOW, POLICY, REPO, delivery, run, verdict
from tests.fakes.fake_clock import FakeClock

R = run().run_id


def test_a_change_set_is_kept_by_its_digest(ledger_on_each: Ledger) -> None:
    change_set = ChangeSet(message="größer", edits=(Edit(path="a.py", mode="add", after="x = '\u2028'\n"),))
    digest = ledger_on_each.save_changeset(R, change_set)
    assert ledger_on_each.save_changeset(RunId("other"), change_set) == digest == change_set.digest()
    kept = ledger_on_each.changeset(digest)
    assert kept == change_set and kept.digest() == digest
    assert ledger_on_each.changeset("f" * 64) is None


def test_findings_by_attempt(ledger_on_each: Ledger) -> None:
    finding = Finding("path.escape", "it leaves the tree", "Stay inside.", Severity.ERROR, 0, "../x", 3)
    ledger_on_each.record_findings(R, 1, [finding])
    ledger_on_each.record_findings(R, 2, [])
    first, second = ledger_on_each.findings_of(R)
    assert (first["attempt"], first["findings"]) == (1, [finding.as_dict()])
    assert (second["attempt"], second["findings"]) == (2, [])


# -- verdicts -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", list(ReviewKind))
@pytest.mark.parametrize("conclusion", list(Conclusion))
def test_a_verdict_survives_json(kind: ReviewKind, conclusion: Conclusion) -> None:
    whole = verdict(kind, conclusion=conclusion)
    assert verdict_from_json(verdict_to_json(whole)) == whole


def test_the_first_verdict_filed_under_a_key_stays(ledger_on_each: Ledger) -> None:
    ledger_on_each.start_run(run())
    ledger_on_each.save_verdict(R, verdict())
    ledger_on_each.save_verdict(R, verdict(conclusion=Conclusion.REJECT))
    assert ledger_on_each.verdicts_for(R) == [verdict()]


def test_only_the_newest_attempt_on_exactly_that_key_counts(ledger_on_each: Ledger) -> None:
    ledger_on_each.start_run(run())
    second = verdict(attempt=2, conclusion=Conclusion.REJECT)
    other_base = verdict(key=EvidenceKey(HEAD, BaseSha(CommitSha("d" * 40)), POLICY, 9))
    for one in (second, verdict(), other_base, verdict(ReviewKind.EFFICIENCY, 5)):
        ledger_on_each.save_verdict(R, one)
    newest = ledger_on_each.newest_verdict
    assert newest(R, ReviewKind.REASONING, HEAD, BASE, POLICY) == second
    assert newest(R, ReviewKind.EFFICIENCY, HEAD, BASE, POLICY) == verdict(ReviewKind.EFFICIENCY, 5)
    assert newest(R, ReviewKind.REASONING, HEAD, BASE, Digest("e" * 64)) is None
    assert newest(RunId("other"), ReviewKind.REASONING, HEAD, BASE, POLICY) is None


def test_an_older_runs_verdicts_are_void(ledger_on_each: Ledger) -> None:
    replan = run("comment:2", created_at=NOW - timedelta(hours=1))
    ledger_on_each.start_run(run())
    ledger_on_each.save_verdict(R, verdict())
    assert ledger_on_each.verdicts_for_issue(REPO, ISSUE) == [verdict()]
    ledger_on_each.start_run(replan)
    assert ledger_on_each.verdicts_for_issue(REPO, ISSUE) == []


# -- decisions and sightings ----------------------------------------------------------------------------------------
def test_the_same_decision_is_filed_once_in_a_row(ledger_on_each: Ledger) -> None:
    def decide(outcome: str, *codes: str) -> tuple[int, bool]:
        reasons = [{"code": code, "text": "so"} for code in codes]
        return ledger_on_each.record_decision(R, pull=9, head=HEAD, outcome=outcome, reasons=reasons, now=NOW)

    first = decide("wait", "ci.pending")
    assert decide("wait", "ci.pending") == (first[0], False)
    second = decide("wait", "ci.pending", "draft")
    assert second[1] and decide("wait", "ci.pending")[1], "what comes back after another is filed again"
    told = [[reason["code"] for reason in one.reasons] for one in ledger_on_each.decisions_of(R)]
    assert told == [["ci.pending"], ["ci.pending", "draft"], ["ci.pending"]]
    newest = ledger_on_each.newest_decision(R)
    assert newest is not None and (newest.outcome, newest.pull, newest.head, newest.at) == ("wait", 9, HEAD, NOW)
    assert ledger_on_each.newest_decision(RunId("none")) is None


def test_a_first_sight_is_kept(ledger_on_each: Ledger) -> None:
    later = NOW + timedelta(minutes=1)
    assert ledger_on_each.see_head(REPO, HEAD, NOW) == NOW
    assert ledger_on_each.see_head(REPO, HEAD, later) == NOW
    assert ledger_on_each.see_check(REPO, HEAD, "tests", later) == later
    assert ledger_on_each.see_check(REPO, HEAD, "x" * 400, NOW) == NOW
    assert ledger_on_each.see_check(REPO, HEAD, "x" * 400, later) == NOW


# -- the purge ------------------------------------------------------------------------------------------------------
def test_a_purge_keeps_what_a_merge_can_be_checked_by(ledger_on_each: Ledger, clock: FakeClock) -> None:
    merged, refused = run("label:1", state=RunState.MERGED), run("label:2", state=RunState.REFUSED)
    for entry in (merged, refused):
        ledger_on_each.start_run(entry)
        ledger_on_each.record_request(entry.run_id, method="GET", route="/x", status=200, at=NOW)
        ledger_on_each.save_verdict(entry.run_id, verdict(attempt=len(entry.cause)))
    ledger_on_each.record_request(None, method="GET", route="/x", status=200, at=NOW)
    ledger_on_each.take_in(delivery())
    ledger_on_each.mark_delivery(delivery().guid, "done")
    ledger_on_each.purge(NOW + timedelta(days=1))
    assert ledger_on_each.deliveries() == []
    assert len(ledger_on_each.requests_of(merged.run_id)) == 1
    assert ledger_on_each.requests_of(refused.run_id) == []
    assert ledger_on_each.run(refused.run_id) is not None and ledger_on_each.verdicts_for(merged.run_id)
