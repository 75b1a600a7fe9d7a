"""GitHub Actions as tests play it: workflow runs whose jobs appear one after the other, re-runs, cancellations."""

from __future__ import annotations

from bot.core.json_types import JsonDict
from bot.sandbox.github import acts_checks, suites
from bot.sandbox.github.accounts import App, node_id, stamp
from bot.sandbox.github.payloads import app as app_payload
from bot.sandbox.github.payloads_code import minimal_pull, simple_commit
from bot.sandbox.github.payloads_issues import repo_url
from bot.sandbox.github.state import CheckRun, CheckSuite, Repository
from bot.sandbox.github.world import World


class SandboxActions:
    """The workflow runs of one repository, reported by one App in the place of GitHub Actions."""

    def __init__(self, world: World, repo: Repository, app: App) -> None:
        self._world = world
        self._repo = repo
        self._app = app

    def start(
        self, head: str, workflow: str = "ci", event: str = "pull_request", *, status: str = "queued"
    ) -> CheckSuite:
        """A workflow run begins; it has no job yet. `status` may also be in_progress, waiting, requested, pending."""
        with self._world.lock:
            made = suites.new_suite(self._world, self._repo, self._app, head, workflow=(workflow, event))
            made.status = status
            return made

    def job(self, run: CheckSuite, name: str, conclusion: str | None = "success") -> CheckRun:
        """A job of the run's newest attempt appears: completed, or in progress without a conclusion."""
        asked: JsonDict = {"name": name, "head_sha": run.head_sha, "status": "in_progress"}
        if conclusion:
            asked.update(status="completed", conclusion=conclusion)
        with self._world.lock:
            run.status = "in_progress"
            return acts_checks.create_check_run(self._world, self._repo, self._app, asked, suite=run)

    def report(self, run: CheckSuite, name: str, conclusion: str) -> CheckRun:
        """A step of a job makes a check run by API with the workflow's token: it is in the suite and is not a job."""
        made = self.job(run, name, conclusion)
        made.attempt = 0
        return made

    def end(self, run: CheckSuite, conclusion: str | None = None) -> None:
        """The workflow run is completed: `check_suite.completed`. Without a conclusion its jobs make it."""
        with self._world.lock:
            newest = {one.name: one.attempt for one in suites.jobs_of(self._repo, run.run_id)}
            jobs = [one for one in suites.jobs_of(self._repo, run.run_id) if one.attempt == newest[one.name]]
            run.status, run.conclusion = "completed", conclusion or suites.conclusion_of(jobs)
            self._emit(run)

    def again(self, run: CheckSuite, *, new_suite: bool = False) -> CheckSuite:
        """`Re-run jobs`: a further attempt is queued, without a job so far; gives the suite that holds it.

        Whether GitHub keeps the suite or makes another is not documented, so both can be played.
        """
        with self._world.lock:
            attempt = run.attempt + 1
            if new_suite:
                number, run = (
                    run.run_id,
                    suites.new_suite(self._world, self._repo, self._app, run.head_sha, workflow=run.workflow),
                )
                run.run_id = number
            run.attempt, run.status, run.conclusion = attempt, "queued", None
            return run

    def _emit(self, run: CheckSuite) -> None:
        pulls = [
            minimal_pull(self._world.site, one)
            for one in self._repo.pulls()
            if one.is_open and one.head_sha == run.head_sha
        ]
        url = f"{repo_url(self._world.site, self._repo)}/check-suites/{run.id}"
        info = self._world.bare(self._repo).info(run.head_sha)
        body: JsonDict = {
            "id": run.id,
            "node_id": node_id("CS", run.id),
            "head_sha": run.head_sha,
            "head_branch": next((pull["head"]["ref"] for pull in pulls), None),
            "status": run.status,
            "conclusion": run.conclusion,
            "url": url,
            "check_runs_url": f"{url}/check-runs",
            "latest_check_runs_count": len(suites.newest_of(run)),
            "before": info.parents[0] if info.parents else None,
            "after": run.head_sha,
            "app": app_payload(self._world.site, run.app),
            "pull_requests": pulls,
            "created_at": stamp(run.created_at),
            "updated_at": stamp(self._world.now()),
            "head_commit": simple_commit(info),
        }
        self._world.emit("check_suite", self._repo, run.app.bot, {"action": "completed", "check_suite": body})
