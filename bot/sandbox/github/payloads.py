"""Accounts, Apps, repositories and commits as GitHub's REST API writes them, every required field included.

Here is only what a template of `payloads.json` cannot say. Docstrings name the schema of GitHub's published description
(https://github.com/github/rest-api-description), against which `make contract` holds the answers.
"""

from __future__ import annotations

from bot.core.json_types import JsonDict
from bot.sandbox.github.accounts import Account, App, node_id
from bot.sandbox.github.bare import CommitInfo
from bot.sandbox.github.payload_templates import Site, fill
from bot.sandbox.github.state import Installation, Repository

__all__ = ["Site"]


def user(site: Site, account: Account) -> JsonDict:
    """`simple-user`."""
    return fill(site, "simple-user", account)


def public_user(site: Site, account: Account) -> JsonDict:
    """`public-user`, the answer of `GET /users/{username}`."""
    return {**user(site, account), **fill(site, "public-user", account)}


def app(site: Site, made: App, *, own: bool = False) -> JsonDict:
    """`integration`; `own` adds what only `GET /app` gives."""
    return {**fill(site, "integration", made), **({"installations_count": 1} if own else {})}


def installation(site: Site, made: Installation) -> JsonDict:
    """`installation`."""
    return fill(site, "installation", made, suspended_by=made.account if made.suspended_at else None)


def short_repository(site: Site, repo: Repository) -> JsonDict:
    """A repository as installation events list it."""
    return fill(site, "installation-repository", repo)


def minimal_repository(site: Site, repo: Repository) -> JsonDict:
    """`minimal-repository`."""
    return fill(site, "minimal-repository", repo)


def repository(site: Site, repo: Repository) -> JsonDict:
    """`repository`, as in lists, pull requests and webhooks."""
    own = fill(
        site,
        "repository",
        repo,
        git_url=f"{site.web.replace('http://', 'git://')}/{repo.full_name}.git",
        open_issues=sum(1 for issue in repo.issues.values() if issue.state == "open"),
        visibility="private" if repo.private else "public",
    )
    return {**minimal_repository(site, repo), **own}


def full_repository(site: Site, repo: Repository, *, merge_settings: bool) -> JsonDict:
    """`full-repository`; GitHub gives the merge settings only to callers who may read and write contents."""
    body = {**repository(site, repo), **fill(site, "full-repository", repo)}
    if repo.owner.kind == "Organization":
        body["organization"] = user(site, repo.owner)
    return {**body, **fill(site, "merge-settings", repo)} if merge_settings else body


def commit(site: Site, repo: Repository, info: CommitInfo) -> JsonDict:
    """`commit`, without files and stats."""
    body = fill(site, "commit", info, repo=repo, global_id=node_id("C", int(info.sha[:12], 16)))
    return {**body, "parents": [fill(site, "commit-parent", info, repo=repo, sha=sha) for sha in info.parents]}
