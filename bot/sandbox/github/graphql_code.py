"""GraphQL objects of code: repositories, refs, commits, checks, pull requests."""

from __future__ import annotations

from functools import cache
from typing import Any

from bot.core.json_types import JsonDict
from bot.sandbox.github import merge_queue, merge_rules
from bot.sandbox.github.accounts import node_id, stamp
from bot.sandbox.github.graphql_checks import check_run_node, status_node, suite_node
from bot.sandbox.github.graphql_files import object_at
from bot.sandbox.github.graphql_nodes import (
    Reader,
    Refusal,
    Resolver,
    actor,
    connection,
    conversation,
    issue_node,
    lazy,
    node,
    paged,
)
from bot.sandbox.github.state import Pull, QueueEntry, Repository, Review


def commit_node(reader: Reader, repo: Repository, sha: str) -> JsonDict:
    """A commit; its rollup needs checks and statuses."""
    info = reader.world.bare(repo).info(sha)

    def rollup() -> JsonDict | None:
        reader.require("checks=read,statuses=read")
        state = merge_rules.rollup(repo, sha)
        if state is None:
            return None
        contexts = [check_run_node(reader, run) for run in merge_rules.latest_runs(repo, sha)]
        contexts += [status_node(reader, one) for one in merge_rules.latest_statuses(repo, sha)]
        return {
            "id": node_id("SCR", int(sha[:12], 16)),
            "state": state,
            "commit": lazy(lambda: commit_node(reader, repo, sha)),
            "contexts": paged("contexts", lambda: contexts),
        }

    def lazy_suites(_info: Any, **args: Any) -> JsonDict:
        reader.require("checks=read")
        found = [one for one in repo.suites.values() if one.head_sha == sha]
        return connection("checkSuites", [suite_node(reader, one) for one in found], args)

    return {
        "__typename": "Commit",
        "id": node_id("C", int(sha[:12], 16)),
        "oid": sha,
        "abbreviatedOid": sha[:7],
        "message": info.message,
        "messageHeadline": info.message.split("\n", 1)[0],
        "committedDate": info.date,
        "author": {"name": info.author.name, "email": info.author.email},
        "committer": {"name": info.committer.name, "email": info.committer.email},
        "url": f"{reader.web(repo)}/commit/{sha}",
        "statusCheckRollup": lazy(rollup),
        "checkSuites": lazy_suites,
    }


def _ref(reader: Reader, repo: Repository, branch: str) -> JsonDict | None:
    reader.require("contents=read")
    tip = reader.world.bare(repo).tip(branch)
    if tip is None:
        return None
    return {
        "id": node_id("REF", int(tip[:12], 16)),
        "name": branch,
        "prefix": "refs/heads/",
        "target": lazy(lambda: commit_node(reader, repo, tip)),
    }


def _review(reader: Reader, made: Review) -> JsonDict:
    repo = made.pull.repository
    return node(
        "PullRequestReview",
        "PRR",
        made,
        author=actor(reader, made.user),
        commit=lazy(lambda: commit_node(reader, repo, made.commit_id)),
        url=f"{reader.web(repo)}/pull/{made.pull.number}#pullrequestreview-{made.id}",
    )


def _threads(pull: Pull) -> list[JsonDict]:
    """Every inline comment begins a conversation of its own."""
    return [
        node(
            "PullRequestReviewThread",
            "PRRT",
            comment,
            isResolved=comment.resolved,
            isOutdated=review.commit_id != pull.head_sha,
        )
        for review in pull.reviews
        for comment in review.comments
    ]


def _pull_commits(reader: Reader, pull: Pull) -> list[JsonDict]:
    shas = reader.world.bare(pull.repository).between(pull.base_sha, pull.head_sha)

    def entry(sha: str) -> JsonDict:
        node = lazy(lambda: commit_node(reader, pull.repository, sha))
        return {"id": node_id("PURC", int(sha[:12], 16)), "commit": node}

    return [entry(sha) for sha in shas]


def pull_node(reader: Reader, pull: Pull) -> JsonDict:
    """A pull request; `mergeable` is read once per object, so that one answer does not contradict itself."""
    repo, world = pull.repository, reader.world

    @cache
    def mergeable() -> bool | None:
        return merge_rules.read_mergeable(world, pull)

    def words() -> str:
        seen = mergeable()
        return "UNKNOWN" if seen is None else "MERGEABLE" if seen else "CONFLICTING"

    def whole_repository() -> JsonDict:
        return repository_node(reader, repo)

    merged = pull.merge_commit_sha
    return node(
        "PullRequest",
        "PR",
        pull,
        state="MERGED" if pull.merged_at else pull.issue.state.upper(),
        closed=not pull.is_open,
        merged=pull.merged_at is not None,
        isDraft=pull.draft,
        isCrossRepository=False,
        isInMergeQueue=merge_queue.entry_of(pull) is not None,
        mergeQueueEntry=lazy(lambda: queue_entry(reader, merge_queue.entry_of(pull))),
        mergeable=lazy(words),
        mergeStateStatus=lazy(lambda: merge_rules.mergeable_state(world, pull, mergeable()).upper()),
        reviewDecision=lazy(lambda: merge_rules.review_decision(world, pull)),
        mergedBy=actor(reader, pull.merged_by),
        url=f"{reader.web(repo)}/pull/{pull.number}",
        headRefName=pull.head_ref,
        headRefOid=pull.head_sha,
        headRef=lazy(lambda: _ref(reader, repo, pull.head_ref)),
        headRepository=lazy(whole_repository),
        baseRefName=pull.base_ref,
        baseRefOid=pull.base_sha,
        baseRef=lazy(lambda: _ref(reader, repo, pull.base_ref)),
        baseRepository=lazy(whole_repository),
        repository=lazy(whole_repository),
        mergeCommit=lazy(lambda: commit_node(reader, repo, merged) if merged else None),
        reviews=paged("reviews", lambda: [_review(reader, one) for one in pull.reviews]),
        latestOpinionatedReviews=lambda _info, writersOnly=False, **args: connection(
            "latestOpinionatedReviews",
            [_review(reader, one) for one in merge_rules.opinions(reader.world, pull, writers_only=writersOnly)],
            args,
        ),
        reviewThreads=paged("reviewThreads", lambda: _threads(pull)),
        commits=paged("commits", lambda: _pull_commits(reader, pull)),
        **conversation(reader, pull.issue),
    )


def queue_entry(reader: Reader, made: QueueEntry | None) -> JsonDict | None:
    """A place in a merge queue."""
    if made is None:
        return None
    repo, group = made.pull.repository, made.group_sha
    return node(
        "MergeQueueEntry",
        "MQE",
        made,
        position=merge_queue.position(made),
        state="AWAITING_CHECKS" if group else "UNMERGEABLE",
        enqueuedAt=stamp(made.at),
        enqueuer=actor(reader, made.enqueuer),
        baseCommit=lazy(lambda: commit_node(reader, repo, made.base_sha)),
        headCommit=lazy(lambda: commit_node(reader, repo, group) if group else None),
        pullRequest=lazy(lambda: pull_node(reader, made.pull)),
    )


def repository_node(reader: Reader, repo: Repository) -> JsonDict:
    """A repository with what the query may reach from it."""
    return node(
        "Repository",
        "R",
        repo,
        nameWithOwner=repo.full_name,
        url=reader.web(repo),
        isPrivate=repo.private,
        isArchived=repo.archived,
        mergeCommitAllowed=repo.allow_merge_commit,
        squashMergeAllowed=repo.allow_squash_merge,
        rebaseMergeAllowed=repo.allow_rebase_merge,
        autoMergeAllowed=False,
        defaultBranchRef=lazy(lambda: _ref(reader, repo, repo.default_branch)),
        **_lookups(reader, repo),
    )


def _queue(reader: Reader, repo: Repository) -> Resolver:
    def queue(_info: Any, branch: str | None = None) -> JsonDict | None:
        reader.require("pull_requests=read")
        name = branch or repo.default_branch
        if not merge_rules.requirements(repo, name).queue:
            return None
        entries = [queue_entry(reader, one) for one in repo.queues.get(name, ())]
        return {"id": node_id("MQ", repo.id), "entries": paged("entries", lambda: entries)}

    return queue


def _lookups(reader: Reader, repo: Repository) -> dict[str, Resolver]:
    def ref(_info: Any, qualifiedName: str) -> JsonDict | None:
        return _ref(reader, repo, qualifiedName.removeprefix("refs/heads/"))

    def git_object(_info: Any, oid: str | None = None, expression: str | None = None) -> JsonDict | None:
        reader.require("contents=read")
        name = oid or expression or ""
        if ":" in name:
            return object_at(reader, repo, name)
        sha = reader.world.bare(repo).commit_of(name)
        return commit_node(reader, repo, sha) if sha else None

    def issue(_info: Any, number: int) -> JsonDict:
        reader.require("issues=read")
        found = repo.issues.get(number)
        if found is None or found.pull is not None:
            raise Refusal("NOT_FOUND", f"Could not resolve to an Issue with the number of {number}.")
        return issue_node(reader, found)

    def pull(_info: Any, number: int) -> JsonDict:
        reader.require("pull_requests=read")
        found = repo.issues.get(number)
        if found is None or found.pull is None:
            raise Refusal("NOT_FOUND", f"Could not resolve to a PullRequest with the number of {number}.")
        return pull_node(reader, found.pull)

    def issues(_info: Any, **args: Any) -> JsonDict:
        reader.require("issues=read")
        states, labels = args.pop("states", None), args.pop("labels", None) or []
        found = [one for one in repo.issues.values() if one.pull is None]
        found = [one for one in found if states is None or one.state.upper() in states]
        found = [one for one in found if not labels or any(one.has_label(name) for name in labels)]
        return connection("issues", [issue_node(reader, one) for one in found], args)

    def pulls(_info: Any, **args: Any) -> JsonDict:
        reader.require("pull_requests=read")
        states, head, base = args.pop("states", None), args.pop("headRefName", None), args.pop("baseRefName", None)
        found = [pull_node(reader, one) for one in repo.pulls() if head in (None, one.head_ref)]
        found = [one for one in found if states is None or one["state"] in states]
        found = [one for one in found if base in (None, one["baseRefName"])]
        return connection("pullRequests", found, args)

    return {
        "ref": ref,
        "object": git_object,
        "mergeQueue": _queue(reader, repo),
        "issue": issue,
        "pullRequest": pull,
        "issues": issues,
        "pullRequests": pulls,
    }
