"""Endpoints of issues, their comments, labels, reactions and timelines (pull request conversations included)."""

from __future__ import annotations

from bot.sandbox.github import acts_issues
from bot.sandbox.github import payloads_issues as talk
from bot.sandbox.github.answers import ApiError, RestAnswer, not_found
from bot.sandbox.github.routing import RestCall, Routes
from bot.sandbox.github.state import Comment, Issue

routes = Routes()
_READ = "issues=read; pull_requests=read"
_WRITE = "issues=write; pull_requests=write"


@routes.on("GET", "/repos/{owner}/{repo}/issues", _READ, paged="")
def list_issues(call: RestCall) -> RestAnswer:
    state = call.query.get("state", "open")
    labels = [name for name in call.query.get("labels", "").split(",") if name]
    creator = call.query.get("creator", "").casefold()

    def wanted(issue: Issue) -> bool:
        fits = state == "all" or issue.state == state
        by = not creator or issue.user.login.casefold() == creator
        return fits and by and all(issue.has_label(name) for name in labels)

    found = [issue for issue in call.repo.issues.values() if wanted(issue)]
    found.sort(key=lambda issue: issue.number, reverse=call.query.get("direction", "desc") != "asc")
    return RestAnswer(200, [talk.issue(call.world.site, issue) for issue in found])


@routes.on("GET", "/repos/{owner}/{repo}/issues/{issue_number}", _READ)
def get_issue(call: RestCall) -> RestAnswer:
    return RestAnswer(200, talk.issue(call.world.site, call.issue()))


@routes.on("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}", _WRITE)
def update_issue(call: RestCall) -> RestAnswer:
    unknown = set(call.body) - {"title", "body", "state", "state_reason"}
    if unknown:
        raise ApiError(501, f"the sandbox does not model PATCH of an issue's {sorted(unknown)}")
    issue = call.issue(write=True)
    acts_issues.edit(call.world, issue, by=call.actor, title=call.body.get("title"), body=call.body.get("body"))
    if call.body.get("state") == "closed":
        acts_issues.close(call.world, issue, by=call.actor, reason=call.body.get("state_reason") or "completed")
    elif call.body.get("state") == "open":
        acts_issues.reopen(call.world, issue, by=call.actor)
    return RestAnswer(200, talk.issue(call.world.site, issue))


@routes.on("POST", "/repos/{owner}/{repo}/issues", "issues=write")
def create_issue(call: RestCall) -> RestAnswer:
    body, title = call.body.get("body"), call.body.get("title")
    if not title:
        raise ApiError(422, 'Invalid request.\n\n"title" wasn\'t supplied.')
    labels = [one if isinstance(one, str) else one["name"] for one in call.body.get("labels") or []]
    made = acts_issues.open_issue(call.world, call.repo, by=call.actor, title=title, body=body, labels=labels)
    return RestAnswer(201, talk.issue(call.world.site, made))


@routes.on("GET", "/repos/{owner}/{repo}/issues/{issue_number}/timeline", _READ, paged="")
def list_timeline(call: RestCall) -> RestAnswer:
    issue = call.issue()
    entries = [(one.id, talk.timeline_event(call.world.site, call.repo, one)) for one in issue.timeline]
    for comment in issue.comments:
        body = talk.comment(call.world.site, comment)
        entries.append((comment.id, {**body, "event": "commented", "actor": body["user"]}))
    return RestAnswer(200, [body for _, body in sorted(entries, key=lambda pair: pair[0])])


@routes.on("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", _WRITE)
def add_labels(call: RestCall) -> RestAnswer:
    issue = call.issue(write=True)
    for name in call.body.get("labels") or []:
        acts_issues.add_label(call.world, issue, name, by=call.actor)
    return RestAnswer(200, [talk.label(call.world.site, call.repo, one) for one in issue.labels])


@routes.on("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", _WRITE)
def remove_label(call: RestCall) -> RestAnswer:
    issue = call.issue(write=True)
    acts_issues.remove_label(call.world, issue, call.params["name"], by=call.actor)
    return RestAnswer(200, [talk.label(call.world.site, call.repo, one) for one in issue.labels])


@routes.on("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", _READ, paged="")
def list_comments(call: RestCall) -> RestAnswer:
    return RestAnswer(200, [talk.comment(call.world.site, one) for one in call.issue().comments])


@routes.on("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", _WRITE)
def create_comment(call: RestCall) -> RestAnswer:
    made = acts_issues.comment(call.world, call.issue(write=True), by=call.actor, body=call.body.get("body") or "")
    body = talk.comment(call.world.site, made)
    return RestAnswer(201, body, {"Location": body["url"]})


def _comment(call: RestCall, *, write: bool) -> Comment:
    wanted = call.number("comment_id")
    for issue in call.repo.issues.values():
        for comment in issue.comments:
            if comment.id == wanted:
                if issue.pull is None:
                    call.require("issues=write" if write else "issues=read")
                return comment
    raise not_found()


@routes.on("GET", "/repos/{owner}/{repo}/issues/comments/{comment_id}", _READ)
def get_comment(call: RestCall) -> RestAnswer:
    return RestAnswer(200, talk.comment(call.world.site, _comment(call, write=False)))


@routes.on("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", _WRITE)
def update_comment(call: RestCall) -> RestAnswer:
    made = acts_issues.edit_comment(
        call.world, _comment(call, write=True), by=call.actor, body=call.body.get("body") or ""
    )
    return RestAnswer(200, talk.comment(call.world.site, made))


@routes.on("DELETE", "/repos/{owner}/{repo}/issues/comments/{comment_id}", _WRITE)
def delete_comment(call: RestCall) -> RestAnswer:
    acts_issues.delete_comment(call.world, _comment(call, write=True), by=call.actor)
    return RestAnswer(204)


def _react(call: RestCall, target: Issue | Comment) -> RestAnswer:
    made, new = acts_issues.react(call.world, target, by=call.actor, content=call.body.get("content") or "")
    return RestAnswer(201 if new else 200, talk.reaction(call.world.site, made))


@routes.on("POST", "/repos/{owner}/{repo}/issues/{issue_number}/reactions", _WRITE)
def react_to_issue(call: RestCall) -> RestAnswer:
    return _react(call, call.issue(write=True))


@routes.on("POST", "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", _WRITE)
def react_to_comment(call: RestCall) -> RestAnswer:
    return _react(call, _comment(call, write=True))
