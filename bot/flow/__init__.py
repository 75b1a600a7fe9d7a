"""The table of contents: what Cadence does, in order. Each function is a few stage calls; the stages do the work.

deliver    a delivery from the inbox: parse, settle who may, start or wake a run       drain.py, intake/
build      read, plan, judge, publish: from a run to a pull request                    build.py, plan/ publish/ review/
review     judge one head if need be; post both reviews with their check runs          review.py, review/
reconcile  observe, decide, act, record: one look at one pull request                  reconcile.py, gate/
sweep      everything that is not finished, and labelled issues without a run          sweep.py
purge      what is older than anybody needs                                            sweep.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from bot.errors import CadenceError, FenceClosed
from bot.flow import aftermath, build, drain, ending, errands, reconcile, review, sweep
from bot.flow.desk import Desk
from bot.flow.house import House
from bot.names import DeliveryId, HeadSha, PullNumber, RepositoryId, RunId
from bot.states import TERMINAL, RunState

T = TypeVar("T")
Step = Callable[[str, Callable[[], str]], str]
"""Runs a named, checkpointed step once (engine.step); tests pass one that just calls."""

GO_ON, STOP = "go on", "stop"


class Flow:
    """The engine's handlers."""

    def __init__(self, house: House, step: Step) -> None:
        self._house = house
        self._step = step

    def deliver(self, guid: DeliveryId) -> None:
        """Handle one delivery of the inbox; its outcome, or why it was ignored, is recorded with it."""
        drain.deliver(self._house, guid)

    def build(self, run_id: RunId) -> None:
        """From a run to a pull request, in checkpointed steps; a step that does not say `go on` ends it."""
        for name, stage in (
            ("read", build.read),
            ("plan", build.plan),
            ("judge", build.judge),
            ("publish", build.publish),
        ):
            if self._step(name, lambda stage=stage: self._guarded(run_id, stage)) != GO_ON:  # type: ignore[misc]
                return

    def review(self, run_id: RunId, head: HeadSha, attempts: Mapping[str, int], base_tip: str = "") -> None:
        """Post both verdicts on one head, judging first where none is filed; then look at the gate."""
        self._guarded(run_id, lambda desk: review.review(desk, head, attempts, base_tip))

    def reconcile(self, repository_id: RepositoryId, pull: PullNumber) -> None:
        """One look at one pull request. Pull requests that are not ours are left alone."""
        run = self._house.ledger.run_for_pull(repository_id, pull)
        if run is None or (run.state in TERMINAL and run.state is not RunState.NEEDS_HUMAN):
            return
        watching = run.state is RunState.WATCHING
        self._guarded(run.run_id, aftermath.watch if watching else reconcile.reconcile)

    def errand(self, name: str, arguments: Sequence[str | int]) -> None:
        """Something that an event asked to have written."""
        errands.run(self._house, name, arguments)

    def sweep(self) -> None:
        """Pick up everything that is not finished, whatever was lost."""
        sweep.sweep(self._house)

    def purge(self) -> None:
        """Drop what is older than anybody needs; merged runs keep their evidence."""
        sweep.purge(self._house)

    def crashed(self, run_id: RunId, error: Exception) -> None:
        """A defect of ours ended the run's build three times: say so where people look."""
        desk = Desk(self._house, run_id)
        if desk.run.state in TERMINAL:
            return
        reason = f"internal: {type(error).__name__} inside Cadence; the operator's log has the details."
        desk.move(RunState.NEEDS_HUMAN, reason)
        desk.tell()

    def _guarded(self, run_id: RunId, stage: Callable[[Desk], bool]) -> str:
        """Run a stage on the run; a typed error becomes the state, the words and the retry it stands for."""
        desk = Desk(self._house, run_id)
        with desk.mandate_context():
            try:
                return GO_ON if stage(desk) else STOP
            except FenceClosed:
                return STOP
            except CadenceError as error:
                ending.ended(desk, error)
                return STOP
