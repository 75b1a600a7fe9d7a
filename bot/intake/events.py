"""What can happen, as typed values. A payload ends in `parse`; only these travel on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.names import (
    AppId,
    CommentId,
    CommitSha,
    HeadSha,
    InstallationId,
    IssueNumber,
    PullNumber,
    RepoRef,
    RunId,
)
from bot.github_api.issue_records import Actor


@dataclass(frozen=True, slots=True)
class IssueChanged:
    """An issue was labelled, unlabelled, edited, closed, reopened, deleted or moved; `label` is the event's own.

    `delivery` names the delivery that told of it.
    """

    repo: RepoRef
    issue: IssueNumber
    action: str
    label: str | None
    sender: Actor
    delivery: str = ""


@dataclass(frozen=True, slots=True)
class CommandGiven:
    """A comment by a person on an issue or pull request (`is_pull`) that gives a `/cadence` command.

    `created_at` is when the command was written: the time of the edit, where an edit of the comment gave it (`edited`);
    `before` is the text before that edit. `press` names the delivery, where a button of a check run gave the command:
    then there is no comment, and `comment` is 0.
    """

    repo: RepoRef
    issue: IssueNumber
    is_pull: bool
    comment: CommentId
    body: str
    sender: Actor
    created_at: datetime
    edited: bool = False
    before: str = ""
    press: str = ""

    @property
    def edit(self) -> str:
        """Tells the edits of one comment apart; empty where the comment gave the command from the start."""
        if self.press:
            return f"-{self.press}"
        return f"-{int(self.created_at.timestamp())}" if self.edited else ""


@dataclass(frozen=True, slots=True)
class PullChanged:
    """Something about a pull request changed: opened, pushed to, closed, retargeted, labelled, reviewed."""

    repo: RepoRef
    pull: PullNumber
    action: str
    head: HeadSha
    head_branch: str
    merged: bool
    sender: Actor | None
    base_branch: str = ""
    author: str = ""
    """REST's login of who opened it; empty where the account is gone."""
    from_here: bool = False
    """Whether the head is a branch of this repository, and not of a fork or of one that is gone."""
    label: str = ""
    """The label that was put on or taken off."""
    base_was: str = ""
    """The base branch before a person chose another; empty where none was chosen."""
    delivery: str = ""
    """The delivery that told of it."""


@dataclass(frozen=True, slots=True)
class ChecksChanged:
    """A check run, suite, status or workflow run changed on a commit; `pulls` may be empty (look up by head)."""

    repo: RepoRef
    head: CommitSha
    pulls: tuple[PullNumber, ...]
    app_id: AppId | None
    source: str


@dataclass(frozen=True, slots=True)
class GroupTested:
    """A merge queue asks for checks on the temporary commit of one entry, which is built on those before it."""

    repo: RepoRef
    head: HeadSha
    base_branch: str
    pull: PullNumber | None
    """The entry itself, as the temporary branch names it."""


@dataclass(frozen=True, slots=True)
class RerunAsked:
    """A person pressed Re-run (all of our checks when `check_name` is None) or a button of our check run."""

    repo: RepoRef
    head: CommitSha
    check_name: str | None
    action: str
    sender: Actor
    pulls: tuple[PullNumber, ...] = ()
    press: str = ""
    """The delivery of a pressed button; each press is a command of its own."""


@dataclass(frozen=True, slots=True)
class BranchPushed:
    """A branch moved. Base branches make every pull request on them worth another look."""

    repo: RepoRef
    branch: str
    before: CommitSha
    after: CommitSha
    sender: Actor | None


@dataclass(frozen=True, slots=True)
class InstallationChanged:
    """The App was installed, removed, suspended, or its repositories or permissions changed."""

    installation_id: InstallationId
    action: str
    removed_repository_ids: tuple[int, ...] = ()
    added_repository_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Pinged:
    """GitHub tests the hook."""

    zen: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing to do, because ... : recorded, so that `why did nothing happen?` has an answer."""

    reason: str


Event = (
    IssueChanged
    | CommandGiven
    | PullChanged
    | GroupTested
    | ChecksChanged
    | RerunAsked
    | BranchPushed
    | InstallationChanged
    | Pinged
)


@dataclass(frozen=True, slots=True)
class Handled:
    """The outcome of an event, in words, and the run it concerned."""

    note: str
    run: RunId | None = None
