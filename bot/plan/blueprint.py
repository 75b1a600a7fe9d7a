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
    """An issue as a task. `text` is its visible Markdown, all that a model may see.

    `change_set_json` is the raw text of the `json cadence` block, `change_set_line` its line from 1; both are None
    without exactly one block. `problems` are sentences for the issue's author.
    """

    title: str
    text: str
    acceptance: tuple[str, ...]
    change_set_json: str | None = None
    change_set_line: int | None = None
    problems: tuple[str, ...] = ()


def read_blueprint(title: str, body: str) -> Blueprint:
    """Read an issue's title and body (Markdown). Hidden text is removed; only a visible top-level block counts.

    Raises TextUnreadable where the Markdown parser fails.
    """
    # Text that is typed on GitHub arrives with CRLF, and ChangeSets and line numbers are made with LF.
    raw = body.replace("\r\n", "\n").replace("\r", "\n").replace(MARK, "")
    blocks = _blocks(raw)
    visible = _visible(_without(raw, blocks))
    problems: tuple[str, ...] = ()
    if len(blocks) > 1:
        lines = ", ".join(str(line) for _, line, _ in blocks)
        problems = (f"The issue has {len(blocks)} `{BLOCK_INFO}` blocks (lines {lines}); it may have only one.",)
    block = blocks[0] if len(blocks) == 1 else None
    return Blueprint(
        # A title is not Markdown: GitHub shows `<!-- -->` in it, so only invisible characters are removed.
        title=without_invisible(title).strip(),
        text=visible,
        acceptance=acceptance_lines(visible),
        change_set_json=block[0] if block else None,
        change_set_line=block[1] if block else None,
        problems=problems,
    )


def _visible(text: str) -> str:
    """The text that GitHub shows. Outside code, several blank lines become one, and empty form answers go."""
    shown = shown_text(text)
    code = _code_lines(shown)
    kept: list[str] = []
    for number, line in enumerate(shown.split("\n")):
        if number in code:
            kept.append(line)
        # GitHub writes `_No response_` for an optional field of an issue form that was left empty:
        # https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests
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
    """(content, first line from 1, line after the last) of every visible `json cadence` block at the top level.

    The parser says what is top level: a fence in a quote, a list, an HTML block or another fence is not.
    """
    # A fence in an open `<details>` is easy to overlook, and one inside an HTML comment is not shown. Neither counts,
    # because a person who approves the blueprint must have seen what it changes.
    blocks: list[tuple[str, int, int]] = []
    folded = 0
    hidden = _lines_in_comments(raw)
    for token in markdown_tokens(raw, PARSER):
        for html in _html(token):
            folded += len(re.findall(r"<details\b", html)) - len(re.findall(r"</details\s*>", html))
            # A closing tag without an opening one must not cancel a later `<details>`.
            folded = max(0, folded)
        shown = token.type == "fence" and token.level == 0 and not folded
        if shown and token.map and token.map[0] not in hidden and " ".join(token.info.split()).lower() == BLOCK_INFO:
            blocks.append((token.content, token.map[0] + 1, token.map[1]))
    return blocks


def _lines_in_comments(raw: str) -> set[int]:
    """The numbers, from 0, of the lines that begin inside an HTML comment."""
    spans = comment_spans(raw)
    return {line for start, end in spans for line in range(raw.count("\n", 0, start) + 1, raw.count("\n", 0, end) + 1)}


def _html(token: Token) -> list[str]:
    """The HTML of a token, in lower case and without comments."""
    parts = [token] if token.type == "html_block" else (token.children or [])
    return [without_comments(part.content).lower() for part in parts if part.type in ("html_block", "html_inline")]


def _without(raw: str, blocks: list[tuple[str, int, int]]) -> str:
    lines = raw.split("\n")
    # From the last block on, so that the line numbers of the earlier ones stay right.
    for _, start, end in reversed(blocks):
        del lines[start - 1 : end]
    return "\n".join(lines)
