"""From (event name, payload) to a typed event, or to `ignored, because ...`. After this no payload travels on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from bot.core.foreign_text import TextUnreadable
from bot.core.names import (
    ZERO_SHA,
    AppId,
    CommentId,
    CommitSha,
    HeadSha,
    InstallationId,
    IssueNumber,
    PullNumber,
    RepoName,
    RepoRef,
    RepositoryId,
    branch_for,
)
from bot.github_api.issue_records import Actor
from bot.intake.command_text import corrected, has_command
from bot.intake.events import (
    BranchPushed,
    ChecksChanged,
    CommandGiven,
    Event,
    GroupTested,
    Ignored,
    InstallationChanged,
    IssueChanged,
    Pinged,
    PullChanged,
    RerunAsked,
)
from bot.intake.payload import AppPayload, ChangesPayload, NumberedPayload, Payload

_OUR_BRANCHES = branch_for(IssueNumber(0)).removesuffix("0")


_QUEUE_BRANCH = re.compile(r"(?:refs/heads/)?gh-readonly-queue/.+/pr-(?P<number>[0-9]{1,9})-[0-9a-f]+")


class _Missing(Exception):
    """A field that the event must have is not there."""


Handler = Callable[[Payload, AppId, str], Event | Ignored]


def parse(name: str, payload: Mapping[str, Any], *, app_id: AppId, app_slug: str) -> Event | Ignored:
    """The event a payload tells, or why it is ignored. Never raises: a malformed payload is ignored with its fault."""
    handler = _HANDLERS.get(name)
    if handler is None:
        return Ignored(f"the event {name!r} is not used")
    try:
        read = Payload.model_validate(payload)
        return handler(read, app_id, app_slug)
    except ValidationError as error:
        first = error.errors()[0]
        return Ignored(f"malformed: {'.'.join(str(p) for p in first['loc'])}: {first['msg']}")
    except (_Missing, ValueError, TextUnreadable) as error:
        return Ignored(f"malformed: {error}")


def _repo(payload: Payload) -> RepoRef:
    if payload.repository is None or payload.installation is None:
        raise _Missing("repository and installation are needed")
    return RepoRef(
        RepositoryId(payload.repository.id),
        RepoName.parse(payload.repository.full_name),
        InstallationId(payload.installation.id),
    )


def _actor(payload: Payload) -> Actor:
    if payload.sender is None:
        raise _Missing("sender is needed")
    return Actor(payload.sender.login, payload.sender.id, payload.sender.type == "Bot")


def _actor_if_told(payload: Payload) -> Actor | None:
    """For events that only cause a look: GitHub leaves the sender out of some."""
    return _actor(payload) if payload.sender is not None else None


def _is_own(payload: Payload, app_slug: str) -> bool:
    sender = payload.sender
    return sender is not None and sender.type == "Bot" and sender.login == f"{app_slug}[bot]"


def _issues(payload: Payload, _app: AppId, slug: str) -> Event | Ignored:
    if payload.action not in ("labeled", "unlabeled", "edited", "closed", "reopened", "deleted", "transferred"):
        return Ignored(f"issues.{payload.action} starts nothing (a new issue's labels come as `labeled`)")
    if _is_own(payload, slug):
        return Ignored("own action")
    if payload.issue is None:
        raise _Missing("issue is needed")
    if payload.issue.pull_request is not None:
        return Ignored("it is a pull request, which has events of its own")
    label = payload.label.name if payload.label else None
    return IssueChanged(_repo(payload), IssueNumber(payload.issue.number), payload.action, label, _actor(payload))


def _issue_comment(payload: Payload, app_id: AppId, slug: str) -> Event | Ignored:
    if payload.action not in ("created", "edited"):
        return Ignored(f"issue_comment.{payload.action} gives no command")
    if payload.comment is None or payload.issue is None:
        raise _Missing("comment and issue are needed")
    actor = _actor(payload)
    via = payload.comment.performed_via_github_app
    if _is_own(payload, slug) or (via is not None and via.id == app_id and actor.is_bot):
        return Ignored("own action")
    if actor.is_bot:
        return Ignored(f"commands from bots are ignored (@{actor.login})")
    body, edited, before = payload.comment.body or "", payload.action == "edited", ""
    if edited:
        changed = payload.changes.body if payload.changes else None
        before = (changed.before if changed else None) or ""
        if not corrected(before, body):
            return Ignored("the edit adds no command and corrects none")
        if payload.comment.user is None or payload.comment.user.id != actor.id:
            return Ignored("a command that is edited into another person's comment is ignored")
    if not has_command(body):
        return Ignored("the comment holds no command")
    return CommandGiven(
        repo=_repo(payload),
        issue=IssueNumber(payload.issue.number),
        is_pull=payload.issue.pull_request is not None,
        comment=CommentId(payload.comment.id),
        body=body,
        sender=actor,
        created_at=(payload.comment.updated_at if edited else None) or payload.comment.created_at,
        edited=edited,
        before=before,
    )


_PULL_ACTIONS = frozenset(
    {"opened", "synchronize", "reopened", "closed", "edited", "labeled", "unlabeled", "ready_for_review",
     "converted_to_draft", "dequeued", "enqueued", "submitted", "dismissed", "resolved", "unresolved"}
)  # fmt: skip


def _pull_request(payload: Payload, _app: AppId, _slug: str) -> Event | Ignored:
    """Own acts on pull requests pass: they start nothing, they only cause a look."""
    if payload.action not in _PULL_ACTIONS:
        return Ignored(f"pull_request.{payload.action} changes nothing for the gate")
    if payload.pull_request is None:
        raise _Missing("pull_request is needed")
    head, base, author = payload.pull_request.head, payload.pull_request.base, payload.pull_request.user
    repo = _repo(payload)
    return PullChanged(
        repo=repo,
        pull=PullNumber(payload.pull_request.number),
        action=payload.action,
        head=HeadSha(CommitSha(head.sha)),
        head_branch=head.ref,
        merged=bool(payload.pull_request.merged),
        sender=_actor_if_told(payload),
        base_branch=base.ref if base is not None else "",
        author=author.login if author is not None else "",
        from_here=head.repo is not None and head.repo.id == repo.repository_id,
        label=payload.label.name if payload.label else "",
        base_was=_base_was(payload.changes),
    )


def _base_was(changes: ChangesPayload | None) -> str:
    ref = changes.base.ref if changes is not None and changes.base is not None else None
    return (ref.before or "") if ref is not None else ""


def _pull_request_review(payload: Payload, app_id: AppId, slug: str) -> Event | Ignored:
    if _is_own(payload, slug):
        return Ignored("own action")
    return _pull_request(payload, app_id, slug)


def _check_run(payload: Payload, app_id: AppId, _slug: str) -> Event | Ignored:
    run = payload.check_run
    if run is None:
        raise _Missing("check_run is needed")
    own = run.app is not None and run.app.id == app_id
    if payload.action in ("rerequested", "requested_action"):
        if not own:
            return Ignored("the check run belongs to another App")
        action = payload.requested_action.identifier if payload.requested_action else "rerequested"
        return RerunAsked(
            _repo(payload), CommitSha(run.head_sha), run.name, action, _actor(payload), _numbers(run.pull_requests)
        )
    if payload.action not in ("created", "completed"):
        return Ignored(f"check_run.{payload.action} changes nothing for the gate")
    return _checks(payload, run.head_sha, run.pull_requests, run.app, f"check run {run.name}")


def _check_suite(payload: Payload, app_id: AppId, _slug: str) -> Event | Ignored:
    suite = payload.check_suite
    if suite is None:
        raise _Missing("check_suite is needed")
    if payload.action == "rerequested":
        if suite.app is None or suite.app.id != app_id:
            return Ignored("the check suite belongs to another App")
        return RerunAsked(
            _repo(payload), CommitSha(suite.head_sha), None, "rerequested", _actor(payload),
            _numbers(suite.pull_requests),
        )  # fmt: skip
    if payload.action != "completed":
        return Ignored(f"check_suite.{payload.action} changes nothing: creating a check run makes the suite")
    return _checks(payload, suite.head_sha, suite.pull_requests, suite.app, "check suite")


def _checks(
    payload: Payload, head: str, pulls: tuple[NumberedPayload | None, ...], app: AppPayload | None, source: str
) -> ChecksChanged:
    return ChecksChanged(
        repo=_repo(payload),
        head=CommitSha(head),
        pulls=_numbers(pulls),
        app_id=AppId(app.id) if app is not None and app.id is not None else None,
        source=source,
    )


def _numbers(pulls: tuple[NumberedPayload | None, ...]) -> tuple[PullNumber, ...]:
    return tuple(PullNumber(pull.number) for pull in pulls if pull is not None)


def _status(payload: Payload, _app: AppId, _slug: str) -> Event | Ignored:
    if payload.sha is None:
        raise _Missing("sha is needed")
    return _checks(payload, payload.sha, (), None, "status")


def _workflow_run(payload: Payload, _app: AppId, _slug: str) -> Event | Ignored:
    if payload.action != "completed":
        return Ignored(f"workflow_run.{payload.action} changes nothing for the gate")
    if payload.workflow_run is None:
        raise _Missing("workflow_run is needed")
    return _checks(payload, payload.workflow_run.head_sha, payload.workflow_run.pull_requests, None, "workflow run")


def _merge_group(payload: Payload, _app: AppId, _slug: str) -> Event | Ignored:
    if payload.action != "checks_requested":
        return Ignored(f"merge_group.{payload.action} asks for nothing")
    group = payload.merge_group
    if group is None or not group.base_ref:
        raise _Missing("merge_group and its base_ref are needed")
    named = _QUEUE_BRANCH.fullmatch(group.head_ref)
    return GroupTested(
        repo=_repo(payload),
        head=HeadSha(CommitSha(group.head_sha)),
        base_branch=group.base_ref.removeprefix("refs/heads/"),
        pull=PullNumber(int(named["number"])) if named else None,
    )


def _push(payload: Payload, _app: AppId, slug: str) -> Event | Ignored:
    """Our push to a blueprint's branch was followed by its own look; our merge moves the base of all the others."""
    if payload.ref is None or payload.before is None or payload.after is None:
        raise _Missing("ref, before and after are needed")
    if not payload.ref.startswith("refs/heads/"):
        return Ignored("not a branch")
    if payload.deleted or payload.after == ZERO_SHA:
        return Ignored("the branch was deleted")
    branch = payload.ref.removeprefix("refs/heads/")
    if _is_own(payload, slug) and branch.startswith(_OUR_BRANCHES):
        return Ignored("own action")
    return BranchPushed(
        _repo(payload), branch, CommitSha(payload.before), CommitSha(payload.after), _actor_if_told(payload)
    )


def _installation(payload: Payload, _app: AppId, _slug: str) -> Event | Ignored:
    if payload.installation is None:
        raise _Missing("installation is needed")
    return InstallationChanged(
        installation_id=InstallationId(payload.installation.id),
        action=payload.action,
        removed_repository_ids=tuple(one.id for one in payload.repositories_removed),
        added_repository_ids=tuple(one.id for one in payload.repositories_added),
    )


def _ping(payload: Payload, _app: AppId, _slug: str) -> Event | Ignored:
    return Pinged(payload.zen)


_HANDLERS: dict[str, Handler] = {
    "issues": _issues,
    "issue_comment": _issue_comment,
    "pull_request": _pull_request,
    "pull_request_review": _pull_request_review,
    "pull_request_review_thread": _pull_request,
    "check_run": _check_run,
    "check_suite": _check_suite,
    "status": _status,
    "workflow_run": _workflow_run,
    "merge_group": _merge_group,
    "push": _push,
    "installation": _installation,
    "installation_repositories": _installation,
    "ping": _ping,
}
OPTIONAL = frozenset({"merge_group"})
"""Only for repositories with a merge queue; it needs a permission that the App does not ask for by default."""
SUBSCRIBED = frozenset(_HANDLERS) - {"installation", "installation_repositories", "ping"} - OPTIONAL
"""What app.yml must list; the others always arrive and must not be listed."""
