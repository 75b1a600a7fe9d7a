"""Heads, bases and pull requests that move under Cadence's hands."""

import json

from bot.core.names import CHECK_GATE, CHECK_REASONING
from bot.core.states import RunState
from tests.journeys.world import BODY, GOOD, OWNER, WRITER, World, verdict

S = RunState


def test_a_push_to_the_head_after_the_review_voids_it(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    judged = world.pull().head_sha
    pushed = world.repo.push_commit({"extra.py": "x = 1\n"}, by=WRITER, branch=f"cadence/issue-{issue}")
    world.settle()
    world.later()
    assert world.pull().merged_at is None
    assert [c.conclusion for c in world.checks(CHECK_REASONING, pushed)] == ["success"], (
        "the new head is reviewed again"
    )
    assert "extra.py" in world.asked("reasoning")[-1]
    assert world.gate_codes(issue) == ["ci.none"], "CI never carries over"
    world.ci()
    world.later()
    assert world.end_state(issue) is S.MERGED
    assert world.pull().head_sha == pushed != judged


def test_a_push_in_the_moment_of_the_merge_is_not_merged_unseen(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    done: list[str] = []

    def strike(fault: object) -> None:
        if fault.method == "PUT" and fault.route.endswith("/merge") and fault.phase == "before" and not done:  # type: ignore[attr-defined]
            done.append(world.repo.push_commit({"late.py": "x = 1\n"}, by=WRITER, branch=f"cadence/issue-{issue}"))

    world.github.on_request(strike)
    world.later()
    assert done and world.pull().merged_at is None
    assert world.state(issue) is S.GATED
    assert world.pull().head_sha == done[0]
    world.ci()
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_a_moved_base_is_taken_in_and_judged_before_the_merge(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    first = world.pull().head_sha
    world.ci()
    world.repo.push_commit({"other.py": "y = 2\n"}, by=OWNER)
    world.settle()
    world.later()
    rebuilt = world.pull().head_sha
    assert rebuilt != first and world.pull().merged_at is None
    assert world.checks(CHECK_REASONING, rebuilt)[0].conclusion == "success"
    assert len(world.asked("reasoning")) == 1, "the diff is the same to the byte: the verdict is carried over"
    assert first[:12] in world.checks(CHECK_REASONING, rebuilt)[0].summary
    world.ci()
    world.later()
    world.must_be_merged(issue)
    assert world.repo.read_file("other.py") == b"y = 2\n"


def test_a_base_that_changes_the_same_lines_makes_a_new_plan(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    moved = 'def greet(name: str) -> str:\n    """A greeting."""\n    return "Hello " + name\n\n\nX = 1\n'
    world.repo.push_commit({"greet.py": moved}, by=OWNER)
    world.settle()
    world.later()
    assert len(world.asked("change_set")) == 2
    assert "X = 1" in world.asked("change_set")[-1]
    world.ci()
    world.later()
    assert world.end_state(issue) is S.MERGED
    assert b"X = 1" in (world.repo.read_file("greet.py") or b"")


def test_a_pull_request_that_is_not_ours_is_left_alone(world: World) -> None:
    world.script_all()
    world.repo.push_commit({"mine.py": "z = 3\n"}, by=WRITER, branch="feature")
    number = world.repo.open_pull(by=WRITER, title="By hand", head="feature")
    world.settle()
    world.ci()
    world.comment(number, "/cadence replan please", by=WRITER)
    world.later(600)
    world.sweep()
    pull = world.repo.pull(number)
    assert pull.merged_at is None and not pull.reviews
    assert not world.checks(CHECK_GATE)
    assert not world.bot_comments(number)


def test_a_persons_pull_request_on_our_branch_is_not_adopted(world: World) -> None:
    world.script_all()
    issue = world.repo.file_issue("Greet politely", BODY, by=OWNER)
    world.repo.push_commit({"mine.py": "z = 3\n"}, by=WRITER, branch=f"cadence/issue-{issue}")
    tip = world.repo.tip(f"cadence/issue-{issue}")
    number = world.repo.open_pull(by=WRITER, title="By hand", head=f"cadence/issue-{issue}")
    world.repo.label(issue, "blueprint", by=OWNER)
    world.settle()
    assert world.state(issue) is S.REFUSED
    assert "branch.taken" in world.status(issue)
    assert world.repo.tip(f"cadence/issue-{issue}") == tip
    assert not world.repo.pull(number).reviews


def test_a_retargeted_pull_request_is_not_merged_into_the_other_base(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.repo.push_commit({"old.txt": "old\n"}, by=OWNER, branch="release")
    world.repo.retarget(world.pull().number, "release", by=WRITER)
    world.ci()
    world.later()
    assert "base.retargeted" in world.gate_codes(issue)
    assert world.pull().merged_at is None


def test_a_pull_request_merged_by_a_person_ends_the_run(world: World) -> None:
    world.script("change_set", GOOD)
    world.script("reasoning", verdict("reject", "I do not like it."))
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    world.repo.merge_pull(world.pull().number, by=WRITER, method="merge")
    world.settle()
    assert world.end_state(issue) is S.MERGED
    assert world.repo.tip(f"cadence/issue-{issue}") is None


def test_two_blueprints_on_one_base_merge_one_after_the_other(world: World) -> None:
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    for name in ("one", "two"):
        change = {"message": name, "edits": [{"path": f"{name}.md", "mode": "add", "after": f"{name}\n"}]}
        block = f"```json cadence\n{json.dumps(change)}\n```"
        world.label_blueprint(f"Add {name}", f"A file.\n\n{block}")
    for _ in range(4):
        for pull in world.repo.pulls(state="open"):
            world.ci(head=pull.head_sha)
        world.later()
    assert all(pull.merged_at for pull in world.repo.pulls())
    assert world.repo.read_file("one.md") and world.repo.read_file("two.md")
