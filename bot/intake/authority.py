"""Who may: settled from the issue's own history and people's permissions, never from a delivery alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.names import Digest, sha256
from bot.github_api.issue_records import IssueEvent, IssueHistory
from bot.github_api.records import Permission

RANKS = {"none": 0, "read": 1, "write": 2, "admin": 3}


@dataclass(frozen=True, slots=True)
class Go:
    """The run may start. `text_trusted`: the author and everyone who ever edited the text may write here."""

    cause_event_id: str
    labeller: str
    text_trusted: bool


@dataclass(frozen=True, slots=True)
class NeedsApproval:
    """A person with permission has to approve the present text first; every reason starts with its code."""

    cause_event_id: str
    reasons: tuple[str, ...]
    blueprint_digest: Digest
    text_trusted: bool = False


@dataclass(frozen=True, slots=True)
class Cancelled:
    """There is nothing to do any more."""

    reason: str


Authority = Go | NeedsApproval | Cancelled


def blueprint_digest(title: str, body: str) -> Digest:
    """sha256 of what people see as the text: title and body, line ends normalised."""
    return sha256(f"{title.strip()}\n\n{body.replace(chr(13) + chr(10), chr(10)).strip()}")


def label_in_force(history: IssueHistory, label: str) -> IssueEvent | None:
    """The newest `labeled` event of the trigger label, if the issue is open and still carries the label."""
    wanted = label.casefold()
    if history.state != "open" or wanted not in {name.casefold() for name in history.labels}:
        return None
    newest: IssueEvent | None = None
    for event in history.events:
        if (event.label or "").casefold() == wanted and event.kind in ("labeled", "unlabeled"):
            newest = event if event.kind == "labeled" else None
    return newest


def who_must_be_known(history: IssueHistory, label: str) -> frozenset[str]:
    """The logins whose permission decides: the labeller, the author, and everyone who edited title or body."""
    event = label_in_force(history, label)
    people = {history.author, *(edit.editor for edit in history.edits)}
    people |= {one.actor for one in history.events if one.kind == "renamed"}
    if event is not None:
        people.add(event.actor)
    return frozenset(login for login in people if login)


def settle(history: IssueHistory, permissions: Mapping[str, str], *, label: str, needed: str = "write") -> Authority:
    """Whether the issue's present text may be worked on.

    The blueprint is the text as a trusted person saw it when labelling: the labeller needs permission, and so does
    everyone who edited the text since. Permissions are GitHub's `admin|write|read|none`; an unknown one is none.
    """
    event = label_in_force(history, label)
    if event is None:
        return Cancelled(_why_not(history, label))
    reasons = []
    if not history.complete:
        reasons.append("blueprint.unreadable: the issue's edit history could not be read completely")
    if event.actor_is_bot:
        reasons.append(f"approval.labeller: {_who(event.actor)} added the label, and a label by a bot starts nothing")
    elif not _may(event.actor, permissions, needed):
        reasons.append(f"approval.labeller: {_who(event.actor)} added the label without write permission")
    reasons += [
        f"blueprint.edited: {_who(login)} has no write permission and changed the {what} after the label was added"
        for login, what, _ in _touches_since(history, event.at)
        if not _may(login, permissions, needed)
    ]
    trusted = history.complete and all(
        _may(login, permissions, needed)
        for login in [history.author, *(e.editor for e in history.edits), *_renamers(history)]
    )
    if reasons:
        digest = blueprint_digest(history.title, history.body)
        return NeedsApproval(event.id, tuple(dict.fromkeys(reasons)), digest, trusted)
    return Go(event.id, event.actor or "", trusted)


def may_triage(have: Permission) -> bool:
    """Whether a person may label issues, which is what hold and stop ask for."""
    # GitHub reports `triage` as `read` in `permission`:
    # https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
    return have.permission in ("admin", "write") or have.role == "triage"


def approved_by_go(history: IssueHistory, permissions: Mapping[str, str], approval_time: datetime) -> bool:
    """Whether an approval given at a time still covers the text: no untrusted touch at or after it."""
    return history.complete and all(
        _may(login, permissions, "write") for login, _, _ in _touches_since(history, approval_time)
    )


def _touches_since(history: IssueHistory, since: datetime) -> list[tuple[str | None, str, datetime]]:
    """(who, what, when) of every change of title or body at or after a time; the same second counts as after."""
    edits: list[tuple[str | None, str, datetime]] = [
        (edit.editor, "text", edit.at) for edit in history.edits if edit.at >= since
    ]
    names = [(one.actor, "title", one.at) for one in history.events if one.kind == "renamed" and one.at >= since]
    return edits + names


def _why_not(history: IssueHistory, label: str) -> str:
    """Why no label event is in force."""
    if history.state != "open":
        return "the issue is closed"
    if label.casefold() in {name.casefold() for name in history.labels}:
        return f"the label `{label}` is on the issue, but its history does not show who added it"
    return f"the label `{label}` is not on the issue"


def _renamers(history: IssueHistory) -> list[str | None]:
    return [event.actor for event in history.events if event.kind == "renamed"]


def _may(login: str | None, permissions: Mapping[str, str], needed: str) -> bool:
    if login is None:
        return False
    return RANKS.get(permissions.get(login, "none"), 0) >= RANKS[needed]


def _who(login: str | None) -> str:
    return f"@{login}" if login else "a deleted account"
