"""What can happen to commits: pushes, branches, check runs and statuses, with the events GitHub sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.json_types import JsonDict
from bot.core.names import ZERO_SHA
from bot.sandbox.github import payloads_code as code
from bot.sandbox.github import suites
from bot.sandbox.github.acts_issues import emit_issue
from bot.sandbox.github.answers import ApiError, invalid
from bot.sandbox.github.payloads import commit
from bot.sandbox.github.rulesets import is_protected
from bot.sandbox.github.state import Account, App, CheckRun, CheckSuite, Pull, Repository, Status, stamp
from bot.sandbox.github.world import World

CONCLUSIONS = ("success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required")
STATUSES = ("queued", "in_progress", "completed")
OUTPUT_LIMIT = 65_535
ANNOTATIONS_LIMIT = 50
ANNOTATION_LEVELS = ("notice", "warning", "failure")
_PUSH_COMMITS = 2048


@dataclass(frozen=True)
class RefChange:
    """One ref moved; 40 zeros stand for "not there"."""

    ref: str
    old: str
    new: str


def record_push(world: World, repo: Repository, by: Account, changes: list[RefChange]) -> None:
    """Tell the world of refs that moved: `push` events, and new heads (or lost branches) of pull requests."""
    for change in changes:
        _emit_push(world, repo, by, change)
        branch = change.ref.removeprefix("refs/heads/")
        if change.ref == branch:
            continue
        for pull in [one for one in repo.pulls() if one.is_open and one.head_ref == branch]:
            _move_head(world, pull, by, change)
        if change.new == ZERO_SHA:
            _close_orphans(world, repo, by, branch)
        else:
            suites.on_push(world, repo, change.new)


def _move_head(world: World, pull: Pull, by: Account, change: RefChange) -> None:
    if change.new == ZERO_SHA:
        return
    pull.head_sha = change.new
    pull.base_sha = world.bare(pull.repository).tip(pull.base_ref) or pull.base_sha
    pull.issue.updated_at = world.now()
    world.bare(pull.repository).set_ref(f"refs/pull/{pull.number}/head", change.new)
    emit_issue(world, pull.issue, "synchronize", by, {"before": change.old, "after": change.new})


def _close_orphans(world: World, repo: Repository, by: Account, branch: str) -> None:
    """GitHub closes open pull requests whose head or base branch is deleted."""
    for pull in [one for one in repo.pulls() if one.is_open and branch in (one.head_ref, one.base_ref)]:
        pull.issue.state, pull.issue.closed_at, pull.issue.closed_by = "closed", world.now(), by
        emit_issue(world, pull.issue, "closed", by)


def _emit_push(world: World, repo: Repository, by: Account, change: RefChange) -> None:
    bare = world.bare(repo)
    created, deleted = change.old == ZERO_SHA, change.new == ZERO_SHA
    shas: list[str] = []
    if not created and not deleted:
        shas = bare.between(change.old, change.new)[-_PUSH_COMMITS:]
    commits = [_push_commit(world, repo, sha) for sha in shas]
    head = None if deleted else _push_commit(world, repo, change.new)
    body: JsonDict = {
        "ref": change.ref,
        "before": change.old,
        "after": change.new,
        "created": created,
        "deleted": deleted,
        "forced": not created and not deleted and not bare.is_ancestor(change.old, change.new),
        "base_ref": None,
        "compare": f"{world.site.web}/{repo.full_name}/compare/{change.old[:12]}...{change.new[:12]}",
        "commits": commits,
        "head_commit": head,
        "pusher": {"name": by.login, "email": by.email},
    }
    world.emit("push", repo, by, body)


def _push_commit(world: World, repo: Repository, sha: str) -> JsonDict:
    bare = world.bare(repo)
    info = bare.info(sha)
    start = info.parents[0] if info.parents else None
    touched = bare.touched(start, sha) if start else []
    return {
        "id": sha,
        "tree_id": info.tree,
        "distinct": True,
        "message": info.message,
        "timestamp": info.date,
        "url": f"{world.site.web}/{repo.full_name}/commit/{sha}",
        "author": {"name": info.author.name, "email": info.author.email},
        "committer": {"name": info.committer.name, "email": info.committer.email},
        "added": [],
        "removed": [],
        "modified": touched,
    }


def move_branch(world: World, repo: Repository, branch: str, new: str, *, by: Account) -> None:
    """Point a branch at a commit, as a push would."""
    bare = world.bare(repo)
    old = bare.tip(branch) or ZERO_SHA
    if old == new:
        return
    bare.set_ref(f"refs/heads/{branch}", new)
    record_push(world, repo, by, [RefChange(f"refs/heads/{branch}", old, new)])


def delete_branch(world: World, repo: Repository, branch: str, *, by: Account) -> None:
    """Delete a branch. Raises ApiError 422 when it is gone already or is the default branch."""
    bare = world.bare(repo)
    old = bare.tip(branch)
    if old is None:
        raise ApiError(422, "Reference does not exist")
    if branch == repo.default_branch:
        raise ApiError(422, "Cannot delete the default branch")
    bare.delete_ref(f"refs/heads/{branch}")
    record_push(world, repo, by, [RefChange(f"refs/heads/{branch}", old, ZERO_SHA)])


def commit_files(
    world: World,
    repo: Repository,
    branch: str,
    files: Mapping[str, str | bytes | None],
    *,
    message: str,
    by: Account,
) -> str:
    """Commit files (None removes one) on a branch by a person's hand; a missing branch starts at the default one."""
    bare = world.bare(repo)
    parent = bare.tip(branch) or bare.tip(repo.default_branch)
    tree = bare.write_files(parent, files)
    who = world.person(by)
    date = world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    sha = bare.commit_tree(tree, [parent] if parent else [], message, author=who, committer=who, date=date)
    move_branch(world, repo, branch, sha, by=by)
    return sha


# -- check runs ---------------------------------------------------------------------------------------------------


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


def emit_check_run(world: World, made: CheckRun, action: str, *, by: Account | None = None) -> None:
    """Send `check_run`; a re-run request goes to the App that owns the run alone."""
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


# -- statuses -----------------------------------------------------------------------------------------------------


def create_status(world: World, repo: Repository, sha: str, asked: JsonDict, *, by: Account) -> Status:
    """`POST /statuses/{sha}`: anybody with push access, any context."""
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
