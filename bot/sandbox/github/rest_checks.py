"""Endpoints of check runs and commit statuses."""

from __future__ import annotations

from bot.sandbox.github import acts_checks, merge_rules
from bot.sandbox.github import payloads_code as code
from bot.sandbox.github.answers import ApiError, RestAnswer, not_found
from bot.sandbox.github.payloads import user
from bot.sandbox.github.routing import RestCall, Routes
from bot.sandbox.github.state import CheckRun

routes = Routes()
_RUN = "/repos/{owner}/{repo}/check-runs/{check_run_id}"


def _app_call(call: RestCall) -> CheckRun:
    found = call.repo.check_runs.get(call.number("check_run_id"))
    if found is None:
        raise not_found()
    return found


@routes.on("POST", "/repos/{owner}/{repo}/check-runs", "checks=write")
def create_check_run(call: RestCall) -> RestAnswer:
    app = call.caller.app
    if app is None:
        raise not_found()
    made = acts_checks.create_check_run(call.world, call.repo, app, call.body)
    return RestAnswer(201, code.check_run(call.world.site, made))


@routes.on("GET", _RUN, "checks=read")
def get_check_run(call: RestCall) -> RestAnswer:
    return RestAnswer(200, code.check_run(call.world.site, _app_call(call)))


@routes.on("PATCH", _RUN, "checks=write")
def update_check_run(call: RestCall) -> RestAnswer:
    app = call.caller.app
    if app is None:
        raise not_found()
    made = acts_checks.update_check_run(call.world, _app_call(call), app, call.body)
    return RestAnswer(200, code.check_run(call.world.site, made))


@routes.on("GET", _RUN + "/annotations", "checks=read", paged="")
def list_annotations(call: RestCall) -> RestAnswer:
    made = _app_call(call)
    blank = dict.fromkeys(("start_column", "end_column", "title", "raw_details"))
    href = f"{call.world.site.web}/{call.repo.full_name}/blob/{made.head_sha}/"
    return RestAnswer(200, [{**blank, "blob_href": f"{href}{one['path']}", **one} for one in made.annotations])


@routes.on("POST", _RUN + "/rerequest", "checks=write")
def rerequest(call: RestCall) -> RestAnswer:
    acts_checks.emit_check_run(call.world, _app_call(call), "rerequested", by=call.actor)
    return RestAnswer(201, {})


def _commit(call: RestCall) -> str:
    sha = call.world.bare(call.repo).commit_of(call.params["ref"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {call.params['ref']}")
    return sha


@routes.on("GET", "/repos/{owner}/{repo}/commits/{ref}/check-runs", "checks=read", paged="check_runs")
def list_check_runs(call: RestCall) -> RestAnswer:
    sha, query = _commit(call), call.query
    every = query.get("filter", "latest") == "all"
    runs = (
        [r for r in call.repo.check_runs.values() if r.head_sha == sha]
        if every
        else merge_rules.latest_runs(call.repo, sha)
    )
    for name, read in (("check_name", "name"), ("status", "status")):
        if name in query:
            runs = [run for run in runs if getattr(run, read) == query[name]]
    if "app_id" in query:
        runs = [run for run in runs if str(run.app.id) == query["app_id"]]
    runs.sort(key=lambda run: run.id, reverse=True)
    return RestAnswer(200, {"total_count": len(runs), "check_runs": [code.check_run(call.world.site, r) for r in runs]})


@routes.on("GET", "/repos/{owner}/{repo}/commits/{ref}/status", "statuses=read", paged="statuses")
def get_combined_status(call: RestCall) -> RestAnswer:
    sha = _commit(call)
    latest = merge_rules.latest_statuses(call.repo, sha)
    return RestAnswer(200, code.combined_status(call.world.site, call.repo, sha, latest=latest))


@routes.on("POST", "/repos/{owner}/{repo}/statuses/{sha}", "statuses=write")
def create_status(call: RestCall) -> RestAnswer:
    made = acts_checks.create_status(call.world, call.repo, call.params["sha"], call.body, by=call.actor)
    return RestAnswer(201, {**code.status(call.world.site, made), "creator": user(call.world.site, made.creator)})
