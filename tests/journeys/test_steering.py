"""People steer: commands, labels, closing."""

import pytest

from bot.core.names import CHECK_REASONING
from bot.core.states import RunState
from tests.journeys.world import GOOD, OUTSIDER, OWNER, World, edit, plan, verdict

S = RunState
QUIETER = plan(
    edit("greet.py", replace=[{"old": '"Hello " + name', "new": 'f"hello {name}!"', "count": None}]),
    edit("test_greet.py", replace=[{"old": '"Hello Ada"', "new": '"hello Ada!"', "count": None}]),
    summary="Greet quietly",
)


def rejected(world: World) -> int:
    world.script("change_set", GOOD, times=1)
    world.script("reasoning", verdict("reject", "Too loud."), times=1)
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    world.ci()
    world.later()
    return issue


def test_replan_with_guidance_makes_a_new_run_on_the_same_pull_request(world: World) -> None:
    issue = rejected(world)
    first, number = world.pull().head_sha, world.pull().number
    world.script("change_set", QUIETER)
    world.script("reasoning", verdict())
    world.comment(issue, "/cadence replan Greet quietly,\nwith a small h.")
    assert "Greet quietly,\nwith a small h." in world.asked("change_set")[-1]
    assert world.pull().number == number
    assert world.pull().head_sha != first
    assert [r.state for r in world.runs(issue)] == [S.GATED, S.SUPERSEDED]
    assert {content for _, content in world.repo.issue(issue).comments[-1].reactions} == {"eyes", "rocket"}
    assert world.pull().merged_at is None, "CI of the old head does not count"
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_replan_by_an_outsider_is_refused_with_an_answer(world: World) -> None:
    issue = rejected(world)
    head = world.pull().head_sha
    world.comment(issue, "/cadence replan do evil", by=OUTSIDER)
    assert world.pull().head_sha == head
    assert len(world.runs(issue)) == 1
    assert "needs write permission" in world.bot_comments(issue)[-1]
    assert len(world.asked("change_set")) == 1


def test_replan_never_throws_peoples_commits_away_unless_told_to(world: World) -> None:
    issue = rejected(world)
    branch = f"cadence/issue-{issue}"
    theirs = world.repo.push_commit({"NOTE.md": "by hand\n"}, by="will", branch=branch)
    world.settle()
    world.script("change_set", QUIETER)
    world.script("reasoning", verdict())
    world.comment(issue, "/cadence replan quieter")
    assert world.repo.tip(branch) == theirs
    assert "--discard" in world.bot_comments(issue)[-1]
    world.comment(issue, "/cadence replan --discard quieter")
    assert world.repo.tip(branch) not in (theirs, None)
    world.ci()
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_help_and_status_answer_anybody_and_a_typo_is_answered_with_a_hint(world: World) -> None:
    issue = rejected(world)
    world.comment(issue, "/cadence help", by=OUTSIDER)
    assert "/cadence replan" in world.bot_comments(issue)[-1]
    world.comment(issue, "/cadence status", by=OUTSIDER)
    assert "review.rejected" in world.bot_comments(issue)[-1]
    world.comment(issue, "/cadence statsu", by=OUTSIDER)
    assert "Did you mean `/cadence status`" in world.bot_comments(issue)[-1]
    said = len(world.bot_comments(issue))
    world.comment(issue, "> /cadence help\n\nI quote that.", by=OUTSIDER)
    assert len(world.bot_comments(issue)) == said


def test_commands_on_the_pull_request_work_as_on_the_issue(world: World) -> None:
    issue = rejected(world)
    world.script("change_set", QUIETER)
    world.script("reasoning", verdict())
    world.comment(world.pull().number, "/cadence replan quieter")
    assert len(world.runs(issue)) == 2
    assert [c.conclusion for c in world.checks(CHECK_REASONING)] == ["success"]


def test_taking_the_label_off_stops_the_merge(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.repo.unlabel(issue, "blueprint", by=OWNER)
    world.ci()
    world.later()
    assert world.state(issue) is S.STOPPED
    assert world.pull().merged_at is None
    assert "label" in world.status(issue)


def test_putting_the_label_on_again_starts_a_new_run(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.repo.unlabel(issue, "blueprint", by=OWNER)
    world.settle()
    world.clock.advance(5)
    world.repo.label(issue, "blueprint", by=OWNER)
    world.settle()
    assert len(world.runs(issue)) == 2
    world.ci()
    world.later()
    world.must_be_merged(issue)
    assert len(world.repo.pulls()) == 1


def test_closing_the_issue_or_the_pull_request_stops_the_work(world: World) -> None:
    world.script_all()
    first = world.label_blueprint()
    world.repo.close(first, by=OWNER)
    world.settle()
    assert world.state(first) is S.STOPPED
    second = world.label_blueprint("Greet again")
    world.repo.close_pull(world.pull().number, by=OWNER)
    world.settle()
    assert world.state(second) is S.STOPPED
    assert not [p for p in world.repo.pulls() if p.merged_at]


@pytest.mark.parametrize("label", ["cadence:hold", "Cadence:Hold"])
def test_the_hold_label_keeps_the_merge_back(world: World, label: str) -> None:
    """GitHub keeps a label's spelling, and no two that differ in case alone."""
    world.script_all()
    issue = world.label_blueprint()
    world.repo.label(world.pull().number, label, by=OWNER)
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["hold"]
    world.repo.unlabel(world.pull().number, label, by=OWNER)
    world.later()
    world.must_be_merged(issue)


def test_why_answers_with_everything_that_is_open(world: World) -> None:
    issue = rejected(world)
    world.comment(issue, "/cadence why", by=OUTSIDER)
    answer = world.bot_comments(issue)[-1]
    assert "`review.rejected`" in answer and "Too loud." in answer
    assert world.pull().head_sha in answer


def test_review_asks_both_reviews_again(world: World) -> None:
    issue = rejected(world)
    world.script("reasoning", verdict())
    world.comment(issue, "/cadence review", by=OUTSIDER)
    assert len(world.checks(CHECK_REASONING)) == 1
    world.comment(issue, "/cadence review")
    assert [c.conclusion for c in world.checks(CHECK_REASONING)] == ["failure", "success"]
    world.later()
    assert world.end_state(issue) is S.MERGED
