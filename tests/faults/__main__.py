"""`python -m tests.faults`: crash and stop at every point of the main job, and print what came of it."""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path

import psycopg

from bot.core.json_types import JsonDict
from tests.faults import kills, pauses, stops
from tests.faults.real import Call
from tests.faults.state import differences
from tests.faults.steps import stop_in_process
from tests.faults.story import EngineFiles, Point, path, play, play_with_a_crash_at
from tests.faults.table import Row, crash_row, stop_row, sums

Task = Callable[[], Row]
POSTGRES = os.environ.get("CADENCE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
TWO_WORKERS = ("web", "worker", "worker")
_kept: list[JsonDict] = []


def main() -> int:
    """Print one line for each point as it ends. Exit code 1 if any is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every Nth point of each kind")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side")
    parser.add_argument("--only", choices=["crash", "stop"], help="only crashes, or only stops")
    options = parser.parse_args()
    began = time.monotonic()
    calls, end = kills.undisturbed()
    with _quiet():
        points = path()
    tasks = [] if options.only == "stop" else crashes(points, calls, end, options.every)
    if options.only != "crash":
        tasks += all_stops(points, calls, options.every)
    print(f"{len(tasks)} attempts", flush=True)
    rows: list[Row] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for done in as_completed([pool.submit(task) for task in tasks]):
            rows.append(done.result())
            print(rows[-1].lines(), flush=True)
    print(f"{sums(rows)}\n{(time.monotonic() - began) / 60:.1f} minutes")
    return 0 if all(row.fine for row in rows) else 1


# -- crashes -------------------------------------------------------------------------------------------------------
def crashes(points: list[Point], calls: list[Call], end: JsonDict, every: int) -> list[Task]:
    """`kill -9` around every call; a crash inside the process at every effect and step, with and without an engine."""
    engines: tuple[EngineFiles, ...] = ("kept", "lost")
    return [
        *(partial(_kill, call, end) for call in calls[::every]),
        *(partial(_crash, point, engine) for engine in engines for point in points[::every]),
    ]


def _kill(call: Call, end: JsonDict) -> Row:
    try:
        reached, different = kills.kill_at(call, end)
    except AssertionError as error:
        reached, different = True, [str(error)[:600]]
    return crash_row(str(call), "kill -9 of `cadence serve`", reached, different)


def _crash(point: Point, engine: EngineFiles) -> Row:
    with _quiet():
        if not _kept:
            _kept.append(play(lambda _point: None))
        try:
            reached, end = play_with_a_crash_at(point, engine)
            different = differences(_kept[0], end)
        except AssertionError as error:
            reached, different = True, [str(error)[:400]]
    return crash_row(str(point), f"in the process, engine {engine}", reached, different)


# -- stops ---------------------------------------------------------------------------------------------------------
def all_stops(points: list[Point], calls: list[Call], every: int) -> list[Task]:
    """The comment at every call and every step; the other ways, a slow push and model, two workers at some."""
    with_pull = [call for call in calls if _after_the_pull(calls, call)]
    pushes = [call for call in calls if call.name == "push" and call.phase == "before"]
    tasks: list[Task] = [partial(_stop, call, "comment") for call in calls[::every]]
    for number, way in enumerate(way for way in stops.WAYS if way != "comment"):
        # Three points for each, spread over the run, others for each way.
        some = with_pull[:-4] if way == "pull request closed" else calls[4:-4]
        tasks += [
            partial(_stop, call, way) for call in some[number % 3 :: max(1, len(some) // 3)][: 3 if every == 1 else 1]
        ]
    tasks += [partial(_stop_in_process, point) for point in points[::every]]
    tasks += [partial(_stop_asked, kind) for kind in ("change_set", "reasoning", "efficiency")]
    for kind in ("SQLite", "PostgreSQL"):
        tasks += [partial(_stop, call, "comment", slow=True, workers=kind) for call in pushes]
        tasks += [partial(_stop, call, "comment", workers=kind) for call in calls[2 :: 8 * every]]
        tasks += [partial(_pause, where, kind) for where in ("last look", "merge")]
    return tasks


def _after_the_pull(calls: list[Call], call: Call) -> bool:
    opened = next(place for place, one in enumerate(calls) if one.name == "POST /pulls" and one.phase == "after")
    return calls.index(call) > opened


def _stop(call: Call, way: str, *, slow: bool = False, workers: str = "") -> Row:
    how = ", ".join([way, *(["slow"] if slow else []), *([f"two workers, {workers}"] if workers else [])])
    with _database(workers) as database:
        made = stops.stop_at(call, way, slow=slow, commands=TWO_WORKERS if workers else (), database=database)
    return stop_row(str(call), how, made)


def _stop_asked(kind: str) -> Row:
    return stop_row(f"model call {kind}", "comment, slow", stops.stop_while_asked(kind))


def _stop_in_process(point: Point) -> Row:
    with _quiet():
        made = stop_in_process(point)
    return stop_row(str(point), "comment, in the process", made)


def _pause(where: str, kind: str) -> Row:
    with _database(kind) as database:
        return stop_row(f"at the {where}", f"paused worker, {kind}", pauses.paused(where, database=database))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the logs of a Cadence in this process out of the table."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield


@contextmanager
def _database(kind: str) -> Iterator[str | None]:
    """The URL of a new database of PostgreSQL; None for SQLite."""
    if kind != "PostgreSQL":
        yield None
        return
    name = f"cadence_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"create database {name}")  # type: ignore[arg-type]
    yield POSTGRES.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(POSTGRES, autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")  # type: ignore[arg-type]


if __name__ == "__main__":
    sys.exit(main())
