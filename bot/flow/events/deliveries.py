"""One delivery of the inbox: parsed, and turned into at most one run started, stopped or looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.core.command_table import BUTTONS
from bot.core.errors import CadenceError, NotFound
from bot.core.names import (
    CHECK_CONFIG,
    COMMAND_PREFIX,
    CommentId,
    DeliveryId,
    HeadSha,
    IssueNumber,
    PullNumber,
    RepositoryId,
    RunId,
)
from bot.core.states import AT_THE_GATE, TERMINAL, RunState
from bot.flow.building.start import start_labelled
from bot.flow.building.stopping import stop_runs
from bot.flow.building.trigger import config_for, read_issue
from bot.flow.context import RunContext
from bot.flow.events.labels import by_label
from bot.flow.gate import config_check
from bot.flow.gate.own_checks import answer_group, skip_own_checks
from bot.flow.gate.post_reviews import request_re_review
from bot.flow.recovery.issue_gone import end_without_issue, issue_is_gone
from bot.flow.recovery.telling import SUSPENDED, resume_suspended
from bot.flow.services import Services
from bot.intake.events import (
    BranchPushed,
    ChecksChanged,
    CommandGiven,
    Event,
    GroupTested,
    Handled,
    Ignored,
    InstallationChanged,
    IssueChanged,
    Pinged,
    PullChanged,
    RerunAsked,
)
from bot.intake.parse import parse
from bot.ledger.entries import RunEntry

S = RunState
log = structlog.get_logger("cadence.intake")


def deliver(services: Services, guid: DeliveryId) -> None:
    """Handle the delivery unless that is done. The outcome is recorded with it, and so is any exception."""
    delivery = services.ledger.delivery(guid)
    if delivery is None or delivery.status in ("done", "ignored", "dead"):
        return
    with structlog.contextvars.bound_contextvars(delivery=guid):
        try:
            payload = json.loads(delivery.body)
            event = parse(delivery.event, payload, app_id=services.identity.app_id, app_slug=services.identity.slug)
            if isinstance(event, RerunAsked):
                event = replace(event, press=guid)
            elif isinstance(event, IssueChanged | PullChanged):
                event = replace(event, delivery=guid)
            result = event if isinstance(event, Ignored) else handle(services, event)
        except Exception as error:  # noqa: BLE001 - one delivery; whatever it raises must not keep others waiting
            _failed(services, guid, error)
            return
        if isinstance(result, Ignored):
            log.info("delivery.ignored", reason=result.reason)
            services.ledger.mark_delivery(guid, "ignored", reason=result.reason)
            return
        if result.run is not None:
            services.ledger.adopt_requests(guid, result.run)
        log.info("delivery.done", note=result.note, run=result.run)
        services.ledger.mark_delivery(guid, "done", reason=result.note, run=result.run)


def _failed(services: Services, guid: DeliveryId, error: Exception) -> None:
    """Record the failure; the inbox tries again after a pause, and after six attempts marks the delivery dead."""
    if isinstance(error, CadenceError):
        reason, after = str(error), error.after or 0.0
        log.warning("delivery.failed", code=error.code, summary=error.summary)
    else:
        reason, after = f"internal: {type(error).__name__}: {error}"[:500], 0.0
        log.error("delivery.failed", code="internal", exc_info=error)
    if services.ledger.fail_delivery(guid, reason, services.clock.now(), after=after):
        log.error("delivery.dead", reason=reason)


def handle(services: Services, event: Event) -> Handled | Ignored:
    """The one place where an event's type decides what happens."""
    match event:
        case IssueChanged():
            return _issue(services, event)
        case CommandGiven():
            return services.handle_command(services, event)
        case PullChanged():
            handled = _pull(services, event)
            return _with_note(handled, config_check.put(services, event))
        case GroupTested():
            answer = answer_group(services, event)
            return Handled(answer) if answer else Ignored("no rule of the base requires a Cadence check")
        case ChecksChanged():
            return _checks(services, event)
        case RerunAsked():
            return _rerun(services, event)
        case BranchPushed():
            return _push(services, event)
        case InstallationChanged():
            return _installation(services, event)
        case Pinged():
            return Handled(f"ping: {event.zen}")


def _with_note(handled: Handled | Ignored, note: str | None) -> Handled | Ignored:
    """The outcome of an event, and what else was done for it."""
    if note is None:
        return handled
    return Handled(note) if isinstance(handled, Ignored) else Handled(f"{handled.note}; {note}", handled.run)


def _issue(services: Services, event: IssueChanged) -> Handled | Ignored:
    repository = event.repo.repository_id
    run = services.ledger.latest_run(repository, event.issue)
    if run is not None:
        steered = by_label(services, run, event)
        if steered is not None:
            return steered
    try:
        match event.action:
            case "labeled" | "reopened":
                label = event.label if event.action == "labeled" else None
                begun = start_labelled(services, event.repo, event.issue, label)
                if not isinstance(begun, Ignored):
                    return Handled(f"run {begun}", begun)
                # A label that starts no run may still matter to the gate.
                return _look(services, repository, services.ledger.runs_of_issue(repository, event.issue)) or begun
            case "unlabeled" | "closed":
                return _unwanted(services, event)
            case "deleted" | "transferred":
                return _gone(services, event)
            case _:
                return _edited(services, event)
    except NotFound:
        return _gone(services, event)


def _gone(services: Services, event: IssueChanged) -> Handled | Ignored:
    """The issue was deleted or moved to another repository, where it has another number: its runs end."""
    runs = [r for r in services.ledger.runs_of_issue(event.repo.repository_id, event.issue) if r.state not in TERMINAL]
    contexts = [context for context in (RunContext(services, run.run_id) for run in runs) if issue_is_gone(context)]
    for context in contexts:
        with context.log_context():
            end_without_issue(context)
    if not contexts:
        return Ignored(f"issue #{event.issue} is gone, or no unfinished run is concerned")
    return Handled(f"issue #{event.issue} is gone", contexts[0].run.run_id)


def _unwanted(services: Services, event: IssueChanged) -> Handled | Ignored:
    """The issue was closed or lost a label: stop its runs, if GitHub still says so.

    A delivery can come late, twice, or again days later, and says only what was true when it was made. So the issue is
    read: where it is open with the label, the run of that label goes on, or begins.
    """
    runs = [r for r in services.ledger.runs_of_issue(event.repo.repository_id, event.issue) if r.state not in TERMINAL]
    if not runs:
        return Ignored("no unfinished run for the issue")
    history, trigger = read_issue(services, event.repo, event.issue)
    if event.action == "unlabeled" and not trigger.is_named(event.label):
        return _look(services, event.repo.repository_id, runs) or Ignored(trigger.why_not(event.label))
    if trigger.in_force(history) is not None:
        begun = start_labelled(services, event.repo, event.issue)
        if not isinstance(begun, Ignored):
            return Handled(f"run {begun}, by the label that was put on since", begun)
        looked = _look(services, event.repo.repository_id, runs)
        return looked or Ignored(f"the issue is open with the label: this `{event.action}` is out of date")
    who = f"@{event.sender.login}"
    closed = event.action == "closed"
    reason = f"the issue was closed by {who}" if closed else f"the label `{event.label}` was removed by {who}"
    # A merge closes the issue too, so a look at the pull request decides. A label is only taken off by a person.
    at_once = [run for run in runs if run.pull is None or (not closed and not run.merge_sha)]
    for run in runs:
        if run.pull is not None and run not in at_once:
            services.engine.tick(run.repository_id, run.pull)
    stopped = stop_runs(services, at_once, reason, by=event.sender.login)
    return Handled(f"stopped {', '.join(stopped)}" if stopped else "looking at the pull request", runs[0].run_id)


def _edited(services: Services, event: IssueChanged) -> Handled | Ignored:
    """An edit matters to a run that waits for approval (what it shows has changed) and at the gate."""
    for run in services.ledger.runs_of_issue(event.repo.repository_id, event.issue):
        if run.state is S.WAITING_APPROVAL:
            services.ledger.move(run.run_id, S.RECEIVED, reason="the text was edited", by=event.sender.login)
            services.engine.start_build(run.run_id, f"edited-{services.ledger.last_transition(run.run_id)}")
            return Handled("the text to approve has changed", run.run_id)
    runs = services.ledger.runs_of_issue(event.repo.repository_id, event.issue)
    return _look(services, event.repo.repository_id, runs) or Ignored("the edit does not affect a run of the issue")


def _look(services: Services, repository: RepositoryId, runs: Sequence[RunEntry]) -> Handled | None:
    """Book a look at the pull request of the first run that has one to look at."""
    for run in runs:
        if run.pull is not None and run.state in AT_THE_GATE:
            services.engine.tick(repository, run.pull)
            return Handled(f"looking at #{run.pull}", run.run_id)
    return None


def _pull(services: Services, event: PullChanged) -> Handled | Ignored:
    run = services.ledger.run_for_pull(event.repo.repository_id, event.pull)
    if run is None:
        names = skip_own_checks(services, event)
        if names:
            return Handled(f"#{event.pull} is not a Cadence pull request: {', '.join(names)} skipped")
        return Ignored(f"pull request #{event.pull} is not a Cadence pull request")
    steered = by_label(services, run, event)
    if steered is not None:
        return steered
    own = event.sender is not None and event.sender.login == services.identity.bot_login
    if own and event.action in ("opened", "synchronize", "edited", "closed"):
        return Ignored("own action: the step that made it evaluates the gate")
    if run.state in (S.STOPPED, S.STOPPED_BUDGET) and event.merged:
        services.engine.reconcile(run.repository_id, event.pull)
        return Handled(f"#{event.pull} was merged although its run is stopped: looking at it", run.run_id)
    looked = _look(services, event.repo.repository_id, [run])
    if looked is not None and event.base_was not in ("", event.base_branch) and event.base_branch == run.base_branch:
        # Back from another base, to which it may have been fitted meanwhile: re-review it.
        request_re_review(services, run, event.head)
    return looked or Ignored(f"its run is {run.state}")


def _checks(services: Services, event: ChecksChanged) -> Handled | Ignored:
    if event.app_id == services.identity.app_id:
        return Ignored("our own check: the step that created it has evaluated the gate")
    by_head = services.ledger.run_for_head(event.repo.repository_id, HeadSha(event.head))
    by_pull = (services.ledger.run_for_pull(event.repo.repository_id, PullNumber(pull)) for pull in event.pulls)
    merged = services.ledger.run_for_merge(event.repo.repository_id, event.head)
    runs = [run for run in (by_head, *by_pull, merged) if run is not None]
    return _look(services, event.repo.repository_id, runs) or Ignored("no Cadence pull request has this head")


def _rerun(services: Services, event: RerunAsked) -> Handled | Ignored:
    if event.action in {verb for verb, _, _ in BUTTONS}:
        return _pressed(services, event)
    if event.check_name == CHECK_CONFIG:
        outcome = config_check.again(services, event.repo, HeadSha(event.head))
        return Handled(f"`{CHECK_CONFIG}` on {event.head[:12]} again: {outcome}")
    head = HeadSha(event.head)
    run = services.ledger.run_for_head(event.repo.repository_id, head) or _run_judged_at(services, event)
    if run is None or run.state not in AT_THE_GATE or run.pull is None:
        return Ignored("the commit is not the head of a pull request that Cadence works on")
    attempts = request_re_review(services, run, head, event.check_name)
    services.engine.tick(run.repository_id, run.pull)
    return Handled(f"judging {event.head[:12]} again: {', '.join(attempts) or 'only the gate'}", run.run_id)


def _pressed(services: Services, event: RerunAsked) -> Handled | Ignored:
    """A button of a check run: the same as its command in a comment on the pull request."""
    run = services.ledger.run_for_head(event.repo.repository_id, HeadSha(event.head)) or _run_judged_at(services, event)
    if run is None or run.pull is None:
        return Ignored("the commit is not the head of a pull request of Cadence")
    command = CommandGiven(
        repo=event.repo,
        issue=IssueNumber(run.pull),
        is_pull=True,
        comment=CommentId(0),
        body=f"{COMMAND_PREFIX} {event.action}",
        sender=event.sender,
        created_at=services.clock.now(),
        press=event.press,
    )
    return services.handle_command(services, command)


def _run_judged_at(services: Services, event: RerunAsked) -> RunEntry | None:
    """The run whose pull request was last judged at that commit: a person may have pushed it."""
    for pull in event.pulls:
        run = services.ledger.run_for_pull(event.repo.repository_id, pull)
        decided = services.ledger.newest_decision(run.run_id) if run is not None else None
        if decided is not None and decided.head == event.head:
            return run
    return None


def _push(services: Services, event: BranchPushed) -> Handled | Ignored:
    repository = event.repo.repository_id
    unfinished = services.ledger.unfinished_runs(repository)
    paused = _stop_paused(services, event, unfinished)
    if paused:
        return Handled(f"`paused: true` on `{event.branch}`: stopped {', '.join(paused)}", paused[0])
    concerned = services.ledger.runs_at_gate_on(repository, event.branch)
    for run in concerned:
        if run.pull is not None:
            services.engine.tick(repository, run.pull)
    if concerned:
        return Handled(f"`{event.branch}` moved: looking at {len(concerned)} pull request(s)", concerned[0].run_id)
    on_branch = [run for run in unfinished if run.branch == event.branch]
    return _look(services, repository, on_branch) or Ignored(
        f"`{event.branch}` is not a base or branch that Cadence uses"
    )


def _stop_paused(services: Services, event: BranchPushed, unfinished: Sequence[RunEntry]) -> list[RunId]:
    """Stop the runs on a base whose config now says `paused: true`; a merged one, which is only watched, goes on."""
    concerned = [run for run in unfinished if run.base_branch == event.branch and not run.merge_sha]
    if not concerned:
        return []
    loaded = config_for(services, event.repo, event.branch)
    if loaded.config is None or not loaded.config.paused:
        return []
    return stop_runs(services, concerned, "paused: `paused: true` was set in .github/cadence.yml", by="GitHub")


def _installation(services: Services, event: InstallationChanged) -> Handled | Ignored:
    """Access was taken away: stop what ran there. Access given: the sweep finds labelled issues."""
    gone = set(event.removed_repository_ids)
    everything = event.action in ("deleted", "suspend")
    lost = [
        run
        for run in services.ledger.unfinished_runs()
        if run.installation_id == event.installation_id and (everything or run.repository_id in gone)
    ]
    reason = SUSPENDED if event.action == "suspend" else f"installation {event.action}"
    for run in lost:
        services.ledger.move(run.run_id, S.STOPPED, reason=reason, by="GitHub")
    if event.action == "unsuspend":
        return Handled(f"installation unsuspend: {len(resume_suspended(services, event.installation_id))} run(s) go on")
    return Handled(f"installation {event.action}: {len(lost)} run(s) stopped")
