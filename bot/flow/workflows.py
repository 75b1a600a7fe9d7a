"""The table of contents: what Cadence does, in order. The functions that it calls are in the folders beside it.

deliver    a delivery of the inbox: parse, check who may, start, stop or look       events/, commands/
build      read, approve, plan, judge, approve, publish: to a pull request          building/
review     verdicts on one head, posted as reviews and check runs                   gate/post_reviews.py
reconcile  one look at a pull request: decide, then merge, queue, wait or finish    gate/, after/
errand     answers and receipts, which wait for their write slots                   events/errands.py
sweep      everything that is not finished, and labelled issues without a run       recovery/sweep.py
purge      what is too old to be needed                                             recovery/sweep.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from bot.core.errors import CadenceError, FenceClosed
from bot.core.names import DeliveryId, HeadSha, PullNumber, RepositoryId, RunId
from bot.core.states import BUILDING, TERMINAL, RunState
from bot.flow.after.finish import finish, stop_or_finish
from bot.flow.after.watch import watch
from bot.flow.building.approval import diff_approved, text_approved
from bot.flow.building.estimating import keep_estimate
from bot.flow.building.planning import build_commit_of, file_verdicts, make_change_set
from bot.flow.building.publishing import push_and_open, request_review
from bot.flow.building.reading import AFTER_PLANNING, back_at_its_step, read_base
from bot.flow.context import RunContext
from bot.flow.events import deliveries, errands
from bot.flow.gate.config_check import answer_own
from bot.flow.gate.look import look
from bot.flow.gate.merging import DecidedOtherwise, Merged, merge
from bot.flow.gate.post_reviews import review_head
from bot.flow.gate.waiting import show_change, wait
from bot.flow.recovery import ending, sweep
from bot.flow.services import Services
from bot.gate.decide import Done, Merge
from bot.ledger.entries import RunEntry

S = RunState
_STILL_LOOKED_AT = frozenset({S.NEEDS_HUMAN, S.STOPPED, S.STOPPED_BUDGET})
"""Ended runs whose pull request may be merged all the same: by a person, or by a worker that was paused."""
Step = Callable[[str, Callable[[], str]], str]
"""Runs a named, checkpointed step once (engine.step); tests pass one that just calls."""

# The results of a step are stored by the engine, and so are the names of steps: both stay as they are.
GO_ON, STOP = "go on", "stop"


# -- build: from a run to a pull request ---------------------------------------------------------------------------
def read(context: RunContext) -> bool:
    """Check who asked and what they saw, fetch the mirror, and fix the base commit and the config."""
    if not _is_building(context.run):
        return False
    if back_at_its_step(context):
        return True
    base = read_base(context)
    if not text_approved(context, base.config):
        return False
    base.must_allow_method(context)
    context.update(base_branch=base.branch, base_sha=base.tip, default_branch=base.default_branch)
    if context.run.state is not S.REPAIRING:
        context.move(S.PLANNING)
    # Before the comment, which shows it, and so before any call that is paid.
    keep_estimate(context)
    context.tell()
    return True


def plan(context: RunContext) -> bool:
    """Make the ChangeSet, or keep the one that the run has where it still applies to the base exactly."""
    if context.run.state in AFTER_PLANNING:
        return True
    if not _is_building(context.run):
        return False
    make_change_set(context)
    return True


def judge(context: RunContext) -> bool:
    """Build the commit from git objects and file both verdicts on it, before anything is pushed."""
    if context.run.state is S.PUBLISHING:
        return True
    if not _is_building(context.run):
        return False
    if context.run.state not in (S.REPAIRING, S.JUDGING):
        # After a wait in this state nothing is posted again: if the edit met a rate limit each time, the run would
        # never go on.
        context.move(S.JUDGING)
        context.tell()
    context.update(head_sha=build_commit_of(context))
    file_verdicts(context)
    return True


def publish(context: RunContext) -> bool:
    """Push the reviewed commit and open or adopt the pull request, unless a person has to see the diff first."""
    if context.run.state is S.REVIEWING and context.run.pull is not None:
        # The process ended after the last move of this step; only the review was not requested yet.
        request_review(context)
        return True
    if not _is_building(context.run):
        return False
    config = context.base_config()
    if not text_approved(context, config) or not diff_approved(context, config):
        return False
    if context.run.state is not S.REPAIRING:
        context.move(S.PUBLISHING)
    if not push_and_open(context, config):
        return False
    context.tell()
    request_review(context)
    return True


def _is_building(run: RunEntry) -> bool:
    """Whether the build may go on with the run: it may have ended meanwhile, or its pull request been merged."""
    return run.state in BUILDING or run.state is S.REPAIRING


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
        for name, stage in (("read", read), ("plan", plan), ("judge", judge), ("publish", publish)):
            if self._step(name, lambda stage=stage: self._build_step(run_id, stage)) != GO_ON:  # type: ignore[misc]
                return

    def _build_step(self, run_id: RunId, stage: Callable[[RunContext], bool]) -> str:
        go_on = False
        with self._on(run_id) as context:
            go_on = stage(context)
        return GO_ON if go_on else STOP

    def review(self, run_id: RunId, head: HeadSha, attempts: Mapping[str, int], base_tip: str = "") -> None:
        """Post both verdicts on one head, judging first where none is filed; then look at the gate."""
        with self._on(run_id) as context:
            review_head(context, head, attempts, base_tip)

    def reconcile(self, repository_id: RepositoryId, pull: PullNumber) -> None:
        """One look at one pull request. Pull requests that are not ours are left alone.

        What remains open is shown in `cadence/gate` and looked at again on the next event. A run that has ended decides
        nothing any more; only that its pull request was merged is still recorded.
        """
        run = self._services.ledger.run_for_pull(repository_id, pull)
        if run is None or (run.state in TERMINAL and run.state not in _STILL_LOOKED_AT):
            return
        with self._on(run) as context:
            if run.state is S.WATCHING:
                watch(context)
                return
            seen, decision = look(context)
            if context.reload().state in TERMINAL and decision != Done("merged"):
                return
            if isinstance(decision, Done):
                stop_or_finish(context, seen, decision)
                return
            answer_own(context, seen.snapshot)
            if not isinstance(decision, Merge):
                wait(context, seen, decision)
                return
            # Shows the decision, looks again, and merges exactly what both looks agree on, or enters the merge queue.
            outcome = merge(context, seen, decision)
            if isinstance(outcome, Merged) and context.reload().state in TERMINAL:
                # It was stopped while the merge was on its way: a look says what landed.
                self._services.engine.reconcile(repository_id, pull)
            elif isinstance(outcome, Merged):
                finish(context, outcome.seen, outcome.sha)
            elif isinstance(outcome, DecidedOtherwise):
                if isinstance(outcome.decision, Done):
                    stop_or_finish(context, outcome.seen, outcome.decision)
                else:
                    show_change(context, outcome.seen, outcome.decision, outcome.slots)

    def errand(self, name: str, arguments: Sequence[str | int]) -> None:
        """Something that an event asked to have written."""
        errands.run(self._services, name, arguments)

    def sweep(self) -> None:
        """Look at everything that is not finished, whichever deliveries were lost."""
        sweep.sweep(self._services)

    def purge(self) -> None:
        """Drop what is too old to be needed; merged runs keep their evidence."""
        sweep.purge(self._services)

    def crashed(self, run_id: RunId, error: Exception) -> None:
        """A defect of Cadence ended the run's build three times: say so on the issue."""
        context = RunContext(self._services, run_id)
        if context.run.state in TERMINAL:
            return
        reason = f"internal: {type(error).__name__} inside Cadence; the operator's log has the details."
        context.move(S.NEEDS_HUMAN, reason)
        context.tell()

    @contextmanager
    def _on(self, run: RunId | RunEntry) -> Iterator[RunContext]:
        """Work on one run; a typed error becomes the state, the message and the retry that it stands for."""
        context = RunContext(self._services, run)
        with context.log_context():
            try:
                yield context
            except FenceClosed:
                # Another worker, or a person, ended the run meanwhile and said why; nothing was sent.
                return
            except CadenceError as error:
                ending.end_stage(context, error)
