"""Issues: their history, comments and reactions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.core.errors import NotFound
from bot.core.names import CommentId, IssueNumber, Marker, has_marker
from bot.effects.guard import side_effect
from bot.github_api.files import BRANCH_FILE, branch_file, of_branch
from bot.github_api.permissions import ISSUES_WRITE
from bot.github_api.records import Actor, AppIdentity, BodyEdit, BranchFile, CommentRecord, IssueEvent, IssueHistory
from bot.github_api.repository import RepositoryLink

MOST_ROUNDS = 20
"""Of a hundred events and a hundred edits each; a longer history counts as not read to its end."""

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
          ... on RenamedTitleEvent { id createdAt actor { __typename login } previousTitle }
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
LABELLED = f"""
query Labelled(
  $owner: String!, $name: String!, $number: Int!, $tip: String!, $file: String!, $events: String, $edits: String
) {{
  repository(owner: $owner, name: $name) {{{_ISSUE}{BRANCH_FILE}  }}
}}
"""
"""The same, with a file of the default branch: who may start something is asked in the same breath as by what."""

_KINDS = {
    "LabeledEvent": "labeled",
    "UnlabeledEvent": "unlabeled",
    "RenamedTitleEvent": "renamed",
    "ClosedEvent": "closed",
    "ReopenedEvent": "reopened",
}


@dataclass(frozen=True, slots=True)
class WrittenComment:
    """A comment as a person wrote it."""

    id: CommentId
    body: str
    actor: Actor
    created_at: datetime


class IssueCalls:
    """Issues of one repository."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity) -> None:
        self._link = link
        self._identity = identity

    def history(self, number: IssueNumber) -> IssueHistory:
        """The issue's text, with who labelled, renamed and edited it. Raises NotFound when there is no such issue."""
        return _all_pages(number, lambda after: self._link.graphql(HISTORY, number=int(number), **after))[0]

    def history_with(self, number: IssueNumber, path: str) -> tuple[IssueHistory, BranchFile]:
        """The history, and a file of the default branch as it is now, for the price of the history."""
        asked = {"number": int(number), **of_branch("", path)}
        history, repository = _all_pages(number, lambda after: self._link.graphql(LABELLED, **asked, **after))
        return history, branch_file(repository)

    def find_comment(self, number: IssueNumber, marker: Marker) -> CommentRecord | None:
        """Our own comment that holds the marker; anybody can write a marker, so the author is compared too."""
        route = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
        for data in self._link.listed(route, issue_number=number):
            user = data.get("user") or {}
            if user.get("login") == self._identity.bot_login and has_marker(data.get("body"), marker):
                return _comment(data)
        return None

    def written_since(self, number: IssueNumber, since: datetime) -> list[WrittenComment]:
        """What people wrote since a time and did not change afterwards, oldest first; bots are left out.

        GitHub's `since` compares the time of the last change, so the time of writing is compared here.
        """
        route = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
        query = {"since": since.strftime("%Y-%m-%dT%H:%M:%SZ"), "per_page": 100}
        found = []
        for data in self._link.listed(route, query=query, issue_number=number):
            user = data.get("user") or {}
            # Anybody with write permission can change somebody else's comment: only the delivery tells who did.
            if user.get("type") != "User" or data["created_at"] != data["updated_at"]:
                continue
            made = _comment(data)
            if made.created_at >= since.replace(microsecond=0):
                actor = Actor(str(user["login"]), int(user["id"]), is_bot=False)
                found.append(WrittenComment(made.id, made.body, actor, made.created_at))
        return found

    @side_effect
    def comment(self, number: IssueNumber, body: str) -> CommentRecord:
        """Write a comment."""
        route = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
        return _comment(self._link.change("POST", route, ISSUES_WRITE, body={"body": body}, issue_number=number))

    @side_effect
    def edit_comment(self, comment_id: CommentId, body: str) -> CommentRecord:
        """Replace a comment's text."""
        route = "/repos/{owner}/{repo}/issues/comments/{comment_id}"
        return _comment(self._link.change("PATCH", route, ISSUES_WRITE, body={"body": body}, comment_id=comment_id))

    @side_effect
    def react_to_comment(self, comment_id: CommentId, content: str) -> None:
        """React to a comment; a reaction that is there already is answered 200 and stays one."""
        route = "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions"
        self._link.change("POST", route, ISSUES_WRITE, body={"content": content}, comment_id=comment_id)

    @side_effect
    def react_to_issue(self, number: IssueNumber, content: str) -> None:
        """React to an issue; a reaction that is there already is answered 200 and stays one."""
        route = "/repos/{owner}/{repo}/issues/{issue_number}/reactions"
        self._link.change("POST", route, ISSUES_WRITE, body={"content": content}, issue_number=number)

    @side_effect
    def close(self, number: IssueNumber) -> None:
        """Close an issue as completed."""
        route = "/repos/{owner}/{repo}/issues/{issue_number}"
        body = {"state": "closed", "state_reason": "completed"}
        self._link.change("PATCH", route, ISSUES_WRITE, body=body, issue_number=number)

    @side_effect
    def reopen(self, number: IssueNumber) -> bool:
        """Open an issue again."""
        route = "/repos/{owner}/{repo}/issues/{issue_number}"
        data = self._link.change("PATCH", route, ISSUES_WRITE, body={"state": "open"}, issue_number=number)
        return bool(data["state"] == "open")

    def is_open(self, number: IssueNumber) -> bool:
        """Whether the issue is open."""
        route = "/repos/{owner}/{repo}/issues/{issue_number}"
        return bool(self._link.read(route, issue_number=number)["state"] == "open")

    def labelled(self, label: str) -> list[IssueNumber]:
        """Open issues that carry a label; the issues list holds pull requests too, which are left out."""
        query = {"labels": label, "state": "open"}
        found = self._link.listed("/repos/{owner}/{repo}/issues", query=query)
        return [IssueNumber(int(one["number"])) for one in found if "pull_request" not in one]


def login_of(actor: dict[str, Any] | None) -> str | None:
    """A login as REST spells it: GraphQL leaves `[bot]` out. None for an account that is gone."""
    if not actor:
        return None
    login = str(actor["login"])
    return f"{login}[bot]" if actor.get("__typename") == "Bot" and not login.endswith("[bot]") else login


def parse_time(text: str) -> datetime:
    """GitHub's time, in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def nodes(connection: dict[str, Any] | None) -> list[dict[str, Any]]:
    """What a page of a GraphQL connection holds; GitHub answers null for what may not be seen."""
    return [node for node in (connection or {}).get("nodes") or [] if node]


def _all_pages(
    number: IssueNumber, ask: Callable[[dict[str, str | None]], dict[str, Any]]
) -> tuple[IssueHistory, dict[str, Any]]:
    """The history to its end, and the last answer's repository. `ask` is given the cursors of both lists."""
    events: dict[str, IssueEvent] = {}
    edits: list[BodyEdit] = []
    after: dict[str, str | None] = {"events": None, "edits": None}
    open_lists = {"timelineItems": "events", "userContentEdits": "edits"}
    repository: dict[str, Any] = {}
    for _ in range(MOST_ROUNDS):
        repository = ask(after)
        issue = repository.get("issue")
        if issue is None:
            raise NotFound(f"issue #{number} does not exist, or is not visible to this installation")
        if "timelineItems" in open_lists:
            events |= {node["id"]: _event(node) for node in nodes(issue["timelineItems"])}
        if "userContentEdits" in open_lists:
            edits += [_edit(node) for node in nodes(issue["userContentEdits"])]
        for name, cursor in list(open_lists.items()):
            page = (issue[name] or {}).get("pageInfo") or {}
            if page.get("hasNextPage"):
                after[cursor] = page["endCursor"]
            else:
                del open_lists[name]
        if not open_lists:
            break
    complete = not open_lists
    return _history(number, repository["issue"], tuple(events.values()), tuple(edits), complete=complete), repository


def _event(node: dict[str, Any]) -> IssueEvent:
    actor = node.get("actor")
    return IssueEvent(
        id=str(node["id"]),
        kind=_KINDS[node["__typename"]],
        actor=login_of(actor),
        actor_is_bot=bool(actor and actor.get("__typename") == "Bot"),
        at=parse_time(node["createdAt"]),
        label=(node.get("label") or {}).get("name"),
        previous_title=node.get("previousTitle"),
    )


def _edit(node: dict[str, Any]) -> BodyEdit:
    return BodyEdit(login_of(node.get("editor")), parse_time(node["editedAt"]))


def _history(
    number: IssueNumber,
    issue: dict[str, Any],
    events: tuple[IssueEvent, ...],
    edits: tuple[BodyEdit, ...],
    *,
    complete: bool,
) -> IssueHistory:
    author = issue.get("author")
    return IssueHistory(
        number=number,
        node_id=str(issue["id"]),
        title=str(issue["title"]),
        body=str(issue["body"] or ""),
        state=str(issue["state"]).lower(),
        author=login_of(author),
        author_is_bot=bool(author and author.get("__typename") == "Bot"),
        created_at=parse_time(issue["createdAt"]),
        labels=tuple(str(node["name"]) for node in nodes(issue["labels"])),
        events=tuple(sorted(events, key=lambda event: event.at)),
        edits=edits,
        # Null, not an empty list, is what GitHub answers when the edits may not be seen.
        complete=complete and issue["userContentEdits"] is not None,
        html_url=str(issue["url"]),
    )


def _comment(data: Any) -> CommentRecord:
    return CommentRecord(
        id=CommentId(int(data["id"])),
        author=(data.get("user") or {}).get("login"),
        body=str(data.get("body") or ""),
        html_url=str(data.get("html_url") or ""),
        created_at=parse_time(data["created_at"]),
        updated_at=parse_time(data["updated_at"]),
    )
