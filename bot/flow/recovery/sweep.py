"""Recovers from lost deliveries, crashed workers and restored ledgers: looks at everything that is not finished.

A sweep may spend few calls, so everything is looked at in turn: first what was not looked at for the longest time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

import structlog

from bot.core.errors import CadenceError, InstallationGone, Limited
from bot.core.names import InstallationId, IssueNumber, RepoRef, RepositoryId
from bot.core.states import AT_THE_GATE, BUILDING, TERMINAL, RunState
from bot.flow.building.start import start_labelled
from bot.flow.building.trigger import read_trigger
from bot.flow.context import book_stopped
from bot.flow.recovery.allowance import Allowance, counted
from bot.flow.recovery.telling import resume_suspended, tell_again, untold
from bot.flow.services import Services
from bot.intake.events import CommandGiven
from bot.ledger.entries import RunEntry, ref_of

S = RunState
log = structlog.get_logger("cadence.sweep")

CALLS_PER_PULL = 3
"""What a look is taken to cost until one was counted: REST and GraphQL calls together."""
LOOK_SECONDS = 60
"""The requests of a run within this time after a sweep booked its look are what the look cost."""
COMMENTS_KEPT = timedelta(days=7)
"""How long after a run began to wait its comments are read; GitHub can redeliver for three days."""
SLACK = timedelta(minutes=1)
"""Between GitHub's clock and ours."""
STOPS_CONFIRMED = timedelta(days=1)
"""For how long after it a stop is confirmed, where GitHub could not be reached."""
KEPT = timedelta(days=30)
NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def sweep(services: Services) -> None:
    """Resume builds, look at open pull requests, read missed commands, and start labelled issues without a run."""
    allowance = Allowance(services.settings.sweep_seconds)
    unfinished = services.ledger.unfinished_runs()
    for run in unfinished:
        _resume(services, run)
    _confirm_stops(services)
    _look_at_runs(services, unfinished, allowance)
    installations = _installations(services)
    for installation in installations:
        resume_suspended(services, installation)
    _tell_untold(services, installations, allowance)
    for installation in installations:
        _labelled(services, installation, allowance)
    log.info("sweep.done")


def _resume(services: Services, run: RunEntry) -> None:
    if run.state is S.WAITING_LIMIT and services.clock.now() - run.updated_at < timedelta(hours=1):
        return
    if run.state in BUILDING or run.state is S.REPAIRING:
        services.engine.restart_build(run.run_id)


def _confirm_stops(services: Services) -> None:
    """Have stops confirmed that no worker confirms: those from the terminal, and those whose worker ended."""
    now = services.clock.now()
    for run in services.ledger.unconfirmed_stops(now - STOPS_CONFIRMED):
        book_stopped(services, run, int(now.timestamp()))


def _look_at_runs(services: Services, unfinished: list[RunEntry], allowance: Allowance) -> None:
    """Looks at pull requests, and comments of runs that wait for a person; the longest unseen ones first."""
    seen = services.ledger.looked_at("run:")
    now = services.clock.now()
    at_the_gate = [run for run in unfinished if run.state in AT_THE_GATE and run.state is not S.REPAIRING]
    jobs: list[tuple[datetime, str, RunEntry, Callable[[Services, RunEntry, datetime | None], int]]] = [
        (seen.get(f"run:pull:{run.run_id}", NEVER), f"run:pull:{run.run_id}", run, _book_look)
        for run in at_the_gate
        if run.pull is not None
    ]
    jobs += [
        (seen.get(f"run:comments:{run.run_id}", NEVER), f"run:comments:{run.run_id}", run, _read_comments)
        for run in services.ledger.runs_that_wait(now - COMMENTS_KEPT)
    ]
    for at, name, run, look in sorted(jobs, key=lambda job: (job[0], job[1])):
        installation = int(run.installation_id)
        if allowance.left(installation) <= 0:
            continue
        try:
            allowance.spend(installation, look(services, run, None if at == NEVER else at))
        except CadenceError as error:
            # One run that cannot be read must not keep the others waiting.
            log.warning("sweep.run", run=run.run_id, code=error.code, summary=error.summary)
            if isinstance(error, (Limited, InstallationGone)):
                allowance.spend(installation, allowance.left(installation))
        services.ledger.note_look(name, now)


def _book_look(services: Services, run: RunEntry, at: datetime | None) -> int:
    """Book a look at the run's pull request; gives what the last one cost, or what one is taken to cost."""
    assert run.pull is not None
    services.engine.reconcile(run.repository_id, run.pull)
    if at is None:
        return CALLS_PER_PULL
    cost = services.ledger.requests_between(run.run_id, at, at + timedelta(seconds=LOOK_SECONDS))
    return max(1, cost)


def _read_comments(services: Services, run: RunEntry, _at: datetime | None) -> int:
    """Take the commands given since the run began to wait, where their deliveries were lost; gives the calls spent."""
    since = services.ledger.transitions(run.run_id)[-1].at - SLACK
    places = [(run.issue, False)] + ([(IssueNumber(run.pull), True)] if run.pull is not None else [])
    with counted() as spent:
        ref = ref_of(run)
        for number, is_pull in places:
            for comment in services.github.at(ref).issues.written_since(number, since):
                # The delivery of a comment may be at work now, and both would carry the command out: the next sweep
                # looks again.
                if comment.created_at > services.clock.now() - SLACK:
                    continue
                event = CommandGiven(
                    repo=ref,
                    issue=number,
                    is_pull=is_pull,
                    comment=comment.id,
                    body=comment.body,
                    sender=comment.actor,
                    created_at=comment.created_at,
                )
                services.handle_command(services, event)
    return spent.calls


def _installations(services: Services) -> list[InstallationId]:
    try:
        return [InstallationId(one) for one in services.github.installations()]
    except CadenceError as error:
        log.warning("sweep.installations", code=error.code, summary=error.summary)
        return []


def _tell_untold(services: Services, installations: Collection[InstallationId], allowance: Allowance) -> None:
    """Tell ends and ask questions that GitHub did not take, in installations that can be reached."""
    for run in untold(services):
        if run.installation_id in installations and allowance.left(int(run.installation_id)) > 0:
            with counted() as spent:
                tell_again(services, run)
            allowance.spend(int(run.installation_id), spent.calls)


def _labelled(services: Services, installation: InstallationId, allowance: Allowance) -> None:
    """Labelled issues whose delivery was lost, in the repositories that were not looked at for the longest time."""
    with counted() as spent:
        try:
            repositories: list[RepoRef] = services.github.installation_repositories(installation)
        except CadenceError as error:
            log.warning("sweep.repositories", installation=int(installation), code=error.code, summary=error.summary)
            return
    allowance.spend(int(installation), spent.calls)
    seen: Mapping[str, datetime] = services.ledger.looked_at("labels:")
    for ref in sorted(repositories, key=lambda one: (seen.get(f"labels:{one.repository_id}", NEVER), str(one.name))):
        if allowance.left(int(installation), for_labels=True) <= 0:
            return
        services.ledger.note_look(f"labels:{ref.repository_id}", services.clock.now())
        with counted() as spent:
            try:
                _labelled_in(services, ref)
            except CadenceError as error:
                # One repository that cannot be read must not keep the others waiting.
                log.warning("sweep.repository", repository=str(ref.name), code=error.code, summary=error.summary)
                if isinstance(error, (Limited, InstallationGone)):
                    return
            finally:
                allowance.spend(int(installation), spent.calls)


def _labelled_in(services: Services, ref: RepoRef) -> None:
    for label in read_trigger(services, ref).labels:
        for issue in services.github.at(ref).issues.labelled(label):
            if all(run.state in TERMINAL for run in services.ledger.runs_of_issue(ref.repository_id, issue)):
                start_labelled(services, ref, issue)


def purge(services: Services) -> None:
    """Daily: old engine rows, old ledger noise and unused parts of mirrors go.

    What merged runs need to be checked stays. Of several machines the one that runs the purge tidies its own mirrors.
    """
    gone = services.engine.purge()
    services.ledger.purge(services.clock.now() - KEPT)
    mirrors = services.git.tidy(_known_repositories(services), unused_since=services.clock.now() - KEPT)
    counts = {"tidied": len(mirrors.tidied), "forgotten": len(mirrors.forgotten), "failed": len(mirrors.failed)}
    log.info("purge.done", workflows=gone, **counts)


def _known_repositories(services: Services) -> set[RepositoryId] | None:
    """Every repository of every installation; None when GitHub does not list them all."""
    try:
        return {
            ref.repository_id
            for installation in services.github.installations()
            for ref in services.github.installation_repositories(InstallationId(installation))
        }
    except CadenceError as error:
        log.warning("purge.repositories", code=error.code, summary=error.summary)
        return None
