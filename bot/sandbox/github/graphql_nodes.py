"""GraphQL objects as dictionaries for graphql-core's default resolver; fields that cost or refuse are functions."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, cast

from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLSchema, build_schema, get_named_type

from bot.core.json_types import JsonDict
from bot.sandbox.github.accounts import Account, node_id, stamp, stamp_or_none
from bot.sandbox.github.permissions import Caller
from bot.sandbox.github.state import Comment, Issue, Label, Repository, TimelineEvent
from bot.sandbox.github.world import World

MAX_PAGE = 100
_EVENTS = {
    "labeled": "LabeledEvent",
    "unlabeled": "UnlabeledEvent",
    "renamed": "RenamedTitleEvent",
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "merged": "MergedEvent",
}
Resolver = Callable[..., Any]


class Refusal(Exception):
    """An entry of `errors` with GitHub's `type`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Reader:
    """One query's view of the world: what it may see is decided by the caller's token."""

    def __init__(self, world: World, caller: Caller) -> None:
        self.world = world
        self.caller = caller

    def require(self, needs: str) -> None:
        """Refuse with FORBIDDEN unless the token satisfies the need."""
        if not self.caller.may(needs):
            raise Refusal("FORBIDDEN", "Resource not accessible by integration")

    def web(self, repo: Repository) -> str:
        return f"{self.world.site.web}/{repo.full_name}"


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """The sandbox's part of GitHub's schema."""
    return build_schema(files("bot.sandbox.github").joinpath("schema.graphql").read_text())


@cache
def _attributes(kind: str) -> tuple[tuple[str, str, bool], ...]:
    """Of every field of a type: its name, the same in Python's spelling, and whether it is an enum."""
    fields = cast(GraphQLObjectType, schema().type_map[kind]).fields
    return tuple(
        (name, re.sub(r"(?=[A-Z])", "_", name).lower(), isinstance(get_named_type(field.type), GraphQLEnumType))
        for name, field in fields.items()
    )


def node(kind: str, prefix: str, made: Any, **computed: Any) -> JsonDict:
    """An object of a GraphQL type: `computed` fields, and every other field that `made` has as a plain attribute.

    Times and enums are written as GitHub writes them. `prefix` begins the global id. A field that is missing is null.
    """
    body: JsonDict = {"__typename": kind, "id": node_id(prefix, made.id), "databaseId": made.id}
    body["fullDatabaseId"] = str(made.id)
    for name, attribute, enum in _attributes(kind):
        value = None if name in computed or name in body else getattr(made, attribute, None)
        if isinstance(value, datetime):
            body[name] = stamp(value)
        elif isinstance(value, str | int):
            body[name] = value.upper() if enum and isinstance(value, str) else value
    return {**body, **computed}


def connection(name: str, items: Sequence[Any], args: JsonDict) -> JsonDict:
    """A page of a connection by `first`/`after` or `last`/`before`, within GitHub's bounds."""
    first, last = args.get("first"), args.get("last")
    if first is None and last is None:
        text = f"You must provide a `first` or `last` value to properly paginate the `{name}` connection."
        raise Refusal("MISSING_PAGINATION_BOUNDARIES", text)
    for word, size in (("first", first), ("last", last)):
        if size is not None and not 0 < size <= MAX_PAGE:
            text = f"Requesting {size} records on the `{name}` connection exceeds the `{word}` limit of 100 records."
            raise Refusal("EXCESSIVE_PAGINATION", text)
    start, end = 0, len(items)
    if args.get("after"):
        start = _position(args["after"])
    if args.get("before"):
        end = _position(args["before"]) - 1
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    page = {
        "hasNextPage": end < len(items),
        "hasPreviousPage": start > 0,
        "startCursor": _cursor(start + 1) if start < end else None,
        "endCursor": _cursor(end) if start < end else None,
    }
    return {"nodes": list(items[start:end]), "pageInfo": page, "totalCount": len(items)}


def _cursor(position: int) -> str:
    return base64.b64encode(f"cursor:v2:{position}".encode()).decode()


def _position(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor, validate=True).decode().removeprefix("cursor:v2:"))
    except (binascii.Error, ValueError):
        raise Refusal("INVALID_CURSOR_ARGUMENTS", f"`{cursor}` does not appear to be a valid cursor.") from None


def paged(name: str, read: Callable[[], Sequence[Any]]) -> Resolver:
    """A connection field whose items are read when it is asked for."""
    return lambda _info, **args: connection(name, read(), args)


def lazy(read: Callable[[], Any]) -> Resolver:
    """A field without arguments that is computed when it is asked for."""
    return lambda _info: read()


def actor(reader: Reader, account: Account | None) -> JsonDict | None:
    """An actor; a bot's login carries no `[bot]` here, unlike in REST."""
    if account is None:
        return None
    login = account.login.removesuffix("[bot]") if account.kind == "Bot" else account.login
    return {
        "__typename": account.kind,
        "id": node_id("BOT" if account.kind == "Bot" else "U", account.id),
        "databaseId": account.id,
        "login": login,
        "url": f"{reader.world.site.web}/{'apps/' if account.kind == 'Bot' else ''}{login}",
    }


def label(made: Label) -> JsonDict:
    return node("Label", "LA", made)


def comment(reader: Reader, made: Comment) -> JsonDict:
    url = f"{reader.web(made.issue.repository)}/{made.issue.place}/{made.issue.number}#issuecomment-{made.id}"
    return node("IssueComment", "IC", made, author=actor(reader, made.user), url=url)


def _event(reader: Reader, repo: Repository, made: TimelineEvent) -> JsonDict:
    body: JsonDict = {
        "__typename": _EVENTS[made.kind],
        "id": node_id("EV", made.id),
        "actor": actor(reader, made.actor),
        "createdAt": stamp(made.at),
    }
    if "label" in made.detail:
        body["label"] = label(repo.labels[made.detail["label"].casefold()])
    if made.kind == "renamed":
        body.update(previousTitle=made.detail["from"], currentTitle=made.detail["to"])
    return body


def _timeline(reader: Reader, issue: Issue, args: JsonDict) -> JsonDict:
    entries = [(one.id, _event(reader, issue.repository, one)) for one in issue.timeline]
    entries += [(one.id, comment(reader, one)) for one in issue.comments]
    every = [body for _, body in sorted(entries, key=lambda pair: pair[0])]
    wanted = args.pop("itemTypes", None)
    args.pop("since", None)
    shown = [one for one in every if wanted is None or _constant(one["__typename"]) in wanted]
    page = connection("timelineItems", shown, args)
    updated = stamp(issue.updated_at)
    sizes = {"filteredCount": len(shown), "pageCount": len(page["nodes"]), "totalCount": len(every)}
    return {**page, **sizes, "updatedAt": updated}


def _constant(type_name: str) -> str:
    return "".join(f"_{c}" if c.isupper() and i else c.upper() for i, c in enumerate(type_name)).upper()


def _edits(reader: Reader, issue: Issue) -> list[JsonDict]:
    """Newest first; once a body was edited at all, the original creation is listed as well."""
    if not issue.edits:
        return []
    history = [(issue.user, issue.created_at), *((one.editor, one.at) for one in issue.edits)]
    made = [
        {
            "id": node_id("UCE", issue.id * 1000 + position),
            "editor": actor(reader, editor),
            **dict.fromkeys(("createdAt", "editedAt", "updatedAt"), stamp(at)),
        }
        for position, (editor, at) in enumerate(history)
    ]
    return made[::-1]


def conversation(reader: Reader, issue: Issue) -> JsonDict:
    """The fields that issues and pull requests share."""
    last = issue.edits[-1] if issue.edits else None
    return {
        "number": issue.number,
        "title": issue.title,
        "body": issue.body or "",
        "author": actor(reader, issue.user),
        "createdAt": stamp(issue.created_at),
        "updatedAt": stamp(issue.updated_at),
        "closedAt": stamp_or_none(issue.closed_at),
        "lastEditedAt": stamp(last.at) if last else None,
        "editor": actor(reader, last.editor) if last else None,
        "labels": paged("labels", lambda: [label(one) for one in issue.labels]),
        "comments": paged("comments", lambda: [comment(reader, one) for one in issue.comments]),
        "userContentEdits": paged("userContentEdits", lambda: _edits(reader, issue)),
        "timelineItems": lambda _info, **args: _timeline(reader, issue, args),
    }


def issue_node(reader: Reader, issue: Issue) -> JsonDict:
    url = f"{reader.web(issue.repository)}/issues/{issue.number}"
    return node("Issue", "I", issue, url=url, **conversation(reader, issue))
