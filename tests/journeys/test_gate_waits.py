"""What keeps a finished pull request from its merge, told while it does, and merged once it is over."""

import json
from collections.abc import Callable

from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from tests.journeys.world import FILES, GOOD, OWNER, WRITER, World, verdict

S = RunState
CONFIG = ".github/cadence.yml"


def ready(world: World) -> int:
    """A blueprint that only waits for time to pass."""
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    return issue


def test_further_checks_are_given_time_to_appear(world: World) -> None:
    issue = ready(world)
    assert world.gate_codes(issue) == ["ci.settling"]
    world.later()
    world.must_be_merged(issue)


def test_the_policy_of_the_base_holds_a_merge_back_until_it_is_changed(make_world: Callable[..., World]) -> None:
    line, code = "merge: {auto: false}\n", "merge.manual"
    world = make_world(files={**FILES, CONFIG: "version: 1\nmerge: {up_to_date: never}\n"})
    issue = ready(world)
    world.repo.push_commit({CONFIG: f"version: 1\n{line}"}, by=OWNER)
    world.later(600)
    world.sweep()
    assert code in world.gate_codes(issue) and world.pull().merged_at is None
    assert f"`{code}`" in (world.checks(CHECK_GATE)[-1].summary or "")
    world.repo.push_commit({CONFIG: FILES[CONFIG]}, by=OWNER)
    for _ in range(3):
        world.later(600)
        world.sweep()
        world.ci()
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_a_conflict_with_the_base_blocks_where_nothing_is_rebuilt(make_world: Callable[..., World]) -> None:
    world = make_world(files={**FILES, CONFIG: "version: 1\nmerge: {up_to_date: never}\n"})
    world.script("change_set", GOOD)
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    world.repo.push_commit({"greet.py": 'def greet(name: str) -> str:\n    return "Good day " + name\n'}, by=WRITER)
    world.ci()
    world.later()
    assert "conflict" in world.gate_codes(issue)
    assert world.pull().merged_at is None


def test_the_second_of_two_waits_for_its_turn_behind_the_base(world: World) -> None:
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    issues = []
    for name in ("one", "two"):
        change = {"message": name, "edits": [{"path": f"{name}.md", "mode": "add", "after": f"{name}\n"}]}
        issues.append(world.label_blueprint(f"Add {name}", f"A file.\n\n```json cadence\n{json.dumps(change)}\n```"))
    tip = world.repo.push_commit({"other.py": "y = 2\n"}, by=OWNER)
    world.ci(head=tip)
    world.later()
    assert [world.gate_codes(issue) for issue in issues] == [["ci.pending"], ["base.behind", "ci.pending"]]
    for _ in range(4):
        for pull in world.repo.pulls(state="open"):
            world.ci(head=pull.head_sha)
        world.later()
    assert all(pull.merged_at for pull in world.repo.pulls())


def test_a_closed_issue_stops_the_run_and_its_merge(world: World) -> None:
    issue = ready(world)
    world.repo.close(issue, by=OWNER)
    world.later()
    assert world.state(issue) is S.STOPPED
    assert world.gate_codes(issue) == ["stopped", "ci.settling"] and "closed" in world.run(issue).reason
    assert world.pull().merged_at is None
