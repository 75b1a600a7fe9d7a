"""Every event and action that GitHub sends: which become events, which are ignored, and that nothing raises."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.names import AppId, InstallationId, RepoName, RepoRef, RepositoryId
from bot.github_api.issue_records import Actor
from bot.intake.events import (
    BranchPushed,
    ChecksChanged,
    CommandGiven,
    Event,
    GroupTested,
    Ignored,
    InstallationChanged,
    IssueChanged,
    Pinged,
    PullChanged,
    RerunAsked,
)
from bot.intake.parse import SUBSCRIBED, parse

PAYLOADS = Path(__file__).parents[1] / "samples" / "payloads"
US = AppId(29310)
PERSON = Actor("Codertocat", 21031067, False)
BOT = {"login": "cadence[bot]", "id": 9, "type": "Bot"}


TEXTS = {path.stem: path.read_text() for path in PAYLOADS.glob("*.json")}


def sample(name: str, **changes: Any) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(TEXTS[name])
    return {**payload, **changes}


def read(name: str, payload: dict[str, Any] | None = None, *, app_id: AppId = US) -> Event | Ignored:
    return parse(name.partition(".")[0], payload or sample(name), app_id=app_id, app_slug="cadence")


def ignored(result: Event | Ignored) -> str:
    assert isinstance(result, Ignored), result
    return result.reason


KINDS: dict[str, type] = {
    "issues.labeled": IssueChanged,
    "issues.unlabeled": IssueChanged,
    "issues.edited": IssueChanged,
    "issues.closed": IssueChanged,
    "issues.reopened": IssueChanged,
    "issues.opened": Ignored,
    "issues.assigned": Ignored,
    "issue_comment.created": Ignored,
    "issue_comment.edited": Ignored,
    "issue_comment.deleted": Ignored,
    "pull_request.opened": PullChanged,
    "pull_request.synchronize": PullChanged,
    "pull_request.reopened": PullChanged,
    "pull_request.closed": PullChanged,
    "pull_request.edited": PullChanged,
    "pull_request.labeled": PullChanged,
    "pull_request.unlabeled": PullChanged,
    "pull_request.ready_for_review": PullChanged,
    "pull_request.converted_to_draft": PullChanged,
    "pull_request.enqueued": PullChanged,
    "pull_request.dequeued": PullChanged,
    "pull_request.assigned": Ignored,
    "pull_request_review.submitted": PullChanged,
    "pull_request_review.edited": PullChanged,
    "pull_request_review.dismissed": PullChanged,
    "pull_request_review_thread.resolved": PullChanged,
    "merge_group.checks_requested": GroupTested,
    "check_run.created": ChecksChanged,
    "check_run.completed": ChecksChanged,
    "check_run.rerequested": RerunAsked,
    "check_run.requested_action": RerunAsked,
    "check_suite.completed": ChecksChanged,
    "check_suite.requested": Ignored,
    "check_suite.rerequested": RerunAsked,
    "status": ChecksChanged,
    "push": BranchPushed,
    "workflow_run.completed": ChecksChanged,
    "workflow_run.requested": Ignored,
    "installation.created": InstallationChanged,
    "installation.deleted": InstallationChanged,
    "installation.suspend": InstallationChanged,
    "installation.unsuspend": InstallationChanged,
    "installation.new_permissions_accepted": InstallationChanged,
    "installation_repositories.added": InstallationChanged,
    "installation_repositories.removed": InstallationChanged,
    "ping": Pinged,
}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_event_and_action(name: str) -> None:
    payload = sample(name)
    for part in ("check_run", "check_suite"):
        if part in payload:
            payload[part]["app"]["id"] = US
    result = read(name, payload)
    assert type(result) is KINDS[name], result
    assert not isinstance(result, Ignored) or (result.reason and "malformed" not in result.reason)


def test_every_sample_is_in_the_table_and_every_subscribed_event_has_a_sample() -> None:
    assert set(TEXTS) == set(KINDS)
    assert {name.partition(".")[0] for name in KINDS} >= SUBSCRIBED


def test_a_label_is_told_with_who_and_where() -> None:
    payload = sample("issues.labeled")
    repo = RepoRef(
        RepositoryId(payload["repository"]["id"]), RepoName("Codertocat", "Hello-World"),
        InstallationId(payload["installation"]["id"]),
    )  # fmt: skip
    assert read("issues.labeled") == IssueChanged(repo, payload["issue"]["number"], "labeled", "bug", PERSON)


def test_a_label_on_a_pull_request_is_the_pull_requests_own_event() -> None:
    payload = sample("issues.labeled")
    payload["issue"]["pull_request"] = {"url": "https://api.github.com/repos/o/r/pulls/1"}
    assert "pull request" in ignored(read("issues.labeled", payload))


@pytest.mark.parametrize("name", ["issues.labeled", "issues.edited", "pull_request_review.submitted", "push"])
def test_own_acts_start_nothing(name: str) -> None:
    payload = sample(name, sender=BOT)
    if name == "push":
        payload |= {"ref": "refs/heads/cadence/issue-3", "deleted": False, "after": "a" * 40}
    assert ignored(read(name, payload)) == "own action"


def test_anothers_account_of_the_same_name_is_not_us() -> None:
    person = sample("issues.labeled", sender={"login": "cadence[bot]", "id": 1, "type": "User"})
    other = sample("issues.labeled", sender={"login": "other[bot]", "id": 1, "type": "Bot"})
    assert isinstance(read("issues.labeled", person), IssueChanged)
    assert isinstance(read("issues.labeled", other), IssueChanged)


def test_own_merge_moves_the_base_of_the_others() -> None:
    payload = sample("push", sender=BOT, ref="refs/heads/main", deleted=False, before="b" * 40, after="a" * 40)
    result = read("push", payload)
    assert isinstance(result, BranchPushed)
    assert (result.branch, result.before, result.after) == ("main", "b" * 40, "a" * 40)


def test_a_person_who_pushes_to_our_branch_is_seen() -> None:
    payload = sample("push", ref="refs/heads/cadence/issue-3", deleted=False, after="a" * 40)
    result = read("push", payload)
    assert isinstance(result, BranchPushed) and result.sender == PERSON


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"ref": "refs/tags/v1"}, "not a branch"),
        ({"deleted": True}, "deleted"),
        ({"after": "0" * 40}, "deleted"),
    ],
)
def test_pushes_that_move_no_branch(changes: dict[str, Any], why: str) -> None:
    whole = {"ref": "refs/heads/main", "deleted": False, "after": "a" * 40, **changes}
    assert why in ignored(read("push", sample("push", **whole)))


# -- comments -------------------------------------------------------------------------------------------------------
def comment(body: str | None, action: str = "created", **changes: Any) -> dict[str, Any]:
    payload = sample(f"issue_comment.{action}")
    payload["comment"]["body"] = body
    return {**payload, **changes}


def test_a_command_in_a_comment() -> None:
    result = read("issue_comment", comment("/cadence go"))
    assert isinstance(result, CommandGiven)
    assert (result.body, result.is_pull, result.sender) == ("/cadence go", False, PERSON)
    assert result.created_at == datetime(2019, 5, 15, 15, 20, 21, tzinfo=UTC)
    payload = comment("/cadence go")
    payload["issue"]["pull_request"] = {}
    on_pull = read("issue_comment", payload)
    assert isinstance(on_pull, CommandGiven) and on_pull.is_pull


def test_bots_give_no_commands() -> None:
    assert ignored(read("issue_comment", comment("/cadence go", sender=BOT))) == "own action"
    other = {"login": "other[bot]", "id": 1, "type": "Bot"}
    assert "bots" in ignored(read("issue_comment", comment("/cadence go", sender=other)))


def test_an_edit_counts_when_it_brings_or_corrects_a_command_and_is_by_the_author() -> None:
    def edited(before: str, after: str, **changes: Any) -> Event | Ignored:
        return read("issue_comment", comment(after, "edited", changes={"body": {"from": before}}, **changes))

    brought = edited("please", "/cadence go")
    assert isinstance(brought, CommandGiven) and brought.edited
    for before, after in (
        ("/cadence goo", "/cadence go"),
        ("/cadence", "/cadence status"),
        ("/cadence go abcdef", "/cadence go 123456"),
        ("/cadence status", "/cadence go"),
        ("/cadence goo", "/cadence gooo"),
        ("> /cadence go", "/cadence go"),
        ("`/cadence go`", "/cadence go"),
    ):
        assert isinstance(edited(before, after), CommandGiven), (before, after)
    for before, after in (
        ("/cadence go", "never mind"),
        ("/cadence go", "/cadence go\n\nThanks!"),
        ("/cadence go", "Thanks!\n\n/cadence go."),
        ("/cadence replan use a set", "/cadence replan   use a set\u200b"),
    ):
        assert "adds no command" in ignored(edited(before, after)), (before, after)
    stranger = {"login": "mallory", "id": 666, "type": "User"}
    assert "another person" in ignored(edited("please", "/cadence go", sender=stranger))


def test_a_command_that_an_edit_gave_was_given_when_the_edit_was_made() -> None:
    payload = comment("/cadence go", "edited", changes={"body": {"from": "please"}})
    payload["comment"] |= {"created_at": "2026-01-01T10:00:00Z", "updated_at": "2026-01-01T11:00:00Z"}
    result = read("issue_comment", payload)
    assert isinstance(result, CommandGiven) and result.created_at.hour == 11
    payload["action"] = "created"
    first = read("issue_comment", payload)
    assert isinstance(first, CommandGiven) and first.created_at.hour == 10


# -- checks ---------------------------------------------------------------------------------------------------------
def test_a_check_tells_its_head_its_pulls_and_its_app() -> None:
    payload = sample("check_run.completed")
    payload["check_run"]["pull_requests"] = [{"number": 7}, None]
    result = read("check_run.completed", payload)
    assert isinstance(result, ChecksChanged)
    assert (result.head, result.pulls, result.app_id) == (
        payload["check_run"]["head_sha"], (7,), payload["check_run"]["app"]["id"],
    )  # fmt: skip


def test_a_check_without_its_app_is_nobodys() -> None:
    payload = sample("check_run.completed")
    payload["check_run"]["app"] = None
    result = read("check_run.completed", payload)
    assert isinstance(result, ChecksChanged) and result.app_id is None


@pytest.mark.parametrize("name", ["check_run.rerequested", "check_run.requested_action", "check_suite.rerequested"])
def test_a_rerun_of_anothers_check_is_not_ours_to_do(name: str) -> None:
    assert "another App" in ignored(read(name, app_id=AppId(1)))


def test_a_button_names_what_it_asks_for() -> None:
    payload = sample("check_run.requested_action", requested_action={"identifier": "replan"})
    payload["check_run"]["app"]["id"] = US
    result = read("check_run.requested_action", payload)
    assert isinstance(result, RerunAsked)
    assert (result.action, result.check_name) == ("replan", payload["check_run"]["name"])


def test_the_repositories_that_came_and_went() -> None:
    added, removed = sample("installation_repositories.added"), sample("installation_repositories.removed")
    came, went = read("installation_repositories.added"), read("installation_repositories.removed")
    assert isinstance(came, InstallationChanged) and isinstance(went, InstallationChanged)
    assert came.added_repository_ids == tuple(one["id"] for one in added["repositories_added"]) != ()
    assert went.removed_repository_ids == tuple(one["id"] for one in removed["repositories_removed"]) != ()


# -- what is wrong --------------------------------------------------------------------------------------------------
def test_an_event_that_is_not_used() -> None:
    assert "'star' is not used" in ignored(read("star", {"action": "created"}))


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("issues.labeled", "issue"), ("issues.labeled", "sender"), ("issues.labeled", "repository"),
        ("issues.labeled", "installation"), ("issue_comment.created", "comment"), ("check_run.completed", "check_run"),
        ("check_suite.completed", "check_suite"), ("status", "sha"), ("push", "ref"), ("push", "after"),
        ("workflow_run.completed", "workflow_run"), ("pull_request.opened", "pull_request"),
        ("installation.created", "installation"),
    ],
)  # fmt: skip
def test_a_part_that_is_missing_is_named(name: str, part: str) -> None:
    for wrong in (None, "nonsense"):
        payload = sample(name)
        if part == "comment":
            payload["comment"] = payload["comment"] | {"body": "/cadence go"}
        if wrong is None:
            del payload[part]
        else:
            payload[part] = {"nonsense": True}
        reason = ignored(read(name, payload))
        assert reason.startswith("malformed: ") and part in reason


@given(st.data())
def test_no_payload_raises(data: st.DataObject) -> None:
    """Any value in any place: GitHub adds and changes fields without notice."""
    name = data.draw(st.sampled_from(sorted(KINDS)))
    payload = sample(name)
    place: Any = payload
    for _ in range(data.draw(st.integers(0, 2))):
        inner = [key for key, value in place.items() if isinstance(value, dict)]
        if not inner:
            break
        place = place[data.draw(st.sampled_from(sorted(inner)))]
    if place:
        key = data.draw(st.sampled_from(sorted(place)))
        place[key] = data.draw(st.sampled_from([None, [], {}, "", "x", -1, 2**70, True, [None], {"id": None}]))
    result = read(name, payload)
    assert not isinstance(result, Ignored) or result.reason
