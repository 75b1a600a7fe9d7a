"""What heals lost deliveries, dead machines and restored ledgers: look at everything that is not finished."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

import structlog

from bot.errors import CadenceError, InstallationGone, Limited
from bot.flow.house import House
from bot.flow.starting import begin
from bot.flow.telling import resume_suspended, tell_again, untold
from bot.flow.trigger import read_trigger
from bot.names import InstallationId, RepoRef, RepositoryId
from bot.record.entries import RunEntry
from bot.states import AT_THE_GATE, BUILDING, TERMINAL, RunState

S = RunState
log = structlog.get_logger("cadence.sweep")

IDLE_SHARE = 0.05
HOURLY_LIMIT = 5000
"""An installation's primary limit; idle sweeping may use five per cent of it (GitHub: rate limits for GitHub Apps)."""
CALLS_PER_PULL, CALLS_PER_REPOSITORY, CALLS_PER_TELLING = 3, 1, 2
"""REST calls. The policy's label is one GraphQL call more, and GraphQL has a limit of its own of the same size."""
KEPT = timedelta(days=30)


def sweep(house: House) -> None:
    """Resume builds, look at open pull requests, and start labelled issues without a run."""
    left: dict[int, int] = {}
    for run in house.ledger.unfinished_runs():
        _resume(house, run, left)
    installations = _installations(house)
    for installation in installations:
        resume_suspended(house, installation)
    _tell_untold(house, installations, left)
    for installation in installations:
        _labelled(house, installation, left)
    log.info("sweep.done")


def _allowance(house: House) -> int:
    per_hour = HOURLY_LIMIT * IDLE_SHARE
    return max(6, int(per_hour * house.settings.sweep_seconds / 3600))


def _spend(house: House, left: dict[int, int], installation: int, calls: int) -> bool:
    """Take calls from this sweep's allowance for an installation; whoever finds it spent waits for the next sweep."""
    have = left.setdefault(installation, _allowance(house))
    if have < calls:
        return False
    left[installation] = have - calls
    return True


def _resume(house: House, run: RunEntry, left: dict[int, int]) -> None:
    if run.state is S.WAITING_LIMIT and house.clock.now() - run.updated_at < timedelta(hours=1):
        return
    if run.state in BUILDING or run.state is S.REPAIRING:
        house.engine.restart_build(run.run_id)
        return
    if run.state not in AT_THE_GATE or run.pull is None:
        return
    if _spend(house, left, int(run.installation_id), CALLS_PER_PULL):
        house.engine.reconcile(run.repository_id, run.pull)


def _installations(house: House) -> list[InstallationId]:
    try:
        return [InstallationId(one) for one in house.github.installations()]
    except CadenceError as error:
        log.warning("sweep.installations", code=error.code, summary=error.summary)
        return []


def _tell_untold(house: House, installations: Collection[InstallationId], left: dict[int, int]) -> None:
    """Tell ends and ask questions that GitHub did not take, in installations that can be reached."""
    for run in untold(house):
        if run.installation_id in installations and _spend(house, left, int(run.installation_id), CALLS_PER_TELLING):
            tell_again(house, run)


def _labelled(house: House, installation: InstallationId, left: dict[int, int]) -> None:
    """Labelled issues whose delivery was lost. Repositories take turns when they are many."""
    try:
        repositories: list[RepoRef] = house.github.installation_repositories(installation)
    except CadenceError as error:
        log.warning("sweep.repositories", installation=int(installation), code=error.code, summary=error.summary)
        return
    turn = int(house.clock.now().timestamp() // max(1.0, house.settings.sweep_seconds))
    start = turn % max(1, len(repositories))
    for ref in repositories[start:] + repositories[:start]:
        if not _spend(house, left, int(installation), CALLS_PER_REPOSITORY):
            return
        try:
            _labelled_in(house, ref, left)
        except CadenceError as error:
            # One repository that cannot be read must not keep the others waiting.
            log.warning("sweep.repository", repository=str(ref.name), code=error.code, summary=error.summary)
            if isinstance(error, (Limited, InstallationGone)):
                return


def _labelled_in(house: House, ref: RepoRef, left: dict[int, int]) -> None:
    for label in read_trigger(house, ref).labels:
        for issue in house.github.at(ref).issues.labelled(label):
            runs = house.ledger.runs_of_issue(ref.repository_id, issue)
            if all(run.state in TERMINAL for run in runs) and _spend(house, left, int(ref.installation_id), 1):
                begin(house, ref, issue)


def purge(house: House) -> None:
    """Daily: old engine rows, old ledger noise and unused parts of mirrors go.

    What merged runs need to be checked stays. Of several machines the one that runs the purge tidies its own mirrors.
    """
    gone = house.engine.purge()
    house.ledger.purge(house.clock.now() - KEPT)
    mirrors = house.git.tidy(_known_repositories(house), unused_since=house.clock.now() - KEPT)
    counts = {"tidied": len(mirrors.tidied), "forgotten": len(mirrors.forgotten), "failed": len(mirrors.failed)}
    log.info("purge.done", workflows=gone, **counts)


def _known_repositories(house: House) -> set[RepositoryId] | None:
    """Every repository of every installation; None when GitHub does not tell them all."""
    try:
        return {
            ref.repository_id
            for installation in house.github.installations()
            for ref in house.github.installation_repositories(InstallationId(installation))
        }
    except CadenceError as error:
        log.warning("purge.repositories", code=error.code, summary=error.summary)
        return None
