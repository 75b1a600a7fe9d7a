"""Who may, and when: permissions from the policy in force, approvals by GitHub's clock, deliveries that come late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from bot.app import build_flow, build_services
from bot.core.states import RunState
from tests.fakes.fake_clock import FakeClock
from tests.journeys.world import FILES, OUTSIDER, OWNER, WRITER, World

S = RunState
CONFIG = ".github/cadence.yml"
MakeWorld = Callable[..., World]


def world_with(make_world: MakeWorld, policy: str) -> World:
    world = make_world(files={**FILES, CONFIG: f"version: 1\n{policy}\n"})
    world.script_all()
    return world


# -- which permission a command needs -------------------------------------------------------------------------------
ADMIN = "trigger: {permission: admin}"


def test_a_text_that_waits_is_approved_only_with_the_permission_that_the_policy_asks_for(make_world: MakeWorld) -> None:
    world = world_with(make_world, ADMIN)
    issue = world.label_blueprint(author=OUTSIDER, by=WRITER)
    assert world.state(issue) is S.WAITING_APPROVAL and not world.run(issue).base_branch
    world.comment(issue, "/cadence go", by=WRITER)
    assert world.state(issue) is S.WAITING_APPROVAL and not world.run(issue).approved_by
    assert "needs admin permission" in world.bot_comments(issue)[-1]
    world.comment(issue, "/cadence go", by=OWNER)
    assert world.run(issue).approved_by == OWNER


def test_the_permission_is_read_where_plan_base_says(make_world: MakeWorld) -> None:
    world = world_with(make_world, "plan: {base: develop}")
    world.repo.push_commit({CONFIG: f"version: 1\n{ADMIN}\n"}, by=OWNER, branch="develop")
    issue = world.label_blueprint(author=OUTSIDER, by=WRITER)
    assert world.state(issue) is S.WAITING_APPROVAL
    world.comment(issue, "/cadence go", by=WRITER)
    assert not world.run(issue).approved_by
    world.comment(issue, "/cadence go", by=OWNER)
    assert world.run(issue).approved_by == OWNER


@pytest.mark.parametrize("command", ["go", "replan quieter", "review"])
def test_with_a_policy_that_nobody_can_read_nobody_is_let_through(make_world: MakeWorld, command: str) -> None:
    world = world_with(make_world, ADMIN)
    issue = world.label_blueprint(author=OUTSIDER, by=WRITER)
    world.repo.push_commit({CONFIG: "version: 1\nnonsense: true\n"}, by=OWNER)
    world.settle()
    for login in (WRITER, OWNER):
        world.comment(issue, f"/cadence {command}", by=login)
        assert "cannot be used" in world.bot_comments(issue)[-1]
    assert len(world.runs(issue)) == 1 and not world.run(issue).approved_by


def test_replan_of_a_run_that_never_had_a_base_needs_the_permission_too(make_world: MakeWorld) -> None:
    world = world_with(make_world, ADMIN)
    issue = world.label_blueprint(author=OUTSIDER, by=WRITER)
    world.comment(issue, "/cadence replan do it", by=WRITER)
    assert len(world.runs(issue)) == 1
    assert "needs admin permission" in world.bot_comments(issue)[-1]
    world.comment(issue, "/cadence replan do it", by=OWNER)
    assert len(world.runs(issue)) == 2


def test_the_policy_of_the_base_counts_once_it_is_known(make_world: MakeWorld) -> None:
    world = world_with(make_world, "after_merge: {watch: 0}")
    issue = world.label_blueprint()
    world.repo.push_commit({CONFIG: f"version: 1\n{ADMIN}\n"}, by=OWNER)
    world.comment(issue, "/cadence replan again", by=WRITER)
    assert len(world.runs(issue)) == 1, "the policy is read as it stands on GitHub now"


# -- clocks ---------------------------------------------------------------------------------------------------------
class ClockBehind(FakeClock):
    """A machine's clock that is behind GitHub's."""

    def __init__(self, right: FakeClock, seconds: float) -> None:
        super().__init__()
        self._right, self._behind = right, timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self._right.now() - self._behind

    def advance(self, seconds: float) -> None:
        self._right.advance(seconds)


def set_back(world: World, seconds: float) -> None:
    """Let Cadence, but not GitHub, run on a clock that is behind."""
    clock = ClockBehind(world.clock, seconds)
    world.ledger._now = clock.now  # type: ignore[attr-defined]
    world.services = build_services(world.settings, ledger=world.ledger, clock=clock, engine=world.engine)
    world.engine.flow = build_flow(world.services, world.engine.step)


@pytest.mark.parametrize("seconds", [60, -60, 0])
def test_a_go_given_before_an_edit_never_approves_the_edited_text(make_world: MakeWorld, seconds: float) -> None:
    world = world_with(make_world, "after_merge: {watch: 0}")
    set_back(world, seconds)
    issue = world.label_blueprint(author=OUTSIDER, by=WRITER)
    world.clock.advance(10)
    world.github.world.hooks.hold_back(lambda delivery: delivery.event == "issue_comment")
    world.repo.comment(issue, "/cadence go", by=WRITER)
    world.clock.advance(10)
    world.repo.edit_body(issue, "Delete everything.", by=OUTSIDER)
    world.settle()
    assert "Delete everything." in world.status(issue)
    world.github.world.hooks.release()
    world.settle()
    assert world.state(issue) is S.WAITING_APPROVAL and not world.run(issue).approved_by
    assert "Read it again" in world.bot_comments(issue)[-1]
    world.comment(issue, "/cadence go", by=WRITER)
    assert world.run(issue).approved_by == WRITER


@pytest.mark.parametrize("seconds", [60, -60, 0])
def test_a_go_given_before_a_push_never_approves_what_was_pushed(make_world: MakeWorld, seconds: float) -> None:
    world = world_with(make_world, "after_merge: {watch: 0}")
    set_back(world, seconds)
    issue = world.label_blueprint()
    world.clock.advance(10)
    world.github.world.hooks.hold_back(lambda delivery: delivery.event == "issue_comment")
    world.repo.comment(issue, "/cadence go", by=WRITER)
    world.clock.advance(10)
    world.repo.push_commit({"greet.py": "eval('1')\n"}, by=WRITER, branch=f"cadence/issue-{issue}")
    world.later()
    world.github.world.hooks.release()
    world.settle()
    assert not world.run(issue).approved_pushed
    assert "newer than your comment" in world.bot_comments(issue)[-1]
    world.comment(issue, "/cadence go", by=WRITER)
    assert world.run(issue).approved_pushed


# -- deliveries that come late --------------------------------------------------------------------------------------
WAITS = "plan: {approval: required}"


def late(world: World, action: str) -> None:
    world.github.world.hooks.hold_back(lambda delivery: delivery.event == "issues" and delivery.action == action)


def test_a_late_unlabeled_does_not_stop_the_newer_run(make_world: MakeWorld) -> None:
    world = world_with(make_world, WAITS)
    issue = world.label_blueprint()
    late(world, "unlabeled")
    world.repo.unlabel(issue, "blueprint", by=OWNER)
    world.clock.advance(5)
    world.repo.label(issue, "blueprint", by=OWNER)
    world.settle()
    world.github.world.hooks.release()
    world.settle()
    assert [run.state for run in world.runs(issue)] == [S.WAITING_APPROVAL, S.SUPERSEDED]


def test_an_unlabeled_whose_labeled_was_lost_gives_way_to_the_label_in_force(make_world: MakeWorld) -> None:
    world = world_with(make_world, WAITS)
    issue = world.label_blueprint()
    late(world, "unlabeled")
    world.repo.unlabel(issue, "blueprint", by=OWNER)
    world.clock.advance(5)
    world.github.world.hooks.drop(lambda delivery: delivery.event == "issues" and delivery.action == "labeled")
    world.repo.label(issue, "blueprint", by=OWNER)
    world.settle()
    world.github.world.hooks.release()
    world.settle()
    assert [run.state for run in world.runs(issue)] == [S.WAITING_APPROVAL, S.SUPERSEDED]


@pytest.mark.parametrize("replayed", ["unlabeled", "closed"])
def test_a_replayed_delivery_stops_nothing(make_world: MakeWorld, replayed: str) -> None:
    world = world_with(make_world, WAITS)
    issue = world.label_blueprint()
    sent = [
        one for one in world.github.world.hooks.deliveries() if one.action == "labeled" and one.app.slug == "cadence"
    ]
    world.post("issues", {**sent[0].payload, "action": replayed}, guid="replayed")
    world.settle()
    assert world.state(issue) is S.WAITING_APPROVAL


def test_taking_the_label_off_still_stops_a_run_without_a_pull_request(make_world: MakeWorld) -> None:
    world = world_with(make_world, WAITS)
    issue = world.label_blueprint()
    world.repo.unlabel(issue, "blueprint", by=OWNER)
    world.settle()
    assert world.state(issue) is S.STOPPED
    assert "was removed by" in world.status(issue)


@pytest.mark.parametrize("by_sweep", [False, True])
@pytest.mark.parametrize("policy", [WAITS, "after_merge: {watch: 0}"])
def test_closing_and_reopening_goes_on_with_the_run(make_world: MakeWorld, policy: str, by_sweep: bool) -> None:
    world = world_with(make_world, policy)
    issue = world.label_blueprint()
    before = world.state(issue)
    world.repo.close(issue, by=OWNER)
    world.settle()
    assert world.state(issue) is S.STOPPED
    world.clock.advance(5)
    if by_sweep:
        world.github.world.hooks.drop(lambda delivery: delivery.event == "issues")
    world.repo.reopen(issue, by=OWNER)
    world.settle()
    if by_sweep:
        world.sweep()
    assert [run.state for run in world.runs(issue)] == [before]


@pytest.mark.parametrize("stopped_by", ["closing", "a command"])
def test_an_author_without_write_permission_resumes_nothing_by_opening_the_issue_again(
    world: World, stopped_by: str
) -> None:
    world.script_all()
    issue = world.label_blueprint(author=OUTSIDER)
    world.comment(issue, "/cadence go")
    assert world.state(issue) is S.GATED
    if stopped_by == "a command":
        world.comment(issue, "/cadence stop")
    world.repo.close(issue, by=OUTSIDER)
    world.settle()
    assert world.state(issue) is S.STOPPED
    world.clock.advance(5)
    world.repo.reopen(issue, by=OUTSIDER)
    world.settle()
    world.sweep()
    assert world.state(issue) is S.STOPPED and len(world.runs(issue)) == 1
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.GATED


def test_opening_the_issue_again_takes_no_stop_of_a_command_back(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.comment(issue, "/cadence stop")
    world.repo.close(issue, by=OWNER)
    world.clock.advance(5)
    world.repo.reopen(issue, by=OWNER)
    world.settle()
    world.sweep()
    assert world.state(issue) is S.STOPPED


def test_a_late_closed_after_the_reopening_stops_nothing(make_world: MakeWorld) -> None:
    world = world_with(make_world, WAITS)
    issue = world.label_blueprint()
    late(world, "closed")
    world.repo.close(issue, by=OWNER)
    world.clock.advance(5)
    world.repo.reopen(issue, by=OWNER)
    world.settle()
    world.github.world.hooks.release()
    world.settle()
    assert world.state(issue) is S.WAITING_APPROVAL


def test_a_run_whose_pull_request_a_person_closed_is_not_woken_at_every_sweep(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.repo.close(issue, by=OWNER)
    world.settle()
    world.clock.advance(5)
    world.repo.reopen(issue, by=OWNER)
    world.settle()
    assert world.state(issue) is S.GATED
    world.repo.close_pull(world.pull().number, by=OWNER)
    world.settle()
    moves = len(world.ledger.transitions(world.run(issue).run_id))
    for _ in range(3):
        world.clock.advance(200)
        world.sweep()
    assert world.state(issue) is S.STOPPED
    assert len(world.ledger.transitions(world.run(issue).run_id)) == moves
