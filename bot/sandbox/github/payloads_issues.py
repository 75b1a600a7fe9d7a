"""Issues, comments, labels and reactions as GitHub's REST API writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bot.core.json_types import JsonDict
from bot.sandbox.github.payloads import Site, app, user, user_or_none
from bot.sandbox.github.state import (
    Account,
    Comment,
    Issue,
    Label,
    Reaction,
    Repository,
    TimelineEvent,
    node_id,
    stamp,
    stamp_or_none,
)

REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes")


def repo_url(site: Site, repo: Repository) -> str:
    """Where the repository's API lives."""
    return f"{site.api}/repos/{repo.full_name}"


def association(repo: Repository, account: Account) -> str:
    """`author_association`, which sees no private membership and shows bots as strangers."""
    if account is repo.owner:
        return "OWNER"
    if account.kind == "Bot":
        return "NONE"
    return "COLLABORATOR" if account.login.casefold() in repo.collaborators else "NONE"


def label(site: Site, repo: Repository, made: Label) -> JsonDict:
    """One label as it appears on an issue."""
    return {
        "id": made.id,
        "node_id": node_id("LA", made.id),
        "url": f"{repo_url(site, repo)}/labels/{made.name}",
        "name": made.name,
        "color": made.color,
        "default": False,
        "description": made.description,
    }


def issue(site: Site, made: Issue) -> JsonDict:
    """`issue`; a pull request's conversation carries the key `pull_request`."""
    repo = made.repository
    url = f"{repo_url(site, repo)}/issues/{made.number}"
    kind = "pull" if made.pull else "issues"
    body: JsonDict = {
        "id": made.id,
        "node_id": node_id("PR" if made.pull else "I", made.pull.id if made.pull else made.id),
        "number": made.number,
        "url": url,
        "repository_url": repo_url(site, repo),
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "timeline_url": f"{url}/timeline",
        "html_url": f"{site.web}/{repo.full_name}/{kind}/{made.number}",
        "title": made.title,
        "body": made.body,
        "user": user(site, made.user),
        "labels": [label(site, repo, one) for one in made.labels],
        "state": made.state,
        "state_reason": made.state_reason,
        "locked": False,
        "active_lock_reason": None,
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "comments": len(made.comments),
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.updated_at),
        "closed_at": stamp_or_none(made.closed_at),
        "author_association": association(repo, made.user),
        "performed_via_github_app": app(site, made.user.app) if made.user.app else None,
        "closed_by": user_or_none(site, made.closed_by),
        "reactions": reactions(url, made.reactions.values()),
    }
    if made.pull:
        api, web = f"{repo_url(site, repo)}/pulls/{made.number}", f"{site.web}/{repo.full_name}/pull/{made.number}"
        body["draft"] = made.pull.draft
        body["pull_request"] = {
            "url": api,
            "html_url": web,
            "diff_url": f"{web}.diff",
            "patch_url": f"{web}.patch",
            "merged_at": stamp_or_none(made.pull.merged_at),
        }
    return body


def delivered_issue(site: Site, made: Issue) -> JsonDict:
    """The issue as webhooks write it: without `closed_by` (the sender tells) and without the App's `client_id`."""
    body = {key: value for key, value in issue(site, made).items() if key != "closed_by"}
    via = body["performed_via_github_app"]
    body["performed_via_github_app"] = via and {key: value for key, value in via.items() if key != "client_id"}
    return body


def reactions(url: str, made: Iterable[Reaction]) -> JsonDict:
    """`reaction-rollup`."""
    given = Counter(one.content for one in made)
    return {"url": f"{url}/reactions", "total_count": given.total(), **{name: given[name] for name in REACTIONS}}


def comment(site: Site, made: Comment) -> JsonDict:
    """`issue-comment`."""
    repo, number = made.issue.repository, made.issue.number
    kind = "pull" if made.issue.pull else "issues"
    url = f"{repo_url(site, repo)}/issues/comments/{made.id}"
    return {
        "id": made.id,
        "node_id": node_id("IC", made.id),
        "url": url,
        "html_url": f"{site.web}/{repo.full_name}/{kind}/{number}#issuecomment-{made.id}",
        "issue_url": f"{repo_url(site, repo)}/issues/{number}",
        "user": user(site, made.user),
        "body": made.body,
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.updated_at),
        "author_association": association(repo, made.user),
        "performed_via_github_app": app(site, made.user.app) if made.user.app else None,
        "reactions": reactions(url, made.reactions.values()),
    }


def reaction(site: Site, made: Reaction) -> JsonDict:
    """`reaction`."""
    return {
        "id": made.id,
        "node_id": node_id("REA", made.id),
        "user": user(site, made.user),
        "content": made.content,
        "created_at": stamp(made.at),
    }


def timeline_event(site: Site, repo: Repository, made: TimelineEvent) -> JsonDict:
    """One entry of `GET /issues/{number}/timeline`."""
    body: JsonDict = {
        "id": made.id,
        "node_id": node_id("EV", made.id),
        "url": f"{repo_url(site, repo)}/issues/events/{made.id}",
        "actor": user(site, made.actor),
        "event": made.kind,
        "commit_id": made.detail.get("commit_id"),
        "commit_url": None,
        "created_at": stamp(made.at),
        "performed_via_github_app": app(site, made.actor.app) if made.actor.app else None,
    }
    if made.kind in ("labeled", "unlabeled"):
        body["label"] = {"name": made.detail["label"], "color": "ededed"}
    if made.kind == "renamed":
        body["rename"] = {"from": made.detail["from"], "to": made.detail["to"]}
    if made.kind == "closed":
        body["state_reason"] = made.detail.get("state_reason")
    return body
