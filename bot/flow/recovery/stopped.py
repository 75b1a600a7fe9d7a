"""Confirms a stop: waits for what is in flight, takes the pull request out of the way, and says when all is done."""

from __future__ import annotations

from datetime import timedelta

import structlog

from bot.core.errors import CadenceError, Forbidden, NotMergeable, Unprocessable
from bot.core.escape import escape_line
from bot.core.names import CHECK_GATE, CommitSha, HeadSha, RunId
from bot.core.states import RunState
from bot.effects.kinds import EffectKind
from bot.flow.after.finish import stop_or_finish
from bot.flow.context import RunContext, book_stopped
from bot.flow.gate.look import look
from bot.flow.services import Services
from bot.gate.decide import Done
from bot.gate.merge import find_gate_check
from bot.github_api.records import CheckOutput
from bot.publish.check_runs import put_check_run

S = RunState
log = structlog.get_logger("cadence.stopped")

GRACE = timedelta(seconds=30)
"""How long after its lease expired an effect still counts as in flight."""
PAUSE_SECONDS = 1.0
LOOK_SECONDS = 5.0
"""The pause between two looks at a pull request that was merged all the same."""
TELLING = timedelta(minutes=5)
"""How long it is tried to say that the stop is confirmed; then it is confirmed all the same."""
CONFIRMED = "Confirmed: no effect of this run is in flight, and none follows."


def confirm_stop(services: Services, run_id: RunId, move: int, number: int) -> None:
    """One try; the next is booked while an effect is in flight. Nothing where the run was resumed meanwhile.

    What follows the confirmation is refused by the ledger, in the transaction that would take the lease.
    """
    run = services.ledger.run(run_id)
    if run is None or run.state is not S.STOPPED or services.ledger.last_transition(run_id) != move:
        return
    if services.ledger.stop_confirmed(run_id):
        return
    context = RunContext(services, run)
    with context.log_context():
        in_flight = services.ledger.open_leases(run_id, services.clock.now(), GRACE)
        # At once as well, because a merge queue merges without asking; and again for what was in flight.
        landed = (number == 0 or not in_flight) and _take_back(context, move, number)
        if landed and services.clock.now() - run.updated_at < TELLING:
            # Nothing of what is said and offered now may follow a confirmation.
            _look_at_landed(context)
            book_stopped(services, run, number + 1, LOOK_SECONDS)
            return
        if in_flight:
            log.info("stop.waits", effects=in_flight)
            book_stopped(services, run, number + 1, PAUSE_SECONDS)
            return
        if not context.tell(details=(CONFIRMED,)) and services.clock.now() - run.updated_at < TELLING:
            book_stopped(services, run, number + 1, 60.0)
            return
        if not services.ledger.confirm_stop(run_id, move, services.clock.now(), GRACE):
            book_stopped(services, run, number + 1, PAUSE_SECONDS)
            return
        log.info("stop.confirmed", run=run_id, tries=number + 1)


def _take_back(context: RunContext, move: int, number: int) -> bool:
    """Out of the merge queue, and the gate's check ended. What GitHub does not take is logged and stops nothing.

    True where the pull request is merged already.
    """
    run, landed = context.run, False
    if run.pull is None:
        return False
    for act in (_hold_back, _end_checks):
        try:
            landed = act(context, move, number) or landed
        except CadenceError as error:
            log.warning("stop.left", run=run.run_id, what=act.__name__, code=error.code, summary=error.summary)
    return landed


def _hold_back(context: RunContext, move: int, number: int) -> bool:
    """True where the pull request is merged already."""
    run = context.run
    assert run.pull is not None
    place = context.calls.queue.place(run.pull)
    if place.queued:
        merger = context.services.merger
        merger.dequeue(run, context.calls.queue, head=place.head, decision_id=f"stop-{move}-{number}", when_ended=True)
    if place.open and not place.draft:
        try:
            context.services.merger.to_draft(run, context.calls.pulls, place.node_id, move=move)
        except (Forbidden, NotMergeable, Unprocessable) as error:
            # Private repositories of some plans have no drafts; then the fence alone keeps a late merge back.
            log.info("stop.no_draft", run=run.run_id, code=error.code, summary=error.summary)
    return place.merged


def _look_at_landed(context: RunContext) -> None:
    """It landed before the stop, or a worker that was paused merged it: look, say so, and offer a revert.

    The look is not booked: the engine makes one look at a pull request at a time, and that of a paused worker lasts.
    """
    try:
        seen, decision = look(context)
        if decision == Done("merged"):
            stop_or_finish(context, seen, decision)
    except CadenceError as error:
        log.warning("stop.unseen", run=context.run.run_id, code=error.code, summary=error.summary)


def _end_checks(context: RunContext, move: int, _number: int) -> bool:
    """End every check run of the run that is in progress as `cancelled`: the newest word of each is the last effect."""
    run, services = context.run, context.services
    newest: dict[int, tuple[str, str]] = {}
    for effect in services.ledger.effects_of(run.run_id):
        if effect.kind != EffectKind.CHECK_PUT:
            continue
        shown = effect.outcome
        if shown is None and effect.natural_key.startswith("gate:"):
            shown = find_gate_check(run, context.calls.checks, effect.natural_key)
        if shown is not None:
            newest[int(shown["id"])] = effect.natural_key, str(shown.get("status"))
    for check_id, (key, status) in newest.items():
        if status == "completed":
            continue
        put_check_run(
            services.effects,
            context.actor,
            context.calls.checks,
            key=f"stopped:{check_id}:{move}",
            # Only the gate's check is ever in progress, and its key names the head.
            head=HeadSha(CommitSha(key.split(":")[1])),
            name=CHECK_GATE,
            external_id=key,
            # https://docs.github.com/en/rest/checks/runs#update-a-check-run
            conclusion="cancelled",
            output=CheckOutput(title="Stopped", summary=f"The run was stopped: {escape_line(run.reason)}."),
            unfinished=check_id,
            fresh=True,
        )
    return False
