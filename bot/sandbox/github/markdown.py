"""Markdown as the sandbox's pages show it: raw HTML is text, hidden comments stay hidden."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from markupsafe import Markup

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
# "Autolinked references and URLs", https://docs.github.com/en/get-started/writing-on-github: `#26` and not `a#26`.
_REFERENCE = re.compile(r"(?<![\w/&#])#(\d{1,9})\b")
_PLAIN_TAG = re.compile(r"&lt;(/?(?:details|summary|br|sub|sup|kbd))&gt;")


def _raw_html(_renderer: Any, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    """Comments vanish; a few tags without any attribute pass, as GitHub lets them; everything else is shown as text."""
    return _PLAIN_TAG.sub(r"<\1>", escapeHtml(_COMMENT.sub("", tokens[index].content)))


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for name in ("html_block", "html_inline"):
        parser.add_render_rule(name, _raw_html)
    # A picture would be fetched from wherever a stranger's text points to.
    return parser.disable("image")


_MARKDOWN = _parser()


def rendered(text: str | None, link: Callable[[int], str | None] = lambda _: None) -> Markup:
    """Safe HTML of a Markdown text; None and blank texts give an empty string.

    `link` gives the address of an issue or pull request by its number, None where there is none: `#6` becomes a link.
    """
    tokens = _MARKDOWN.parse(text or "")
    for token in tokens:
        token.children = token.children and list(_linked(token.children, link))
    # markdown-it escapes all text itself, and `_raw_html` is the only way in for anything else.
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}).strip())  # noqa: S704


def _linked(tokens: Sequence[Token], link: Callable[[int], str | None]) -> Iterator[Token]:
    inside = 0
    for token in tokens:
        inside += token.nesting if token.type.startswith("link_") else 0
        if token.type != "text" or inside:
            yield token
            continue
        for position, part in enumerate(_REFERENCE.split(token.content)):
            # The odd parts are what the pattern's group caught: the numbers.
            href = link(int(part)) if position % 2 else None
            if href:
                yield Token("link_open", "a", 1, attrs={"href": href})
            yield Token("text", "", 0, content=f"#{part}" if position % 2 else part)
            if href:
                yield Token("link_close", "a", -1)
