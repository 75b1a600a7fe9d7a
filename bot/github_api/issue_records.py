"""Issues and comments as frozen values. Times have a zone and are GitHub's, in whole seconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.core.names import CommentId, IssueNumber


@dataclass(frozen=True, slots=True)
class Actor:
    """The account that did something. `is_bot`: GitHub gives its `type` as `Bot`."""

    login: str
    id: int
    is_bot: bool


@dataclass(frozen=True, slots=True)
class IssueEvent:
    """One event of an issue's timeline. `kind` is REST's name: labeled, unlabeled, renamed, closed or reopened.

    https://docs.github.com/en/rest/using-the-rest-api/issue-event-types
    """

    id: str
    kind: str
    actor: str | None
    actor_is_bot: bool
    at: datetime
    label: str | None = None


@dataclass(frozen=True, slots=True)
class IssueBodyEdit:
    """One edit of an issue's body. `editor` is None for a deleted account."""

    editor: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class IssueHistory:
    """An issue's text, its events and its edits, oldest event first. `complete`: every event and edit was read."""

    number: IssueNumber
    node_id: str
    title: str
    body: str
    state: str
    author: str | None
    created_at: datetime
    labels: tuple[str, ...]
    events: tuple[IssueEvent, ...]
    edits: tuple[IssueBodyEdit, ...]
    complete: bool
    html_url: str


@dataclass(frozen=True, slots=True)
class CommentRecord:
    """A comment on an issue or pull request."""

    id: CommentId
    author: str | None
    body: str
    html_url: str
    created_at: datetime
    updated_at: datetime
    """When its present text was written."""


@dataclass(frozen=True, slots=True)
class WrittenComment:
    """A person's comment, as they wrote it."""

    id: CommentId
    body: str
    actor: Actor
    created_at: datetime
