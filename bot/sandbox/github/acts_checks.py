"""What can happen to check runs and commit statuses, with the events GitHub sends."""

from __future__ import annotations

from bot.core.json_types import JsonDict
from bot.sandbox.github import payloads_code as code
from bot.sandbox.github import suites
from bot.sandbox.github.accounts import Account, App, stamp
from bot.sandbox.github.answers import ApiError, invalid
from bot.sandbox.github.payloads import commit
from bot.sandbox.github.rulesets import is_protected
from bot.sandbox.github.state import CheckRun, CheckSuite, Repository, Status
from bot.sandbox.github.world import World

# https://docs.github.com/en/rest/checks/runs#create-a-check-run states the values and limits below.
CONCLUSIONS = ("success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required")
STATUSES = ("queued", "in_progress", "completed")
OUTPUT_LIMIT = 65_535
ANNOTATIONS_LIMIT = 50
ANNOTATION_LEVELS = ("notice", "warning", "failure")


def create_check_run(
    world: World,
    repo: Repository,
    app: App,
    asked: JsonDict,
    *,
    workflow: tuple[str, str] | None = None,
    suite: CheckSuite | None = None,
) -> CheckRun:
    """`POST /check-runs` by an App; the run is stamped with its id.

    `workflow` is (name, event), for GitHub Actions: the check run joins the newest run of that workflow. `suite` names
    the suite itself.
    """
    for name in ("name", "head_sha"):
        if not asked.get(name):
            raise ApiError(422, f'Invalid request.\n\n"{name}" wasn\'t supplied.')
    sha = world.require_commit(repo, asked["head_sha"])
    held = suite or suites.suite_of(world, repo, app, sha, workflow=workflow)
    made = CheckRun(world.next_id(), repo, app, held.id, asked["name"], sha, workflow=held.workflow)
    made.attempt = held.attempt
    _check_output(asked, need_title=True)
    _apply(world, made, asked)
    made.started_at = made.started_at or world.now()
    repo.check_runs[made.id] = made
    emit_check_run(world, made, "completed" if made.status == "completed" else "created")
    return made


def update_check_run(world: World, made: CheckRun, app: App, asked: JsonDict) -> CheckRun:
    """`PATCH /check-runs/{id}`: only the App that made the run may change it."""
    if made.app is not app:
        text = f"Invalid app_id `{app.id}` - check run can only be modified by the GitHub App that created it."
        raise ApiError(403, text)
    _check_output(asked, need_title=False)
    before = (made.status, made.conclusion)
    _apply(world, made, asked)
    if made.status == "completed" and before != (made.status, made.conclusion):
        emit_check_run(world, made, "completed")
    return made


def emit_check_run(
    world: World, made: CheckRun, action: str, *, by: Account | None = None, identifier: str = ""
) -> None:
    """Send `check_run`; a re-run request, or a pressed button, goes only to the App that owns the run."""
    body = code.check_run(world.site, made)
    suite = {
        "id": made.suite_id,
        "head_sha": made.head_sha,
        "head_branch": next((pull["head"]["ref"] for pull in body["pull_requests"]), None),
        "app": body["app"],
        "pull_requests": body["pull_requests"],
    }
    only = made.app if action in ("rerequested", "requested_action") else None
    payload: JsonDict = {"action": action, "check_run": {**body, "check_suite": suite}}
    if identifier:
        payload["requested_action"] = {"identifier": identifier}
    world.emit("check_run", made.repository, by or made.app.bot, payload, only=only)


def _apply(world: World, made: CheckRun, asked: JsonDict) -> None:
    made.name = asked.get("name", made.name)
    made.external_id = asked.get("external_id", made.external_id)
    made.details_url = asked.get("details_url", made.details_url)
    status, conclusion = asked.get("status"), asked.get("conclusion")
    if status is not None and status not in STATUSES:
        raise _bad_member("status", status)
    if conclusion is not None and conclusion not in CONCLUSIONS:
        raise _bad_member("conclusion", conclusion)
    if status == "completed" and conclusion is None:
        raise ApiError(422, 'Invalid request.\n\n"conclusion" wasn\'t supplied.')
    made.status = "completed" if conclusion else status or made.status
    if conclusion:
        made.conclusion, made.completed_at = conclusion, world.now()
    elif status:
        made.conclusion, made.completed_at = None, None
    output = asked.get("output") or {}
    made.title = output.get("title", made.title)
    made.summary = output.get("summary", made.summary)
    made.text = output.get("text", made.text)
    made.annotations += output.get("annotations") or []
    made.actions = asked.get("actions", made.actions)


def _bad_member(name: str, value: object) -> ApiError:
    return ApiError(422, f"Invalid request.\n\nInvalid input: {value!r} is not a possible value of `{name}`.")


def _check_output(asked: JsonDict, *, need_title: bool) -> None:
    output = asked.get("output")
    if output is None:
        return
    for name in ("title", "summary") if need_title else ("summary",):
        if not output.get(name):
            raise ApiError(422, f"Invalid request.\n\nFor 'properties/{name}', \"{name}\" wasn't supplied.")
    for name in ("summary", "text"):
        if len(output.get(name) or "") > OUTPUT_LIMIT:
            raise ApiError(422, f"Invalid request.\n\nOnly {OUTPUT_LIMIT} characters are allowed; {name} is too long.")
    annotations = output.get("annotations") or []
    if len(annotations) > ANNOTATIONS_LIMIT:
        text = f"No more than {ANNOTATIONS_LIMIT} items are allowed; {len(annotations)} were supplied."
        raise ApiError(422, f"Invalid request.\n\n{text}")
    for one in annotations:
        missing = [n for n in ("path", "start_line", "end_line", "annotation_level", "message") if not one.get(n)]
        if missing or one["annotation_level"] not in ANNOTATION_LEVELS:
            raise ApiError(
                422, f"Invalid request.\n\nAn annotation lacks or misstates {missing or 'annotation_level'}."
            )
        spans = one["start_line"] != one["end_line"]
        if spans and ("start_column" in one or "end_column" in one):
            raise ApiError(422, "Invalid request.\n\nColumns need start_line and end_line to be equal.")


def create_status(world: World, repo: Repository, sha: str, asked: JsonDict, *, by: Account) -> Status:
    """`POST /statuses/{sha}`: anyone with push access, any context."""
    full = world.require_commit(repo, sha)
    if asked.get("state") not in ("error", "failure", "pending", "success"):
        raise invalid("Status", field_name="state", message="State is not included in the list")
    description = asked.get("description")
    if description and len(description) > 140:
        message = "description is too long (maximum is 140 characters)"
        raise invalid("Status", field_name="description", message=message)
    context = asked.get("context") or "default"
    made = Status(
        world.next_id(), repo, full, context, asked["state"], description, asked.get("target_url"), by, world.now()
    )
    repo.statuses.append(made)
    _emit_status(world, made)
    return made


def _emit_status(world: World, made: Status) -> None:
    repo, bare = made.repository, world.bare(made.repository)
    heads = [(ref[11:], sha) for ref, sha in bare.refs().items() if ref.startswith("refs/heads/")]
    api = f"{world.site.api}/repos/{repo.full_name}/commits/{made.sha}"
    branches = [
        {"name": name, "commit": {"sha": sha, "url": api}, "protected": is_protected(repo, name)}
        for name, sha in heads
        if sha == made.sha
    ][:10]
    body: JsonDict = {
        "id": made.id,
        "sha": made.sha,
        "name": repo.full_name,
        "context": made.context,
        "state": made.state,
        "description": made.description,
        "target_url": made.target_url,
        "branches": branches,
        "commit": commit(world.site, repo, bare.info(made.sha)),
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.created_at),
    }
    world.emit("status", repo, made.creator, body)
