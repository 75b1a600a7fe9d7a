"""Markdown as the sandbox's pages show it: raw HTML is text, hidden comments stay hidden."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token
from markupsafe import Markup

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
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


def rendered(text: str | None) -> Markup:
    """Safe HTML of a Markdown text; None and blank texts give an empty string."""
    # markdown-it escapes all text itself, and `_raw_html` is the only way in for anything else.
    return Markup(_MARKDOWN.render(text or "").strip())  # noqa: S704
