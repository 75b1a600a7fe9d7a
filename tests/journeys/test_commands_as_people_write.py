"""Commands as people type, paste and correct them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.core.command_table import LATER
from bot.core.states import RunState
from bot.intake.command_text import Command, parse_command
from tests.journeys.world import BODY, OUTSIDER, TITLE, WRITER, World

S = RunState


def waiting(world: World) -> int:
    """An issue whose text waits for approval."""
    world.script_all()
    issue = world.label_blueprint(author=OUTSIDER, by=WRITER)
    assert world.state(issue) is S.WAITING_APPROVAL
    world.clock.advance(2)
    return issue


def corrected(world: World, issue: int, *versions: str) -> None:
    """Write a comment, and edit it to each of the further versions."""
    comment = world.repo.comment(issue, versions[0], by=WRITER)
    world.settle()
    for version in versions[1:]:
        world.clock.advance(2)
        world.repo.edit_comment(comment, version, by=WRITER)
        world.settle()


@pytest.mark.parametrize("wrong", ["/cadence goo", "/cadence", "please go", "/cadence go abcdef", "/cadence status"])
def test_an_edit_that_corrects_a_command_is_carried_out(world: World, wrong: str) -> None:
    issue = waiting(world)
    corrected(world, issue, wrong, "/cadence go")
    assert world.run(issue).approved_by == WRITER


def test_each_wrong_version_of_a_comment_gets_its_answer(world: World) -> None:
    issue = waiting(world)
    corrected(world, issue, "/cadence goo", "/cadence plan", "/cadence plan\n\nplease")
    answers = [body for body in world.bot_comments(issue) if "cadence:answer" in body]
    assert ["is not a command" in answers[0], "not available" in answers[1]] == [True, True] and len(answers) == 2


def test_a_corrected_guidance_plans_again(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    corrected(world, issue, "/cadence replan use a set", "/cadence replan use a list")
    assert [prompt.count("use a list") > 0 for prompt in world.asked("change_set")] == [False, False, True]
    assert len(world.runs(issue)) == 3


def test_a_hash_that_an_edit_corrects_approves_text_and_diff_in_turn(world: World) -> None:
    world.script_all()
    issue = world.repo.file_issue(TITLE, BODY, by=OUTSIDER, labels=["blueprint"], form=True)
    world.settle()
    world.clock.advance(2)
    shown = world.run(issue).asked_digest
    comment = world.repo.comment(issue, f"/cadence go `{shown[:12]}`", by=WRITER)
    world.settle()
    diff = world.run(issue).asked_digest
    assert diff != shown and not world.repo.pulls()
    world.clock.advance(2)
    world.repo.edit_comment(comment, f"/cadence go `{diff[:12]}`", by=WRITER)
    world.settle()
    assert world.repo.pulls()


def test_an_edit_never_approves_what_was_shown_after_it(world: World) -> None:
    issue = waiting(world)
    comment = world.repo.comment(issue, "/cadence goo", by=WRITER)
    world.settle()
    world.clock.advance(5)
    world.github.world.hooks.hold_back(lambda delivery: delivery.event == "issue_comment")
    world.repo.edit_comment(comment, "/cadence go", by=WRITER)
    world.clock.advance(5)
    world.repo.edit_body(issue, f"{BODY} And delete everything.", by=OUTSIDER)
    world.settle()
    world.github.world.hooks.release()
    world.settle()
    assert world.state(issue) is S.WAITING_APPROVAL and not world.run(issue).approved_by


def test_the_commands_of_a_comment_are_carried_out_in_order(world: World) -> None:
    issue = waiting(world)
    world.comment(issue, "/cadence status\n\n/cadence go\n\n/cadence hold not yet")
    assert world.run(issue).approved_by == WRITER
    answer = world.bot_comments(issue)[-1]
    assert "is **" in answer and "Hold: set by" in answer, "the status is read when it is posted"
    (comment,) = [c for c in world.repo.issue(issue).comments if c.user.login == WRITER]
    assert {content for _, content in comment.reactions} == {"eyes", "rocket"}


def test_an_edit_carries_out_only_what_it_adds(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    corrected(world, issue, "/cadence replan quieter", "/cadence replan quieter\n\n/cadence hold")
    assert len(world.runs(issue)) == 2
    assert world.gate_codes(issue)[:1] == ["hold"]


def test_an_edit_that_corrects_a_mistyped_command_is_heard(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint(author=OUTSIDER, by=WRITER)
    world.clock.advance(2)
    comment = world.repo.comment(issue, "/cadence goo", by=WRITER)
    world.settle()
    world.clock.advance(2)
    world.repo.edit_comment(comment, "/cadence go", by=WRITER)
    world.settle()
    assert (
        world.state(issue) is not RunState.WAITING_APPROVAL or "is not a command" not in world.bot_comments(issue)[-1]
    )


@pytest.mark.parametrize("body", ["/cadence go\u200b", "\u200b/cadence go", "\ufeff/cadence go"])
def test_invisible_characters_do_not_matter(body: str) -> None:
    assert parse_command(body) == Command("go")


def test_a_hash_may_stand_in_backticks_as_it_is_shown() -> None:
    assert parse_command("/cadence go `abc123def`") == Command("go", argument="abc123def")


def test_no_next_step_names_a_command_that_does_not_exist() -> None:
    page = Path("docs/codes.md").read_text()
    assert not [verb for verb in LATER if f"/cadence {verb}" in page]
