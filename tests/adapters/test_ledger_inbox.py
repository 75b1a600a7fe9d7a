"""The inbox on both databases: once per GUID, taken up again when it failed, purged when it is old."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.names import DeliveryId, RunId
from bot.record.inbox import MAX_ATTEMPTS
from bot.record.ledger import Ledger
from tests.adapters.ledger_rows import ELSEWHERE, NOW, delivery

ONE = DeliveryId("g-1")


def test_a_delivery_comes_back_as_it_was_kept(ledger_on_each: Ledger) -> None:
    assert ledger_on_each.take_in(delivery())
    assert ledger_on_each.delivery(ONE) == delivery()
    assert ledger_on_each.delivery(DeliveryId("other")) is None


def test_a_moment_is_kept_in_utc_to_the_microsecond(ledger_on_each: Ledger) -> None:
    ledger_on_each.take_in(delivery(received_at=NOW.astimezone(ELSEWHERE)))
    kept = ledger_on_each.delivery(ONE)
    assert kept is not None and kept.received_at == NOW
    assert kept.received_at.utcoffset() == timedelta(0)


def test_the_same_guid_is_kept_once(ledger_on_each: Ledger) -> None:
    assert [ledger_on_each.take_in(delivery(body=str(n))) for n in range(3)] == [True, False, False]
    assert ledger_on_each.new_deliveries() == [(ONE, 1)]
    kept = ledger_on_each.delivery(ONE)
    assert kept is not None and kept.body == "0"


def test_new_ones_come_oldest_first_and_up_to_a_limit(ledger_on_each: Ledger) -> None:
    for number in (2, 0, 1):
        ledger_on_each.take_in(delivery(f"g-{number}", received_at=NOW + timedelta(seconds=number)))
    assert [guid for guid, _ in ledger_on_each.new_deliveries()] == ["g-0", "g-1", "g-2"]
    assert [guid for guid, _ in ledger_on_each.new_deliveries(limit=2)] == ["g-0", "g-1"]
    assert [one.guid for one in ledger_on_each.deliveries()] == ["g-2", "g-1", "g-0"]


def test_what_came_of_it_is_recorded(ledger_on_each: Ledger) -> None:
    ledger_on_each.take_in(delivery())
    ledger_on_each.mark_delivery(ONE, "done", reason="run started", run=RunId("r"))
    kept = ledger_on_each.delivery(ONE)
    assert kept is not None and (kept.status, kept.reason, kept.run_id) == ("done", "run started", "r")
    assert ledger_on_each.new_deliveries() == []


@pytest.mark.parametrize("status", ["done", "ignored"])
def test_a_redelivery_of_what_is_handled_does_nothing(ledger_on_each: Ledger, status: str) -> None:
    ledger_on_each.take_in(delivery())
    ledger_on_each.mark_delivery(ONE, status)
    assert not ledger_on_each.take_in(delivery())
    assert ledger_on_each.new_deliveries() == []


def test_what_failed_is_taken_up_again_by_a_redelivery_or_the_sweep(ledger_on_each: Ledger) -> None:
    ledger_on_each.take_in(delivery())
    ledger_on_each.mark_delivery(ONE, "failed", reason="github.unavailable: 502")
    assert ledger_on_each.take_in(delivery())
    assert ledger_on_each.new_deliveries() == [(ONE, 2)]
    for attempt in range(3, MAX_ATTEMPTS + 1):
        ledger_on_each.mark_delivery(ONE, "failed")
        assert ledger_on_each.retry_failed_deliveries() == 1
        assert ledger_on_each.new_deliveries() == [(ONE, attempt)]
    ledger_on_each.mark_delivery(ONE, "failed")
    assert ledger_on_each.retry_failed_deliveries() == 0, "not for ever"


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
