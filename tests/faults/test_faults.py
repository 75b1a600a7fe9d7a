"""A sample of `make faults`: the process dies at a point of the main job, and the end is that of an undisturbed run."""

import pytest

from bot.core.json_types import JsonDict
from tests.faults.state import differences
from tests.faults.story import EngineFiles, Point, play, play_with_a_crash_at

SAMPLE = [
    (Point(1, "outcome", "reaction"), "kept"),
    (Point(7, "outcome", "branch.push"), "lost"),
    (Point(4, "step", "publish"), "kept"),
    (Point(17, "outcome", "merge"), "lost"),
]


@pytest.fixture(scope="module")
def undisturbed() -> JsonDict:
    return play(lambda _point: None)


@pytest.mark.parametrize(("point", "engine"), SAMPLE, ids=[str(point) for point, _ in SAMPLE])
def test_a_crash_changes_nothing_of_the_end(point: Point, engine: EngineFiles, undisturbed: JsonDict) -> None:
    died, end = play_with_a_crash_at(point, engine)
    assert died, "the path has changed: see `python -m tests.faults` for its points"
    assert differences(undisturbed, end) == []
    assert end["state of the run"] == "merged"
