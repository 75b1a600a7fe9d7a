"""Bytes and text: how a file's content is decoded so that writing it back gives the same bytes."""

from __future__ import annotations

import codecs
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
