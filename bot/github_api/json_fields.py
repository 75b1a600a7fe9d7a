"""Fields that many of GitHub's answers share, read from decoded JSON, with null where GitHub sends it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from bot.core.names import AppId, Marker, has_marker

Json = Mapping[str, Any]


def nodes(connection: Json | None) -> list[dict[str, Any]]:
    """The objects on one page of a GraphQL connection, without those that the installation may not see."""
    # GitHub sends null for an object (or a whole list) that the token may not see.
    # https://docs.github.com/en/graphql/guides/introduction-to-graphql
    return [node for node in (connection or {}).get("nodes") or [] if node]


def next_cursor(connection: Json | None) -> str | None:
    """The cursor of the next page of a GraphQL connection, or None after the last one."""
    # https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api
    page = (connection or {}).get("pageInfo") or {}
    return str(page.get("endCursor")) if page.get("hasNextPage") else None


def login_of(actor: Json | None) -> str | None:
    """A GraphQL actor's login as REST spells it, or None for a deleted account."""
    if not actor:
        return None
    # REST writes `cadence[bot]` where GraphQL writes `cadence` with the type Bot.
    login = str(actor["login"])
    return f"{login}[bot]" if actor.get("__typename") == "Bot" and not login.endswith("[bot]") else login


def time_of(data: Json, field: str) -> datetime | None:
    """A time with its zone, or None where the field is null or absent."""
    return datetime.fromisoformat(str(data[field]).replace("Z", "+00:00")) if data.get(field) else None


def parse_time(text: str) -> datetime:
    """GitHub's ISO 8601 time, with its zone."""
    # Python reads the `Z` from 3.11 on only, and GitHub always writes it.
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def own_with_marker(items: Iterable[Json], bot_login: str, marker: Marker) -> Json | None:
    """The first comment or review that this login wrote and whose body holds the marker, or None."""
    # Anyone who may comment can copy a marker, so the author is compared too.
    for data in items:
        if (data.get("user") or {}).get("login") == bot_login and has_marker(data.get("body"), marker):
            return data
    return None


def app_id_of(number: int | None) -> AppId | None:
    """An App's id; None for null, 0 and -1."""
    # In a rule, null and -1 both accept a check of any App.
    # https://docs.github.com/en/rest/branches/branch-protection#update-status-check-protection
    return AppId(int(number)) if number is not None and int(number) > 0 else None


def text_of(data: Json, *fields: str) -> str:
    """The first of the fields that is neither null nor empty, as text; "" where all are."""
    return next((str(data[field]) for field in fields if data.get(field)), "")
