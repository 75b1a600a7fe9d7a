"""Stops by a comment at each point of a run in this process: at intents, outcomes and finished steps."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bot.core.states import RunState
from tests.faults.stops import Stopped
from tests.faults.story import Point, Points, works
from tests.journeys.world import BODY, OWNER, TITLE, WRITER, World

S = RunState


def stop_in_process(point: Point) -> Stopped:
    """Comment `/cadence stop` at the point; another worker takes it at once, as in production."""
    made = Stopped()

    def visit(here: Point) -> None:
        if here == point and not made.reached:
            made.reached = True
            world.repo.comment(issue, "/cadence stop", by=WRITER)
            world.github.flush()
            world.drainer.hand_over()

    with tempfile.TemporaryDirectory() as directory:
        world = World(Path(directory))
        try:
            Points(visit).watch(world)
            world.script_all()
            issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
            world.repo.label(issue, "blueprint", by=OWNER)
            for work in works(world):
                work()
            _judge(world, issue, made)
        except AssertionError as error:
            made.wrong.append(str(error)[:400])
        finally:
            world.close()
    return made


def _judge(world: World, issue: int, made: Stopped) -> None:
    run = world.runs(issue)[-1]
    made.state = str(run.state)
    merged = [pull for pull in world.repo.pulls() if pull.merged_at is not None]
    if len(merged) > 1:
        made.wrong.append(f"{len(merged)} merges")
    if run.state is not S.STOPPED:
        if not merged:
            made.wrong.append(f"it ended as {run.state}: {run.reason}")
        return
    if merged:
        made.wrong.append("the pull request was merged")
    if not world.ledger.stop_confirmed(run.run_id):
        made.wrong.append("the stop is not confirmed")
    before = _writes(world)
    world.later(3600)
    world.sweep()
    made.after = _writes(world) - before
    if made.after:
        made.wrong.append(f"{made.after} writes after the confirmation")
    checks = [check for check in world.repo.check_runs() if check.app.id == world.app.app_id]
    made.wrong += [f"{check.name} is not completed" for check in checks if check.status != "completed"]


def _writes(world: World) -> int:
    """REST calls that changed GitHub so far, without those that made a token."""
    return sum(r.method != "GET" and r.route.startswith("/repos/") for r in world.github.world.requests)
