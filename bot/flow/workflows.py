"""The table of contents: what Cadence does, in order. Each function is a few stage calls; the stages do the work.

deliver    a delivery from the inbox: parse, settle who may, start or wake a run       deliveries.py, intake/
build      read, plan, judge, publish: from a run to a pull request                    building/, plan/ publish/ review/
review     judge one head if need be; post both reviews with their check runs          gate/reviews.py, review/
reconcile  observe, decide, act, record: one look at one pull request                  gate/reconcile.py, gate/
sweep      everything that is not finished, and labelled issues without a run          sweep.py
purge      what is older than anybody needs                                            sweep.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from bot.core.errors import CadenceError, FenceClosed
from bot.core.names import DeliveryId, HeadSha, PullNumber, RepositoryId, RunId
from bot.core.states import TERMINAL, RunState
from bot.flow import deliveries, ending, errands, sweep
from bot.flow.after import watch
from bot.flow.building import stages
from bot.flow.context import RunContext
from bot.flow.gate import reconcile, reviews
from bot.flow.services import Services

T = TypeVar("T")
Step = Callable[[str, Callable[[], str]], str]
"""Runs a named, checkpointed step once (engine.step); tests pass one that just calls."""

GO_ON, STOP = "go on", "stop"


class Flow:
    """The engine's handlers."""

    def __init__(self, services: Services, step: Step) -> None:
        self._services = services
        self._step = step

    def deliver(self, guid: DeliveryId) -> None:
        """Handle one delivery of the inbox; its outcome, or why it was ignored, is recorded with it."""
        deliveries.deliver(self._services, guid)

    def build(self, run_id: RunId) -> None:
        """From a run to a pull request, in checkpointed steps; a step that does not say `go on` ends it."""
        for name, stage in (
            ("read", stages.read),
            ("plan", stages.plan),
            ("judge", stages.judge),
            ("publish", stages.publish),
        ):
            if self._step(name, lambda stage=stage: self._guarded(run_id, stage)) != GO_ON:  # type: ignore[misc]
                return

    def review(self, run_id: RunId, head: HeadSha, attempts: Mapping[str, int], base_tip: str = "") -> None:
        """Post both verdicts on one head, judging first where none is filed; then look at the gate."""
        self._guarded(run_id, lambda context: reviews.review(context, head, attempts, base_tip))

    def reconcile(self, repository_id: RepositoryId, pull: PullNumber) -> None:
        """One look at one pull request. Pull requests that are not ours are left alone."""
        run = self._services.ledger.run_for_pull(repository_id, pull)
        if run is None or (run.state in TERMINAL and run.state is not RunState.NEEDS_HUMAN):
            return
        watching = run.state is RunState.WATCHING
        self._guarded(run.run_id, watch.watch if watching else reconcile.reconcile)

    def errand(self, name: str, arguments: Sequence[str | int]) -> None:
        """Something that an event asked to have written."""
        errands.run(self._services, name, arguments)

    def sweep(self) -> None:
        """Pick up everything that is not finished, whatever was lost."""
        sweep.sweep(self._services)

    def purge(self) -> None:
        """Drop what is older than anybody needs; merged runs keep their evidence."""
        sweep.purge(self._services)

    def crashed(self, run_id: RunId, error: Exception) -> None:
        """A defect of Cadence ended the run's build three times: say so where people look."""
        context = RunContext(self._services, run_id)
        if context.run.state in TERMINAL:
            return
        reason = f"internal: {type(error).__name__} inside Cadence; the operator's log has the details."
        context.move(RunState.NEEDS_HUMAN, reason)
        context.tell()

    def _guarded(self, run_id: RunId, stage: Callable[[RunContext], bool]) -> str:
        """Run a stage on the run; a typed error becomes the state, the words and the retry it stands for."""
        context = RunContext(self._services, run_id)
        with context.log_context():
            try:
                return GO_ON if stage(context) else STOP
            except FenceClosed:
                return STOP
            except CadenceError as error:
                ending.ended(context, error)
                return STOP
