"""What can happen to issues and comments, with the events GitHub sends for each."""

from __future__ import annotations

from bot.core.json_types import JsonDict
from bot.sandbox.github import payloads_issues as talk
from bot.sandbox.github.accounts import Account
from bot.sandbox.github.answers import ApiError, check_body_length, invalid
from bot.sandbox.github.payloads_code import Detail, full_pull
from bot.sandbox.github.state import BodyEdit, Comment, Issue, Label, Reaction, Repository, TimelineEvent
from bot.sandbox.github.world import World


def emit_issue(world: World, issue: Issue, action: str, by: Account, detail: JsonDict | None = None) -> None:
    """Send the `issues` event, or `pull_request` when the issue is the conversation of one."""
    extra = detail or {}
    if issue.pull is None:
        body: JsonDict = {"action": action, "issue": talk.delivered_issue(world.site, issue), **extra}
        world.emit("issues", issue.repository, by, body)
        return
    pull = full_pull(world.site, issue.pull, Detail())
    body = {"action": action, "number": issue.number, "pull_request": pull, **extra}
    world.emit("pull_request", issue.repository, by, body)


def record(world: World, issue: Issue, kind: str, by: Account, **detail: str | None) -> TimelineEvent:
    """Add an entry to the timeline and touch the issue."""
    made = TimelineEvent(world.next_id(), kind, by, world.now(), dict(detail))
    issue.timeline.append(made)
    issue.updated_at = made.at
    return made


def find_label(world: World, repo: Repository, name: str) -> Label:
    """The repository's label of that name (case ignored), made if missing."""
    return repo.labels.setdefault(name.casefold(), Label(world.next_id(), name))


def new_issue(world: World, repo: Repository, *, by: Account, title: str, body: str | None) -> Issue:
    """A numbered issue for which no event was sent yet."""
    check_body_length("Issue", body)
    now = world.now()
    made = Issue(world.next_id(), repo.next_number, repo, title, body, by, now, now)
    repo.next_number += 1
    repo.issues[made.number] = made
    return made


def open_issue(
    world: World, repo: Repository, *, by: Account, title: str, body: str | None, labels: list[str]
) -> Issue:
    """File an issue: `opened` lists every label already, then one `labeled` per label with the author as sender."""
    made = new_issue(world, repo, by=by, title=title, body=body)
    made.labels = [find_label(world, repo, name) for name in labels]
    for one in made.labels:
        record(world, made, "labeled", by, label=one.name)
    emit_issue(world, made, "opened", by)
    for one in made.labels:
        emit_issue(world, made, "labeled", by, {"label": talk.label(world.site, repo, one)})
    return made


def add_label(world: World, issue: Issue, name: str, *, by: Account) -> None:
    """Put a label on; one that is there already makes no event."""
    if issue.has_label(name):
        return
    found = find_label(world, issue.repository, name)
    issue.labels.append(found)
    record(world, issue, "labeled", by, label=found.name)
    emit_issue(world, issue, "labeled", by, {"label": talk.label(world.site, issue.repository, found)})


def remove_label(world: World, issue: Issue, name: str, *, by: Account) -> None:
    """Take a label off. Raises ApiError 404 when it is not on."""
    if not issue.has_label(name):
        raise ApiError(404, "Label does not exist")
    found = find_label(world, issue.repository, name)
    issue.labels.remove(found)
    record(world, issue, "unlabeled", by, label=found.name)
    emit_issue(world, issue, "unlabeled", by, {"label": talk.label(world.site, issue.repository, found)})


def edit(world: World, issue: Issue, *, by: Account, title: str | None = None, body: str | None = None) -> None:
    """Change title or body; body edits are remembered with their editor, renames in the timeline."""
    check_body_length("PullRequest" if issue.pull else "Issue", body)
    changes: JsonDict = {}
    if title is not None and title != issue.title:
        changes["title"] = {"from": issue.title}
        record(world, issue, "renamed", by, **{"from": issue.title, "to": title})
        issue.title = title
    if body is not None and body != issue.body:
        changes["body"] = {"from": issue.body or ""}
        issue.edits.append(BodyEdit(by, world.now()))
        issue.body = body
        issue.updated_at = world.now()
    if changes:
        emit_issue(world, issue, "edited", by, {"changes": changes})


def close(world: World, issue: Issue, *, by: Account, reason: str = "completed") -> None:
    """Close an issue or an unmerged pull request; closing it again does nothing."""
    if issue.state == "closed":
        return
    issue.state, issue.closed_at, issue.closed_by = "closed", world.now(), by
    issue.state_reason = None if issue.pull else reason
    record(world, issue, "closed", by, state_reason=issue.state_reason)
    emit_issue(world, issue, "closed", by)


def reopen(world: World, issue: Issue, *, by: Account) -> None:
    """Reopen. Raises ApiError 422 for a merged pull request."""
    if issue.state == "open":
        return
    if issue.pull and issue.pull.merged_at:
        raise invalid("PullRequest", field_name="state", message="state cannot be changed. The pull request is merged.")
    issue.state, issue.closed_at, issue.closed_by = "open", None, None
    issue.state_reason = None if issue.pull else "reopened"
    record(world, issue, "reopened", by)
    emit_issue(world, issue, "reopened", by)


def comment(world: World, issue: Issue, *, by: Account, body: str) -> Comment:
    """Comment on an issue or pull request."""
    if not body:
        raise invalid("IssueComment", field_name="body", code="missing_field")
    check_body_length("IssueComment", body)
    now = world.now()
    made = Comment(world.next_id(), issue, by, body, now, now)
    issue.comments.append(made)
    issue.updated_at = now
    _emit_comment(world, made, "created", by)
    return made


def edit_comment(world: World, made: Comment, *, by: Account, body: str) -> Comment:
    """Edit a comment; the sender of the event is the editor, `comment.user` stays the author."""
    check_body_length("IssueComment", body)
    old, made.body, made.updated_at = made.body, body, world.now()
    if old != body:
        _emit_comment(world, made, "edited", by, {"changes": {"body": {"from": old}}})
    return made


def delete_comment(world: World, made: Comment, *, by: Account) -> None:
    made.issue.comments.remove(made)
    _emit_comment(world, made, "deleted", by)


def _emit_comment(world: World, made: Comment, action: str, by: Account, detail: JsonDict | None = None) -> None:
    body = {
        "action": action,
        "issue": talk.delivered_issue(world.site, made.issue),
        "comment": talk.comment(world.site, made),
        **(detail or {}),
    }
    world.emit("issue_comment", made.issue.repository, by, body)


def react(world: World, target: Issue | Comment, *, by: Account, content: str) -> tuple[Reaction, bool]:
    """Add a reaction; the second value says whether it is new."""
    if content not in talk.REACTIONS:
        raise invalid("Reaction", field_name="content", code="invalid")
    key = (by.id, content)
    new = key not in target.reactions
    if new:
        target.reactions[key] = Reaction(world.next_id(), by, content, world.now())
    return target.reactions[key], new
