"""A hold: everywhere it is shown, that it outlives restarts, and that nothing merges from the moment it is there."""

from __future__ import annotations

import json

import pytest

from bot.cli.explain_command import answer
from bot.cli.runs_text import holds, run_timeline, runs_json, runs_table
from bot.core.names import CHECK_GATE, HOLD_LABEL, IssueNumber
from bot.core.states import RunState
from bot.flow.building.holding import hold_issue
from bot.flow.gate import merging
from bot.github_api.issue_records import CommentRecord
from bot.github_api.issues import IssueCalls
from tests.journeys.world import BODY, OUTSIDER, OWNER, TITLE, WRITER, World

S = RunState
TRIAGER = "tina"
WHY = "until the release is out"


def people_and_answers(world: World) -> None:
    world.script_all()
    world.github.create_user(TRIAGER)
    world.repo.add_collaborator(TRIAGER, "triage")


def open_pull(world: World) -> int:
    people_and_answers(world)
    return world.label_blueprint()


def said(text: str) -> str:
    """Without the invisible character that keeps a name from being notified."""
    return text.replace("\u200b", "")


def everywhere(world: World, issue: int) -> dict[str, str]:
    """Each place that shows the state of a run, by its name."""
    world.later()
    world.comment(issue, "/cadence status")
    world.comment(issue, "/cadence why")
    status, why = world.bot_comments(issue)[-2:]
    found = world.ledger.runs()
    places = {
        "the status comment": world.status(issue),
        "/cadence status": status,
        "/cadence why": why,
        "cadence runs": runs_table(found, holds(world.ledger, found), width=300),
        "cadence runs show": run_timeline(world.ledger, world.run(issue), width=300),
        "cadence runs --json": runs_json(world.ledger, found),
        "cadence explain": answer(world.services, "olive/greet", issue, (), as_json=False),
    }
    if world.repo.pulls():
        places["the gate's check"] = world.checks(CHECK_GATE)[-1].summary
    return {name: said(text) for name, text in places.items()}


def test_every_place_says_that_it_is_held_by_whom_and_why_also_after_a_restart(world: World) -> None:
    issue = open_pull(world)
    world.comment(issue, f"/cadence hold {WHY}", by=TRIAGER)
    world.ci()
    for name, text in everywhere(world, issue).items():
        assert "held" in text.lower() or "hold" in text, name
        assert TRIAGER in text and WHY in text, name
    held = json.loads(runs_json(world.ledger, world.ledger.runs()))[0]["held"]
    assert (held["by"], held["reason"]) == (TRIAGER, WHY)
    world.reopen()
    world.sweep()
    assert world.state(issue) is S.HELD and world.gate_codes(issue) == ["hold"]
    assert world.pull().merged_at is None
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.GATED or world.pull().merged_at is not None
    world.reopen()
    world.sweep()
    world.later()
    world.must_be_merged(issue)


def test_a_hold_before_the_pull_request_waits_for_the_merge_and_outlives_a_restart(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint(author=OUTSIDER, by=WRITER)
    world.comment(issue, f"/cadence hold {WHY}")
    assert world.state(issue) is S.WAITING_APPROVAL, "a hold keeps back nothing but the merge"
    for name, text in everywhere(world, issue).items():
        assert WRITER in text and WHY in text, name
    world.reopen()
    for _ in ("text", "diff"):
        world.comment(issue, "/cadence go")
    assert world.repo.pulls()
    world.ci()
    world.later()
    assert world.state(issue) is S.HELD and world.gate_codes(issue) == ["hold"]
    world.comment(issue, "/cadence resume")
    world.later()
    world.must_be_merged(issue)


@pytest.mark.parametrize("by_label", [False, True], ids=["command", "label"])
def test_nothing_merges_once_a_hold_is_there_though_the_last_look_was_before_it(
    world: World, monkeypatch: pytest.MonkeyPatch, by_label: bool
) -> None:
    issue = open_pull(world)
    number, looked = world.pull().number, merging.last_look

    def hold_after_it(*args: object) -> object:
        seen = looked(*args)  # type: ignore[arg-type]
        monkeypatch.setattr(merging, "last_look", looked)
        if by_label:
            world.repo.label(number, HOLD_LABEL, by=TRIAGER)
        else:
            world.repo.comment(number, "/cadence hold", by=TRIAGER)
        world.github.flush()
        while world.drainer.hand_over():
            pass
        return seen

    monkeypatch.setattr(merging, "last_look", hold_after_it)
    world.ci()
    world.later()
    assert merging.last_look is looked, "the merge was about to be sent"
    assert world.pull().merged_at is None and world.state(issue) is S.HELD
    gate = world.checks(CHECK_GATE)[-1]
    assert gate.status == "in_progress" and TRIAGER in gate.summary
    if by_label:
        world.repo.unlabel(number, HOLD_LABEL, by=OWNER)
        world.settle()
    else:
        world.comment(issue, "/cadence resume")
    world.later()
    world.must_be_merged(issue)


def test_who_takes_the_label_off_without_write_permission_is_told_that_the_hold_stays(world: World) -> None:
    issue = open_pull(world)
    world.ci(None)
    world.repo.label(issue, HOLD_LABEL, by=TRIAGER)
    world.settle()
    assert world.state(issue) is S.HELD
    world.repo.unlabel(issue, HOLD_LABEL, by=TRIAGER)
    world.settle()
    assert world.state(issue) is S.HELD
    assert f"The hold stays: only a person with write permission ends it, and @{TRIAGER} took" in said(
        world.bot_comments(issue)[-1]
    )
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.GATED


@pytest.mark.parametrize("seen", ["before the run", "delivery lost", "on both"])
def test_a_hold_of_a_label_outlives_it_however_cadence_came_to_know(world: World, seen: str) -> None:
    people_and_answers(world)
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    if seen == "before the run":
        world.repo.label(issue, HOLD_LABEL, by=TRIAGER)
        world.settle()
    world.repo.label(issue, "blueprint", by=OWNER)
    world.settle()
    if seen == "on both":
        world.repo.label(world.pull().number, HOLD_LABEL, by=TRIAGER)
        world.settle()
    if seen == "delivery lost":
        world.github.world.hooks.drop(lambda delivery: delivery.event == "issues")
    if seen != "before the run":
        world.repo.label(issue, HOLD_LABEL, by=TRIAGER)
        world.settle()
    if seen == "delivery lost":
        world.start_cadence()
        world.sweep()
    if seen == "on both":
        world.repo.unlabel(world.pull().number, HOLD_LABEL, by=OWNER)
        world.settle()
    world.repo.unlabel(issue, HOLD_LABEL, by=TRIAGER)
    world.settle()
    world.ci()
    world.later()
    assert world.state(issue) is S.HELD and world.gate_codes(issue) == ["hold"]
    if seen != "delivery lost":
        assert "The hold stays" in said(world.bot_comments(issue)[-1])
    world.comment(issue, "/cadence resume")
    world.later()
    world.must_be_merged(issue)


def test_resume_says_that_the_label_still_holds(world: World) -> None:
    issue = open_pull(world)
    world.ci(None)
    world.repo.label(issue, HOLD_LABEL, by=TRIAGER)
    world.comment(issue, "/cadence resume")
    assert "is still set and holds the merge back" in world.bot_comments(issue)[-1]
    assert world.state(issue) is S.HELD
    world.repo.unlabel(issue, HOLD_LABEL, by=WRITER)
    world.settle()
    assert world.state(issue) is S.GATED


def test_the_answers_to_two_people_who_press_buttons_do_not_get_in_each_others_way(world: World) -> None:
    open_pull(world)
    world.later()
    number, gate = world.pull().number, world.checks(CHECK_GATE)[-1]
    before = len(world.bot_comments(number))
    for login in (WRITER, OWNER):
        world.repo.press_button(gate, "why", by=login)
    world.settle()
    assert len(world.bot_comments(number)) == before + 2


def test_a_hold_while_the_first_status_comment_is_written_is_shown_in_it_and_makes_no_second_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = IssueCalls.comment, []

    def held_meanwhile(calls: IssueCalls, issue: IssueNumber, body: str) -> CommentRecord:
        written.append(body)
        if len(written) == 1:
            hold_issue(world.services, world.repo.id, issue, by=WRITER, reason=WHY)  # type: ignore[arg-type]
        return write(calls, issue, body)

    monkeypatch.setattr(IssueCalls, "comment", held_meanwhile)
    world.script_all()
    issue = world.label_blueprint()
    comments = [body for body in world.bot_comments(issue) if "cadence:status" in body]
    assert len(comments) == 1 and WHY not in written[0]
    kinds = [one.kind for one in world.ledger.effects_of(world.run(issue).run_id)]
    assert kinds.index("comment.edit") < kinds.index("model.call"), "the hold is shown at once"
    assert WHY in comments[0]
