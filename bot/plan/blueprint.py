"""A blueprint: an issue's text as people see it, its acceptance lines, and the ChangeSet it may carry."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markdown_it.token import Token

from bot.core.foreign_text import markdown_tokens
from bot.core.shown_text import MARK, PARSER, comment_spans, shown_text, without_comments, without_invisible
from bot.plan.acceptance import acceptance_lines

BLOCK_INFO = "json cadence"


@dataclass(frozen=True, slots=True)
class Blueprint:
    """`text` is what a model may see; `change_set_json` the block's raw text, `change_set_line` its line from 1."""

    title: str
    text: str
    acceptance: tuple[str, ...]
    change_set_json: str | None = None
    change_set_line: int | None = None
    problems: tuple[str, ...] = ()


def read_blueprint(title: str, body: str) -> Blueprint:
    """Read an issue's title and body. Hidden text is taken out; only a visible top-level block counts."""
    raw = body.replace("\r\n", "\n").replace("\r", "\n").replace(MARK, "")
    blocks = _blocks(raw)
    visible = _visible(_without(raw, blocks))
    problems: tuple[str, ...] = ()
    if len(blocks) > 1:
        lines = ", ".join(str(line) for _, line, _ in blocks)
        problems = (f"The issue holds {len(blocks)} `{BLOCK_INFO}` blocks (lines {lines}); only one can be meant.",)
    one = blocks[0] if len(blocks) == 1 else None
    return Blueprint(
        title=without_invisible(title).strip(),  # GitHub shows a title as it is: it is not Markdown.
        text=visible,
        acceptance=acceptance_lines(visible),
        change_set_json=one[0] if one else None,
        change_set_line=one[1] if one else None,
        problems=problems,
    )


def _visible(text: str) -> str:
    """What GitHub shows; outside code, blank lines in a row become one, and empty answers of issue forms go."""
    shown = shown_text(text)
    code = _code_lines(shown)
    kept: list[str] = []
    for number, line in enumerate(shown.split("\n")):
        if number in code:
            kept.append(line)
        elif line.strip() == "_No response_" or (not line.strip() and kept and not kept[-1]):
            continue
        else:
            kept.append(line.rstrip())
    return "\n".join(kept).strip()


def _code_lines(text: str) -> set[int]:
    """The numbers, from 0, of the lines that Markdown shows exactly as they are."""
    maps = (token.map for token in markdown_tokens(text, PARSER) if token.type in ("fence", "code_block"))
    return {line for lines in maps if lines for line in range(*lines)}


def _blocks(raw: str) -> list[tuple[str, int, int]]:
    """(content, first line from 1, line after) of every visible top-level fence of ours.

    The parser says what is top level: a fence in a quote, a list, an HTML block or another fence is not. A fence that
    follows an open `<details>` is hidden from a casual reader, and one inside a comment that an HTML block opened is
    hidden from everybody, so neither counts.
    """
    found: list[tuple[str, int, int]] = []
    folded = 0
    hidden = _lines_in_comments(raw)
    for token in markdown_tokens(raw, PARSER):
        for html in _html(token):
            folded += len(re.findall(r"<details\b", html)) - len(re.findall(r"</details\s*>", html))
            folded = max(0, folded)
        shown = token.type == "fence" and token.level == 0 and not folded
        if shown and token.map and token.map[0] not in hidden and " ".join(token.info.split()).lower() == BLOCK_INFO:
            found.append((token.content, token.map[0] + 1, token.map[1]))
    return found


def _lines_in_comments(raw: str) -> set[int]:
    """The numbers, from 0, of the lines that begin inside an HTML comment."""
    spans = comment_spans(raw)
    return {line for start, end in spans for line in range(raw.count("\n", 0, start) + 1, raw.count("\n", 0, end) + 1)}


def _html(token: Token) -> list[str]:
    """The HTML that a token holds, in lower case and without comments."""
    held = [token] if token.type == "html_block" else (token.children or [])
    return [without_comments(one.content).lower() for one in held if one.type in ("html_block", "html_inline")]


def _without(raw: str, blocks: list[tuple[str, int, int]]) -> str:
    lines = raw.split("\n")
    for _, start, end in reversed(blocks):
        del lines[start - 1 : end]
    return "\n".join(lines)
