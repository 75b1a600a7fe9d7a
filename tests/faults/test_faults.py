"""A sample of `make faults`: crashes and stops at points of the main job, inside this process and of a real one."""

import pytest

from bot.core.json_types import JsonDict
from tests.faults.kills import kill_at, undisturbed
from tests.faults.pauses import MERGE
from tests.faults.real import Call
from tests.faults.state import differences
from tests.faults.steps import stop_in_process
from tests.faults.stops import stop_at
from tests.faults.story import EngineFiles, Point, play, play_with_a_crash_at

SAMPLE = [
    (Point(1, "outcome", "reaction"), "kept"),
    (Point(8, "outcome", "branch.push"), "lost"),
    (Point(4, "step", "publish"), "kept"),
    (Point(18, "outcome", "merge"), "lost"),
]


@pytest.fixture(scope="module")
def undisturbed_story() -> JsonDict:
    return play(lambda _point: None)


@pytest.mark.parametrize(("point", "engine"), SAMPLE, ids=[str(point) for point, _ in SAMPLE])
def test_a_crash_changes_nothing_of_the_end(point: Point, engine: EngineFiles, undisturbed_story: JsonDict) -> None:
    died, end = play_with_a_crash_at(point, engine)
    assert died, "the path has changed: see `python -m tests.faults` for its points"
    assert differences(undisturbed_story, end) == []
    assert end["state of the run"] == "merged"


def test_a_kill_at_a_recorded_call_changes_nothing_of_the_end() -> None:
    calls, end = undisturbed()
    point = Call(MERGE, 1, "before")
    assert point in calls and Call("push", 1, "after") in calls
    assert kill_at(point, end) == (True, [])


def test_nothing_follows_a_stop_of_a_real_service() -> None:
    made = stop_at(Call("push", 1, "before"), "comment", slow=True)
    assert (made.reached, made.wrong, made.state, made.after) == (True, [], "stopped", 0)
    assert made.seconds is not None and made.confirmed is not None and made.confirmed > 1.0, "the push was waited for"


@pytest.mark.parametrize("point", [Point(2, "step", "plan"), Point(18, "intent", "merge")], ids=str)
def test_nothing_follows_a_stop_at_a_step(point: Point) -> None:
    made = stop_in_process(point)
    assert (made.reached, made.wrong, made.after) == (True, [], 0)
    assert made.state == "stopped" or point.name == "merge"
