"""Several pull requests against one base: who is brought up to date, and what holds nobody back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.states import RunState
from tests.journeys.world import OWNER, World, edit, plan, verdict

S = RunState
TARGETS = ("a.py", "b.py", "c.py")


def three(world: World) -> list[int]:
    """Three blueprints, each about a file of its own, each with its pull request, and nothing pushed to the base."""
    issues = []
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    for path in TARGETS:
        change = plan(edit(path, "add", after=f"NAME = {path!r}\n"), summary=f"Add {path}")
        world.script("change_set", change, first=True)
        issues.append(world.label_blueprint(f"Add {path}", f"Add {path}."))
    return issues


def head(world: World, issue: int) -> str:
    return str(world.repo.pull(world.run(issue).pull or 0).head_sha)


def green(world: World, issue: int) -> None:
    world.ci(head=head(world, issue))


def move_the_base(world: World) -> None:
    world.repo.push_commit({"other.py": "y = 2\n"}, by=OWNER)
    world.settle()
    world.later(3)


def test_only_the_oldest_is_rebuilt_when_the_base_moves(world: World) -> None:
    issues = three(world)
    before = [head(world, issue) for issue in issues]
    move_the_base(world)
    after = [head(world, issue) for issue in issues]
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, False, False]


def test_a_merge_does_not_hold_the_others_back_while_it_is_watched(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.repo.create_check_run(world.ci_app, name="tests", head_sha=world.repo.tip() or "", conclusion="success")
    issues = three(world)
    began = world.clock.now()
    green(world, issues[0])
    world.later()
    assert world.state(issues[0]) is S.WATCHING
    for issue in issues[1:]:
        world.later(3)
        green(world, issue)
        world.later()
        assert world.repo.pull(world.run(issue).pull or 0).merged_at is not None
    assert (world.clock.now() - began).total_seconds() < 10 * 60
    assert world.state(issues[0]) is S.WATCHING


HINDERED: dict[str, Callable[[World, int], object]] = {
    "waits for a person: hold": lambda w, i: w.repo.label(w.run(i).pull or 0, "cadence:hold", by=OWNER),
    "waits for a person: draft": lambda w, i: w.repo.set_draft(w.run(i).pull or 0, True, by=OWNER),
    "blocked: red check": lambda w, i: w.ci("failure", head=head(w, i)),
    "a person's commit": lambda w, i: w.repo.push_commit({"p.py": "p = 1\n"}, by=OWNER, branch=f"cadence/issue-{i}"),
}


@pytest.mark.parametrize("name", [name for name in HINDERED if name != "blocked: red check"])
def test_one_that_waits_for_a_person_or_is_blocked_holds_nobody_back(world: World, name: str) -> None:
    first, second, third = three(world)
    HINDERED[name](world, first)
    world.settle()
    world.later(3)
    before = head(world, second), head(world, third)
    move_the_base(world)
    assert head(world, second) != before[0], "the next in line is built on the new tip"
    assert head(world, third) == before[1], "one at a time"
    green(world, second)
    world.later()
    assert world.repo.pull(world.run(second).pull or 0).merged_at is not None


def test_one_that_is_blocked_after_its_rebuild_lets_the_next_go_on(world: World) -> None:
    first, second, third = three(world)
    before = head(world, second), head(world, third)
    move_the_base(world)
    assert (head(world, second), head(world, third)) == before
    HINDERED["blocked: red check"](world, first)
    world.later(3)
    assert head(world, second) != before[0]
    assert head(world, third) == before[1]


def test_only_one_is_rebuilt_at_a_time_however_many_are_blocked(world: World) -> None:
    issues = three(world)
    for issue in issues:
        world.ci("failure", head=head(world, issue))
    building: list[list[bool]] = []
    move = world.ledger.move

    def watched(run_id: object, to: RunState, **told: str) -> int | None:
        moved = move(run_id, to, **told)  # type: ignore[arg-type]
        building.append([world.state(issue) is S.REPAIRING for issue in issues])
        return moved

    world.ledger.move = watched  # type: ignore[method-assign, assignment]
    move_the_base(world)
    assert any(any(row) for row in building)
    assert all(sum(row) <= 1 for row in building)
