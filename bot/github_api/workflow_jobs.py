"""The jobs of a workflow run and the check runs of a suite, where a commit's rollup shows only some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.github_api.issues import parse_time
from bot.github_api.records import CheckState, SuiteState
from bot.github_api.repository import RepositoryLink

_JOBS = "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs"
_SUITE_RUNS = "/repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs"


def jobs_of(link: RepositoryLink, suite: SuiteState, shown: Sequence[CheckState]) -> list[CheckState] | None:
    """Every check of a workflow run that counts; None where GitHub lists no job.

    These are the jobs of the latest attempt. `filter=latest` may list only the jobs that were run again, so a name
    that is missing from it counts with its newest earlier attempt. Check runs of `shown` that are not jobs (a step
    may make check runs with the workflow's own token, and GitHub puts them into the same suite) count as well.
    https://docs.github.com/rest/actions/workflow-jobs#list-jobs-for-a-workflow-run
    """
    latest = _listed(link, suite, "latest")
    if not latest:
        return None  # An attempt that is queued has no jobs yet.
    known, counted = list(latest), list(latest)
    if any(_attempt(job) != 1 for job in latest):
        known += _listed(link, suite, "all")
        counted += _earlier(known, {str(job["name"]) for job in latest})
    ids = {number for job in known for number in _ids(job)}
    return [_job(job, suite) for job in counted] + [check for check in shown if check.database_id not in ids]


def _listed(link: RepositoryLink, suite: SuiteState, which: str) -> list[Mapping[str, Any]]:
    return list(link.listed(_JOBS, query={"filter": which}, key="jobs", run_id=suite.workflow_run))


def _earlier(jobs: Sequence[Mapping[str, Any]], names: set[str]) -> list[Mapping[str, Any]]:
    """The jobs whose name is none of `names`, each name with its newest attempt alone."""
    newest: dict[str, int] = {}
    for job in jobs:
        newest[str(job["name"])] = max(newest.get(str(job["name"]), 0), _attempt(job))
    return [job for job in jobs if job["name"] not in names and _attempt(job) == newest[str(job["name"])]]


def _attempt(job: Mapping[str, Any]) -> int:
    """Which attempt of the workflow run made the job, from 1; 0 where GitHub does not tell."""
    return int(job.get("run_attempt") or 0)


def _ids(job: Mapping[str, Any]) -> set[int]:
    """The ids under which the job's check run may be known: a job and its check run share one id on github.com."""
    tail = str(job.get("check_run_url") or "").rpartition("/")[2]
    return {int(job["id"])} | ({int(tail)} if tail.isdecimal() else set())


def _job(job: Mapping[str, Any], suite: SuiteState) -> CheckState:
    return CheckState(
        name=str(job["name"]),
        app_id=suite.app_id,
        app_slug=suite.app_slug,
        conclusion=_conclusion(job),
        url=str(job.get("html_url") or ""),
        started_at=_time(job, "started_at"),
        database_id=int(job["id"]),
        workflow=suite.workflow,
        completed_at=_time(job, "completed_at"),
        suite=suite.id,
        workflow_run=suite.workflow_run,
    )


def runs_of_suite(link: RepositoryLink, suite: SuiteState) -> list[CheckState] | None:
    """Every check run of another App's suite, those that a newer one of the name hides included; None without any."""
    listed = link.listed(_SUITE_RUNS, query={"filter": "all"}, key="check_runs", check_suite_id=suite.database_id)
    return [_run(run, suite) for run in listed] or None


def _run(run: Mapping[str, Any], suite: SuiteState) -> CheckState:
    return CheckState(
        name=str(run["name"]),
        app_id=suite.app_id,
        app_slug=suite.app_slug,
        conclusion=_conclusion(run),
        external_id=str(run.get("external_id") or ""),
        url=str(run.get("html_url") or run.get("details_url") or ""),
        started_at=_time(run, "started_at"),
        database_id=int(run["id"]),
        completed_at=_time(run, "completed_at"),
        suite=suite.id,
    )


def _conclusion(found: Mapping[str, Any]) -> str | None:
    """None while unfinished. A finished one without a conclusion proves nothing, which `stale` says."""
    return str(found.get("conclusion") or "stale").lower() if found["status"] == "completed" else None


def _time(found: Mapping[str, Any], field: str) -> Any:
    return parse_time(found[field]) if found.get(field) else None
