"""Pull requests, reviews, checks and statuses as GitHub's REST API writes them."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.json_types import JsonDict
from bot.sandbox.github.bare import FileChange
from bot.sandbox.github.payloads import Site, app, minimal_repository, repository, user, user_or_none
from bot.sandbox.github.payloads_issues import association, issue, reactions, repo_url
from bot.sandbox.github.state import (
    CheckRun,
    Pull,
    Repository,
    Review,
    ReviewComment,
    Status,
    node_id,
    stamp,
    stamp_or_none,
)


@dataclass(frozen=True)
class Detail:
    """What only a single pull request tells, computed from git."""

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
        "merged": made.merged_at is not None,
        "mergeable": detail.mergeable,
        "rebaseable": detail.mergeable,
        "mergeable_state": detail.mergeable_state,
        "merged_by": user_or_none(site, made.merged_by),
        "comments": len(made.issue.comments),
        "review_comments": sum(len(one.comments) for one in made.reviews),
        "maintainer_can_modify": False,
        "commits": detail.commits,
        "additions": detail.additions,
        "deletions": detail.deletions,
        "changed_files": detail.changed_files,
    }


def pull(site: Site, made: Pull) -> JsonDict:
    """`pull-request-simple`, as in lists."""
    repo, talk = made.repository, made.issue
    url, web = f"{repo_url(site, repo)}/pulls/{made.number}", f"{site.web}/{repo.full_name}/pull/{made.number}"
    issue_url = f"{repo_url(site, repo)}/issues/{made.number}"
    statuses = f"{repo_url(site, repo)}/statuses/{made.head_sha}"
    links = {
        "self": url,
        "html": web,
        "issue": issue_url,
        "comments": f"{issue_url}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{repo_url(site, repo)}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": statuses,
    }
    common = issue(site, talk)
    kept = ("locked", "active_lock_reason", "title", "body", "user", "labels", "milestone", "state", "assignee")
    return {
        **{key: common[key] for key in (*kept, "assignees", "created_at", "updated_at", "closed_at")},
        "id": made.id,
        "node_id": node_id("PR", made.id),
        "number": made.number,
        "url": url,
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": issue_url,
        "merged_at": stamp_or_none(made.merged_at),
        "merge_commit_sha": made.merge_commit_sha,
        "requested_reviewers": [],
        "requested_teams": [],
        "draft": made.draft,
        "commits_url": links["commits"],
        "review_comments_url": links["review_comments"],
        "review_comment_url": links["review_comment"],
        "comments_url": links["comments"],
        "statuses_url": statuses,
        "head": _side(site, repo, ref=made.head_ref, sha=made.head_sha),
        "base": _side(site, repo, ref=made.base_ref, sha=made.base_sha),
        "_links": {name: {"href": href} for name, href in links.items()},
        "author_association": association(repo, talk.user),
        "auto_merge": None,
    }


def _side(site: Site, repo: Repository, *, ref: str, sha: str) -> JsonDict:
    owner = user(site, repo.owner)
    return {
        "label": f"{repo.owner.login}:{ref}",
        "ref": ref,
        "sha": sha,
        "user": owner,
        "repo": repository(site, repo),
    }


def minimal_pull(site: Site, made: Pull) -> JsonDict:
    """`pull-request-minimal`, as in check runs."""
    repo = made.repository
    where = {"id": repo.id, "url": repo_url(site, repo), "name": repo.name}
    return {
        "id": made.id,
        "number": made.number,
        "url": f"{repo_url(site, repo)}/pulls/{made.number}",
        "head": {"ref": made.head_ref, "sha": made.head_sha, "repo": where},
        "base": {"ref": made.base_ref, "sha": made.base_sha, "repo": where},
    }


def review(site: Site, made: Review, *, webhook: bool = False) -> JsonDict:
    """`pull-request-review`; webhooks write the state in lower case and a missing body as null."""
    repo, number = made.pull.repository, made.pull.number
    html = f"{site.web}/{repo.full_name}/pull/{number}#pullrequestreview-{made.id}"
    pull_url = f"{repo_url(site, repo)}/pulls/{number}"
    return {
        "id": made.id,
        "node_id": node_id("PRR", made.id),
        "user": user(site, made.user),
        "body": (made.body or None) if webhook else made.body,
        "state": made.state.lower() if webhook else made.state,
        "html_url": html,
        "pull_request_url": pull_url,
        "author_association": association(repo, made.user),
        "_links": {"html": {"href": html}, "pull_request": {"href": pull_url}},
        "submitted_at": stamp(made.submitted_at),
        "commit_id": made.commit_id,
    }


def review_comment(site: Site, made: ReviewComment) -> JsonDict:
    """`pull-request-review-comment`."""
    where = made.review.pull
    repo = where.repository
    html = f"{site.web}/{repo.full_name}/pull/{where.number}#discussion_r{made.id}"
    url = f"{repo_url(site, repo)}/pulls/comments/{made.id}"
    pull_url = f"{repo_url(site, repo)}/pulls/{where.number}"
    return {
        "id": made.id,
        "node_id": node_id("PRRC", made.id),
        "pull_request_review_id": made.review.id,
        "url": url,
        "html_url": html,
        "pull_request_url": pull_url,
        "diff_hunk": made.diff_hunk,
        "path": made.path,
        "commit_id": made.review.commit_id,
        "original_commit_id": made.review.commit_id,
        "user": user(site, made.review.user),
        "body": made.body,
        "line": made.line,
        "original_line": made.line,
        "side": made.side,
        "start_line": made.start_line,
        "original_start_line": made.start_line,
        "start_side": made.start_side,
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.created_at),
        "author_association": association(repo, made.review.user),
        "_links": {"self": {"href": url}, "html": {"href": html}, "pull_request": {"href": pull_url}},
    }


def thread_comment(site: Site, made: ReviewComment) -> JsonDict:
    """A review comment as webhooks write it: with its place counted in lines of the diff, and its reactions."""
    body = review_comment(site, made)
    place = {"position": made.line, "original_position": made.line}
    return {**body, **place, "reactions": reactions(str(body["url"]), ())}


def changed_file(site: Site, repo: Repository, change: FileChange, *, head: str) -> JsonDict:
    """`diff-entry`; `patch` is missing for binary files."""
    body: JsonDict = {
        "sha": change.sha,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": f"{site.web}/{repo.full_name}/blob/{head}/{change.path}",
        "raw_url": f"{site.web}/{repo.full_name}/raw/{head}/{change.path}",
        "contents_url": f"{repo_url(site, repo)}/contents/{change.path}?ref={head}",
    }
    if change.patch is not None:
        body["patch"] = change.patch
    if change.previous:
        body["previous_filename"] = change.previous
    return body


def check_run(site: Site, made: CheckRun) -> JsonDict:
    """`check-run`."""
    repo = made.repository
    url = f"{repo_url(site, repo)}/check-runs/{made.id}"
    html = f"{site.web}/{repo.full_name}/runs/{made.id}"
    return {
        "id": made.id,
        "node_id": node_id("CR", made.id),
        "name": made.name,
        "head_sha": made.head_sha,
        "external_id": made.external_id,
        "url": url,
        "html_url": html,
        "details_url": made.details_url or f"{site.web}/apps/{made.app.slug}",
        "status": made.status,
        "conclusion": made.conclusion,
        "started_at": stamp_or_none(made.started_at),
        "completed_at": stamp_or_none(made.completed_at),
        "output": {
            "title": made.title,
            "summary": made.summary,
            "text": made.text,
            "annotations_count": len(made.annotations),
            "annotations_url": f"{url}/annotations",
        },
        "check_suite": {"id": made.suite_id},
        "app": app(site, made.app),
        "pull_requests": [
            minimal_pull(site, one) for one in repo.pulls() if one.is_open and one.head_sha == made.head_sha
        ],
    }


def status(site: Site, made: Status) -> JsonDict:
    """`status`, the answer of `POST /statuses/{sha}`."""
    return {
        "url": f"{repo_url(site, made.repository)}/statuses/{made.sha}",
        "avatar_url": f"{site.web}/avatars/u/{made.creator.id}",
        "id": made.id,
        "node_id": node_id("SC", made.id),
        "state": made.state,
        "description": made.description,
        "target_url": made.target_url,
        "context": made.context,
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.created_at),
    }


def combined_status(site: Site, repo: Repository, sha: str, *, latest: list[Status]) -> JsonDict:
    """`combined-commit-status`: pending when any is pending OR there are none."""
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
