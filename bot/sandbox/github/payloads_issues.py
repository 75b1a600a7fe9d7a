"""Issues, comments, labels and reactions as GitHub's REST API writes them: what `payloads.json` cannot say of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bot.core.json_types import JsonDict
from bot.sandbox.github.accounts import Account, node_id
from bot.sandbox.github.payload_templates import Site, fill
from bot.sandbox.github.state import Comment, Issue, Label, Reaction, Repository, TimelineEvent

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
    return fill(site, "label", made, repo=repo)


def issue(site: Site, made: Issue) -> JsonDict:
    """`issue`; a pull request's conversation carries the key `pull_request`, and that pull request's global id."""
    repo, pull = made.repository, made.pull
    body = {
        **fill(site, "issue", made, global_id=node_id("PR", pull.id) if pull else node_id("I", made.id)),
        "labels": [label(site, repo, one) for one in made.labels],
        "comments": len(made.comments),
        "author_association": association(repo, made.user),
        "reactions": reactions(f"{repo_url(site, repo)}/issues/{made.number}", made.reactions.values()),
    }
    if pull:
        body.update(draft=pull.draft, pull_request=fill(site, "issue-pull-request", pull))
    return body


def delivered_issue(site: Site, made: Issue) -> JsonDict:
    """The issue as webhooks write it: without `closed_by` and without the App's `client_id`."""
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
    repo = made.issue.repository
    return {
        **fill(site, "issue-comment", made, repo=repo),
        "author_association": association(repo, made.user),
        "reactions": reactions(f"{repo_url(site, repo)}/issues/comments/{made.id}", made.reactions.values()),
    }


def reaction(site: Site, made: Reaction) -> JsonDict:
    """`reaction`."""
    return fill(site, "reaction", made)


def timeline_event(site: Site, repo: Repository, made: TimelineEvent) -> JsonDict:
    """One entry of `GET /issues/{number}/timeline`."""
    body = {**fill(site, "timeline-event", made, repo=repo), "commit_id": made.detail.get("commit_id")}
    if made.kind in ("labeled", "unlabeled"):
        body["label"] = {"name": made.detail["label"], "color": "ededed"}
    if made.kind == "renamed":
        body["rename"] = {"from": made.detail["from"], "to": made.detail["to"]}
    if made.kind == "closed":
        body["state_reason"] = made.detail.get("state_reason")
    return body
