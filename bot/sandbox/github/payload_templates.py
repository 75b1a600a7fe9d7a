"""Fills the templates of `payloads.json`: each has the shape of GitHub's published example, with places for our values.

In a template's text `$login` or `${login}` is an attribute of the object, dotted for attributes of attributes; `$api`,
`$web`, `$repo_api` and `$repo_web` are addresses. A text that is one whole place becomes the value itself, times as
GitHub writes them. `$owner|simple-user` becomes that template, filled for the value; null for None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from bot.core.json_types import JsonDict
from bot.sandbox.github.accounts import node_id, stamp

_PLACE = re.compile(r"\$(\{[\w.]+\}|[a-z_][\w.]*\w)")
_ONE_PLACE = re.compile(r"\$([a-z_][\w.]*\w)(?:\|([\w-]+))?")


@dataclass
class Site:
    """Where the sandbox can be reached; `web` is known once the server listens."""

    web: str = "http://127.0.0.1:0"

    @property
    def api(self) -> str:
        return f"{self.web}/api/v3"


@lru_cache(maxsize=1)
def _templates() -> dict[str, JsonDict]:
    text = files("bot.sandbox.github").joinpath("payloads.json").read_text("utf-8")
    return dict(json.loads(text))


def fill(site: Site, template: str, made: Any, /, **values: Any) -> JsonDict:
    """The template filled for one object; `values` are further places. Raises AttributeError for an unknown place."""
    return {key: _filled(part, site, made, values) for key, part in _templates()[template].items()}


def _filled(part: Any, site: Site, made: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(part, dict):
        return {key: _filled(inner, site, made, values) for key, inner in part.items()}
    if isinstance(part, list):
        return [_filled(inner, site, made, values) for inner in part]
    if not isinstance(part, str) or "$" not in part:
        return part
    pieces, place, template = _parsed(part)
    if place is None:
        # The odd pieces are names of places.
        return "".join(
            str(_value(piece.strip("{}"), site, made, values)) if position % 2 else piece
            for position, piece in enumerate(pieces)
        )
    value = _value(place, site, made, values)
    return fill(site, template, value) if template and value is not None else value


@cache
def _parsed(text: str) -> tuple[list[str], str | None, str | None]:
    """The pieces of the text around its places; where it is one whole place, also that place and its template."""
    whole = _ONE_PLACE.fullmatch(text)
    return _PLACE.split(text), whole and whole[1], whole and whole[2]


def _value(name: str, site: Site, made: Any, values: Mapping[str, Any]) -> Any:
    first, _, rest = name.partition(".")
    if first in values:
        found = values[first]
    elif first == "node":
        # `$node.PR`: the global id of this object, whose first letters tell the kind.
        return node_id(rest, made.id)
    elif first in ("api", "web"):
        return getattr(site, first)
    elif first in ("repo_api", "repo_web"):
        repository = values.get("repo") or getattr(made, "repository", made)
        return (
            f"{site.api}/repos/{repository.full_name}" if first == "repo_api" else f"{site.web}/{repository.full_name}"
        )
    else:
        found, rest = made, name
    for attribute in rest.split(".") if rest else ():
        found = getattr(found, attribute)
    if isinstance(found, datetime):
        return stamp(found)
    # A payload may wait in the webhook queue while the object changes.
    return found.copy() if isinstance(found, dict | list) else found
