"""Issues: their history through GraphQL, their comments, reactions and state through REST."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from bot.core.errors import NotFound
from bot.core.names import CommentId, IssueNumber, Marker
from bot.effects.guard import side_effect
from bot.github_api.branch_files import BRANCH_FILE, branch_file, of_branch
from bot.github_api.issue_records import Actor, CommentRecord, IssueBodyEdit, IssueEvent, IssueHistory, WrittenComment
from bot.github_api.json_fields import login_of, next_cursor, nodes, own_with_marker, parse_time, text_of
from bot.github_api.permissions import ISSUES_WRITE
from bot.github_api.records import AppIdentity, BranchFile
from bot.github_api.repository import RepositoryLink

MOST_ROUNDS = 20
"""Queries for one history, each with up to 100 events and 100 edits. A longer history is marked incomplete."""

_ISSUE_ROUTE = "/repos/{owner}/{repo}/issues/{issue_number}"
_COMMENTS = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
_COMMENT = "/repos/{owner}/{repo}/issues/comments/{comment_id}"

# REST does not tell who edited an issue's body. `first` may be 100 at most.
# https://docs.github.com/en/graphql/reference/objects#issue
# https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api#node-limit
_ISSUE = """
    issue(number: $number) {
      id title body state createdAt url
      author { __typename login }
      labels(first: 100) { nodes { name } }
      timelineItems(
        first: 100, after: $events
        itemTypes: [LABELED_EVENT, UNLABELED_EVENT, RENAMED_TITLE_EVENT, CLOSED_EVENT, REOPENED_EVENT]
      ) {
        nodes {
          __typename
          ... on LabeledEvent { id createdAt actor { __typename login } label { name } }
          ... on UnlabeledEvent { id createdAt actor { __typename login } label { name } }
          ... on RenamedTitleEvent { id createdAt actor { __typename login } }
          ... on ClosedEvent { id createdAt actor { __typename login } }
          ... on ReopenedEvent { id createdAt actor { __typename login } }
        }
        pageInfo { hasNextPage endCursor }
      }
      userContentEdits(first: 100, after: $edits) {
        nodes { editedAt editor { __typename login } }
        pageInfo { hasNextPage endCursor }
      }
    }
"""
HISTORY = f"""
query History($owner: String!, $name: String!, $number: Int!, $events: String, $edits: String) {{
  repository(owner: $owner, name: $name) {{{_ISSUE}  }}
}}
"""
# The configuration file says who may start a build, so it is read in the same query as who labelled the issue.
LABELLED = f"""
query Labelled(
  $owner: String!, $name: String!, $number: Int!, $tip: String!, $file: String!, $events: String, $edits: String
) {{
  repository(owner: $owner, name: $name) {{{_ISSUE}{BRANCH_FILE}  }}
}}
"""

_KINDS = {
    "LabeledEvent": "labeled",
    "UnlabeledEvent": "unlabeled",
    "RenamedTitleEvent": "renamed",
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
}


class IssueCalls:
    """Issues of one repository."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity) -> None:
        self._link = link
        self._identity = identity

    def history(self, number: IssueNumber) -> IssueHistory:
        """The issue's text, and who labelled, renamed and edited it. Raises NotFound."""
        return _all_pages(number, lambda after: self._link.graphql(HISTORY, number=int(number), **after))[0]

    def history_with(self, number: IssueNumber, path: str) -> tuple[IssueHistory, BranchFile]:
        """The history and a file of the default branch, read in one query. Raises NotFound."""
        variables = {"number": int(number), **of_branch("", path)}
        history, repository = _all_pages(number, lambda after: self._link.graphql(LABELLED, **variables, **after))
        return history, branch_file(repository)

    def find_comment(self, number: IssueNumber, marker: Marker) -> CommentRecord | None:
        """The App's own comment whose body holds the marker, or None."""
        listed = self._link.listed(_COMMENTS, issue_number=number)
        found = own_with_marker(listed, self._identity.bot_login, marker)
        return _comment(found) if found else None

    def written_since(self, number: IssueNumber, since: datetime) -> list[WrittenComment]:
        """The comments of people, not bots, that were written since a time and not edited later, oldest first."""
        # `since` filters by the last edit, so the time of writing is compared below.
        # https://docs.github.com/en/rest/issues/comments#list-issue-comments
        query = {"since": since.strftime("%Y-%m-%dT%H:%M:%SZ"), "per_page": 100}
        found = []
        for data in self._link.listed(_COMMENTS, query=query, issue_number=number):
            user = data.get("user") or {}
            # A person with write access can edit another person's comment, and only the webhook's `sender` says who
            # did. https://docs.github.com/en/webhooks/webhook-events-and-payloads#issue_comment
            if user.get("type") != "User" or data["created_at"] != data["updated_at"]:
                continue
            comment = _comment(data)
            # GitHub's times are whole seconds.
            if comment.created_at >= since.replace(microsecond=0):
                actor = Actor(str(user["login"]), int(user["id"]), is_bot=False)
                found.append(WrittenComment(comment.id, comment.body, actor, comment.created_at))
        return found

    @side_effect
    def comment(self, number: IssueNumber, body: str) -> CommentRecord:
        """Write a comment on an issue or pull request."""
        # A pull request is an issue too. https://docs.github.com/en/rest/issues/comments#create-an-issue-comment
        return _comment(self._link.change("POST", _COMMENTS, ISSUES_WRITE, body={"body": body}, issue_number=number))

    @side_effect
    def edit_comment(self, comment_id: CommentId, body: str) -> CommentRecord:
        """Replace a comment's text."""
        # https://docs.github.com/en/rest/issues/comments#update-an-issue-comment
        return _comment(self._link.change("PATCH", _COMMENT, ISSUES_WRITE, body={"body": body}, comment_id=comment_id))

    @side_effect
    def react_to_comment(self, comment_id: CommentId, content: str) -> None:
        """Add a reaction (`eyes`, `+1`, ...) to a comment; the same one again changes nothing."""
        # GitHub answers 200 instead of 201 for a reaction that exists.
        # https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue-comment
        route = f"{_COMMENT}/reactions"
        self._link.change("POST", route, ISSUES_WRITE, body={"content": content}, comment_id=comment_id)

    @side_effect
    def react_to_issue(self, number: IssueNumber, content: str) -> None:
        """Add a reaction (`eyes`, `+1`, ...) to an issue; the same one again changes nothing."""
        # https://docs.github.com/en/rest/reactions/reactions#create-reaction-for-an-issue
        route = f"{_ISSUE_ROUTE}/reactions"
        self._link.change("POST", route, ISSUES_WRITE, body={"content": content}, issue_number=number)

    @side_effect
    def close(self, number: IssueNumber) -> None:
        """Close an issue as completed."""
        # https://docs.github.com/en/rest/issues/issues#update-an-issue
        body = {"state": "closed", "state_reason": "completed"}
        self._link.change("PATCH", _ISSUE_ROUTE, ISSUES_WRITE, body=body, issue_number=number)

    @side_effect
    def reopen(self, number: IssueNumber) -> bool:
        """Open an issue again; whether it is open afterwards."""
        data = self._link.change("PATCH", _ISSUE_ROUTE, ISSUES_WRITE, body={"state": "open"}, issue_number=number)
        return bool(data["state"] == "open")

    def is_open(self, number: IssueNumber) -> bool:
        """Whether the issue is open. Raises NotFound."""
        return bool(self._link.read(_ISSUE_ROUTE, issue_number=number)["state"] == "open")

    def labelled(self, label: str) -> list[IssueNumber]:
        """The open issues that carry a label, without pull requests."""
        # The list of issues holds pull requests too; these have a key `pull_request`.
        # https://docs.github.com/en/rest/issues/issues#list-repository-issues
        query = {"labels": label, "state": "open"}
        found = self._link.listed("/repos/{owner}/{repo}/issues", query=query)
        return [IssueNumber(int(data["number"])) for data in found if "pull_request" not in data]


def _all_pages(
    number: IssueNumber, ask: Callable[[dict[str, str | None]], dict[str, Any]]
) -> tuple[IssueHistory, dict[str, Any]]:
    """The history, and the repository of the last answer. `ask` takes the cursors of both lists."""
    events: dict[str, IssueEvent] = {}
    edits: list[IssueBodyEdit] = []
    after: dict[str, str | None] = {"events": None, "edits": None}
    # Connection -> its cursor's variable. One query asks for the next page of both, so a list that has ended is sent
    # again with the last page of the other and must not be read twice.
    unread = {"timelineItems": "events", "userContentEdits": "edits"}
    repository: dict[str, Any] = {}
    for _ in range(MOST_ROUNDS):
        repository = ask(after)
        issue = repository.get("issue")
        if issue is None:
            raise NotFound(f"issue #{number} does not exist, or is not visible to this installation")
        if "timelineItems" in unread:
            events |= {node["id"]: _event(node) for node in nodes(issue["timelineItems"])}
        if "userContentEdits" in unread:
            edits += [
                IssueBodyEdit(login_of(node.get("editor")), parse_time(node["editedAt"]))
                for node in nodes(issue["userContentEdits"])
            ]
        for connection, variable in list(unread.items()):
            after[variable] = next_cursor(issue[connection]) or after[variable]
            if next_cursor(issue[connection]) is None:
                del unread[connection]
        if not unread:
            break
    return _history(number, repository["issue"], events.values(), edits, complete=not unread), repository


def _event(node: dict[str, Any]) -> IssueEvent:
    actor = node.get("actor")
    return IssueEvent(
        id=str(node["id"]),
        kind=_KINDS[node["__typename"]],
        actor=login_of(actor),
        actor_is_bot=bool(actor and actor.get("__typename") == "Bot"),
        at=parse_time(node["createdAt"]),
        label=(node.get("label") or {}).get("name"),
    )


def _history(
    number: IssueNumber,
    issue: dict[str, Any],
    events: Iterable[IssueEvent],
    edits: Iterable[IssueBodyEdit],
    *,
    complete: bool,
) -> IssueHistory:
    return IssueHistory(
        number=number,
        node_id=str(issue["id"]),
        title=str(issue["title"]),
        body=text_of(issue, "body"),
        state=str(issue["state"]).lower(),
        author=login_of(issue.get("author")),
        created_at=parse_time(issue["createdAt"]),
        labels=tuple(str(node["name"]) for node in nodes(issue["labels"])),
        events=tuple(sorted(events, key=lambda event: event.at)),
        edits=tuple(edits),
        # GitHub sends null instead of an empty list when the token may not see the edits.
        complete=complete and issue["userContentEdits"] is not None,
        html_url=str(issue["url"]),
    )


def _comment(data: Any) -> CommentRecord:
    return CommentRecord(
        id=CommentId(int(data["id"])),
        author=(data.get("user") or {}).get("login"),
        body=text_of(data, "body"),
        html_url=text_of(data, "html_url"),
        created_at=parse_time(data["created_at"]),
        updated_at=parse_time(data["updated_at"]),
    )
