"""The merge queue of a base branch: entries tested one on top of the other on temporary branches, merged in order.

Kept small: groups of one entry each, as GitHub builds them; no timeouts, no jumping, no waiting for a group to fill.
Source: GitHub's page "Managing a merge queue" and the webhook `merge_group`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.core.json_types import JsonDict
from bot.sandbox.github import acts_code, acts_issues, merge_rules, rulesets
from bot.sandbox.github.accounts import Account
from bot.sandbox.github.answers import ApiError
from bot.sandbox.github.bare import GITHUB_COMMITTER, Person
from bot.sandbox.github.payloads_code import simple_commit
from bot.sandbox.github.state import Pull, QueueEntry, Repository
from bot.sandbox.github.world import World

PREFIX = "gh-readonly-queue"


def entry_of(pull: Pull) -> QueueEntry | None:
    """The pull request's place in its base's queue."""
    return next((one for one in pull.repository.queues.get(pull.base_ref, ()) if one.pull is pull), None)


def position(entry: QueueEntry) -> int:
    """From 1."""
    return entry.pull.repository.queues[entry.pull.base_ref].index(entry) + 1


def enqueue(world: World, pull: Pull, *, expected: str | None, by: Account) -> QueueEntry:
    """`enqueuePullRequest`. Raises ApiError 422 where the pull request may not enter."""
    asked = merge_rules.requirements(pull.repository, pull.base_ref)
    if not asked.queue:
        raise ApiError(422, "Merge queue is not enabled for the base branch")
    if expected is not None and expected != pull.head_sha:
        raise ApiError(422, "Head branch was modified. Review and try again.")
    if entry_of(pull) is not None:
        raise ApiError(422, "Pull request is already in the queue")
    if not pull.is_open or pull.draft:
        raise ApiError(422, "Pull request is not open or still a draft")
    problems = merge_rules.problems(world, pull)
    if problems or not merge_rules.compute_mergeable(world, pull):
        raise ApiError(422, f"Pull request is not mergeable: {' '.join(problems) or 'conflict'}")
    made = QueueEntry(world.next_id(), pull, by, world.now(), pull.head_sha)
    queue = pull.repository.queues.setdefault(pull.base_ref, [])
    queue.append(made)
    with _alone(world, pull.repository):
        _build(world, pull.repository, pull.base_ref, since=len(queue) - 1)
        acts_issues.emit_issue(world, pull.issue, "enqueued", by)
    tend(world, pull.repository, by)
    return made


def dequeue(world: World, pull: Pull, *, reason: str, by: Account) -> None:
    """Take it out and build again what was behind it; GitHub sends `pull_request.dequeued` with the reason."""
    entry = entry_of(pull)
    if entry is None:
        raise ApiError(422, "Pull request is not in the queue")
    with _alone(world, pull.repository):
        _take_out(world, entry, pull.base_ref, reason, by)
    tend(world, pull.repository, by)


def tend(world: World, repo: Repository, by: Account) -> None:
    """After anything that may matter to a queue: who must leave leaves, and who may merge merges."""
    if repo.id in world.tended or not any(repo.queues.values()):
        return
    with _alone(world, repo):
        for branch in list(repo.queues):
            for entry in list(repo.queues[branch]):
                pull = entry.pull
                if not pull.is_open or pull.base_ref != branch or pull.head_sha != entry.head_sha:
                    _take_out(world, entry, branch, "MANUAL", by)
        _advance(world, repo)


@contextmanager
def _alone(world: World, repo: Repository) -> Iterator[None]:
    """Events that the queue itself causes do not tend it again."""
    outermost = repo.id not in world.tended
    world.tended.add(repo.id)
    try:
        yield
    finally:
        if outermost:
            world.tended.discard(repo.id)


def _take_out(world: World, entry: QueueEntry, branch: str, reason: str, by: Account) -> None:
    queue = entry.pull.repository.queues[branch]
    place = queue.index(entry)
    queue.remove(entry)
    _drop(world, entry, "dequeued")
    acts_issues.emit_issue(world, entry.pull.issue, "dequeued", by, {"reason": reason})
    _build(world, entry.pull.repository, branch, since=place)


def _advance(world: World, repo: Repository) -> None:
    """Merge the front while its required checks pass on its group; throw it out when one failed."""
    for branch, queue in list(repo.queues.items()):
        while queue:
            entry = queue[0]
            if not entry.group_sha:
                _take_out(world, entry, branch, "MERGE_CONFLICT", entry.enqueuer)
                continue
            problems = merge_rules.check_problems(repo, entry.group_sha, merge_rules.requirements(repo, branch).checks)
            if not problems:
                _merge(world, entry)
            elif any("is failing" in text for text in problems):
                _take_out(world, entry, branch, "CI_FAILURE", entry.enqueuer)
            else:
                break


def _build(world: World, repo: Repository, branch: str, *, since: int) -> None:
    bare, queue = world.bare(repo), repo.queues[branch]
    for place in range(since, len(queue)):
        entry = queue[place]
        if entry.group_sha:
            _drop(world, entry, "invalidated")
        entry.base_sha = queue[place - 1].group_sha if place else bare.tip(branch) or ""
        tree = bare.merged_tree(entry.base_sha, entry.pull.head_sha)
        if tree is None:
            entry.group_sha = ""
            continue
        text = f"{entry.pull.issue.title} (#{entry.pull.number})"
        date = world.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        github = Person(*GITHUB_COMMITTER)
        author = world.person(entry.pull.issue.user)
        entry.group_sha = bare.commit_tree(
            tree, _parents(entry, branch), text, author=author, committer=github, date=date
        )
        entry.ref = f"refs/heads/{PREFIX}/{branch}/pr-{entry.pull.number}-{entry.base_sha}"
        bare.set_ref(entry.ref, entry.group_sha)
        _emit(world, entry, "checks_requested", {})


def _parents(entry: QueueEntry, branch: str) -> list[str]:
    """As the queue's method asks: a merge keeps the head as the second parent."""
    queues = [rule for rule in rulesets.branch_rules(entry.pull.repository, branch) if rule["type"] == "merge_queue"]
    merges = any(rule["parameters"]["merge_method"] == "MERGE" for rule in queues)
    return [entry.base_sha, entry.pull.head_sha] if merges else [entry.base_sha]


def _drop(world: World, entry: QueueEntry, reason: str) -> None:
    if entry.group_sha:
        world.bare(entry.pull.repository).delete_ref(entry.ref)
        _emit(world, entry, "destroyed", {"reason": reason})
        entry.group_sha = ""


def _emit(world: World, entry: QueueEntry, action: str, more: JsonDict) -> None:
    repo = entry.pull.repository
    info = world.bare(repo).info(entry.group_sha)
    group = {
        "head_sha": entry.group_sha,
        "head_ref": entry.ref,
        "base_sha": entry.base_sha,
        "base_ref": f"refs/heads/{entry.pull.base_ref}",
        "head_commit": simple_commit(info),
    }
    world.emit("merge_group", repo, entry.enqueuer, {"action": action, **more, "merge_group": group})


def _merge(world: World, entry: QueueEntry) -> None:
    pull, sha, now = entry.pull, entry.group_sha, world.now()
    repo = pull.repository
    repo.queues[pull.base_ref].remove(entry)
    pull.merged_at, pull.merged_by, pull.merge_commit_sha = now, entry.enqueuer, sha
    pull.issue.state, pull.issue.closed_at, pull.issue.closed_by = "closed", now, entry.enqueuer
    acts_issues.record(world, pull.issue, "merged", entry.enqueuer, commit_id=sha)
    acts_issues.record(world, pull.issue, "closed", entry.enqueuer)
    acts_code.move_branch(world, repo, pull.base_ref, sha, by=entry.enqueuer)
    _drop(world, entry, "merged")
    acts_issues.emit_issue(world, pull.issue, "closed", entry.enqueuer)
