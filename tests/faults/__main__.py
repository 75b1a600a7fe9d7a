"""`python -m tests.faults [--every N]`: crash at every point of the main job and compare the end."""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.faults.state import differences
from tests.faults.story import EngineFiles, Point, path, play, play_with_a_crash_at


def attempt(point: Point, engine: EngineFiles) -> tuple[Point, str, list[str], float]:
    """(point, result, what differs, seconds) of one crash."""
    began = time.monotonic()
    undisturbed = _undisturbed()
    try:
        died, end = play_with_a_crash_at(point, engine)
    except AssertionError as error:
        return point, "did not come to rest", [str(error)[:400]], time.monotonic() - began
    different = differences(undisturbed, end)
    result = "same end" if not different else "another end"
    return point, result if died else "not reached", different, time.monotonic() - began


_kept: list[dict[str, object]] = []


def _undisturbed() -> dict[str, object]:
    if not _kept:
        _kept.append(play(lambda _point: None))
    return _kept[0]


def main() -> int:
    """Print one line for each point. Exit code 1 if any end differs or a point was not reached."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="crash only at every Nth point")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side")
    parser.add_argument("--engine", choices=["kept", "lost"], default="kept", help="what the engine remembers")
    options = parser.parse_args()
    points = path()[:: options.every]
    bad = 0
    print(f"{len(points)} points")
    with ProcessPoolExecutor(options.jobs) as pool:
        for point, result, different, seconds in pool.map(partial(attempt, engine=options.engine), points):
            bad += result != "same end"
            print(f"{point!s:<45} {result:<22} {seconds:5.1f} s", flush=True)
            for line in different:
                print(f"    {line}")
    print(f"{len(points) - bad} of {len(points)} ended as the undisturbed run")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
