"""GraphQL over the sandbox: GitHub's names, its quirks about bots and body edits, its errors inside a 200."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_world import Stage, open_stage

HISTORY = """
query($number: Int!, $after: String) { repository(owner: "octo", name: "shop") { issue(number: $number) {
  title state lastEditedAt author { __typename login } labels(first: 10) { nodes { name } }
  userContentEdits(first: 10) { nodes { editedAt editor { login } } }
  timelineItems(first: 2, after: $after, itemTypes: [LABELED_EVENT, UNLABELED_EVENT, RENAMED_TITLE_EVENT]) {
    nodes { __typename
      ... on LabeledEvent { id createdAt actor { login } label { name } }
      ... on RenamedTitleEvent { previousTitle currentTitle } }
    pageInfo { hasNextPage endCursor } } } } }
"""
PULL = """
query($number: Int!) { repository(owner: "octo", name: "shop") { pullRequest(number: $number) {
  state merged mergeable reviewDecision headRefOid author { __typename login } mergeCommit { oid }
  commits(last: 1) { nodes { commit { oid statusCheckRollup { state contexts(first: 1, after: null) {
    nodes { __typename
      ... on CheckRun { name conclusion externalId checkSuite { app { databaseId slug } } }
      ... on StatusContext { context state } }
    pageInfo { hasNextPage } } } } } } } } }
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = open_stage(tmp_path / "github")
    yield made
    made.github.stop()


def issue(stage: Stage, number: int, **more: Any) -> Any:
    return stage.client.graphql(HISTORY, number=number, **more)["data"]["repository"]["issue"]


def pull(stage: Stage, number: int) -> Any:
    return stage.client.graphql(PULL, number=number)["data"]["repository"]["pullRequest"]


def test_the_history_of_an_issue_is_paged(stage: Stage) -> None:
    number = stage.repo.file_issue("Old", "x", by="octo", labels=["blueprint"])
    stage.repo.rename(number, "New", by="octo")
    stage.repo.unlabel(number, "blueprint", by="octo")
    first = issue(stage, number)
    kinds = [one["__typename"] for one in first["timelineItems"]["nodes"]]
    assert kinds == ["LabeledEvent", "RenamedTitleEvent"]
    page = first["timelineItems"]["pageInfo"]
    assert page["hasNextPage"] is True
    rest = issue(stage, number, after=page["endCursor"])["timelineItems"]
    assert [one["__typename"] for one in rest["nodes"]] == ["UnlabeledEvent"]
    assert rest["pageInfo"]["hasNextPage"] is False


def test_the_first_body_edit_also_lists_the_creation(stage: Stage) -> None:
    number = stage.repo.file_issue("A", "x", by="octo")
    assert issue(stage, number)["userContentEdits"]["nodes"] == []
    stage.clock.sleep(60)
    stage.repo.edit_body(number, "y", by="mallory")
    seen = issue(stage, number)
    edits = [(one["editor"]["login"], one["editedAt"]) for one in seen["userContentEdits"]["nodes"]]
    assert edits == [("mallory", "2026-11-24T12:01:00Z"), ("octo", "2026-11-24T12:00:00Z")]
    assert seen["lastEditedAt"] == "2026-11-24T12:01:00Z"


def test_a_pull_request_with_checks_of_two_kinds(stage: Stage) -> None:
    head = stage.branch("cadence/issue-1")
    number = stage.pull()
    assert pull(stage, number)["mergeable"] == "UNKNOWN"
    assert pull(stage, number)["mergeable"] == "MERGEABLE"
    assert pull(stage, number)["commits"]["nodes"][0]["commit"]["statusCheckRollup"] is None
    stage.repo.create_check_run(stage.app, name="cadence/gate", head_sha=head)
    stage.repo.create_status(head, by="octo", context="ci", state="failure")
    seen = pull(stage, number)
    assert seen["author"] == {"__typename": "Bot", "login": "cadence"}
    rollup = seen["commits"]["nodes"][0]["commit"]["statusCheckRollup"]
    assert rollup["state"] == "FAILURE"
    assert rollup["contexts"]["pageInfo"]["hasNextPage"] is True
    run = rollup["contexts"]["nodes"][0]
    assert (run["conclusion"], run["checkSuite"]["app"]["databaseId"]) == ("SUCCESS", stage.app.app_id)


def test_review_decisions_count_only_writers(stage: Stage) -> None:
    stage.repo.add_ruleset([{"type": "pull_request", "parameters": {"required_approving_review_count": 1}}])
    stage.branch("cadence/issue-1")
    number = stage.pull()
    stage.repo.submit_review(number, by="stranger")
    assert pull(stage, number)["reviewDecision"] == "REVIEW_REQUIRED"
    stage.repo.submit_review(number, by="octo")
    assert pull(stage, number)["reviewDecision"] == "APPROVED"


def test_errors_come_with_a_type_inside_a_200(stage: Stage) -> None:
    number = stage.repo.file_issue("A", by="octo")
    blind = stage.narrowed(contents="read").graphql(HISTORY, number=number)
    assert blind["data"]["repository"]["issue"] is None
    assert [(one["type"], one["message"]) for one in blind["errors"]] == [
        ("FORBIDDEN", "Resource not accessible by integration")
    ]
    missing = stage.client.graphql(HISTORY, number=99)
    assert missing["errors"][0]["type"] == "NOT_FOUND"
    gone = stage.client.graphql('{ repository(owner: "octo", name: "gone") { id } }')
    assert gone["errors"][0]["message"] == "Could not resolve to a Repository with the name 'octo/gone'."


def test_a_field_that_is_not_modelled_is_loud(stage: Stage) -> None:
    answer = stage.client.graphql('{ repository(owner: "octo", name: "shop") { stargazerCount } }')
    assert "Cannot query field 'stargazerCount'" in answer["errors"][0]["message"]
    assert len(stage.github.world.unmodelled) == 1


def test_connections_want_bounds(stage: Stage) -> None:
    number = stage.repo.file_issue("A", by="octo")
    for size, kind in (("", "MISSING_PAGINATION_BOUNDARIES"), ("(first: 101)", "EXCESSIVE_PAGINATION")):
        asked = f"issue(number: {number}) {{ labels{size} {{ totalCount }} }}"
        assert (
            stage.client.graphql(f'{{ repository(owner: "octo", name: "shop") {{ {asked} }} }}')["errors"][0]["type"]
            == kind
        )
