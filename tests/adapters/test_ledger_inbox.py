"""The inbox on both databases: once per GUID, taken up again when it failed, purged when it is old."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.core.names import DeliveryId, RunId
from bot.ledger.inbox import MAX_ATTEMPTS
from bot.ledger.ledger import Ledger
from tests.adapters.ledger_rows import ELSEWHERE, NOW, delivery, waiting

ONE = DeliveryId("g-1")


def test_a_delivery_comes_back_as_it_was_kept(ledger_on_each: Ledger) -> None:
    assert ledger_on_each.take_in(delivery())
    assert ledger_on_each.delivery(ONE) == delivery(due_at=NOW)
    assert ledger_on_each.delivery(DeliveryId("other")) is None


def test_a_moment_is_kept_in_utc_to_the_microsecond(ledger_on_each: Ledger) -> None:
    ledger_on_each.take_in(delivery(received_at=NOW.astimezone(ELSEWHERE)))
    kept = ledger_on_each.delivery(ONE)
    assert kept is not None and kept.received_at == NOW
    assert kept.received_at.utcoffset() == timedelta(0)


def test_the_same_guid_is_kept_once(ledger_on_each: Ledger) -> None:
    assert [ledger_on_each.take_in(delivery(body=str(n))) for n in range(3)] == [True, False, False]
    assert waiting(ledger_on_each) == [(ONE, 1)]
    kept = ledger_on_each.delivery(ONE)
    assert kept is not None and kept.body == "0"


def test_they_are_listed_newest_first_and_up_to_a_limit(ledger_on_each: Ledger) -> None:
    for number in (2, 0, 1):
        ledger_on_each.take_in(delivery(f"g-{number}", received_at=NOW + timedelta(seconds=number)))
    assert [one.guid for one in ledger_on_each.deliveries()] == ["g-2", "g-1", "g-0"]
    assert [one.guid for one in ledger_on_each.deliveries(limit=2)] == ["g-2", "g-1"]


def test_what_came_of_it_is_recorded(ledger_on_each: Ledger) -> None:
    ledger_on_each.take_in(delivery())
    ledger_on_each.mark_delivery(ONE, "done", reason="run started", run=RunId("r"))
    kept = ledger_on_each.delivery(ONE)
    assert kept is not None and (kept.status, kept.reason, kept.run_id) == ("done", "run started", "r")
    assert waiting(ledger_on_each) == []


@pytest.mark.parametrize("status", ["done", "ignored"])
def test_a_redelivery_of_what_is_handled_does_nothing(ledger_on_each: Ledger, status: str) -> None:
    ledger_on_each.take_in(delivery())
    ledger_on_each.mark_delivery(ONE, status)
    assert not ledger_on_each.take_in(delivery())
    assert waiting(ledger_on_each) == []


def test_what_failed_is_taken_up_again_by_a_redelivery(ledger_on_each: Ledger) -> None:
    ledger_on_each.take_in(delivery())
    ledger_on_each.fail_delivery(ONE, "github.unavailable: 502", NOW)
    assert ledger_on_each.take_in(delivery())
    assert waiting(ledger_on_each) == [(ONE, 2)]


def test_what_failed_is_tried_again_ever_later_and_given_up_in_the_end(ledger_on_each: Ledger) -> None:
    ledger_on_each.take_in(delivery())
    now, pauses = NOW, []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        (taken,) = ledger_on_each.claim_deliveries("me", now)
        assert (taken.status, taken.attempts, taken.taken_by) == ("taken", attempt, "me")
        assert ledger_on_each.claim_deliveries("you", now) == [], "nobody else gets it"
        dead = ledger_on_each.fail_delivery(ONE, "internal: why", now)
        kept = ledger_on_each.delivery(ONE)
        assert dead == (attempt == MAX_ATTEMPTS)
        assert kept is not None and kept.due_at is not None
        pauses.append((kept.due_at - now).total_seconds())
        assert ledger_on_each.claim_deliveries("me", kept.due_at - timedelta(seconds=1)) == []
        now = kept.due_at
    assert pauses == [10, 40, 160, 640, 2560, 3600]
    assert ledger_on_each.claim_deliveries("me", now + timedelta(days=9)) == [], "not for ever"
    assert ledger_on_each.delivery_counts() == {"new": 0, "taken": 0, "failed": 0, "dead": 1}
    assert [one.guid for one in ledger_on_each.deliveries(status="dead")] == [ONE]


def test_what_people_ask_comes_first_and_the_oldest_keep_a_share(ledger_on_each: Ledger) -> None:
    for number in range(20):
        later = NOW + timedelta(seconds=number)
        ledger_on_each.take_in(delivery(f"check-{number}", received_at=later, urgency=2))
        ledger_on_each.take_in(delivery(f"label-{number}", received_at=later, urgency=0))
    first = [one.guid for one in ledger_on_each.claim_deliveries("me", NOW, limit=8)]
    assert first == [*(f"label-{n}" for n in range(6)), "check-0", "check-1"]
    asked = ledger_on_each.claim_deliveries("me", NOW, limit=100, urgent_only=True)
    assert {one.urgency for one in asked} == {0}


def test_deliveries_that_tell_the_same_are_one(ledger_on_each: Ledger) -> None:
    for number in range(30):
        ledger_on_each.take_in(delivery(f"same-{number}", subject="s", urgency=2))
    ledger_on_each.take_in(delivery("other", subject="t", urgency=2))
    taken = ledger_on_each.claim_deliveries("me", NOW, limit=8)
    assert {one.subject for one in taken} == {"s", "t"} or len(taken) == 1
    assert sum("covered by" in one.reason for one in ledger_on_each.deliveries()) == 29


def test_what_a_dead_process_had_taken_is_given_back_and_counted(ledger_on_each: Ledger) -> None:
    ledger_on_each.take_in(delivery())
    for attempt in range(1, MAX_ATTEMPTS + 1):
        (taken,) = ledger_on_each.claim_deliveries("gone", NOW)
        assert taken.attempts == attempt
        assert ledger_on_each.owners_of_deliveries() == {"gone"}
        assert ledger_on_each.release_deliveries("other", NOW) == 0
        assert ledger_on_each.release_deliveries("gone", NOW) == 1
    assert ledger_on_each.delivery_counts()["dead"] == 1, "it may be what the processes die of"


def test_only_old_handled_ones_are_purged(ledger_on_each: Ledger) -> None:
    for guid, status in (("g-1", "done"), ("g-2", "ignored"), ("g-3", "failed"), ("g-4", "new")):
        ledger_on_each.take_in(delivery(guid))
        ledger_on_each.mark_delivery(DeliveryId(guid), status)
    ledger_on_each.take_in(delivery("g-5", received_at=NOW + timedelta(days=1)))
    ledger_on_each.mark_delivery(DeliveryId("g-5"), "done")
    assert ledger_on_each.purge_inbox(NOW) == 0
    assert ledger_on_each.purge_inbox(NOW + timedelta(seconds=1)) == 3
    assert {one.guid for one in ledger_on_each.deliveries()} == {"g-4", "g-5"}


def test_ready_says_what_is_wrong(ledger_on_each: Ledger) -> None:
    assert ledger_on_each.fault() is None
    with ledger_on_each.engine.begin() as connection:
        connection.exec_driver_sql("alter table inbox rename to outbox")
    try:
        fault = ledger_on_each.fault()
        assert fault is not None and "does not answer" in fault
    finally:
        with ledger_on_each.engine.begin() as connection:
            connection.exec_driver_sql("alter table outbox rename to inbox")
