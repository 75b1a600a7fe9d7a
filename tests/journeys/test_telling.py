"""An end that could not be told is told later, as long as the repository can be reached."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.core.states import RunState
from tests.fakes.inline_engine import Crash
from tests.journeys.world import BODY, OUTSIDER, OWNER, TITLE, World, edit, plan

S = RunState
NEVER = plan(edit("missing.py", "delete"))


def failing_comments(world: World, status: int, message: str = "x", *, spare: int = 0) -> Callable[[], None]:
    """Answer every write of an issue comment with an error, but for the first `spare`; gives the way to end that."""
    seen: list[bool] = []

    def fail(fault: Any) -> tuple[int, object] | None:
        writes = fault.method in ("POST", "PATCH") and "/comments" in fault.route and "/issues/" in fault.route
        if fault.phase != "before" or not writes:
            return None
        seen.append(True)
        return (status, {"message": message}) if len(seen) > spare else None

    return world.github.on_request(fail)


@pytest.mark.parametrize("spare", [0, 1], ids=["no comment yet", "a comment to edit"])
def test_a_refusal_that_github_would_not_take_is_told_by_the_sweep(world: World, spare: int) -> None:
    world.script("change_set", NEVER)
    again = failing_comments(world, 502, spare=spare)
    issue = world.label_blueprint()
    world.later(120)
    assert world.state(issue) is S.REFUSED
    assert not [body for body in world.bot_comments(issue) if "Refused" in body]
    again()
    world.sweep()
    assert "Refused" in world.status(issue) and "contract.delete_missing_path" in world.status(issue)
    assert "**Next:**" in world.status(issue)
    told = world.status(issue)
    world.later(120)
    world.sweep()
    assert world.status(issue) == told


def test_an_end_after_which_the_process_died_is_told(world: World) -> None:
    world.script("change_set", NEVER)
    move, died = world.ledger.move, []

    def dying_move(run_id: Any, to: RunState, **rest: Any) -> int | None:
        made = move(run_id, to, **rest)
        if to is S.REFUSED and not died:
            died.append(True)
            raise Crash
        return made

    world.ledger.move = dying_move  # type: ignore[method-assign]
    issue = world.label_blueprint()
    world.later(120)
    world.sweep()
    assert died and "Refused" in world.status(issue)


def test_a_question_that_could_not_be_shown_is_asked_again(world: World) -> None:
    world.script_all()
    again = failing_comments(world, 502)
    issue = world.label_blueprint(author=OUTSIDER)
    world.later(120)
    assert world.state(issue) is S.WAITING_APPROVAL and not world.bot_comments(issue)
    again()
    world.sweep()
    assert world.state(issue) is S.WAITING_APPROVAL
    assert "/cadence go" in world.status(issue) and "to approve" in world.status(issue)


def test_an_issue_that_is_gone_is_given_up(world: World) -> None:
    world.script("change_set", NEVER)
    failing_comments(world, 404, "Not Found")
    issue = world.label_blueprint()
    for _ in range(4):
        world.later(120)
        world.sweep()
    assert world.state(issue) is S.REFUSED
    written = [r for r in world.github.world.requests if r.method == "POST" and r.path.endswith("/comments")]
    assert world.ledger.untold_runs(world.clock.now().replace(year=2000), world.clock.now()) == []
    assert len(written) < 6, "not once for each sweep"


def test_an_earlier_run_does_not_speak_over_a_newer_one(world: World) -> None:
    world.script("change_set", NEVER, times=2)
    world.script_all()
    again = failing_comments(world, 502)
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED
    again()
    world.comment(issue, "/cadence replan", by=OWNER)
    world.later(120)
    world.sweep()
    assert "Refused" not in world.status(issue)


# -- a suspended installation ---------------------------------------------------------------------------------------
def test_a_run_goes_on_after_a_suspension(world: World) -> None:
    world.script_all()
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.repo.label(issue, "blueprint", by=OWNER)
    world.github.flush()
    world.github.suspend(world.app, world.repo)
    world.settle()
    world.later(600)
    world.sweep()
    assert world.runs(issue) == [] or world.state(issue) is S.STOPPED
    world.github.suspend(world.app, world.repo, suspended=False)
    world.settle()
    world.later(120)
    world.sweep()
    world.ci()
    world.later()
    world.must_be_merged(issue)


@pytest.mark.parametrize("hook", [True, False], ids=["told by GitHub", "found by the sweep"])
def test_a_pull_request_goes_on_after_a_suspension(world: World, hook: bool) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.github.suspend(world.app, world.repo)
    world.settle()
    assert world.state(issue) is S.STOPPED and world.run(issue).reason.startswith("github.suspended: ")
    if not hook:
        world.github.pause_hooks()
    world.github.suspend(world.app, world.repo, suspended=False)
    if hook:
        world.settle()
        assert world.state(issue) is S.GATED
    else:
        world.engine.sweep()
        world.engine.run_due()
        assert world.state(issue) is S.GATED
        world.github.resume_hooks()
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_a_run_that_a_person_stopped_stays_stopped_after_a_suspension(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.repo.close_pull(world.pull().number, by=OWNER)
    world.settle()
    world.github.suspend(world.app, world.repo)
    world.settle()
    world.github.suspend(world.app, world.repo, suspended=False)
    world.settle()
    world.sweep()
    assert world.state(issue) is S.STOPPED and "closed" in world.run(issue).reason
