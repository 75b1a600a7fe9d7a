"""Webhooks as GitHub describes them: what the sandbox delivers, and what Cadence does with GitHub's own examples."""

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest

from bot.core.names import AppId, DeliveryId
from bot.flow.events.deliveries import deliver
from bot.intake.events import Event, Ignored
from bot.intake.parse import parse
from tests.contract import fetch
from tests.contract.published import Description
from tests.contract.traffic import Traffic, by_class
from tests.journeys.world import World

Counted = Callable[[str], None]
pytestmark = pytest.mark.timeout(1800)


def examples() -> list[tuple[str, str, dict[str, Any]]]:
    """(where, event, payload) of every example, github.com's and Enterprise Server's."""
    found = []
    for file in fetch.EXAMPLES.files:
        for webhook in json.loads(fetch.EXAMPLES.path(file).read_text()):
            for number, payload in enumerate(webhook["examples"]):
                found.append((f"{file.partition('/')[0]} {webhook['name']} {number}", webhook["name"], payload))
    return found


def test_every_delivery_of_the_sandbox_is_one_that_github_describes(
    traffic: Traffic, webhooks: Description, counted: Counted
) -> None:
    faults = [
        (f"{one.event}.{one.payload.get('action', '')}", fault, one.test)
        for one in traffic.deliveries
        for fault in webhooks.delivery_faults(one.event, one.payload)
    ]
    counted(f"{len(traffic.deliveries)} deliveries of the sandbox")
    assert len(traffic.deliveries) > 500
    assert not faults, by_class(faults)


@pytest.mark.parametrize("installed", [False, True], ids=["as published", "as an App receives it"])
def test_every_example_is_answered_and_read(installed: bool, world: World, counted: Counted) -> None:
    """Most examples come from a repository's own webhook and name no installation: those are refused with a reason.

    With an installation in it, as an App receives it, each is taken; draining it asks the embedded GitHub for an
    installation and a repository that are not there, and still ends with an outcome in words.
    """
    faults, answers = [], {}
    for where, event, payload in examples():
        sent = {"installation": {"id": 1, "node_id": ""}, **payload} if installed else payload
        answer = world.post(event, sent, guid=where)
        answers[answer.status_code] = answers.get(answer.status_code, 0) + 1
        if answer.status_code == 202:
            deliver(world.services, DeliveryId(where))
            kept = world.ledger.delivery(DeliveryId(where))
            assert kept is not None
            if kept.status not in ("done", "ignored", "failed") or not kept.reason:
                faults.append((event, f"ended {kept.status!r} because of {kept.reason!r}", where))
            if installed and kept.reason.startswith("malformed"):
                faults.append((event, kept.reason, where))
        elif not (400 <= answer.status_code < 500 and not installed and answer.get_json().get("remedy")):
            faults.append((event, f"answered {answer.status_code}: {answer.get_data(as_text=True)}", where))
    shape = "with an installation" if installed else "as published"
    counted(f"{sum(answers.values())} examples of webhooks {shape}: answered {answers}")
    assert not faults, by_class(faults)


def test_every_example_is_a_typed_event_or_ignored_for_a_reason(counted: Counted) -> None:
    typed = get_args(Event)
    kinds: dict[str, int] = {}
    for where, event, payload in examples():
        found = parse(event, {"installation": {"id": 1}, **payload}, app_id=AppId(29310), app_slug="cadence")
        assert isinstance(found, (*typed, Ignored)), where
        assert not isinstance(found, Ignored) or found.reason, where
        kinds[type(found).__name__] = kinds.get(type(found).__name__, 0) + 1
    counted(f"read as {kinds}")
    unseen = {one.__name__ for one in typed} - set(kinds) - {"CommandGiven"}
    assert not unseen, f"no example becomes {unseen}"
