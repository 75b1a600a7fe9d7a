"""Pull requests, reviews, checks and statuses as GitHub's REST API writes them: what `payloads.json` cannot say."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bot.core.json_types import JsonDict
from bot.sandbox.github.bare import CommitInfo, FileChange
from bot.sandbox.github.payload_templates import Site, fill
from bot.sandbox.github.payloads import minimal_repository, repository, user
from bot.sandbox.github.payloads_issues import association, issue, reactions, repo_url
from bot.sandbox.github.state import CheckRun, Pull, Repository, Review, ReviewComment, Status

_FROM_THE_ISSUE = ("locked", "active_lock_reason", "title", "body", "user", "labels", "milestone", "state", "assignee",
                   "assignees", "created_at", "updated_at", "closed_at", "author_association")  # fmt: skip


@dataclass(frozen=True)
class Detail:
    """What only the answer for a single pull request has, computed from git; the names are GitHub's keys."""

    mergeable: bool | None = None
    mergeable_state: str = "unknown"
    commits: int = 1
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0


def full_pull(site: Site, made: Pull, detail: Detail) -> JsonDict:
    """`pull-request`, as `GET /pulls/{number}` and webhooks write it."""
    return {
        **pull(site, made),
        **asdict(detail),
        "merged": made.merged_at is not None,
        "rebaseable": detail.mergeable,
        "merged_by": user(site, made.merged_by) if made.merged_by else None,
        "comments": len(made.issue.comments),
        "review_comments": sum(len(one.comments) for one in made.reviews),
        "maintainer_can_modify": False,
    }


def pull(site: Site, made: Pull) -> JsonDict:
    """`pull-request-simple`, as in lists."""
    common = issue(site, made.issue)
    body = fill(site, "pull-request-simple", made, owner=made.repository.owner.login)
    for side in ("head", "base"):
        body[side].update(user=user(site, made.repository.owner), repo=repository(site, made.repository))
    return {**{key: common[key] for key in _FROM_THE_ISSUE}, **body}


def minimal_pull(site: Site, made: Pull) -> JsonDict:
    """`pull-request-minimal`, as in check runs."""
    return fill(site, "pull-request-minimal", made)


def review(site: Site, made: Review, *, webhook: bool = False) -> JsonDict:
    """`pull-request-review`; webhooks write the state in lower case and a missing body as null."""
    repo = made.pull.repository
    body = fill(site, "pull-request-review", made, repo=repo)
    if webhook:
        body.update(body=made.body or None, state=made.state.lower())
    return {**body, "author_association": association(repo, made.user)}


def review_comment(site: Site, made: ReviewComment) -> JsonDict:
    """`pull-request-review-comment`."""
    repo = made.review.pull.repository
    body = fill(site, "pull-request-review-comment", made, repo=repo)
    return {**body, "author_association": association(repo, made.review.user)}


def thread_comment(site: Site, made: ReviewComment) -> JsonDict:
    """A review comment as webhooks write it: with its place counted in lines of the diff, and its reactions."""
    body = review_comment(site, made)
    place = {"position": made.line, "original_position": made.line}
    return {**body, **place, "reactions": reactions(str(body["url"]), ())}


def changed_file(site: Site, repo: Repository, change: FileChange, *, head: str) -> JsonDict:
    """`diff-entry`; `patch` is missing for binary files."""
    lines = change.additions + change.deletions
    body = fill(site, "diff-entry", change, repo=repo, head=head, changes=lines)
    if change.patch is not None:
        body["patch"] = change.patch
    if change.previous:
        body["previous_filename"] = change.previous
    return body


def simple_commit(info: CommitInfo) -> JsonDict:
    """A commit as deliveries name it: GitHub's `simple-commit`."""
    return {
        "id": info.sha,
        "tree_id": info.tree,
        "message": info.message,
        "timestamp": info.date,
        "author": {"name": info.author.name, "email": info.author.email},
        "committer": {"name": info.committer.name, "email": info.committer.email},
    }


def check_run(site: Site, made: CheckRun) -> JsonDict:
    """`check-run`, with the open pull requests whose head is its commit."""
    pulls = [one for one in made.repository.pulls() if one.is_open and one.head_sha == made.head_sha]
    return {
        **fill(site, "check-run", made, annotations_count=len(made.annotations)),
        "details_url": made.details_url or f"{site.web}/apps/{made.app.slug}",
        "pull_requests": [minimal_pull(site, one) for one in pulls],
    }


def status(site: Site, made: Status) -> JsonDict:
    """`status`, the answer of `POST /statuses/{sha}`."""
    return fill(site, "status", made)


def combined_status(site: Site, repo: Repository, sha: str, *, latest: list[Status]) -> JsonDict:
    """`combined-commit-status`: pending when any is pending OR there are none.

    https://docs.github.com/en/rest/commits/statuses#get-the-combined-status-for-a-specific-reference
    """
    states = {one.state for one in latest}
    state = (
        "failure" if states & {"error", "failure"} else "pending" if "pending" in states or not states else "success"
    )
    url = f"{repo_url(site, repo)}/commits/{sha}"
    return {
        "state": state,
        "sha": sha,
        "total_count": len(latest),
        "statuses": [status(site, one) for one in latest],
        "repository": minimal_repository(site, repo),
        "commit_url": url,
        "url": f"{url}/status",
    }
