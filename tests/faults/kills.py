"""`kill -9` of `cadence serve` at every call that changes GitHub: just before GitHub does it, and just after."""

from __future__ import annotations

import signal
import tempfile
from pathlib import Path

from bot.core.json_types import JsonDict
from tests.faults.real import Call, RealRun
from tests.faults.state import differences

END_SECONDS = 300.0
SAME_SECONDS = 60.0


def undisturbed() -> tuple[list[Call], JsonDict]:
    """(the points of a run in which nothing happens, GitHub's state at its end)."""
    with tempfile.TemporaryDirectory() as directory:
        run = RealRun(Path(directory))
        try:
            run.begin()
            run.until("the merge", run.merged, timeout=END_SECONDS)
            # What follows the last word on the issue is part of the end.
            run.stage.until("the end of the run", lambda: run.state(run.issue) == "merged", timeout=END_SECONDS)
            return [sent.call for sent in run.sent], run.end()
        finally:
            run.close()


def kill_at(point: Call, expected: JsonDict) -> tuple[bool, list[str]]:
    """(whether the point was reached, what of GitHub's state at the end differs)."""
    killed: list[Call] = []

    def visit(here: Call) -> tuple[int, JsonDict] | None:
        if here != point or killed:
            return None
        killed.append(here)
        process = run.stage.processes[-1]
        process.send_signal(signal.SIGKILL)
        process.wait()
        # The answer reaches nobody; with it, `before` changes nothing.
        return 502, {"message": "the process is dead"}

    with tempfile.TemporaryDirectory() as directory:
        run = RealRun(Path(directory), visit)
        try:
            run.begin()
            run.until("the merge", run.merged, timeout=END_SECONDS)
            run.until("the kill", lambda: killed or point.name.endswith("/reactions"), timeout=30)
            last: list[str] = []

            def same() -> bool:
                last[:] = differences(expected, run.end())
                return not last

            try:
                run.until("the same end", same, timeout=SAME_SECONDS)
            except AssertionError:
                return bool(killed), last or ["never the same end"]
            merges = [
                s for s in run.sent if s.call.name == "PUT /pulls/{pull_number}/merge" and s.call.phase == "after"
            ]
            return bool(killed), [] if len(merges) <= 1 else [f"{len(merges)} merges"]
        finally:
            run.close()
