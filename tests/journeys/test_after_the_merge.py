"""What is left to do after a merge, and lists that are longer than one answer."""

from typing import Any

import pytest

from bot.core.states import RunState
from tests.journeys.world import FILES, OWNER, World

S = RunState
ELSEWHERE = {**FILES, ".github/cadence.yml": "version: 1\nplan: {base: next}\n"}


def fail_once(world: World, method: str, route: str) -> list[str]:
    """The first such request is answered 502 before anything happens."""
    failed: list[str] = []

    def strike(fault: Any) -> tuple[int, Any] | None:
        if fault.method == method and fault.route.endswith(route) and fault.phase == "before" and not failed:
            failed.append(fault.path)
            return 502, {"message": "Bad Gateway"}
        return None

    world.github.on_request(strike)
    return failed


@pytest.mark.parametrize("outage", [False, True], ids=["", "after a 502"])
def test_an_issue_that_github_leaves_open_is_closed(make_world: Any, outage: bool) -> None:
    """GitHub closes issues by keyword only when the base is the default branch."""
    world: World = make_world(files=ELSEWHERE)
    world.repo.push_commit({"NEXT.md": "next\n"}, by=OWNER, branch="next")
    failed = fail_once(world, "PATCH", "/issues/{issue_number}") if outage else ["not asked for"]
    world.script_all()
    issue = world.label_blueprint()
    assert world.pull().base_ref == "next"
    world.ci()
    world.later()
    world.sweep()
    world.later()
    assert failed
    world.must_be_merged(issue)


def test_a_branch_whose_deletion_failed_is_deleted_on_the_next_look(world: World) -> None:
    failed = fail_once(world, "DELETE", "/git/refs/{ref}")
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.sweep()
    world.later()
    assert failed
    world.must_be_merged(issue)


@pytest.mark.parametrize("red", [None, 0, 119])
def test_a_check_on_whatever_page_counts_as_any_other(world: World, red: int | None) -> None:
    world.script_all()
    issue = world.label_blueprint()
    head = world.pull().head_sha
    for number in range(120):
        conclusion = "failure" if number == red else "success"
        world.repo.create_check_run(
            world.ci_app, name=f"job {number}", head_sha=head, status="completed", conclusion=conclusion
        )
    world.settle()
    world.later()
    if red is None:
        world.must_be_merged(issue)
    else:
        assert world.state(issue) is S.GATED
        assert world.gate_codes(issue) == ["ci.failed"]
