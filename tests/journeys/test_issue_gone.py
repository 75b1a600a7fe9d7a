"""An issue that was transferred or deleted while its run went on."""

from __future__ import annotations

import pytest

from bot.core.states import RunState
from tests.journeys.world import OUTSIDER, OWNER, WRITER, World

S = RunState


def take_away(world: World, issue: int, action: str = "") -> None:
    """GitHub has the issue no more; `action` is the event that it sends, if it arrives."""
    sent = [one for one in world.github.world.hooks.deliveries() if one.event == "issues" and one.app.slug == "cadence"]
    del world.repo.state.issues[issue]
    if action:
        world.post("issues", {**sent[0].payload, "action": action}, guid=f"gone-{action}")
    world.settle()


def must_have_ended(world: World, issue: int) -> None:
    assert world.state(issue) is S.STOPPED
    assert "issue.gone" in world.run(issue).reason
    pull = world.pull()
    assert pull.merged_at is None
    said = [one.body for one in pull.issue.comments if "was deleted or moved to another repository" in one.body]
    assert len(said) == 1
    assert (gate := world.checks("cadence/gate")[-1]).conclusion == "action_required" and gate.status == "completed"


@pytest.mark.parametrize("action", ["", "deleted", "transferred"])
def test_a_run_whose_issue_is_gone_ends_and_says_so_on_the_pull_request(world: World, action: str) -> None:
    world.script_all()
    issue = world.label_blueprint()
    take_away(world, issue, action)
    world.ci()
    world.later()
    world.sweep()
    must_have_ended(world, issue)
    for _ in range(2):
        world.sweep()
        world.later(200)
    must_have_ended(world, issue)
    assert not [one for one in world.deliveries() if one[0] == "failed"]


@pytest.mark.parametrize("action", ["", "deleted"])
def test_a_run_without_a_pull_request_ends_too(world: World, action: str) -> None:
    world.script_all()
    issue = world.label_blueprint(author=OUTSIDER, by=WRITER)
    assert world.state(issue) is S.WAITING_APPROVAL
    take_away(world, issue, action)
    if not action:
        sent = [one for one in world.github.world.hooks.deliveries() if one.event == "issues"]
        world.post("issues", {**sent[0].payload, "action": "edited"}, guid="edited-before-it-went")
        world.settle()
    assert world.state(issue) is S.STOPPED and "issue.gone" in world.run(issue).reason


def test_an_issue_that_goes_while_its_change_is_built_ends_the_build(world: World) -> None:
    world.script_all()
    issue = world.repo.file_issue("Greet politely", "Greet politely.", by=OWNER)
    world.github.pause_hooks()
    world.repo.label(issue, "blueprint", by=OWNER)
    world.github.resume_hooks()
    world.github.flush()
    world.drainer.hand_over()
    for job in [one for one in world.engine.jobs if one.name == "deliver"]:
        world.engine.flow.deliver(*job.args)
    assert world.state(issue) is S.RECEIVED
    del world.repo.state.issues[issue]
    world.settle()
    assert world.state(issue) is S.STOPPED and "issue.gone" in world.run(issue).reason
    assert not world.repo.pulls()


def test_a_replan_on_the_pull_request_of_an_issue_that_is_gone_is_answered(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    take_away(world, issue, "deleted")
    world.comment(world.pull().number, "/cadence replan quieter")
    assert world.state(issue) is S.STOPPED and len(world.runs(issue)) == 1
    assert "is not there any more" in world.pull().issue.comments[-1].body
