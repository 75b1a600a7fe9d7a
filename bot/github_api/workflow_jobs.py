"""The jobs of a workflow run and the check runs of a suite, for a commit whose rollup may not show all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.github_api.json_fields import text_of, time_of
from bot.github_api.records import CheckState, SuiteState
from bot.github_api.repository import RepositoryLink

_JOBS = "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs"
_SUITE_RUNS = "/repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs"


def jobs_of(link: RepositoryLink, suite: SuiteState, shown: Sequence[CheckState]) -> list[CheckState] | None:
    """Every check of a workflow run that counts, or None when GitHub lists no job.

    These are the jobs of the latest attempt; for a name that is not among them, the newest earlier attempt; and those
    of `shown` that are not jobs.
    """
    latest = _listed(link, suite, "latest")
    # An attempt that is queued has no jobs yet.
    if not latest:
        return None
    known, counted = list(latest), list(latest)
    # After "re-run failed jobs" an attempt may hold only the jobs that ran again; the earlier results of the others
    # still count. https://docs.github.com/en/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run
    if any(_attempt(job) != 1 for job in latest):
        known += _listed(link, suite, "all")
        newest: dict[str, int] = {}
        for job in known:
            newest[str(job["name"])] = max(newest.get(str(job["name"]), 0), _attempt(job))
        names = {str(job["name"]) for job in latest}
        counted += [job for job in known if job["name"] not in names and _attempt(job) == newest[str(job["name"])]]
    ids = {number for job in known for number in _ids(job)}
    # A step may create check runs with the workflow's own token, and GitHub puts them into the same suite.
    return [_check(job, suite) for job in counted] + [check for check in shown if check.database_id not in ids]


def _listed(link: RepositoryLink, suite: SuiteState, which: str) -> list[Mapping[str, Any]]:
    return list(link.listed(_JOBS, query={"filter": which}, key="jobs", run_id=suite.workflow_run))


def _attempt(job: Mapping[str, Any]) -> int:
    """The attempt of the workflow run that made the job, from 1; 0 where GitHub does not say."""
    return int(job.get("run_attempt") or 0)


def _ids(job: Mapping[str, Any]) -> set[int]:
    """The ids that the job's check run may have."""
    # On github.com a job and its check run have the same id; `check_run_url` is sure everywhere.
    # https://docs.github.com/en/rest/actions/workflow-jobs#get-a-job-for-a-workflow-run
    tail = str(job.get("check_run_url") or "").rpartition("/")[2]
    return {int(job["id"])} | ({int(tail)} if tail.isdecimal() else set())


def runs_of_suite(link: RepositoryLink, suite: SuiteState) -> list[CheckState] | None:
    """Every check run of another App's suite, or None when GitHub lists none."""
    # `filter=all` also lists check runs that a newer one of the same name hides.
    # https://docs.github.com/en/rest/checks/runs#list-check-runs-in-a-check-suite
    listed = link.listed(_SUITE_RUNS, query={"filter": "all"}, key="check_runs", check_suite_id=suite.database_id)
    return [_check(run, suite) for run in listed] or None


def _check(data: Mapping[str, Any], suite: SuiteState) -> CheckState:
    """A job or a check run of the suite. A job has neither `external_id` nor `details_url`."""
    return CheckState(
        name=str(data["name"]),
        app_id=suite.app_id,
        app_slug=suite.app_slug,
        # A completed one without a conclusion does not count as passing; GitHub's `stale` says so.
        conclusion=(text_of(data, "conclusion") or "stale").lower() if data["status"] == "completed" else None,
        external_id=text_of(data, "external_id"),
        url=text_of(data, "html_url", "details_url"),
        started_at=time_of(data, "started_at"),
        database_id=int(data["id"]),
        workflow=suite.workflow,
        completed_at=time_of(data, "completed_at"),
        suite=suite.id,
        workflow_run=suite.workflow_run,
    )
