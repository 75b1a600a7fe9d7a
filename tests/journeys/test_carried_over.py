"""A verdict carried over to another head with the same diff is the newest one, never an older one that suits."""

import pytest

from bot.states import RunState
from tests.journeys.world import GOOD, OWNER, WRITER, World, verdict

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
    assert world.state(issue) is S.MERGED
    assert len(world.asked("reasoning")) == asked, "the approval is carried over"
