"""What a merge queue tells: the entry that its temporary branch names, and nothing for events that ask for nothing."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.names import AppId
from bot.intake.events import GroupTested, Ignored
from bot.intake.parse import OPTIONAL, SUBSCRIBED, parse

SHA, BASE = "a" * 40, "b" * 40


def told(action: str = "checks_requested", **group: Any) -> Any:
    whole = {
        "head_sha": SHA,
        "head_ref": f"refs/heads/gh-readonly-queue/release/1.x/pr-104-{BASE}",
        "base_sha": BASE,
        "base_ref": "refs/heads/release/1.x",
        **group,
    }
    payload = {
        "action": action,
        "merge_group": {key: value for key, value in whole.items() if value is not None},
        "repository": {"id": 5, "full_name": "octo/shop"},
        "installation": {"id": 7},
    }
    return parse("merge_group", payload, app_id=AppId(1), app_slug="cadence")


def test_a_group_to_test() -> None:
    event = told()
    assert isinstance(event, GroupTested)
    assert (event.head, event.base_branch, event.pull) == (SHA, "release/1.x", 104)


@pytest.mark.parametrize("ref", ["refs/heads/gh-readonly-queue/main/other", "refs/heads/pr-1-abc", "", None])
def test_a_branch_of_another_shape_names_no_entry(ref: str | None) -> None:
    event = told(head_ref=ref)
    assert isinstance(event, GroupTested) and event.pull is None


def test_what_asks_for_nothing_is_ignored() -> None:
    assert told("destroyed") == Ignored("merge_group.destroyed asks for nothing")
    malformed = told(base_ref="")
    assert isinstance(malformed, Ignored) and malformed.reason.startswith("malformed")
    assert "merge_group" in OPTIONAL and "merge_group" not in SUBSCRIBED
