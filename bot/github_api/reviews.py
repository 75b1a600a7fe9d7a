"""Reviews of pull requests: Cadence's App posts comments; a second App may approve or request changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.core.names import CommitSha, HeadSha, Marker, PullNumber
from bot.effects.guard import side_effect
from bot.github_api.json_fields import own_with_marker, text_of
from bot.github_api.permissions import PULLS_ONLY, READ, REVIEW_WRITE
from bot.github_api.records import AppIdentity, InlineComment, ReviewRecord
from bot.github_api.repository import RepositoryLink
from bot.github_api.tokens import Permissions

_REVIEWS = "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"


class ReviewCalls:
    """Reviews of one repository's pull requests."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity) -> None:
        self._link = link
        self._identity = identity

    def find(self, number: PullNumber, marker: Marker) -> ReviewRecord | None:
        """The App's own review whose body holds the marker, or None."""
        return self._find(number, marker, READ)

    def find_decision(self, number: PullNumber, marker: Marker) -> ReviewRecord | None:
        """As `find`, for the second App, which only has permissions for pull requests."""
        return self._find(number, marker, PULLS_ONLY)

    def _find(self, number: PullNumber, marker: Marker, permissions: Permissions) -> ReviewRecord | None:
        # https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
        listed = self._link.listed(_REVIEWS, permissions, pull_number=number)
        found = own_with_marker(listed, self._identity.bot_login, marker)
        return _review(found) if found else None

    @side_effect
    def comment(
        self, number: PullNumber, *, head: HeadSha, body: str, comments: Sequence[InlineComment]
    ) -> ReviewRecord:
        """Post a COMMENT review on exactly that head.

        Raises Unprocessable, and posts nothing, when one inline comment is outside the diff.
        """
        # COMMENT, because GitHub answers 422 when an author approves (or requests changes of) their own pull request.
        # Without `commit_id` the comments could attach to a newer head. GitHub takes or refuses a review as a whole.
        # https://docs.github.com/en/rest/pulls/reviews#create-a-review-for-a-pull-request
        inline = [{"path": one.path, "line": one.line, "side": "RIGHT", "body": one.body} for one in comments]
        fields = {"commit_id": head, "event": "COMMENT", "body": body, "comments": inline}
        return _review(self._link.change("POST", _REVIEWS, REVIEW_WRITE, body=fields, pull_number=number))

    @side_effect
    def decide(self, number: PullNumber, *, head: HeadSha, event: str, body: str) -> ReviewRecord:
        """Post APPROVE or REQUEST_CHANGES on exactly that head, as an App that did not open the pull request.

        Raises Unprocessable when this App opened it.
        """
        fields = {"commit_id": head, "event": event, "body": body, "comments": []}
        return _review(self._link.change("POST", _REVIEWS, PULLS_ONLY, body=fields, pull_number=number))


def _review(data: Any) -> ReviewRecord:
    return ReviewRecord(
        id=int(data["id"]),
        author=(data.get("user") or {}).get("login"),
        body=text_of(data, "body"),
        state=str(data["state"]),
        commit=CommitSha(str(data["commit_id"])) if data.get("commit_id") else None,
        html_url=text_of(data, "html_url"),
    )
