"""Which verdict counts: the newest, never an older one that suits, and none while another opinion is asked for."""

from collections.abc import Callable

import pytest

from bot.core.names import CHECK_REASONING
from bot.core.states import RunState
from bot.sandbox.model.script import broken
from tests.journeys.world import FILES, GOOD, OWNER, WRITER, World, verdict

S = RunState
NONSENSE = {"verdict": "as you like"}


def reworded(world: World, issue: int) -> None:
    """A person rewords the commit: the same change under another id."""
    bare = world.github.world.bare(world.repo.state)
    info = bare.info(world.pull().head_sha)
    people = {"author": info.author, "committer": info.committer, "date": info.date}
    sha = bare.commit_tree(info.tree, info.parents, "Reworded by hand\n", **people)
    world.repo.move_branch(f"cadence/issue-{issue}", sha, by=WRITER)
    world.settle()


@pytest.mark.parametrize(("second", "times"), [(verdict("reject", "Second thoughts."), 1), (NONSENSE, 2)])
def test_an_approval_that_was_asked_about_again_is_void(world: World, second: dict[str, object], times: int) -> None:
    world.script("change_set", GOOD)
    world.script("reasoning", verdict(), times=1)
    world.script("reasoning", second, times=times)
    world.script("reasoning", verdict("reject", "Still not."))
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    world.comment(issue, "/cadence review")
    reworded(world, issue)
    world.ci()
    world.later()
    assert world.pull().merged_at is None
    assert world.gate_codes(issue) == ["review.rejected"]


def test_a_rejection_that_was_taken_back_does_not_come_back_with_a_new_base(world: World) -> None:
    world.script("change_set", GOOD)
    world.script("reasoning", verdict("reject", "First thoughts."), times=1)
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    world.comment(issue, "/cadence review")
    asked = len(world.asked("reasoning"))
    world.repo.push_commit({"other.txt": "x\n"}, by=OWNER)
    world.settle()
    world.ci()
    world.later()
    assert world.end_state(issue) is S.MERGED
    assert len(world.asked("reasoning")) == asked, "the approval is carried over"


def test_the_rules_are_run_again_on_a_verdict_that_is_carried_over(make_world: Callable[..., World]) -> None:
    """The rebuilt head has the same diff, and the base no longer holds what a rule asks of the whole tree."""
    rules = "review: {rules: [{id: news, type: require, pattern: '^# ', paths: [NEWS.md]}]}\nafter_merge: {watch: 0}\n"
    world = make_world(files={**FILES, ".github/cadence.yml": f"version: 1\n{rules}", "NEWS.md": "# News\n"})
    world.script_all()
    issue = world.label_blueprint()
    before = world.pull().head_sha
    assert [check.conclusion for check in world.checks(CHECK_REASONING)] == ["success"]
    world.repo.push_commit({"NEWS.md": None}, by=OWNER)
    world.settle()
    world.ci()
    world.later()
    assert world.pull().head_sha != before, "it was rebuilt on the new tip"
    assert "review.rejected" in world.gate_codes(issue)
    assert "`news`" in (world.checks(CHECK_REASONING)[-1].summary or "")
    assert world.pull().merged_at is None


@pytest.mark.parametrize("way", ["command", "button"])
def test_nothing_merges_while_another_opinion_is_asked_for(world: World, way: str) -> None:
    """The model is down when somebody asks again; the approval from before must not carry the merge meanwhile."""
    world.script("change_set", GOOD)
    world.script("reasoning", verdict(), times=1)
    world.script("reasoning", broken(), times=3)
    world.script("reasoning", verdict("reject", "Second thoughts."))
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    if way == "command":
        world.comment(issue, "/cadence review")
    else:
        world.repo.rerequest_check_run(world.checks(CHECK_REASONING)[-1], by=WRITER)
        world.settle()
    world.ci()
    world.later()
    assert world.pull().merged_at is None
    for _ in range(5):
        world.sweep()
        world.later()
    assert world.gate_codes(issue) == ["review.rejected"]


@pytest.mark.parametrize("told", [True, False])
def test_a_pull_request_that_was_set_on_another_base_and_back_is_judged_anew(world: World, told: bool) -> None:
    world.script("change_set", GOOD)
    world.script("reasoning", verdict(), times=1)
    world.script("reasoning", verdict("reject", "Second thoughts."))
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    number = world.pull().number
    world.repo.push_commit({"old.txt": "old\n"}, by=OWNER, branch="release")
    world.repo.retarget(number, "release", by=WRITER)
    world.settle()
    assert "base.retargeted" in world.gate_codes(issue)
    if not told:
        world.github.world.hooks.drop(lambda one: one.action == "edited")
    world.repo.retarget(number, "main", by=WRITER)
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["review.rejected"]


def test_re_run_on_a_commit_that_a_person_pushed_asks_again(world: World) -> None:
    world.script("change_set", GOOD)
    world.script("reasoning", verdict(), times=1)
    world.script("reasoning", verdict("reject", "Not yet."), times=1)
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    pushed = world.repo.push_commit({"extra.py": "x = 1\n"}, by=WRITER, branch=f"cadence/issue-{issue}")
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["review.rejected"]
    world.repo.rerequest_check_run(world.checks(CHECK_REASONING, pushed)[-1], by=WRITER)
    world.later()
    assert [check.conclusion for check in world.checks(CHECK_REASONING, pushed)] == ["failure", "success"]
    assert world.end_state(issue) is S.MERGED
