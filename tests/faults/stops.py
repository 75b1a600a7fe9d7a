"""Stops of `cadence serve` at every call that changes GitHub, while the model thinks, and while a push is under way."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.core.names import STOP_LABEL
from bot.core.states import RunState
from bot.effects.kinds import INFORMING, EffectKind
from bot.sandbox.model.script import Asked, Reply, Rule, answer, review
from tests.faults.real import Call, RealRun
from tests.journeys.world import GOOD, OWNER, verdict
from tests.processes.terminal import ROOT

S = RunState
ALLOWED_SECONDS = 5.0
"""From our 202, or from the return of the terminal's command, until no new effect begins."""
QUIET_SECONDS = 3.0
"""How long after the confirmation it is watched that nothing is sent: several sweeps of one second."""
STOPS_OWN = INFORMING | {EffectKind.PULL_DRAFT, EffectKind.QUEUE_LEAVE}
"""Kinds of effects that the stop itself makes."""

TO_THE_COMMAND = "POST /issues/comments/{comment_id}/reactions"
"""The answer to the command `/cadence stop`, which is no effect of the run and may follow the confirmation."""


@dataclass
class Stopped:
    """What one stop came to. `seconds` is the time until no effect could begin; None where the merge came before."""

    reached: bool = False
    seconds: float | None = None
    confirmed: float | None = None
    after: int = 0
    state: str = ""
    wrong: list[str] = field(default_factory=list)


def _terminal(run: RealRun) -> None:
    words = [sys.executable, "-m", "bot", "stop", f"olive/greet#{run.issue}"]
    subprocess.run(words, env=run.stage.environment(), cwd=ROOT, check=False, capture_output=True, timeout=180)


def _close_pull(run: RealRun) -> None:
    run.repo.close(run.repo.pulls()[-1].number, by=OWNER)


WAYS: dict[str, Callable[[RealRun], Any]] = {
    "comment": lambda run: run.repo.comment(run.issue, "/cadence stop", by=OWNER),
    "stop all": lambda run: run.repo.comment(run.issue, "/cadence stop all", by=OWNER),
    "label on": lambda run: run.repo.label(run.issue, STOP_LABEL, by=OWNER),
    "label off": lambda run: run.repo.unlabel(run.issue, "blueprint", by=OWNER),
    "issue closed": lambda run: run.repo.close(run.issue, by=OWNER),
    "pull request closed": _close_pull,
    "terminal": _terminal,
    "paused": lambda run: run.repo.push_commit({".github/cadence.yml": "version: 1\npaused: true\n"}, by=OWNER),
}


class Stopper:
    """Stops the run once, in one of the WAYS, and knows when it was taken."""

    def __init__(self, way: str) -> None:
        self.way = way
        self.run: RealRun | None = None
        self.taken: float | None = None

    def stop(self) -> None:
        """Stop and wait for our 202, which comes before `flush` returns."""
        assert self.run is not None
        self.taken = 0.0
        WAYS[self.way](self.run)
        self.run.stage.github.flush()
        self.taken = time.time()

    def stop_and_wait(self) -> None:
        """Hold what is under way until the run is stopped, and for a second more."""
        self.stop()
        assert self.run is not None
        run = self.run
        run.stage.until("the stop", lambda: run.state(run.issue) == S.STOPPED, timeout=120)
        time.sleep(1.0)


def stop_at(
    point: Call, way: str, *, slow: bool = False, commands: Sequence[str] = (), database: str | None = None
) -> Stopped:
    """Stop when that call is sent (`before`) or answered (`after`); `slow` holds the call until the run is stopped.

    `commands` are the processes to start; without them it is `serve` alone.
    """
    stopper = Stopper(way)

    def visit(here: Call) -> None:
        if here == point and stopper.taken is None:
            (stopper.stop_and_wait if slow else stopper.stop)()

    return _played(stopper, visit, commands=commands, database=database)


def stop_while_asked(kind: str) -> Stopped:
    """Stop while the model is asked for `kind`; it answers when the run is stopped."""
    stopper = Stopper("comment")
    answers: dict[str, Reply | Callable[[Asked], Reply]] = {"change_set": answer(GOOD)}
    usual = answers.get(kind, review(verdict()))

    def late(asked: Asked) -> Reply:
        if stopper.taken is None:
            stopper.stop_and_wait()
        return usual(asked) if callable(usual) else usual

    return _played(stopper, lambda _call: None, Rule(kind, late))


def _played(
    stopper: Stopper,
    visit: Callable[[Call], None],
    *rules: Rule,
    commands: Sequence[str] = (),
    database: str | None = None,
) -> Stopped:
    with tempfile.TemporaryDirectory() as directory:
        run = stopper.run = RealRun(Path(directory), visit, database=database)
        run.stage.model.add(*rules, first=True)
        try:
            run.begin(*commands)
            return judge(run, stopper)
        except AssertionError as error:
            return Stopped(bool(stopper.taken), wrong=[str(error)[:600]])
        finally:
            run.close()


def judge(run: RealRun, stopper: Stopper, *, timeout: float = 300.0) -> Stopped:
    """Let the run come to its end, and hold it against what a stop promises."""

    def ended() -> bool:
        entry = run.run()
        if stopper.taken and entry is not None and run.ledger.stop_confirmed(entry.run_id):
            return True
        return run.merged() or (entry is not None and entry.state is S.NEEDS_HUMAN)

    run.until("the confirmation", ended, timeout=timeout)
    # The run's last call may be seen here before the stop at it is taken.
    end = time.monotonic() + 10.0
    while not stopper.taken and time.monotonic() < end:
        time.sleep(0.05)
    if not stopper.taken:
        return Stopped()
    return _held_against(run, stopper.taken)


def _held_against(run: RealRun, taken: float) -> Stopped:
    entry = run.run()
    assert entry is not None
    made = Stopped(reached=True, state=str(entry.state))
    merged = [pull for pull in run.repo.pulls() if pull.merged_at is not None]
    if len(merged) > 1:
        made.wrong.append(f"{len(merged)} merges")
    moves = [move.at.timestamp() for move in run.ledger.transitions(entry.run_id) if move.to == S.STOPPED]
    begun = [e.intended_at.timestamp() for e in run.ledger.effects_of(entry.run_id) if e.kind not in STOPS_OWN]
    if entry.state is not S.STOPPED:
        if not merged:
            made.wrong.append(f"it ended as {entry.state}: {entry.reason}")
        if moves and not entry.reason.startswith("stop.late:"):
            made.wrong.append("a merge that landed after the stop is not said")
        if not moves:
            return made
    made.seconds = max(0.0, *(at - taken for at in [moves[-1], *begun]))
    if made.seconds > ALLOWED_SECONDS:
        made.wrong.append(f"an effect could begin for {made.seconds:.1f} s")
    if entry.state is S.STOPPED:
        _quiet(run, entry.run_id, taken, made)
    return made


def _quiet(run: RealRun, run_id: Any, taken: float, made: Stopped) -> None:
    """Nothing may follow the confirmation, also when CI reports success."""
    confirmed = run.confirmed_at(run_id)
    run.green()
    time.sleep(QUIET_SECONDS)
    late = [
        str(sent.call)
        for sent in run.sent
        if sent.at > confirmed and sent.call.phase == "before" and sent.call.name != TO_THE_COMMAND
    ]
    made.confirmed, made.after = confirmed - taken, len(late)
    made.wrong += [f"sent after the confirmation: {one}" for one in late]
    checks = [check for check in run.repo.check_runs() if check.app.id == run.app.app_id]
    made.wrong += [f"{check.name} is not completed" for check in checks if check.status != "completed"]
    made.wrong += ["the pull request was merged"] * any(pull.merged_at for pull in run.repo.pulls())
