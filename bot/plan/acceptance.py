"""The acceptance lines of a blueprint, found by the structure of its Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.foreign_text import markdown_tokens

_NAME = r"acceptance(?: criteria| tests?)?|definition of done|done when"
_PARAGRAPH = re.compile(rf"(?:\*\*|__)?(?:{_NAME})(?:\*\*|__)?\s*:\s*(?:\*\*|__)?\s*(?P<rest>.*)", re.IGNORECASE)
_BOLD = re.compile(rf"(?:\*\*|__)(?:{_NAME})\s*:?(?:\*\*|__)\s*:?", re.IGNORECASE)
_HEADING = re.compile(rf"\A(?:[\d.)]+\s+)?(?:{_NAME})\W*", re.IGNORECASE)
_TASK = re.compile(r"\[[ xX]\](?:\s+|$)")
_BULLET = re.compile(r"\s*•\s+")
"""Not Markdown, but people write it."""
# GitHub shows tables, which CommonMark does not have: https://github.github.com/gfm/#tables-extension-
_PARSER = MarkdownIt("commonmark").enable("table")


@dataclass(frozen=True, slots=True)
class _Row:
    """One block that a reader sees. `level` is a heading's rank from 1; `apart`: after a blank line."""

    kind: Literal["heading", "item", "task", "row", "code", "prose"]
    text: str
    level: int = 0
    apart: bool = False


def acceptance_lines(text: str) -> tuple[str, ...]:
    """The lines of a section named `Acceptance`, of a paragraph `Acceptance: ...`, and all task items; each line once.

    A section ends at the next heading of its own or a higher rank; a paragraph ends where other prose begins after a
    blank line. Task items: https://github.github.com/gfm/#task-list-items-extension-
    """
    lines: list[str] = []
    place, level = "", 0
    for row in _rows(text):
        if row.kind == "heading":
            if _HEADING.fullmatch(_bare(row.text)):
                place, level = "section", row.level
            # A lower heading divides the section; the same or a higher one ends it.
            elif place != "section" or row.level <= level:
                place = ""
            continue
        opening = _PARAGRAPH.fullmatch(row.text) if row.kind == "prose" else None
        if row.kind == "prose" and place != "section" and (opening or _BOLD.fullmatch(row.text)):
            place = "paragraph" if opening and opening["rest"] else "announced"
            lines.append(opening["rest"] if opening else "")
            continue
        if place == "paragraph" and row.apart and row.kind == "prose":
            place = ""
        if place or row.kind == "task":
            lines.append(opening["rest"] if opening else row.text)
            place = "paragraph" if place == "announced" else place
    return tuple(dict.fromkeys(line for line in lines if line))


def _bare(heading: str) -> str:
    """A heading without the marks around its words: emphasis, an emoji, a number."""
    return re.sub(r"^[^\w]+", "", heading.replace("*", "").replace("_", " ").strip())


def _rows(text: str) -> Iterator[_Row]:
    """The text's blocks in order, without rules, HTML and the heads of tables."""
    lines = text.split("\n")
    around: list[str] = []
    cells: list[str] = []
    rank = 0
    for token in markdown_tokens(text, _PARSER):
        if token.nesting > 0:
            around.append(token.type)
            rank = int(token.tag[1]) if token.type == "heading_open" else rank
        elif token.nesting < 0:
            around.pop()
            # The head of a table names its columns and asks for nothing.
            if token.type == "tr_close" and "tbody_open" in around:
                yield _Row("row", " | ".join(cell for cell in cells if cell))
            cells = [] if token.type == "tr_close" else cells
        elif token.type in ("fence", "code_block"):
            yield _Row("code", " ".join(token.content.split()))
        elif token.type == "inline" and around[-1] in ("td_open", "th_open"):
            cells.append(token.content.strip())
        elif token.type == "inline" and around[-1] == "heading_open":
            yield _Row("heading", token.content, level=rank)
        elif token.type == "inline":
            yield from _items_and_prose(token, around, apart=_blank_line_before(token, lines))


def _items_and_prose(token: Token, around: list[str], *, apart: bool) -> Iterator[_Row]:
    """A list item is one row, even when it is wrapped; prose is a row for each line."""
    in_item = len(around) > 1 and around[-2] == "list_item_open"
    wrapped: list[str] = []
    for number, line in enumerate(token.content.split("\n")):
        bullet = _BULLET.match(line)
        if in_item and not bullet:
            wrapped.append(line.strip())
            continue
        yield from _item(wrapped)
        wrapped = [line[bullet.end() :].strip()] if bullet else []
        if not bullet:
            yield _Row("prose", line.strip(), apart=apart and number == 0)
    yield from _item(wrapped)


def _item(wrapped: list[str]) -> Iterator[_Row]:
    text = " ".join(wrapped)
    task = _TASK.match(text)
    if text:
        yield _Row("task" if task else "item", text[task.end() :] if task else text)


def _blank_line_before(token: Token, lines: list[str]) -> bool:
    start = token.map[0] if token.map else 0
    return start > 0 and not lines[start - 1].strip()
