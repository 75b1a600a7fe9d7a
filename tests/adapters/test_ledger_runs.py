"""Runs on both databases: one per cause, moves by the table alone, and the orders in which they are asked for."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from bot.core.errors import CadenceError
from bot.core.names import (
    BaseSha,
    CommitSha,
    HeadSha,
    IssueNumber,
    PullNumber,
    RepositoryId,
    RunId,
)
from bot.core.states import AT_THE_GATE, TERMINAL, RunState, may_move
from bot.ledger.entries import RunEntry
from bot.ledger.ledger import Ledger
from tests.adapters.ledger_rows import HEAD, ISSUE, NOW, REPO, run
from tests.fakes.fake_clock import FakeClock

S = RunState


def test_a_run_comes_back_as_it_was_written(ledger_on_each: Ledger) -> None:
    whole = run(
        guidance="use a set", discard=True, asked_digest="d", asked_at=NOW, approved_digest="e", approved_diff="f",
        approved_by="olive", default_branch="main", base_branch="main", base_sha="b" * 40, head_sha=HEAD,
        changeset_digest="c", summary="s", plan="p", branch="cadence/issue-3", pull=PullNumber(9),
        status_comment=2**40, merge_sha="m", text_trusted=True, blueprint_digest="x",
    )  # fmt: skip
    assert ledger_on_each.start_run(whole)
    assert ledger_on_each.run(whole.run_id) == whole
    assert ledger_on_each.run(RunId("none")) is None


def test_one_run_per_repository_issue_and_cause(ledger_on_each: Ledger) -> None:
    assert ledger_on_each.start_run(run())
    assert not ledger_on_each.start_run(run())
    assert not ledger_on_each.start_run(run(run_id=RunId("another-name")))
    assert ledger_on_each.start_run(run("comment:1"))
    assert ledger_on_each.start_run(run(issue=4))
    assert len(ledger_on_each.runs()) == 3
    assert len(ledger_on_each.transitions(run().run_id)) == 1


def test_many_who_start_the_same_run_start_it_once(ledger_on_each: Ledger) -> None:
    started: list[bool] = []
    threads = [
        threading.Thread(target=lambda: started.append(ledger_on_each.start_run(run("label:race")))) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(started) == [False] * 5 + [True]


def test_a_move_and_its_transition_are_one(ledger_on_each: Ledger, clock: FakeClock) -> None:
    ledger_on_each.start_run(run())
    clock.advance(5)
    number = ledger_on_each.move(run().run_id, S.PLANNING, reason="begun", by="olive")
    (first, second) = ledger_on_each.transitions(run().run_id)
    assert (first.came_from, first.to, first.by) == ("", "received", "olive")
    assert (second.id, second.came_from, second.to, second.reason, second.by) == (
        number, "received", "planning", "begun", "olive",
    )  # fmt: skip
    assert ledger_on_each.last_transition(run().run_id) == number
    moved = ledger_on_each.run(run().run_id)
    assert moved is not None and (moved.state, moved.reason, moved.updated_at) == (S.PLANNING, "begun", clock.now())


def test_standing_still_is_no_move_but_a_new_reason_is(ledger_on_each: Ledger) -> None:
    ledger_on_each.start_run(run(state=S.GATED))
    assert ledger_on_each.move(run().run_id, S.GATED) is None
    assert ledger_on_each.move(run().run_id, S.GATED, reason="ci.pending") is not None
    assert ledger_on_each.move(run().run_id, S.GATED, reason="ci.pending") is None
    assert [move.to for move in ledger_on_each.transitions(run().run_id)] == [S.GATED, S.GATED]


def test_the_table_alone_says_which_moves_are_made(ledger_on_each: Ledger) -> None:
    for current in RunState:
        entry = run(f"label:{current}", state=current)
        ledger_on_each.start_run(entry)
        for to in [other for other in RunState if other is not current and not may_move(current, other)][:2]:
            with pytest.raises(CadenceError) as caught:
                ledger_on_each.move(entry.run_id, to)
            assert caught.value.code == "state.move"
        kept = ledger_on_each.run(entry.run_id)
        assert kept is not None and kept.state is current
        assert len(ledger_on_each.transitions(entry.run_id)) == 1
        for to in [other for other in RunState if may_move(current, other)][:1]:
            assert ledger_on_each.move(entry.run_id, to) is not None


def test_moves_at_the_same_time_wait_for_each_other(ledger_on_each: Ledger) -> None:
    entries = [run(f"label:{number}") for number in range(6)]
    failed: list[Exception] = []

    def work(entry: RunEntry) -> None:
        try:
            ledger_on_each.start_run(entry)
            for state in (S.PLANNING, S.JUDGING, S.PUBLISHING, S.REVIEWING, S.GATED):
                ledger_on_each.move(entry.run_id, state)
        except Exception as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work, args=(entry,)) for entry in entries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [len(ledger_on_each.transitions(entry.run_id)) for entry in entries] == [6] * 6


def test_an_unknown_run_makes_no_move(ledger_on_each: Ledger) -> None:
    with pytest.raises(CadenceError) as caught:
        ledger_on_each.move(RunId("none"), S.PLANNING)
    assert caught.value.code == "run.unknown"


def test_fields_are_written_but_for_those_that_only_a_move_may_write(ledger_on_each: Ledger, clock: FakeClock) -> None:
    ledger_on_each.start_run(run())
    clock.advance(5)
    ledger_on_each.update_run(run().run_id, pull=PullNumber(9), asked_digest="d")
    kept = ledger_on_each.run(run().run_id)
    assert kept is not None and (kept.pull, kept.asked_digest) == (9, "d")
    assert kept.updated_at == clock.now() and kept.asked_at is None, "nobody has shown the question yet"
    for field in ("state", "reason", "nonsense", "created_at"):
        with pytest.raises(CadenceError):
            ledger_on_each.update_run(run().run_id, **{field: "x"})


def test_asking_for_the_same_again_does_not_make_an_approval_too_early(ledger_on_each: Ledger) -> None:
    ledger_on_each.start_run(run())
    ledger_on_each.update_run(run().run_id, asked_digest="d")
    ledger_on_each.update_run(run().run_id, asked_at=NOW)
    ledger_on_each.update_run(run().run_id, asked_digest="d", title="t")
    assert ledger_on_each.run(run().run_id).asked_at == NOW  # type: ignore[union-attr]
    ledger_on_each.update_run(run().run_id, asked_digest="e")
    assert ledger_on_each.run(run().run_id).asked_at is None  # type: ignore[union-attr]


def test_a_newer_run_supersedes_the_others_of_its_issue(ledger_on_each: Ledger) -> None:
    kept = run("comment:9")
    for entry in (run("label:1", state=S.GATED), run("label:2", state=S.REFUSED), run("label:3", state=S.MERGED),
                  kept, run("label:1", issue=4)):  # fmt: skip
        ledger_on_each.start_run(entry)
    ended = ledger_on_each.supersede_others(REPO, ISSUE, kept.run_id, "replanned")
    assert set(ended) == {run("label:1").run_id, run("label:2").run_id}
    states = {one.cause: one.state for one in ledger_on_each.runs_of_issue(REPO, ISSUE)}
    assert states == {
        "label:1": S.SUPERSEDED, "label:2": S.SUPERSEDED, "label:3": S.MERGED, "comment:9": S.RECEIVED,
    }  # fmt: skip
    assert ledger_on_each.run(run("label:1", issue=4).run_id).state is S.RECEIVED  # type: ignore[union-attr]


def test_the_newest_is_the_one_started_last_whatever_its_clock_said(ledger_on_each: Ledger) -> None:
    early, late = NOW, NOW + timedelta(hours=1)
    ledger_on_each.start_run(run("label:1", created_at=late))
    ledger_on_each.start_run(run("label:2", created_at=early))
    ledger_on_each.move(run("label:1").run_id, S.PLANNING)
    assert ledger_on_each.latest_run(REPO, ISSUE) == run("label:2", created_at=early)
    assert [one.cause for one in ledger_on_each.runs_of_issue(REPO, ISSUE)] == ["label:2", "label:1"]
    assert [one.cause for one in ledger_on_each.runs()] == ["label:1", "label:2"], "a list for people goes by time"
    assert ledger_on_each.latest_run(REPO, IssueNumber(99)) is None


def test_what_the_sweep_and_the_gate_ask_for(ledger_on_each: Ledger) -> None:
    for number, state in enumerate(RunState):
        ledger_on_each.start_run(run(f"label:{number}", issue=number + 1, state=state, base_branch="main"))
    ledger_on_each.start_run(run("label:dev", state=S.GATED, base_branch="dev"))
    unfinished = [one.state for one in ledger_on_each.unfinished_runs()]
    assert unfinished == [state for state in RunState if state not in TERMINAL] + [S.GATED]
    queue = [one.state for one in ledger_on_each.runs_at_gate_on(REPO, "main")]
    assert queue == [state for state in RunState if state in AT_THE_GATE - {S.WATCHING}]
    assert ledger_on_each.runs_at_gate_on(RepositoryId(1), "main") == []


def by_pull_and_head(ledger: Ledger, pull: int, head: str) -> tuple[Any, Any]:
    runs: tuple[RunEntry | None, RunEntry | None] = (
        ledger.run_for_pull(REPO, PullNumber(pull)), ledger.run_for_head(REPO, HeadSha(CommitSha(head))),
    )  # fmt: skip
    return tuple(one and one.cause for one in runs)  # type: ignore[return-value]


def test_a_run_is_found_by_its_pull_request_and_its_head(ledger_on_each: Ledger) -> None:
    ledger_on_each.start_run(run("label:1", pull=PullNumber(9), head_sha=HEAD))
    ledger_on_each.start_run(run("comment:2", pull=PullNumber(9), head_sha=BaseSha(CommitSha("f" * 40))))
    assert by_pull_and_head(ledger_on_each, 9, HEAD) == ("comment:2", "label:1")
    assert by_pull_and_head(ledger_on_each, 8, "0" * 40) == (None, None)


def test_lists_by_state_and_repository(ledger_on_each: Ledger) -> None:
    ledger_on_each.start_run(run("label:1", state=S.GATED))
    ledger_on_each.start_run(run("label:2"))
    assert [one.cause for one in ledger_on_each.runs(state=S.GATED)] == ["label:1"]
    assert len(ledger_on_each.runs(limit=1)) == 1
    assert ledger_on_each.runs(repository_id=RepositoryId(1)) == []


def test_commits_that_we_pushed_or_were_about_to(ledger_on_each: Ledger) -> None:
    one, other = run("label:1"), run("label:9", issue=4)
    ledger_on_each.start_run(one)
    ledger_on_each.start_run(other)
    ledger_on_each.intend(one.run_id, one.run_id, "branch.push", f"push:{HEAD}", NOW)
    ledger_on_each.intend(one.run_id, one.run_id, "pull.open", "pull", NOW)
    ledger_on_each.intend(other.run_id, other.run_id, "branch.push", "push:" + "9" * 40, NOW)
    assert ledger_on_each.pushed_heads(REPO, ISSUE) == {HEAD}


def test_a_run_that_another_worker_ended_keeps_its_end(ledger_on_each: Ledger) -> None:
    one = run("label:1", state=S.GATED)
    ledger_on_each.start_run(one)
    assert ledger_on_each.end_run(one.run_id, S.MERGED, reason="merged by a person")
    assert not ledger_on_each.end_run(one.run_id, S.NEEDS_HUMAN, reason="a stage failed")
    kept = ledger_on_each.run(one.run_id)
    assert kept is not None and (kept.state, kept.reason) == (S.MERGED, "merged by a person")
    with pytest.raises(CadenceError):
        ledger_on_each.end_run(RunId("none"), S.STOPPED)
