"""Deliveries that cannot be handled never keep others waiting; what fails is tried again, then shown as given up."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.core.names import CONFIG_PATH
from bot.core.states import RunState
from bot.flow.events import deliveries
from bot.intake.events import PullChanged
from bot.ledger.inbox import MAX_ATTEMPTS
from tests.journeys.world import BODY, OUTSIDER, OWNER, TITLE, WRITER, World

S = RunState


def poison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every pull request's event raises an error that nobody thought of."""
    handle = deliveries.handle

    def handled(services: Any, event: Any) -> Any:
        if isinstance(event, PullChanged):
            raise AssertionError("an error that nobody thought of")
        return handle(services, event)

    monkeypatch.setattr(deliveries, "handle", handled)


def pull_payload(world: World, number: int) -> dict[str, Any]:
    ref = {"sha": f"{number:040x}", "ref": "x", "repo": {"id": world.repo.id}}
    return {
        "action": "labeled",
        "pull_request": {"number": number, "head": ref, "base": {**ref, "ref": "main"}},
        "repository": {"id": world.repo.id, "full_name": world.repo.full_name},
        "installation": {"id": 1},
        "sender": {"login": OUTSIDER, "id": 3},
    }


def test_a_hundred_poisoned_deliveries_hide_nothing_newer_across_restarts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch)
    world.script_all()
    for number in range(120):
        assert world.post("pull_request", pull_payload(world, 1000 + number), guid=f"bad-{number}").status_code == 202
    world.settle()
    world.start_cadence()
    world.label_blueprint()
    assert world.repo.pulls(), "the label was handled"
    assert {status for status, _ in world.deliveries()} <= {"done", "ignored", "failed"}


def test_what_fails_is_tried_again_ever_later_and_then_shown_as_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison(monkeypatch)
    world.post("pull_request", pull_payload(world, 1000), guid="bad")
    world.settle()
    (first,) = [d for d in world.ledger.deliveries() if d.guid == "bad"]
    assert (first.status, first.attempts) == ("failed", 1)
    assert first.reason.startswith("internal: ")
    world.later(5)
    assert world.ledger.deliveries()[0].attempts == 1, "not at once"
    world.later(7200)
    (last,) = [d for d in world.ledger.deliveries() if d.guid == "bad"]
    assert (last.status, last.attempts) == ("dead", MAX_ATTEMPTS)
    told = world.client.get("/readyz")
    assert told.status_code == 200, "one delivery that was given up takes nothing out of service"
    assert told.json["deliveries"]["dead"] == 1
    monkeypatch.undo()
    world.post("pull_request", pull_payload(world, 1000), guid="bad")
    world.settle()
    assert world.ledger.deliveries()[0].status in ("done", "ignored"), "a redelivery takes it up again"


def test_a_config_of_an_outsider_that_breaks_the_parser_is_only_a_failing_check(world: World) -> None:
    world.script_all()
    for number, text in enumerate(('"\\UFFFFFFFF"', "0b_", "%YAML 1.999999999999")):
        head = world.repo.push_commit({CONFIG_PATH: text}, by=OWNER, branch=f"poison-{number}")
        world.repo.open_pull(head=f"poison-{number}", title="Poison", by=OUTSIDER)
        world.settle()
        (check,) = [c for c in world.repo.check_runs(head) if c.name == "cadence/config"]
        assert check.conclusion == "failure"
    assert all(status in ("done", "ignored") for status, _ in world.deliveries())


def test_ready_turns_red_while_a_delivery_waits_too_long(world: World) -> None:
    world.post("pull_request", pull_payload(world, 1000), guid="waiting")
    assert world.client.get("/readyz").status_code == 200
    world.clock.advance(3600)
    told = world.client.get("/readyz")
    assert told.status_code == 503
    assert "has waited for 3600 s" in told.json["checks"]["inbox"]
    world.settle()
    assert world.client.get("/readyz").status_code == 200


def test_a_command_survives_a_database_that_was_locked_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.script_all()
    issue = world.label_blueprint()
    locked: list[bool] = []
    latest = world.ledger.latest_run

    def once(*args: Any) -> Any:
        if not locked:
            locked.append(True)
            raise OperationalError("select", {}, Exception("database is locked"))
        return latest(*args)

    monkeypatch.setattr(world.ledger, "latest_run", once)
    before = len(world.runs(issue))
    world.comment(issue, "/cadence replan", by=WRITER)
    world.later(60)
    assert locked
    assert len(world.runs(issue)) == before + 1


def test_a_label_overtakes_a_storm_of_check_events_which_are_one_look_each(world: World) -> None:
    world.script_all()
    for number in range(60):
        payload = {
            "action": "completed",
            "check_run": {"name": f"t{number}", "head_sha": "a" * 40, "app": {"id": 5}, "pull_requests": []},
            "repository": {"id": world.repo.id, "full_name": world.repo.full_name},
            "installation": {"id": 1},
            "sender": {"login": OWNER, "id": 3},
        }
        world.post("check_run", payload, guid=f"check-{number}")
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.repo.label(issue, "blueprint", by=OWNER)
    world.github.flush()
    started = world.drainer.hand_over(limit=8)
    assert started
    assert world.runs(issue), "the label is in the first lot"
    world.settle()
    statuses = [d for d in world.ledger.deliveries(1000) if d.guid.startswith("check-")]
    assert sum("covered by" in d.reason for d in statuses) == 59
