"""The boundary to third-party parsers of other people's text. Pure.

Such a parser raises whatever its authors did not think of: `"\\UFFFFFFFF"` is an OverflowError of ruamel.yaml's, `0b_`
an IndexError. None of that is an error of Cadence's: the text is wrong, and its reader says so with a code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.core.errors import Audience, CadenceError

T = TypeVar("T")


class TextUnreadable(CadenceError):
    """A parser cannot read a text that others wrote."""

    code = "text.unreadable"
    audience = Audience.AUTHOR


def read_foreign(parse: Callable[[], T], mistake: Callable[[Exception], T]) -> T:
    """What `parse` returns. `mistake` gets any exception, and returns a value in its place or raises a coded error.

    `parse` must call nothing but the parser: a defect in our own code would be called a mistake of the text.
    """
    try:
        return parse()
    except Exception as error:  # noqa: BLE001 - the parser is not ours, and neither is the text
        return mistake(error)


def markdown_tokens(text: str, parser: MarkdownIt | None = None) -> list[Token]:
    """The tokens of a Markdown text (CommonMark by default). Raises TextUnreadable where the parser fails."""

    def unreadable(error: Exception) -> list[Token]:
        raise TextUnreadable(
            f"the text cannot be read as Markdown ({type(error).__name__})",
            remedy="Write it with fewer quotes, lists and brackets inside each other.",
        ) from None

    return read_foreign(lambda: (parser or MarkdownIt("commonmark")).parse(text), unreadable)
