"""Reading JSON out of what a model wrote: bare, fenced, or one object in the middle of prose."""

from __future__ import annotations

import json
import re
from typing import Any

from bot.changeset.rejected import ChangeSetRejected
from bot.core.codes.lookup import make_finding

# https://spec.commonmark.org/0.31.2/#fenced-code-blocks
_FENCE = re.compile(r"^[ \t]*(```+(?!`)|~~~+(?!~))[^\n`]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Parsers differ in which of two equal names they keep: https://www.rfc-editor.org/rfc/rfc8259#section-4
    keys = [key for key, _ in pairs]
    doubled = sorted({key for key in keys if keys.count(key) > 1})
    if doubled:
        raise ChangeSetRejected(
            [make_finding("contract.duplicate_key", f"the key {doubled[0]!r} occurs twice in one object")]
        )
    return dict(pairs)


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


# Python's decoder also takes NaN and Infinity, which are not JSON.
# https://docs.python.org/3/library/json.html#infinite-and-nan-number-values
_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_constant=_constant)


def read_json(raw: str) -> tuple[object, tuple[str, ...]]:
    """The one JSON value of a reply, and notes on what was around it.

    Raises ChangeSetRejected for none, for several objects, for a doubled key, and for JSON that is cut off.
    """
    text = raw.strip().removeprefix("\ufeff")
    whole = _whole(text)
    if whole is not None:
        return whole[0], ()
    objects = _objects(text)
    if len(objects) > 1:
        raise ChangeSetRejected([make_finding("contract.ambiguous", f"the reply holds {len(objects)} JSON objects")])
    if objects:
        fenced = any(_whole(match[2].strip()) is not None for match in _FENCE.finditer(text))
        return objects[0], (
            "took the JSON out of a code fence" if fenced else "took the JSON out of the prose around it",
        )
    message = "the reply holds no complete JSON object" if text else "the reply is empty"
    if text.startswith(("{", "[", "```")):
        message += " (it is cut off or malformed)"
    raise ChangeSetRejected([make_finding("contract.not_json", message)])


def _whole(text: str) -> tuple[object] | None:
    try:
        return (_DECODER.decode(text),)
    except (ValueError, RecursionError):
        return None


def _objects(text: str) -> list[object]:
    """Every JSON object at the start of a line or after prose, none that is part of another."""
    found_objects: list[object] = []
    at = text.find("{")
    while at >= 0:
        try:
            value, end = _DECODER.raw_decode(text, at)
            if value:
                found_objects.append(value)
        except (ValueError, RecursionError):
            if found_objects or text.lstrip().startswith("{"):
                break
            end = at + 1
            if re.match(r'\{\s*"', text[at:]):
                break
        at = text.find("{", end)
    return found_objects
