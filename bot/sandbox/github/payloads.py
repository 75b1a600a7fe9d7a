"""Accounts, Apps, repositories and commits as GitHub's REST API writes them, every required field included."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.json_types import JsonDict
from bot.sandbox.github.bare import CommitInfo
from bot.sandbox.github.state import Account, App, Installation, Repository, node_id, stamp, stamp_or_none


@dataclass
class Site:
    """Where the sandbox can be reached; `web` is known once the server listens."""

    web: str = "http://127.0.0.1:0"

    @property
    def api(self) -> str:
        return f"{self.web}/api/v3"


def user(site: Site, account: Account) -> JsonDict:
    """`simple-user`."""
    url = f"{site.api}/users/{account.login}"
    return {
        "login": account.login,
        "id": account.id,
        "node_id": node_id("BOT" if account.kind == "Bot" else "U", account.id),
        "avatar_url": f"{site.web}/avatars/u/{account.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{site.web}/apps/{account.app.slug}" if account.app else f"{site.web}/{account.login}",
        "followers_url": f"{url}/followers",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "subscriptions_url": f"{url}/subscriptions",
        "organizations_url": f"{url}/orgs",
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events{{/privacy}}",
        "received_events_url": f"{url}/received_events",
        "type": account.kind,
        "user_view_type": "public",
        "site_admin": False,
    }


def user_or_none(site: Site, account: Account | None) -> JsonDict | None:
    """`nullable-simple-user`."""
    return user(site, account) if account else None


def public_user(site: Site, account: Account) -> JsonDict:
    """`public-user`, the answer of `GET /users/{username}`."""
    empty = dict.fromkeys(("company", "location", "email", "hireable", "bio", "twitter_username"))
    return {
        **user(site, account),
        **empty,
        "name": account.login,
        "blog": "",
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": stamp(account.created_at),
        "updated_at": stamp(account.created_at),
    }


def app(site: Site, made: App, *, own: bool = False) -> JsonDict:
    """`integration`; `own` adds what only `GET /app` tells."""
    body: JsonDict = {
        "id": made.id,
        "client_id": f"Iv23li{made.id:014d}",
        "slug": made.slug,
        "node_id": node_id("A", made.id),
        "owner": user(site, made.owner),
        "name": made.slug,
        "description": None,
        "external_url": f"{site.web}/apps/{made.slug}",
        "html_url": f"{site.web}/apps/{made.slug}",
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.created_at),
        "permissions": dict(made.permissions),
        "events": list(made.events),
    }
    if own:
        body["installations_count"] = 1
    return body


def installation(site: Site, made: Installation) -> JsonDict:
    """`installation`."""
    return {
        "id": made.id,
        "client_id": f"Iv23li{made.app.id:014d}",
        "account": user(site, made.account),
        "repository_selection": "selected",
        "access_tokens_url": f"{site.api}/app/installations/{made.id}/access_tokens",
        "repositories_url": f"{site.api}/installation/repositories",
        "html_url": f"{site.web}/settings/installations/{made.id}",
        "app_id": made.app.id,
        "app_slug": made.app.slug,
        "target_id": made.account.id,
        "target_type": made.account.kind,
        "permissions": dict(made.permissions),
        "events": made.events,
        "created_at": stamp(made.created_at),
        "updated_at": stamp(made.updated_at),
        "single_file_name": None,
        "has_multiple_single_files": False,
        "single_file_paths": [],
        "suspended_by": user(site, made.account) if made.suspended_at else None,
        "suspended_at": stamp_or_none(made.suspended_at),
    }


_REPOSITORY_LINKS = {
    "archive_url": "{archive_format}{/ref}",
    "assignees_url": "assignees{/user}",
    "blobs_url": "git/blobs{/sha}",
    "branches_url": "branches{/branch}",
    "collaborators_url": "collaborators{/collaborator}",
    "comments_url": "comments{/number}",
    "commits_url": "commits{/sha}",
    "compare_url": "compare/{base}...{head}",
    "contents_url": "contents/{+path}",
    "contributors_url": "contributors",
    "deployments_url": "deployments",
    "downloads_url": "downloads",
    "events_url": "events",
    "forks_url": "forks",
    "git_commits_url": "git/commits{/sha}",
    "git_refs_url": "git/refs{/sha}",
    "git_tags_url": "git/tags{/sha}",
    "hooks_url": "hooks",
    "issue_comment_url": "issues/comments{/number}",
    "issue_events_url": "issues/events{/number}",
    "issues_url": "issues{/number}",
    "keys_url": "keys{/key_id}",
    "labels_url": "labels{/name}",
    "languages_url": "languages",
    "merges_url": "merges",
    "milestones_url": "milestones{/number}",
    "notifications_url": "notifications{?since,all,participating}",
    "pulls_url": "pulls{/number}",
    "releases_url": "releases{/id}",
    "stargazers_url": "stargazers",
    "statuses_url": "statuses/{sha}",
    "subscribers_url": "subscribers",
    "subscription_url": "subscription",
    "tags_url": "tags",
    "teams_url": "teams",
    "trees_url": "git/trees{/sha}",
}


def minimal_repository(site: Site, repo: Repository) -> JsonDict:
    """`minimal-repository`."""
    url = f"{site.api}/repos/{repo.full_name}"
    return {
        "id": repo.id,
        "node_id": node_id("R", repo.id),
        "name": repo.name,
        "full_name": repo.full_name,
        "private": repo.private,
        "owner": user(site, repo.owner),
        "html_url": f"{site.web}/{repo.full_name}",
        "description": None,
        "fork": False,
        "url": url,
        **{key: f"{url}/{rest}" for key, rest in _REPOSITORY_LINKS.items()},
    }


def repository(site: Site, repo: Repository) -> JsonDict:
    """`repository`, as in lists, pull requests and webhooks."""
    opened = sum(1 for issue in repo.issues.values() if issue.state == "open")
    counts = dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "size"), 0)
    return {
        **minimal_repository(site, repo),
        **counts,
        "created_at": stamp(repo.created_at),
        "updated_at": stamp(repo.created_at),
        "pushed_at": stamp(repo.created_at),
        "git_url": f"{site.web.replace('http://', 'git://')}/{repo.full_name}.git",
        "ssh_url": f"git@sandbox.invalid:{repo.full_name}.git",
        "clone_url": f"{site.web}/{repo.full_name}.git",
        "svn_url": f"{site.web}/{repo.full_name}",
        "homepage": None,
        "language": None,
        "has_issues": True,
        "has_projects": False,
        "has_downloads": True,
        "has_wiki": False,
        "has_pages": False,
        "has_discussions": False,
        "mirror_url": None,
        "archived": repo.archived,
        "disabled": False,
        "open_issues": opened,
        "open_issues_count": opened,
        "license": None,
        "is_template": False,
        "topics": [],
        "visibility": "private" if repo.private else "public",
        "default_branch": repo.default_branch,
    }


def full_repository(site: Site, repo: Repository, *, merge_settings: bool) -> JsonDict:
    """`full-repository`; GitHub tells the merge settings only to callers who may read and write contents."""
    body = {**repository(site, repo), "network_count": 0, "subscribers_count": 0, "temp_clone_token": None}
    if repo.owner.kind == "Organization":
        body["organization"] = user(site, repo.owner)
    if merge_settings:
        body.update(
            allow_merge_commit=repo.allow_merge_commit,
            allow_squash_merge=repo.allow_squash_merge,
            allow_rebase_merge=repo.allow_rebase_merge,
            allow_auto_merge=False,
            allow_update_branch=False,
            delete_branch_on_merge=repo.delete_branch_on_merge,
            squash_merge_commit_title="COMMIT_OR_PR_TITLE",
            squash_merge_commit_message="COMMIT_MESSAGES",
            merge_commit_title="MERGE_MESSAGE",
            merge_commit_message="PR_TITLE",
        )
    return body


_UNSIGNED = dict.fromkeys(("signature", "payload", "verified_at"))


def commit(site: Site, repo: Repository, info: CommitInfo) -> JsonDict:
    """`commit`, without files and stats."""
    url = f"{site.api}/repos/{repo.full_name}"
    author = {"name": info.author.name, "email": info.author.email, "date": info.date}
    committer = {"name": info.committer.name, "email": info.committer.email, "date": info.date}
    return {
        "sha": info.sha,
        "node_id": node_id("C", int(info.sha[:12], 16)),
        "url": f"{url}/commits/{info.sha}",
        "html_url": f"{site.web}/{repo.full_name}/commit/{info.sha}",
        "comments_url": f"{url}/commits/{info.sha}/comments",
        "commit": {
            "author": author,
            "committer": committer,
            "message": info.message,
            "comment_count": 0,
            "tree": {"sha": info.tree, "url": f"{url}/git/trees/{info.tree}"},
            "url": f"{url}/git/commits/{info.sha}",
            "verification": {"verified": False, "reason": "unsigned", **_UNSIGNED},
        },
        "author": None,
        "committer": None,
        "parents": [
            {"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{site.web}/{repo.full_name}/commit/{sha}"}
            for sha in info.parents
        ],
    }
