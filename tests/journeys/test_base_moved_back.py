"""The base branch is forced back to an earlier commit while a pull request waits."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.states import RunState
from tests.journeys.world import FILES, OWNER, World

S = RunState
BAD = "a commit that the maintainers take back\n"


def built_on_what_is_taken_back(world: World) -> tuple[int, str]:
    """An issue whose pull request is built on a commit that the base does not hold any more; and the base's tip."""
    world.script_all()
    before = world.repo.tip("main")
    assert before is not None
    world.repo.push_commit({"BAD.md": BAD}, by=OWNER)
    issue = world.label_blueprint()
    assert world.state(issue) is S.GATED
    world.repo.move_branch("main", before, by=OWNER)
    return issue, before


def test_looking_comes_to_rest_and_the_change_is_built_on_the_new_tip(world: World) -> None:
    issue, tip = built_on_what_is_taken_back(world)
    world.settle()
    assert world.run(issue).base_sha == tip
    world.ci()
    world.later()
    world.must_be_merged(issue)
    assert world.repo.read_file("BAD.md") is None, "what was taken back does not return with the change"


@pytest.mark.parametrize("policy", ["rules", "never"])
def test_so_it_is_whatever_up_to_date_says(make_world: Callable[..., World], policy: str) -> None:
    text = f"version: 1\nmerge: {{up_to_date: {policy}}}\nafter_merge: {{watch: 0}}\n"
    world = make_world(files={**FILES, ".github/cadence.yml": text})
    issue, _ = built_on_what_is_taken_back(world)
    world.ci()
    world.later()
    world.ci()
    world.later()
    assert world.state(issue) is S.MERGED and world.repo.read_file("BAD.md") is None


def test_a_verdict_that_github_does_not_show_yet_is_waited_for_ever_longer(world: World) -> None:
    """GitHub's answers can lag behind: asking for the same review again and again would not help."""
    issue, _ = built_on_what_is_taken_back(world)
    world.settle()
    shown = world.services.observer._is_receipt
    world.services.observer._is_receipt = lambda *_: False  # type: ignore[method-assign]
    world.ci()
    asked = len(world.github.world.requests)
    world.later(3600)
    assert len(world.github.world.requests) - asked < 60
    world.services.observer._is_receipt = shown  # type: ignore[method-assign]
    world.sweep()
    world.later()
    assert world.state(issue) is S.MERGED
