"""A run from label to merge, the points at which a process can die in it, and GitHub's state at its end."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.app import build_flow, open_ledger
from bot.core.json_types import JsonDict
from tests.faults.state import end_of
from tests.journeys.world import BODY, OWNER, TITLE, World


class Died(BaseException):
    """The process dies here. Nothing in Cadence may catch it; the story opens everything again."""


@dataclass(frozen=True)
class Point:
    """A place to die.

    `number` counts the calls of that `where` from the start of the story. `where` is `intent` (the intent is in the
    ledger and nothing was sent), `outcome` (the effect was made and its outcome is not in the ledger) or `step` (a step
    of a workflow is finished and the engine has not kept its result). `name` is the kind of the effect or the step.
    """

    number: int
    where: str
    name: str

    def __str__(self) -> str:
        return f"{self.where} {self.number} {self.name}"


Visit = Callable[[Point], None]
EngineFiles = Literal["kept", "lost"]


class Points:
    """Calls `visit` at every point that a world passes."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._counts = {"intent": 0, "outcome": 0, "step": 0}
        self._kinds: dict[int, str] = {}

    def _pass(self, where: str, name: str) -> None:
        self._counts[where] += 1
        self._visit(Point(self._counts[where], where, name))

    def watch(self, world: World) -> None:
        """Watch the ledger's writes about effects and the engine's steps. Called again after every restart."""
        intend, settle, step = world.ledger.intend, world.ledger.settle, world.engine.step

        def watched_intend(*args: Any, **kwargs: Any) -> Any:
            entry = intend(*args, **kwargs)
            self._kinds[entry.id] = str(entry.kind)
            self._pass("intent", str(entry.kind))
            return entry

        def watched_settle(effect_id: int, state: str, **kwargs: Any) -> None:
            if state != "failed":
                self._pass("outcome", self._kinds.get(effect_id, "?"))
            settle(effect_id, state, **kwargs)

        def watched_step(name: str, work: Callable[[], Any]) -> Any:
            if (world.engine.running, name) in world.engine.memory:
                return step(name, work)

            def finished() -> Any:
                result = work()
                self._pass("step", name)
                return result

            return step(name, finished)

        world.ledger.intend = watched_intend  # type: ignore[method-assign]
        world.ledger.settle = watched_settle  # type: ignore[method-assign]
        world.engine.flow = build_flow(world.services, watched_step)


def restart(world: World, points: Points, engine: EngineFiles) -> None:
    """Drop what the process held in memory and open the same files again.

    `kept` keeps what dbos keeps in its database: the results of finished steps and the workflows that have not ended,
    the interrupted one among them. `lost` starts with an empty engine: only the ledger and GitHub say how far the run
    had come. The web server is another process and keeps its own connection.
    """
    before = world.engine
    world.ledger = open_ledger(world.settings, world.clock)
    world.start_cadence()
    if engine == "kept":
        after = world.engine
        after.memory, after.ids, after.jobs, after._order = before.memory, before.ids, before.jobs, before._order + 1
        if before.current is not None:
            heapq.heappush(after.jobs, before.current)
    points.watch(world)


def play(visit: Visit, engine: EngineFiles = "kept") -> JsonDict:
    """From label to merge, with a restart whenever `visit` raises Died. Returns GitHub's state at the end."""
    points = Points(visit)
    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory))
        first = world.ledger
        try:
            points.watch(world)
            world.script_all()
            issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
            world.repo.label(issue, "blueprint", by=OWNER)
            for work in works(world):
                _survive(world, points, work, engine)
            return end_of(world, issue)
        finally:
            if world.ledger is not first:
                first.close()
            world.close()


def report_success(world: World) -> None:
    """CI reports success on the head of every pull request where it has not yet."""
    reported = {run.head_sha for run in world.repo.check_runs() if run.app.id == world.ci_app.app_id}
    for pull in world.repo.pulls():
        if pull.head_sha not in reported:
            world.repo.create_check_run(world.ci_app, name="tests", head_sha=pull.head_sha, conclusion="success")


def works(world: World) -> list[Callable[[], None]]:
    """What happens after the label, in order; each may be done again after a restart."""

    def green() -> None:
        report_success(world)
        world.settle()

    def watched() -> None:
        world.later(31 * 60)

    # The sweep comes every few minutes in production; the last one shows an end that a crash kept from the issue.
    return [
        world.settle,
        world.sweep,
        green,
        world.later,
        world.sweep,
        green,
        world.later,
        watched,
        world.sweep,
        watched,
    ]


def _survive(world: World, points: Points, work: Callable[[], None], engine: EngineFiles) -> None:
    while True:
        try:
            work()
            return
        except Died:
            restart(world, points, engine)
            world.engine.sweep()


def path() -> list[Point]:
    """The points of the undisturbed run, in order."""
    found: list[Point] = []
    play(found.append)
    return found


def play_with_a_crash_at(point: Point, engine: EngineFiles = "kept") -> tuple[bool, JsonDict]:
    """(whether the point was reached, GitHub's state at the end) of the same story with one crash at that point."""
    died: list[bool] = []

    def visit(here: Point) -> None:
        if here == point and not died:
            died.append(True)
            raise Died

    end = play(visit, engine)
    return bool(died), end
