"""Bytes and text: how a file's content is decoded so that writing it back gives the same bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Text:
    """A decoded file: `mark` is its byte order mark, `encoding` round-trips the rest."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    def encoded(self, text: str) -> bytes:
        """Other text in this file's encoding, with its mark. Raises UnicodeEncodeError for a character it lacks."""
        return self.mark + text.encode(self.encoding)


def decoded(raw: bytes) -> Text | None:
    """The text of a file, or None when it is binary. Any 8-bit text that is not UTF-8 is read as Latin-1."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _decoded_as(raw, mark, encoding)
    if b"\x00" in raw:
        return None
    return _decoded_as(raw, b"", "utf-8") or Text(raw.decode("latin-1"), "latin-1")


def _decoded_as(raw: bytes, mark: bytes, encoding: str) -> Text | None:
    try:
        made = Text(raw[len(mark) :].decode(encoding), encoding, mark)
    except UnicodeDecodeError:
        return None
    return made if made.encoded(made.text) == raw else None


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends, as git, GitHub and editors count them: `\\n` and `\\r\\n` end a line.

    `str.splitlines` also ends a line at a form feed, U+0085, U+2028 and a lone `\\r`. Numbers counted in that way name
    lines behind the place that people see, and GitHub refuses a comment there.
    """
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


PARSER_LINE_END = re.compile(r"\r\n|\n|\r")
"""What ends a line for Python's own parser and for ruamel.yaml: a lone `\\r` too."""


def shown_lines(text: str) -> Callable[[int], int]:
    """A function from a parser's line number (from 1; see PARSER_LINE_END) to the number of that place in `lines_of`.

    Numbers behind the end of the text name its last line.
    """
    if text.count("\r") == text.count("\r\n"):
        return lambda number: number
    shown, line = [1], 1
    for end in PARSER_LINE_END.finditer(text):
        line += end[0].endswith("\n")
        shown.append(line)
    return lambda number: shown[min(max(number, 1), len(shown)) - 1]
