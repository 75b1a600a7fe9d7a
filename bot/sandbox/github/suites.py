"""Check suites and workflow runs: which check runs belong together, and what status they have as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from bot.sandbox.github.accounts import App
from bot.sandbox.github.state import CheckRun, CheckSuite, Repository
from bot.sandbox.github.world import World

PASSING = ("success", "neutral", "skipped")


def on_push(world: World, repo: Repository, sha: str) -> None:
    """GitHub makes a suite for each App with `checks: write`; it stays `queued` until the App makes a check run."""
    for found in world.installations.values():
        writes = found.permissions.get("checks") == "write"
        if repo in found.repositories and writes and not found.deleted and found.suspended_at is None:
            suite_of(world, repo, found.app, sha)


def suite_of(
    world: World, repo: Repository, app: App, sha: str, *, workflow: tuple[str, str] | None = None
) -> CheckSuite:
    """The App's newest suite on a commit, or the newest run of that workflow there; made where there is none."""
    found = [one for one in repo.suites.values() if one.app is app and one.head_sha == sha and one.workflow == workflow]
    return found[-1] if found else new_suite(world, repo, app, sha, workflow=workflow)


def new_suite(
    world: World, repo: Repository, app: App, sha: str, *, workflow: tuple[str, str] | None = None
) -> CheckSuite:
    """A further suite; for a workflow it is a further run of it."""
    made = CheckSuite(world.next_id(), repo, app, sha, world.now(), workflow=workflow)
    made.run_id = world.next_id() if workflow else 0
    repo.suites[made.id] = made
    return made


def runs_of(suite: CheckSuite) -> list[CheckRun]:
    """Every check run of a suite, oldest first."""
    return [run for run in suite.repository.check_runs.values() if run.suite_id == suite.id]


def newest_of(suite: CheckSuite) -> list[CheckRun]:
    """The newest check run of each name."""
    return list({run.name: run for run in runs_of(suite)}.values())


def jobs_of(repo: Repository, run_id: int) -> list[CheckRun]:
    """The jobs of every attempt of a workflow run, oldest first. A check run by API is none: its attempt is 0."""
    held = {suite.id for suite in repo.suites.values() if suite.run_id == run_id}
    return [run for run in repo.check_runs.values() if run.suite_id in held and run.attempt > 0]


def state_of(suite: CheckSuite) -> tuple[str, str | None]:
    """(status, conclusion) in lower case, as set, or as its check runs make it."""
    if suite.status is not None:
        return suite.status, suite.conclusion
    runs = runs_of(suite)
    if not runs:
        return "queued", None
    if any(run.status != "completed" for run in runs):
        return "in_progress", None
    # Jobs of one name in a workflow run are siblings; another App's newer run of a name replaces the older one.
    return "completed", conclusion_of(runs if suite.workflow else newest_of(suite))


def conclusion_of(runs: Sequence[CheckRun]) -> str:
    """What check runs that are completed amount to: the worst of them."""
    words = {run.conclusion or "" for run in runs}
    for word in ("failure", "timed_out", "cancelled", "action_required"):
        if word in words:
            return word
    return "success" if "success" in words else next(iter(sorted(words)), "success")
