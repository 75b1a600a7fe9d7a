"""The sandbox's merge queue: who may enter, what it tests, and how it ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_world import Stage, open_stage

ENQUEUE = """
mutation($pull: ID!, $head: GitObjectID) {
  enqueuePullRequest(input: {pullRequestId: $pull, expectedHeadOid: $head}) { mergeQueueEntry { position state } }
}
"""
DEQUEUE = "mutation($pull: ID!) { dequeuePullRequest(input: {id: $pull}) { clientMutationId } }"
READ = """
query($number: Int!) { repository(owner: "octo", name: "shop") {
  pullRequest(number: $number) { id headRefOid isInMergeQueue merged mergeQueueEntry { position headCommit { oid } } }
  mergeQueue(branch: "main") { entries(first: 10) { nodes { position pullRequest { number } } } }
} }
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = open_stage(tmp_path / "github")
    checks = {"required_status_checks": [{"context": "tests"}]}
    made.repo.add_ruleset([{"type": "merge_queue"}, {"type": "required_status_checks", "parameters": checks}])
    yield made
    made.github.stop()


def green(stage: Stage, name: str, *, tested: bool = True) -> int:
    branch = f"cadence/issue-{name}"
    stage.branch(branch, {f"{name}.txt": "x\n"})
    number = stage.repo.open_pull(by="octo", title=f"Add {name}", head=branch)
    if tested:
        stage.repo.create_check_run(stage.app, name="tests", head_sha=stage.repo.pull(number).head_sha)
    return number


def read(stage: Stage, number: int) -> Any:
    return stage.client.graphql(READ, number=number)["data"]["repository"]


def enter(stage: Stage, number: int, **more: Any) -> Any:
    found = read(stage, number)["pullRequest"]
    return stage.client.graphql(ENQUEUE, **{"pull": found["id"], "head": found["headRefOid"], **more})


def refusal(answer: Any) -> str:
    (error,) = answer["errors"]
    assert error["type"] == "UNPROCESSABLE"
    return str(error["message"])


def test_entries_are_tested_one_on_top_of_the_other_and_merge_in_order(stage: Stage) -> None:
    one, two = green(stage, "1"), green(stage, "2")
    for place, number in enumerate((one, two), start=1):
        made = enter(stage, number)["data"]["enqueuePullRequest"]["mergeQueueEntry"]
        assert made == {"position": place, "state": "AWAITING_CHECKS"}
    first, second = stage.repo.queue()
    assert second.base_sha == first.group_sha and first.ref.startswith("refs/heads/gh-readonly-queue/main/pr-")
    stage.repo.create_check_run(stage.app, name="tests", head_sha=second.group_sha)
    assert stage.repo.pull(two).merged_at is None, "not before the one in front of it"
    last = second.group_sha
    stage.repo.create_check_run(stage.app, name="tests", head_sha=first.group_sha)
    assert stage.repo.pull(one).merged_at and stage.repo.pull(two).merged_at and stage.repo.tip() == last
    assert not stage.repo.queue() and not read(stage, one)["pullRequest"]["isInMergeQueue"]


def test_who_may_not_enter(stage: Stage) -> None:
    pending = green(stage, "1", tested=False)
    assert "tests" in refusal(enter(stage, pending))
    number = green(stage, "2")
    assert refusal(enter(stage, number, head="a" * 40)).startswith("Head branch was modified")
    enter(stage, number)
    assert refusal(enter(stage, number)) == "Pull request is already in the queue"
    stage.repo.state.rulesets.clear()
    assert "not enabled" in refusal(enter(stage, green(stage, "3")))


def test_a_failure_throws_one_out_and_builds_the_rest_anew(stage: Stage) -> None:
    one, two = green(stage, "1"), green(stage, "2")
    for number in (one, two):
        enter(stage, number)
    first, second = stage.repo.queue()
    before = second.group_sha
    stage.repo.create_check_run(stage.app, name="tests", head_sha=first.group_sha, conclusion="failure")
    (left,) = stage.repo.queue()
    assert left.pull.number == two and left.base_sha == stage.repo.tip() and left.group_sha != before


@pytest.mark.parametrize("act", ["leave", "push", "close"])
def test_ways_out(stage: Stage, act: str) -> None:
    number = green(stage, "1")
    enter(stage, number)
    if act == "leave":
        stage.client.graphql(DEQUEUE, pull=read(stage, number)["pullRequest"]["id"])
    elif act == "push":
        stage.repo.push_commit({"more.txt": "x\n"}, by="octo", branch="cadence/issue-1")
    else:
        stage.repo.close_pull(number, by="octo")
    assert not stage.repo.queue() and not stage.repo.pull(number).merged_at
    assert not [ref for ref in stage.github.world.bare(stage.repo.state).refs() if "gh-readonly-queue" in ref]
