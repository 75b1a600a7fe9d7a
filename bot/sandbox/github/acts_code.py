"""What can happen to commits: pushes, branches, check runs and statuses, with the events GitHub sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.json_types import JsonDict
from bot.core.names import ZERO_SHA
from bot.sandbox.github import suites
from bot.sandbox.github.accounts import Account
from bot.sandbox.github.acts_issues import emit_issue
from bot.sandbox.github.answers import ApiError
from bot.sandbox.github.payloads_code import simple_commit
from bot.sandbox.github.state import Pull, Repository
from bot.sandbox.github.world import World

_PUSH_COMMITS = 2048


@dataclass(frozen=True)
class RefChange:
    """One ref moved; 40 zeros mean "not there"."""

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
        **simple_commit(info),
        "distinct": True,
        "url": f"{world.site.web}/{repo.full_name}/commit/{sha}",
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
    """Commit files (None removes one) on a branch as a person; a missing branch starts at the default one."""
    bare = world.bare(repo)
    parent = bare.tip(branch) or bare.tip(repo.default_branch)
    tree = bare.write_files(parent, files)
    who = world.person(by)
    date = world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    sha = bare.commit_tree(tree, [parent] if parent else [], message, author=who, committer=who, date=date)
    move_branch(world, repo, branch, sha, by=by)
    return sha
