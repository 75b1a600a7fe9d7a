"""Where an explorer says that the code of a change is: `path:first-last`, checked against the tree."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.text_content import lines_of

# Only where a path may begin, so that time is linear in the length of a line.
_LINE = re.compile(
    r"(?<![^\s`'\"()\[\],:])(?P<path>[^\s`'\"()\[\],:]+):(?P<first>\d+)(?:\s*[-\u2013]\s*(?P<last>\d+))?(?P<why>.*)"
)
_JSON = re.compile(r"\{.*\}", re.DOTALL)
MOST = 60


@dataclass(frozen=True, slots=True)
class Citation:
    """Lines that a change needs, from `first` to `last` (both included, from 1), and why."""

    path: str
    first: int
    last: int
    why: str = ""


def read_citations(text: str) -> tuple[Citation, ...]:
    """The citations of an answer in its order: of a JSON object with `citations`, else of lines `path:42-58 why`."""
    return tuple(dict.fromkeys(list(_from_json(text)) or list(_from_lines(text))))[:MOST]


def fitting(
    citations: Sequence[Citation], text_of: Callable[[str], str | None]
) -> tuple[tuple[Citation, ...], tuple[str, ...]]:
    """The citations inside the files they name, those that touch each other joined; then notes on all others."""
    lines: dict[str, int] = {}
    notes: list[str] = []
    ranges: dict[str, list[Citation]] = {}
    for one in citations:
        if one.path not in lines:
            text = text_of(one.path)
            lines[one.path] = -1 if text is None else len(lines_of(text))
        if lines[one.path] < 0:
            notes.append(f"{one.path} is not a text file of the repository")
        elif one.first > lines[one.path]:
            notes.append(f"{one.path} has {lines[one.path]} lines, and line {one.first} was cited")
        else:
            last = min(max(one.first, one.last), lines[one.path])
            ranges.setdefault(one.path, []).append(Citation(one.path, max(1, one.first), last, one.why))
    joined = [one for group in ranges.values() for one in _joined(group)]
    return tuple(joined), tuple(dict.fromkeys(notes))


def _joined(group: Sequence[Citation]) -> Iterator[Citation]:
    ordered = sorted(group, key=lambda one: (one.first, one.last))
    current = ordered[0]
    for one in ordered[1:]:
        if one.first <= current.last + 1:
            why = "; ".join(dict.fromkeys(part for part in (current.why, one.why) if part))
            current = Citation(current.path, current.first, max(current.last, one.last), why)
        else:
            yield current
            current = one
    yield current


def _from_json(text: str) -> Iterator[Citation]:
    hit = _JSON.search(text)
    try:
        data: Any = json.loads(hit[0]) if hit else None
    except ValueError:
        return
    items = data.get("citations") if isinstance(data, dict) else None
    for item in items if isinstance(items, list) else []:
        if isinstance(item, str):
            yield from _from_lines(item)
        elif isinstance(item, dict) and isinstance(item.get("path"), str):
            first, last = item.get("first", 1), item.get("last", item.get("first", 1))
            if isinstance(first, int) and isinstance(last, int):
                yield Citation(item["path"].strip(), first, last, _short(item.get("why")))


def _from_lines(text: str) -> Iterator[Citation]:
    for line in text.split("\n"):
        hit = _LINE.search(line)
        if hit:
            first = int(hit["first"])
            yield Citation(hit["path"], first, int(hit["last"] or first), _short(hit["why"].strip(" `:-\u2013")))


def _short(value: object) -> str:
    return " ".join(value.split())[:200] if isinstance(value, str) else ""
