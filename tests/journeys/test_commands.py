"""Hold and resume, stop, retry, use, and the buttons of check runs. Who may give what is in test_commands_shown.py."""

from __future__ import annotations

import pytest

from bot.core.names import CHECK_GATE, CHECK_REASONING, STOP_LABEL
from bot.core.states import RunState
from tests.journeys.world import BODY, GOOD, OUTSIDER, OWNER, TITLE, WRITER, World, edit, plan, verdict

S = RunState
TRIAGER = "tina"


def at_the_gate(world: World) -> int:
    world.script_all()
    world.github.create_user(TRIAGER)
    world.repo.add_collaborator(TRIAGER, "triage")
    return world.label_blueprint()


def reactions(world: World, issue: int, by: str) -> set[str]:
    comments = [one for one in world.repo.issue(issue).comments if one.user.login == by]
    return {content for _, content in comments[-1].reactions}


def test_a_hold_keeps_everything_but_the_merge_going_until_a_writer_resumes(world: World) -> None:
    issue = at_the_gate(world)
    world.comment(issue, "/cadence hold until @olive is back", by=TRIAGER)
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["hold"] and world.pull().merged_at is None
    gate = world.checks(CHECK_GATE)[-1]
    assert "tina: until" in gate.summary.replace("\u200b", "") and gate.status == "in_progress"
    assert "tina: until" in world.status(issue).replace("\u200b", "")
    world.start_cadence()
    world.sweep()
    world.later()
    assert world.gate_codes(issue) == ["hold"], "it survives a restart"
    world.comment(issue, "/cadence resume", by=TRIAGER)
    world.later()
    assert "needs write permission" in world.bot_comments(issue)[-1] and world.gate_codes(issue) == ["hold"]
    world.comment(issue, "/cadence resume", by=WRITER)
    world.later()
    world.must_be_merged(issue)


def test_a_hold_outlives_a_replan(world: World) -> None:
    issue = at_the_gate(world)
    world.comment(issue, "/cadence hold")
    world.comment(issue, "/cadence replan")
    world.ci()
    world.later()
    assert len(world.runs(issue)) == 2 and world.gate_codes(issue) == ["hold"]


def test_only_a_writer_ends_the_hold_of_a_label(world: World) -> None:
    issue = at_the_gate(world)
    number = world.pull().number
    world.repo.label(number, "cadence:hold", by=TRIAGER)
    world.settle()
    world.repo.unlabel(number, "cadence:hold", by=TRIAGER)
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["hold"]
    world.repo.label(number, "cadence:hold", by=TRIAGER)
    world.settle()
    world.repo.unlabel(number, "cadence:hold", by=WRITER)
    world.later()
    world.must_be_merged(issue)


@pytest.mark.parametrize("on_the_pull", [False, True], ids=["issue", "pull request"])
def test_the_stop_label_stops_and_resume_goes_on(world: World, on_the_pull: bool) -> None:
    issue = at_the_gate(world)
    place = world.pull().number if on_the_pull else issue
    world.repo.label(place, "cadence:stop", by=TRIAGER)
    world.settle()
    assert world.state(issue) is S.STOPPED and "@\u200btina" in world.status(issue)
    world.ci()
    world.later()
    assert world.pull().merged_at is None
    world.repo.unlabel(place, "cadence:stop", by=TRIAGER)
    world.comment(issue, "/cadence resume")
    world.later()
    world.must_be_merged(issue)


def test_a_stop_label_that_is_there_before_the_run_stops_it_before_anything_is_paid(world: World) -> None:
    world.script_all()
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.repo.label(issue, STOP_LABEL, by=OWNER)
    # Its delivery first: the two may come in either order, and the other one stops the run that has begun.
    world.settle()
    world.repo.label(issue, "blueprint", by=OWNER)
    world.settle()
    assert world.state(issue) is S.STOPPED and not world.model.requests and not world.repo.pulls()
    assert f"`{STOP_LABEL}` is set" in world.status(issue) and f"take `{STOP_LABEL}` off" in world.status(issue)
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.STOPPED and not world.model.requests
    world.repo.unlabel(issue, STOP_LABEL, by=OWNER)
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.GATED and len(world.runs(issue)) == 1


def test_stop_before_the_pull_request_and_resume(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint(author=OUTSIDER, by=WRITER)
    world.comment(issue, "/cadence stop")
    assert world.state(issue) is S.STOPPED and not world.repo.pulls()
    assert reactions(world, issue, WRITER) == {"eyes", "rocket"}
    world.comment(issue, "/cadence stop")
    assert reactions(world, issue, WRITER) == {"eyes", "confused"}
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.WAITING_APPROVAL


def test_stop_all_needs_an_admin(world: World) -> None:
    issue = at_the_gate(world)
    other = world.label_blueprint("Greet again")
    world.comment(issue, "/cadence stop all", by=WRITER)
    assert "needs admin" in world.bot_comments(issue)[-1] and world.state(issue) is not S.STOPPED
    world.comment(issue, "/cadence stop all", by=OWNER)
    assert (world.state(issue), world.state(other)) == (S.STOPPED, S.STOPPED)


def test_retry_asks_the_model_again(world: World) -> None:
    world.script("change_set", plan(edit("nowhere.py", replace=[{"old": "a", "new": "b", "count": None}])), times=3)
    world.script("change_set", GOOD)
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED
    world.comment(issue, "/cadence retry")
    assert world.repo.pulls() and len(world.runs(issue)) == 1
    world.comment(issue, "/cadence retry")
    assert "nothing to retry" in world.bot_comments(issue)[-1]


def test_use_shows_the_files_to_the_next_plan(world: World) -> None:
    # A small repository would be shown whole.
    others = {f"docs/other{number}.md": "Nothing.\n" for number in range(80)}
    world.repo.push_commit({"docs/style.md": "Be brief.\n", **others}, by=OWNER)
    issue = at_the_gate(world)
    world.comment(issue, "/cadence use docs/style.md lost.md\n/cadence replan")
    first, again = world.asked("change_set")
    assert "File docs/style.md" not in first, "nothing names it"
    assert again.index("File docs/style.md") < again.index("File greet.py")
    assert "`/cadence use`, `lost.md`: No file matches." in world.repo.issue(world.pull().number).body


def test_the_buttons_of_the_check_runs_are_commands(world: World) -> None:
    issue = at_the_gate(world)
    number = world.pull().number
    world.later()
    gate = world.checks(CHECK_GATE)[-1]
    assert [one["label"] for one in gate.actions] == ["Re-plan", "Re-review", "Why"]
    world.repo.press_button(gate, "why", by=WRITER)
    world.settle()
    assert "`ci." in world.bot_comments(number)[-1]
    world.repo.press_button(world.checks(CHECK_REASONING)[-1], "review", by=WRITER)
    world.settle()
    assert len(world.checks(CHECK_REASONING)) == 2
    world.repo.press_button(gate, "replan", by=OUTSIDER)
    world.settle()
    assert "needs write permission" in world.bot_comments(number)[-1] and len(world.runs(issue)) == 1
    world.repo.press_button(gate, "replan", by=WRITER)
    world.settle()
    assert len(world.runs(issue)) == 2
    world.must_be_quiet()


def test_a_sixth_command_is_refused(world: World) -> None:
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.comment(issue, "/cadence status\n/cadence why\n" * 3)
    assert "Only the first 5 commands" in world.bot_comments(issue)[-1]
    assert "command.too_many" in {row for _, note in world.deliveries() for row in note.replace(":", " ").split()}
