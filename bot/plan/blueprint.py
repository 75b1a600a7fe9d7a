"""A blueprint: an issue's text as people see it, its acceptance lines, and the ChangeSet it may carry."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from markdown_it import MarkdownIt

from bot.plan.acceptance import acceptance_lines

BLOCK_INFO = "json cadence"
_COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
_MARK = "\ue000"
"""A character of the private use area; it stands behind a comment's opening while the text is parsed."""
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\U000e0000-\U000e0fff]"
)


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
    raw = body.replace("\r\n", "\n").replace("\r", "\n")
    blocks = _blocks(raw)
    visible = _visible(_without(raw, blocks))
    problems: tuple[str, ...] = ()
    if len(blocks) > 1:
        lines = ", ".join(str(line) for _, line, _ in blocks)
        problems = (f"The issue holds {len(blocks)} `{BLOCK_INFO}` blocks (lines {lines}); only one can be meant.",)
    one = blocks[0] if len(blocks) == 1 else None
    return Blueprint(
        title=_visible(title).strip(),
        text=visible,
        acceptance=acceptance_lines(visible),
        change_set_json=one[0] if one else None,
        change_set_line=one[1] if one else None,
        problems=problems,
    )


def _visible(text: str) -> str:
    """Without HTML comments and characters that show nothing; empty answers of issue forms go too."""
    shown = _INVISIBLE.sub("", _without_comments(text.replace(_MARK, "")))
    lines = [line.rstrip() for line in shown.split("\n") if line.strip() != "_No response_"]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _without_comments(text: str) -> str:
    """Without HTML comments; what looks like one inside code is shown to people, and so stays."""
    count = itertools.count()
    marked = re.sub("<!--", lambda _: f"<!--{_MARK}{next(count)}{_MARK}", text)
    in_code = {
        int(number)
        for token in MarkdownIt("commonmark").parse(marked)
        for one in (token, *(token.children or ()))
        if one.type in ("fence", "code_block", "code_inline")
        for number in re.findall(f"<!--{_MARK}([0-9]+){_MARK}", one.content)
    }
    kept, position = [], 0
    for number, opening in enumerate(re.finditer("<!--", text)):
        if number in in_code or opening.start() < position:
            continue
        kept.append(text[position : opening.start()])
        # `<!-->` and `<!--->` are comments too.
        end = text.find("-->", opening.start() + 2)
        position = len(text) if end < 0 else end + 3
    return "".join(kept) + text[position:]


def _blocks(raw: str) -> list[tuple[str, int, int]]:
    """(content, first line from 1, line after) of every visible top-level fence of ours.

    The parser says what is top level: a fence in a quote, a list, an HTML block or another fence is not. A fence that
    follows an open `<details>` is hidden from a casual reader, so it does not count either.
    """
    found: list[tuple[str, int, int]] = []
    folded = 0
    for token in MarkdownIt("commonmark").parse(raw):
        if token.type == "html_block" or token.type == "inline":
            source = _COMMENT.sub("", token.content).lower()
            folded += len(re.findall(r"<details\b", source)) - len(re.findall(r"</details\s*>", source))
            folded = max(0, folded)
        shown = token.type == "fence" and token.level == 0 and not folded
        if shown and token.map and " ".join(token.info.split()).lower() == BLOCK_INFO:
            found.append((token.content, token.map[0] + 1, token.map[1]))
    return found


def _without(raw: str, blocks: list[tuple[str, int, int]]) -> str:
    lines = raw.split("\n")
    for _, start, end in reversed(blocks):
        del lines[start - 1 : end]
    return "\n".join(lines)
