"""Endpoints of workflow runs' jobs and of check suites' check runs."""

from __future__ import annotations

from bot.core.json_types import JsonDict
from bot.sandbox.github import payloads_code as code
from bot.sandbox.github import suites
from bot.sandbox.github.accounts import node_id, stamp, stamp_or_none
from bot.sandbox.github.answers import RestAnswer, not_found
from bot.sandbox.github.payloads import Site
from bot.sandbox.github.payloads_issues import repo_url
from bot.sandbox.github.routing import RestCall, Routes
from bot.sandbox.github.state import CheckRun

routes = Routes()


@routes.on("GET", "/repos/{owner}/{repo}/actions/runs/{run_id}/jobs", "actions=read", paged="jobs")
def list_jobs(call: RestCall) -> RestAnswer:
    """Jobs of the newest attempt (`filter=latest`, the default) or of all. An attempt that is queued has none."""
    number = call.number("run_id")
    held = [one for one in call.repo.suites.values() if one.run_id == number]
    if not number or not held:
        raise not_found()
    jobs = suites.jobs_of(call.repo, number)
    if call.query.get("filter", "latest") == "latest":
        newest = max(one.attempt for one in held)
        jobs = [job for job in jobs if job.attempt == newest]
    listed = [_job(call.world.site, job, number) for job in jobs]
    return RestAnswer(200, {"total_count": len(listed), "jobs": listed})


@routes.on("GET", "/repos/{owner}/{repo}/check-suites/{check_suite_id}/check-runs", "checks=read", paged="check_runs")
def list_suite_runs(call: RestCall) -> RestAnswer:
    suite = call.repo.suites.get(call.number("check_suite_id"))
    if suite is None:
        raise not_found()
    every = call.query.get("filter", "latest") == "all"
    runs = suites.runs_of(suite) if every else suites.newest_of(suite)
    listed = [code.check_run(call.world.site, run) for run in reversed(runs)]
    return RestAnswer(200, {"total_count": len(listed), "check_runs": listed})


def _job(site: Site, job: CheckRun, run_id: int) -> JsonDict:
    """`job`. Its id is the one of its check run, as on github.com."""
    api = repo_url(site, job.repository)
    web = f"{site.web}/{job.repository.full_name}"
    branch = next((one.head_ref for one in job.repository.pulls() if one.head_sha == job.head_sha), None)
    started = stamp_or_none(job.started_at)
    runner = dict.fromkeys(("runner_id", "runner_name", "runner_group_id", "runner_group_name"))
    return {
        "id": job.id,
        "run_id": run_id,
        "run_url": f"{api}/actions/runs/{run_id}",
        "run_attempt": job.attempt,
        "node_id": node_id("CR", job.id),
        "head_sha": job.head_sha,
        "url": f"{api}/actions/jobs/{job.id}",
        "html_url": f"{web}/actions/runs/{run_id}/job/{job.id}",
        "status": job.status,
        "conclusion": job.conclusion,
        "created_at": started or stamp(job.repository.created_at),
        "started_at": started or stamp(job.repository.created_at),
        "completed_at": stamp_or_none(job.completed_at),
        "name": job.name,
        "steps": [],
        "check_run_url": f"{api}/check-runs/{job.id}",
        "labels": [],
        "workflow_name": job.workflow[0] if job.workflow else None,
        "head_branch": branch,
        **runner,
    }
