"""A pull request that is not Cadence's never waits on it, and one that is merges where its own gate is required."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from bot.core.names import CHECK_GATE, CHECK_REASONING, OWN_CHECKS
from bot.core.states import RunState
from bot.sandbox.github.answers import ApiError
from tests.journeys.world import OWNER, WRITER, World

S = RunState


def require(world: World, names: Sequence[str], *, pinned: bool) -> None:
    app = {"integration_id": world.app.app_id} if pinned else {}
    wanted = [{"context": name, **app} for name in names]
    rule = {"type": "required_status_checks", "parameters": {"required_status_checks": wanted}}
    world.repo.add_ruleset([rule])


def by_hand(world: World, *, by: str = WRITER, branch: str = "feature") -> int:
    world.repo.push_commit({"mine.py": "z = 3\n"}, by=by, branch=branch)
    number = world.repo.open_pull(by=by, title="By hand", head=branch)
    world.settle()
    return number


@pytest.mark.parametrize("pinned", [True, False])
def test_a_persons_pull_request_does_not_wait_on_us(make_world: Callable[..., World], pinned: bool) -> None:
    world = make_world(key=False)
    require(world, OWN_CHECKS, pinned=pinned)
    number = by_hand(world)
    for name in OWN_CHECKS:
        (run,) = world.checks(name)
        assert (run.conclusion, run.title) == ("skipped", "not a Cadence PR")
        assert run.summary and run.summary.startswith("not a Cadence PR")
    assert not world.bot_comments(number) and not world.pull().reviews
    world.repo.merge_pull(number, by=WRITER)
    world.must_be_quiet()


def test_a_dependency_bots_pull_request_does_not_wait_either(world: World) -> None:
    require(world, [CHECK_GATE], pinned=True)
    bot = world.github.create_app("dependencies", {"contents": "write", "pull_requests": "write"}, [])
    world.github.install(bot, world.repo)
    number = by_hand(world, by=bot.bot_login, branch="dependencies/requests-3")
    assert [run.conclusion for run in world.checks(CHECK_GATE)] == ["skipped"]
    assert not world.checks(CHECK_REASONING), "only what a rule asks for is posted"
    world.repo.merge_pull(number, by=WRITER)


def test_each_new_head_gets_it_and_a_doubled_delivery_adds_nothing(world: World) -> None:
    require(world, [CHECK_GATE], pinned=False)
    number = by_hand(world)
    head = world.repo.push_commit({"more.py": "y = 4\n"}, by=WRITER, branch="feature")
    world.settle()
    for delivery in list(world.github.world.hooks.deliveries()):
        if delivery.event == "pull_request":
            world.github.world.hooks.redeliver(delivery.guid)
    world.settle()
    assert len(world.checks(CHECK_GATE, head)) == 1
    world.repo.merge_pull(number, by=WRITER)


def test_without_such_a_rule_nothing_is_posted(world: World) -> None:
    wanted = [{"context": CHECK_GATE, "integration_id": world.ci_app.app_id}, {"context": "tests"}]
    rule = {"type": "required_status_checks", "parameters": {"required_status_checks": wanted}}
    world.repo.add_ruleset([rule])
    number = by_hand(world)
    assert not world.repo.check_runs(world.repo.pull(number).head_sha)
    with pytest.raises(ApiError):
        world.repo.merge_pull(number, by=WRITER)


def test_a_pull_request_that_is_retargeted_to_such_a_base_gets_it_then(world: World) -> None:
    world.repo.push_commit({"old.txt": "old\n"}, by=OWNER, branch="release")
    require(world, [CHECK_GATE], pinned=False)
    world.repo.push_commit({"mine.py": "z = 3\n"}, by=WRITER, branch="feature")
    number = world.repo.open_pull(by=WRITER, title="By hand", head="feature", base="release")
    world.settle()
    assert not world.checks(CHECK_GATE)
    world.repo.retarget(number, "main", by=WRITER)
    world.settle()
    assert [run.conclusion for run in world.checks(CHECK_GATE)] == ["skipped"]


def test_our_own_pull_request_merges_where_all_of_our_checks_are_required(world: World) -> None:
    require(world, OWN_CHECKS, pinned=True)
    require(world, ["tests"], pinned=False)
    world.script_all()
    issue = world.label_blueprint()
    assert "skipped" not in {run.conclusion for name in OWN_CHECKS for run in world.checks(name)}
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_our_required_gate_is_not_green_before_the_merge(world: World) -> None:
    require(world, [CHECK_GATE], pinned=True)
    world.script_all()
    issue = world.label_blueprint()
    world.ci("failure")
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]
    with pytest.raises(ApiError, match="cadence/gate"):
        world.repo.merge_pull(world.pull().number, by=WRITER)


def test_a_persons_pull_request_from_our_branch_never_makes_our_checks_green(world: World) -> None:
    require(world, [CHECK_GATE], pinned=False)
    world.repo.push_commit({"old.txt": "old\n"}, by=OWNER, branch="release")
    world.repo.add_ruleset(world.repo.state.rulesets[0].rules, branches=["release"])
    world.script_all()
    issue = world.label_blueprint()
    branch = f"cadence/issue-{issue}"
    world.repo.open_pull(by=WRITER, title="The same commit", head=branch, base="release")
    world.settle()
    pushed = world.repo.push_commit({"extra.py": "x = 1\n"}, by=WRITER, branch=branch)
    world.settle()
    for head in (world.run(issue).head_sha, pushed):
        assert "skipped" not in {run.conclusion for run in world.checks(CHECK_GATE, head)}


def test_the_same_commit_on_another_branch_does_not_make_our_checks_green(world: World) -> None:
    """A check run belongs to a commit: `skipped` for one pull request would pass on ours too."""
    require(world, [CHECK_GATE], pinned=False)
    world.script_all()
    issue = world.label_blueprint()
    pushed = world.repo.push_commit({"extra.py": "x = 1\n"}, by=WRITER, branch=f"cadence/issue-{issue}")
    world.settle()
    world.repo.move_branch("elsewhere", pushed, by=WRITER)
    world.repo.open_pull(by=WRITER, title="The same commit", head="elsewhere")
    world.settle()
    assert "skipped" not in {run.conclusion for run in world.checks(CHECK_GATE, pushed)}


def test_a_fork_may_name_its_branch_as_it_likes(world: World) -> None:
    require(world, [CHECK_GATE], pinned=False)
    world.script_all()
    issue = world.label_blueprint()
    head = world.repo.push_commit({"mine.py": "x = 1\n"}, by=WRITER, branch="mine")
    number = world.repo.open_pull(by=WRITER, title="By hand", head="mine")
    payload = next(
        one.payload
        for one in world.github.world.hooks.deliveries()
        if (one.event, one.action) == ("pull_request", "opened") and one.payload["number"] == number
    )
    # Before it is delivered, so that this is the only word of it.
    payload["pull_request"]["head"].update(ref=f"cadence/issue-{issue}", repo={"id": 77})
    world.post("pull_request", payload, guid="a fork")
    world.settle()
    assert [run.conclusion for run in world.checks(CHECK_GATE, head)] == ["skipped"]


def test_a_delivery_that_overtakes_the_opening_does_not_skip_our_own_checks(world: World) -> None:
    require(world, OWN_CHECKS, pinned=True)
    world.script_all()
    issue = world.label_blueprint()
    pull = world.pull()
    world.ledger.update_run(world.run(issue).run_id, pull=None, head_sha="", branch="")
    payload = next(
        one.payload
        for one in world.github.world.hooks.deliveries()
        if (one.event, one.action) == ("pull_request", "opened")
    )
    world.post("pull_request", payload, guid="early")
    world.settle()
    assert "skipped" not in {run.conclusion for name in OWN_CHECKS for run in world.checks(name, pull.head_sha)}
