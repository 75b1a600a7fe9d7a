"""`python -m tests.faults`: crash and stop at every point of the main job, and print what came of it."""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from collections.abc import Iterator
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
from tests.faults.table import Attempt, Row, crash_row, stop_row, sums

POSTGRES = os.environ.get("CADENCE_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")
TWO_WORKERS = ("web", "worker", "worker")
SPREAD = 7
_kept: list[JsonDict] = []


def main() -> int:
    """Print one line for each point as it ends. Exit code 1 if any is not as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every Nth point of each kind")
    parser.add_argument("--jobs", type=int, default=2, help="processes side by side")
    parser.add_argument("--only", choices=["crash", "stop"], help="only crashes, or only stops")
    parser.add_argument("--match", default="", metavar="TEXT", help="only rows that contain this text")
    options = parser.parse_args()
    began = time.monotonic()
    calls, end = kills.undisturbed()
    with _quiet():
        points = path()
    attempts = [] if options.only == "stop" else crashes(points, calls, end, options.every)
    if options.only != "crash":
        attempts += all_stops(points, calls, options.every)
    attempts = [one for one in attempts if options.match in f"{one.point} {one.how}"]
    print(f"{len(attempts)} attempts", flush=True)
    rows: list[Row] = []
    for row in made(attempts, options.jobs):
        rows.append(row)
        print(row.lines(), flush=True)
    print(f"{sums(rows)}\n{(time.monotonic() - began) / 60:.1f} minutes")
    return 0 if all(row.fine for row in rows) else 1


def made(attempts: list[Attempt], jobs: int) -> Iterator[Row]:
    """A row for each attempt as it ends. One that raises, or whose process dies, becomes a red row."""
    with ProcessPoolExecutor(jobs) as pool:
        # Spread over the table, so that every kind is among the first rows.
        futures = {pool.submit(attempt): attempt for start in range(SPREAD) for attempt in attempts[start::SPREAD]}
        for future in as_completed(futures):
            error = future.exception()
            yield future.result() if error is None else futures[future].broken(error)


# -- crashes -------------------------------------------------------------------------------------------------------
def crashes(points: list[Point], calls: list[Call], end: JsonDict, every: int) -> list[Attempt]:
    """`kill -9` around every call; a crash inside the process at every effect and step, with and without an engine."""
    engines: tuple[EngineFiles, ...] = ("kept", "lost")
    return [
        *(
            Attempt("crash", str(call), "kill -9 of `cadence serve`", partial(_kill, call, end))
            for call in calls[::every]
        ),
        *(
            Attempt("crash", str(point), f"in the process, engine {engine}", partial(_crash, point, engine))
            for engine in engines
            for point in points[::every]
        ),
    ]


def _kill(call: Call, end: JsonDict, attempt: Attempt) -> Row:
    try:
        reached, different = kills.kill_at(call, end)
    except AssertionError as error:
        reached, different = True, [str(error)[:600]]
    return crash_row(attempt, reached, different)


def _crash(point: Point, engine: EngineFiles, attempt: Attempt) -> Row:
    with _quiet():
        if not _kept:
            _kept.append(play(lambda _point: None))
        try:
            reached, end = play_with_a_crash_at(point, engine)
            different = differences(_kept[0], end)
        except AssertionError as error:
            reached, different = True, [str(error)[:400]]
    return crash_row(attempt, reached, different)


# -- stops ---------------------------------------------------------------------------------------------------------
def all_stops(points: list[Point], calls: list[Call], every: int) -> list[Attempt]:
    """The comment at every call and every step; the other ways, a slow push and model, two workers at some."""
    with_pull = [call for call in calls if _after_the_pull(calls, call)]
    pushes = [call for call in calls if call.name == "push" and call.phase == "before"]
    attempts = [_stopping(call, "comment") for call in calls[::every]]
    for number, way in enumerate(way for way in stops.WAYS if way != "comment"):
        # Three points for each, spread over the run, others for each way.
        some = with_pull[:-4] if way == "pull request closed" else calls[4:-4]
        spread = some[number % 3 :: max(1, len(some) // 3)][: 3 if every == 1 else 1]
        attempts += [_stopping(call, way) for call in spread]
    attempts += [
        Attempt("stop", str(point), "comment, in the process", partial(_stop_in_process, point))
        for point in points[::every]
    ]
    attempts += [
        Attempt("stop", f"model call {kind}", "comment, slow", partial(_stop_asked, kind))
        for kind in ("change_set", "reasoning", "efficiency")
    ]
    for kind in ("SQLite", "PostgreSQL"):
        attempts += [_stopping(call, "comment", slow=True, workers=kind) for call in pushes]
        attempts += [_stopping(call, "comment", workers=kind) for call in calls[2 :: 8 * every]]
        attempts += [
            Attempt("stop", f"at the {where}", f"paused worker, {kind}", partial(_pause, where, kind))
            for where in ("last look", "merge")
        ]
    return attempts


def _after_the_pull(calls: list[Call], call: Call) -> bool:
    opened = next(place for place, one in enumerate(calls) if one.name == "POST /pulls" and one.phase == "after")
    return calls.index(call) > opened


def _stopping(call: Call, way: str, *, slow: bool = False, workers: str = "") -> Attempt:
    how = ", ".join([way, *(["slow"] if slow else []), *([f"two workers, {workers}"] if workers else [])])
    return Attempt("stop", str(call), how, partial(_stop, call, way, slow, workers))


def _stop(call: Call, way: str, slow: bool, workers: str, attempt: Attempt) -> Row:
    with _database(workers) as database:
        made = stops.stop_at(call, way, slow=slow, commands=TWO_WORKERS if workers else (), database=database)
    return stop_row(attempt, made)


def _stop_asked(kind: str, attempt: Attempt) -> Row:
    return stop_row(attempt, stops.stop_while_asked(kind))


def _stop_in_process(point: Point, attempt: Attempt) -> Row:
    with _quiet():
        made = stop_in_process(point)
    return stop_row(attempt, made)


def _pause(where: str, kind: str, attempt: Attempt) -> Row:
    with _database(kind) as database:
        return stop_row(attempt, pauses.paused(where, database=database))


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
