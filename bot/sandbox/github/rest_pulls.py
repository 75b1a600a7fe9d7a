"""Endpoints of pull requests: reading, opening, editing, merging, reviewing."""

from __future__ import annotations

from bot.sandbox.github import acts_pulls, merge_rules
from bot.sandbox.github import payloads_code as code
from bot.sandbox.github.answers import ApiError, RestAnswer, not_found
from bot.sandbox.github.routing import RestCall, Routes
from bot.sandbox.github.state import Pull, Review

routes = Routes()
_READ, _WRITE = "pull_requests=read", "pull_requests=write"
_BASE = "/repos/{owner}/{repo}/pulls"
_ONE = _BASE + "/{pull_number}"


@routes.on("GET", _BASE, _READ, paged="")
def list_pulls(call: RestCall) -> RestAnswer:
    state, base, head = call.query.get("state", "open"), call.query.get("base"), call.query.get("head", "")
    owner, colon, branch = head.partition(":")

    def wanted(pull: Pull) -> bool:
        fits = state == "all" or pull.issue.state == state
        if base and pull.base_ref != base:
            return False
        # GitHub silently ignores a `head` without its owner.
        return fits and (
            not colon or (owner.casefold() == call.repo.owner.login.casefold() and pull.head_ref == branch)
        )

    found = sorted((p for p in call.repo.pulls() if wanted(p)), key=lambda p: p.number, reverse=True)
    return RestAnswer(200, [code.pull(call.world.site, pull) for pull in found])


@routes.on("POST", _BASE, _WRITE)
def create_pull(call: RestCall) -> RestAnswer:
    made = acts_pulls.open_pull(call.world, call.repo, call.body, by=call.actor)
    return RestAnswer(201, code.full_pull(call.world.site, made, merge_rules.detail(call.world, made, asked=False)))


@routes.on("GET", _ONE, _READ)
def get_pull(call: RestCall) -> RestAnswer:
    pull = call.pull()
    return RestAnswer(200, code.full_pull(call.world.site, pull, merge_rules.detail(call.world, pull)))


@routes.on("PATCH", _ONE, _WRITE)
def update_pull(call: RestCall) -> RestAnswer:
    pull = call.pull()
    acts_pulls.edit_pull(call.world, pull, call.body, by=call.actor)
    return RestAnswer(200, code.full_pull(call.world.site, pull, merge_rules.detail(call.world, pull, asked=False)))


@routes.on("GET", _ONE + "/merge", "contents=read; pull_requests=read")
def is_merged(call: RestCall) -> RestAnswer:
    if call.pull().merged_at is None:
        raise not_found()
    return RestAnswer(204)


@routes.on("PUT", _ONE + "/merge", "contents=write")
def merge(call: RestCall) -> RestAnswer:
    order = acts_pulls.MergeOrder(
        method=call.body.get("merge_method") or "merge",
        sha=call.body.get("sha"),
        title=call.body.get("commit_title"),
        message=call.body.get("commit_message"),
        may_change_workflows=call.caller.may("workflows=write"),
        may_close_issues=_app_may(call, "issues"),
    )
    sha = acts_pulls.merge(call.world, call.pull(), order, by=call.actor)
    return RestAnswer(200, {"sha": sha, "merged": True, "message": "Pull Request successfully merged"})


def _app_may(call: RestCall, permission: str) -> bool:
    """What happens after the merge is done with the App's own permissions, not with the narrowed token's."""
    token = call.caller.token
    return token is not None and token.installation.permissions.get(permission) == "write"


@routes.on("PUT", _ONE + "/update-branch", "pull_requests=write")
def update_branch(call: RestCall) -> RestAnswer:
    call.require("contents=write")
    acts_pulls.update_branch(
        call.world,
        call.pull(),
        expected=call.body.get("expected_head_sha"),
        may_change_workflows=call.caller.may("workflows=write"),
        by=call.actor,
    )
    url = f"{call.world.site.api}/repos/{call.repo.full_name}/pulls/{call.params['pull_number']}"
    return RestAnswer(202, {"message": "Updating pull request branch.", "url": url})


@routes.on("GET", _ONE + "/files", _READ, paged="")
def list_files(call: RestCall) -> RestAnswer:
    pull = call.pull()
    files = call.world.bare(call.repo).files(pull.base_sha, pull.head_sha)[:3000]
    return RestAnswer(200, [code.changed_file(call.world.site, call.repo, one, head=pull.head_sha) for one in files])


@routes.on("GET", _ONE + "/reviews", _READ, paged="")
def list_reviews(call: RestCall) -> RestAnswer:
    return RestAnswer(200, [code.review(call.world.site, one) for one in call.pull().reviews])


@routes.on("POST", _ONE + "/reviews", _WRITE)
def create_review(call: RestCall) -> RestAnswer:
    made = acts_pulls.submit_review(call.world, call.pull(), call.body, by=call.actor)
    return RestAnswer(200, code.review(call.world.site, made))


def _review(call: RestCall) -> Review:
    wanted = call.number("review_id")
    found = next((one for one in call.pull().reviews if one.id == wanted), None)
    if found is None:
        raise not_found()
    return found


@routes.on("GET", _ONE + "/reviews/{review_id}", _READ)
def get_review(call: RestCall) -> RestAnswer:
    return RestAnswer(200, code.review(call.world.site, _review(call)))


@routes.on("PUT", _ONE + "/reviews/{review_id}", _WRITE)
def update_review(call: RestCall) -> RestAnswer:
    found = _review(call)
    found.body = call.body.get("body") or ""
    return RestAnswer(200, code.review(call.world.site, found))


@routes.on("GET", _ONE + "/comments", _READ, paged="")
def list_review_comments(call: RestCall) -> RestAnswer:
    comments = [one for review in call.pull().reviews for one in review.comments]
    return RestAnswer(200, [code.review_comment(call.world.site, one) for one in comments])


@routes.on("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", "pull_requests=read; contents=read", paged="")
def list_pulls_of_commit(call: RestCall) -> RestAnswer:
    bare = call.world.bare(call.repo)
    sha = bare.commit_of(call.params["commit_sha"])
    if sha is None:
        raise ApiError(422, f"No commit found for SHA: {call.params['commit_sha']}")
    in_default = bare.is_ancestor(sha, call.repo.default_branch)

    def wanted(pull: Pull) -> bool:
        if pull.merge_commit_sha == sha or pull.head_sha == sha:
            return True
        return not in_default and bare.is_ancestor(sha, pull.head_sha)

    return RestAnswer(200, [code.pull(call.world.site, pull) for pull in call.repo.pulls() if wanted(pull)])
