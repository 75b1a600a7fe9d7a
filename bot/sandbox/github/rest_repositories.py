"""Endpoints of a repository: itself, who may do what in it, branches, refs, rules."""

from __future__ import annotations

from bot.core.json_types import JsonDict
from bot.sandbox.github import acts_code, payloads
from bot.sandbox.github.accounts import node_id
from bot.sandbox.github.answers import ApiError, RestAnswer, not_found
from bot.sandbox.github.branch_rules import Protection
from bot.sandbox.github.routing import RestCall, Routes
from bot.sandbox.github.rulesets import branch_rules, is_protected
from bot.sandbox.github.state import Repository

routes = Routes()
_LEGACY = {"maintain": "write", "triage": "read"}


@routes.on("GET", "/repos/{owner}/{repo}", "metadata=read")
def get_repository(call: RestCall) -> RestAnswer:
    settings = call.caller.may("contents=write")
    return RestAnswer(200, payloads.full_repository(call.world.site, call.repo, merge_settings=settings))


@routes.on("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", "metadata=read")
def get_permission(call: RestCall) -> RestAnswer:
    account = call.world.accounts.get(call.params["username"].casefold())
    if account is None:
        raise not_found()
    role = call.repo.role(account)
    flags = {
        "pull": role != "none",
        "triage": call.repo.at_least(account, "triage"),
        "push": call.repo.at_least(account, "write"),
        "maintain": call.repo.at_least(account, "maintain"),
        "admin": role == "admin",
    }
    user = {**payloads.user(call.world.site, account), "role_name": role, "permissions": flags}
    return RestAnswer(200, {"permission": _LEGACY.get(role, role), "role_name": role, "user": user})


@routes.on("GET", "/repos/{owner}/{repo}/rules/branches/{branch}", "metadata=read", paged="")
def get_branch_rules(call: RestCall) -> RestAnswer:
    return RestAnswer(200, branch_rules(call.repo, call.params["branch"]))


@routes.on("GET", "/repos/{owner}/{repo}/branches/{branch}/protection", "administration=read")
def get_protection(call: RestCall) -> RestAnswer:
    if call.params["branch"] not in call.repo.protections:
        raise ApiError(404, "Branch not protected")
    url = f"{call.world.site.api}/repos/{call.repo.full_name}/branches/{call.params['branch']}/protection"
    return RestAnswer(200, _whole_protection(call.repo.protections[call.params["branch"]], url))


def _whole_protection(classic: Protection, url: str) -> JsonDict:
    """`branch-protection` as `administration: read` sees it; what is not asked for is left out."""
    body: JsonDict = {
        "url": url,
        "required_linear_history": {"enabled": classic.linear},
        "required_conversation_resolution": {"enabled": classic.conversations},
        "required_signatures": {"url": f"{url}/required_signatures", "enabled": False},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": True},
        "lock_branch": {"enabled": False},
    }
    if classic.checks:
        body["required_status_checks"] = {
            "url": f"{url}/required_status_checks",
            "strict": classic.strict,
            "contexts": [name for name, _ in classic.checks],
            "checks": [{"context": name, "app_id": app_id} for name, app_id in classic.checks],
            "contexts_url": f"{url}/required_status_checks/contexts",
        }
    if classic.approvals:
        body["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": False,
            "require_code_owner_reviews": False,
            "require_last_push_approval": False,
            "required_approving_review_count": classic.approvals,
        }
    if classic.push_apps is not None:
        body["restrictions"] = {
            "url": f"{url}/restrictions",
            "users_url": f"{url}/restrictions/users",
            "teams_url": f"{url}/restrictions/teams",
            "apps_url": f"{url}/restrictions/apps",
            "users": [],
            "teams": [],
            "apps": [{"id": app_id} for app_id in sorted(classic.push_apps)],
        }
    return body


@routes.on("GET", "/repos/{owner}/{repo}/rulesets/{ruleset_id}", "metadata=read")
def get_ruleset(call: RestCall) -> RestAnswer:
    found = next((one for one in call.repo.rulesets if one.id == call.number("ruleset_id")), None)
    if found is None:
        raise not_found()
    app = call.actor.app
    body: JsonDict = {
        "id": found.id,
        "name": f"ruleset {found.id}",
        "target": "branch",
        "source_type": "Repository",
        "source": call.repo.full_name,
        "enforcement": "active",
        "current_user_can_bypass": "always" if app is not None and app.id in found.bypass else "never",
        "conditions": {"ref_name": {"include": list(found.branches), "exclude": []}},
        "rules": found.rules,
    }
    return RestAnswer(200, body)


@routes.on("GET", "/repos/{owner}/{repo}/branches/{branch}", "contents=read")
def get_branch(call: RestCall) -> RestAnswer:
    world, repo, branch = call.world, call.repo, call.params["branch"]
    tip = world.bare(repo).tip(branch)
    if tip is None:
        raise ApiError(404, "Branch not found")
    url = f"{world.site.api}/repos/{repo.full_name}/branches/{branch}"
    body: JsonDict = {
        "name": branch,
        "commit": payloads.commit(world.site, repo, world.bare(repo).info(tip)),
        "_links": {"self": url, "html": f"{world.site.web}/{repo.full_name}/tree/{branch}"},
        "protected": is_protected(repo, branch),
        "protection": _protection(repo, branch, url=f"{url}/protection"),
        "protection_url": f"{url}/protection",
    }
    return RestAnswer(200, body)


def _protection(repo: Repository, branch: str, *, url: str) -> JsonDict:
    """The summary of classic protection that contents: read sees; rulesets are not part of it."""
    classic = repo.protections.get(branch)
    checks = classic.checks if classic else []
    return {
        "enabled": classic is not None,
        "required_status_checks": {
            "url": f"{url}/required_status_checks",
            "enforcement_level": "everyone" if checks else "off",
            "contexts": [name for name, _ in checks],
            "checks": [{"context": name, "app_id": app_id} for name, app_id in checks],
            "contexts_url": f"{url}/required_status_checks/contexts",
        },
    }


@routes.on("GET", "/repos/{owner}/{repo}/git/ref/{ref}", "contents=read")
def get_ref(call: RestCall) -> RestAnswer:
    ref = f"refs/{call.params['ref']}"
    sha = call.world.bare(call.repo).refs().get(ref)
    if sha is None or ref.startswith("refs/pull/"):
        raise not_found()
    url = f"{call.world.site.api}/repos/{call.repo.full_name}/git"
    target = {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"}
    return RestAnswer(
        200, {"ref": ref, "node_id": node_id("REF", int(sha[:12], 16)), "url": f"{url}/{ref}", "object": target}
    )


@routes.on("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", "contents=write")
def delete_ref(call: RestCall) -> RestAnswer:
    kind, _, branch = call.params["ref"].partition("/")
    if kind != "heads":
        raise ApiError(422, "Reference does not exist")
    bound = [rule["type"] for rule in branch_rules(call.repo, branch)]
    if "deletion" in bound:
        raise ApiError(422, "Repository rule violations found\n\nCannot delete this branch\n\n")
    if branch in call.repo.protections:
        raise ApiError(422, "Cannot delete this protected branch")
    acts_code.delete_branch(call.world, call.repo, branch, by=call.actor)
    return RestAnswer(204)


@routes.on("GET", "/repos/{owner}/{repo}/commits/{ref}", "contents=read")
def get_commit(call: RestCall) -> RestAnswer:
    bare = call.world.bare(call.repo)
    sha = bare.commit_of(call.params["ref"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {call.params['ref']}")
    return RestAnswer(200, payloads.commit(call.world.site, call.repo, bare.info(sha)))
