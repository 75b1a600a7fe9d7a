"""Effects, requests, model calls and the pace between writes, on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from bot.core.names import RunId
from bot.ledger.entries import ModelCallEntry
from bot.ledger.ledger import Ledger
from tests.adapters.ledger_rows import NOW
from tests.fakes.fake_clock import FakeClock

R = RunId("r")
MINT = "/app/installations/{installation_id}/access_tokens"


def test_an_intent_is_written_once_and_counted(ledger_on_each: Ledger) -> None:
    first = ledger_on_each.intend("scope", R, "merge", "merge:abc", NOW)
    assert (first.state, first.attempts, first.ended_at, first.outcome) == ("intended", 1, None, None)
    ledger_on_each.settle(first.id, "failed", outcome=None, error_code="github.unavailable", now=NOW)
    later = NOW + timedelta(minutes=1)
    again = ledger_on_each.intend("scope", R, "merge", "merge:abc", later)
    assert (again.id, again.state, again.attempts, again.intended_at, again.ended_at) == (
        first.id, "intended", 2, later, None,
    )  # fmt: skip
    assert again.error_code == "github.unavailable", "what happened last time stays visible until it is settled"


def test_an_outcome_comes_back_as_it_was(ledger_on_each: Ledger) -> None:
    outcome = {"id": 2**40, "url": "https://github.com/ö", "list": [1, None, True, 1.5], "none": None}
    effect = ledger_on_each.intend("scope", R, "pull.open", "pull", NOW)
    ledger_on_each.settle(effect.id, "done", outcome=outcome, error_code=None, now=NOW)
    kept = ledger_on_each.effect("scope", "pull.open", "pull")
    assert kept is not None and (kept.state, kept.outcome, kept.ended_at) == ("done", outcome, NOW)
    assert ledger_on_each.effect("scope", "pull.open", "other") is None
    assert ledger_on_each.effect("elsewhere", "pull.open", "pull") is None


def test_effects_of_a_run_in_the_order_of_their_intents(ledger_on_each: Ledger) -> None:
    for number, run in enumerate((R, RunId("other"), R, None)):
        ledger_on_each.intend("scope", run, "comment.create", str(number), NOW)
    assert [one.natural_key for one in ledger_on_each.effects_of(R)] == ["0", "2"]


def test_what_a_run_has_spent(ledger_on_each: Ledger) -> None:
    for method, route in (("GET", "/x"), ("POST", "/graphql"), ("POST", MINT), ("POST", "/pulls"), ("PUT", "/merge"),
                          ("DELETE", "/git/refs")):  # fmt: skip
        ledger_on_each.record_request(R, method=method, route=route, status=200, at=NOW)
    ledger_on_each.record_request(None, method="POST", route="/pulls", status=200, at=NOW)
    for cost in (0.5, None, 0.25):
        ledger_on_each.settle_call(0, ModelCallEntry(
            run_id=R, kind="plan", at=NOW, model_asked="a", prompt_digest="p", outcome="ok", input_tokens=10,
            output_tokens=3, cost=cost, recorded=True,
        ))  # fmt: skip
    spent = ledger_on_each.counts(R)
    assert (spent.github_calls, spent.content_creating, spent.model_calls) == (6, 3, 3)
    assert (spent.input_tokens, spent.output_tokens, spent.cost) == (30, 9, 0.75)
    assert ledger_on_each.counts(RunId("none")).cost is None
    call = ledger_on_each.model_calls_of(R)[0]
    assert (call.run_id, call.at, call.recorded, call.outcome, call.model_answered) == (R, NOW, True, "ok", "")


def test_requests_of_a_delivery_become_its_runs(ledger_on_each: Ledger) -> None:
    ledger_on_each.record_request("g-1", method="GET", route="/x", status=200, at=NOW)
    ledger_on_each.record_request("g-2", method="GET", route="/x", status=200, at=NOW)
    ledger_on_each.adopt_requests("g-1", R)
    assert len(ledger_on_each.requests_of(R)) == 1
    assert ledger_on_each.requests_of(R)[0]["at"] == NOW


# -- the pace -------------------------------------------------------------------------------------------------------
def test_writes_of_one_installation_keep_their_distance(ledger_on_each: Ledger) -> None:
    waits = [ledger_on_each.reserve_write(7, 1_000, NOW) for _ in range(3)]
    assert [round(wait, 3) for wait in waits] == [0.0, 1.0, 2.0]
    assert ledger_on_each.reserve_write(8, 1_000, NOW) == 0.0, "another installation has a pace of its own"
    assert ledger_on_each.reserve_write(7, 1_000, NOW + timedelta(seconds=10)) == 0.0, "time passes"


@pytest.mark.parametrize("ahead", [timedelta(hours=6), timedelta(minutes=2), -timedelta(hours=6)])
def test_a_machine_whose_clock_is_wrong_blocks_nobody(ledger_on_each: Ledger, ahead: timedelta) -> None:
    """Whoever is ahead leaves a slot far away; to whoever is behind, everybody else's slot is far away."""
    assert ledger_on_each.reserve_write(7, 1_000, NOW + ahead) == 0.0
    assert [ledger_on_each.reserve_write(7, 1_000, NOW) for _ in range(2)] == [0.0, 1.0]
    assert ledger_on_each.reserve_write(7, 1_000, NOW + ahead) <= 60.0


def test_a_real_queue_of_writers_keeps_its_distance(ledger_on_each: Ledger) -> None:
    waits = [ledger_on_each.reserve_write(7, 1_000, NOW) for _ in range(50)]
    assert [round(wait) for wait in waits] == list(range(50))


def test_processes_share_the_pace(migrated_url: str, ledger_on_each: Ledger) -> None:
    """Two connections, several threads each: every slot is given to one of them."""
    other = Ledger.open(migrated_url, FakeClock())
    waits: list[float] = []
    threads = [
        threading.Thread(target=lambda ledger=ledger: waits.append(ledger.reserve_write(7, 1_000, NOW)))  # type: ignore[misc]
        for ledger in (ledger_on_each, other) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert [round(wait) for wait in sorted(waits)] == list(range(8))


def test_two_who_intend_the_same_effect_share_one_row(migrated_url: str, ledger_on_each: Ledger) -> None:
    other = Ledger.open(migrated_url, FakeClock())
    seen: list[tuple[int, int]] = []

    def intend(ledger: Ledger) -> None:
        entry = ledger.intend("scope", R, "merge", "merge:abc", NOW)
        seen.append((entry.id, entry.attempts))

    threads = [threading.Thread(target=intend, args=(ledger,)) for ledger in (ledger_on_each, other) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert len({number for number, _ in seen}) == 1
    assert max(attempts for _, attempts in seen) == 6
