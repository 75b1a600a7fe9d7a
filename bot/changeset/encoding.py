"""Which bytes a new text becomes: in the encoding that the file has for certain, or none. Pure."""

from __future__ import annotations

import re

from bot.core.text_content import Text, declared_encoding, decoded

# Encodings in which the author of a text may have seen an old file that says nothing of its own. None is guessed: a
# text is written in one of them only when every word beyond ASCII then has the very bytes of a word of the old file.
_SEEN_AS = (
    "latin-1", "cp1252", "iso8859-15", "iso8859-2", "cp1250", "cp1251", "koi8-r", "iso8859-5", "cp1253", "cp1254",
    "shift_jis", "cp932", "euc_jp", "euc_kr", "cp949", "gb18030", "gbk", "big5", "cp437", "cp850", "mac_roman",
)  # fmt: skip
# In none of these encodings is the second byte of a character below 0x30 or in 0x3A..0x3F: words can be cut there.
_WORD = re.compile(rb"[^\x00-\x2f\x3a-\x3f]+")


class EncodingProblem(Exception):
    """Why a text cannot be written for certain, in words that follow the file's path."""


def rewritten(before: bytes | None, text: str) -> bytes:
    """The bytes of a file's whole new text: its byte order mark and encoding are kept. Raises EncodingProblem.

    `before` is None for a new file, which is UTF-8 unless the text itself declares another encoding (PEP 263, XML).
    """
    old = decoded(before) if before else None
    if old is None:
        return _encoded(text, Text("", declared_encoding(text) or "utf-8"))
    # A model sends text without a byte order mark; the file keeps its own.
    if old.mark:
        return _encoded(text.removeprefix("\ufeff"), old)
    if not old.certain:
        return _retained(before or b"", text, _SEEN_AS)
    return _encoded(text, Text("", _redeclared(old, text)))


def replaced_bytes(before: bytes, old: Text, text: str, *, ascii_spans: bool = False) -> bytes:
    """The bytes of a text that exact replacement made of `old`, which is `before` decoded. Raises EncodingProblem.

    `ascii_spans`: only ASCII was replaced by ASCII, so every other byte stays as it is whatever the encoding is.
    """
    return _encoded(text, old) if old.certain or ascii_spans else _retained(before, text, (old.encoding,))


def _redeclared(old: Text, text: str) -> str:
    """The encoding of a new text whose old one was read for certain. Raises EncodingProblem."""
    was, now = declared_encoding(old.text), declared_encoding(text)
    if now == was or text.isascii():
        return old.encoding
    if old.encoding == "utf-8":
        raise EncodingProblem(f"is UTF-8, and the new text declares {now}; keep the declaration as it is")
    if now is None:
        raise EncodingProblem(f"declares {was}, and the new text declares nothing; keep the declaration")
    return now


def _encoded(text: str, form: Text) -> bytes:
    try:
        return form.encoded(text)
    except UnicodeEncodeError as error:
        missing = error.object[error.start : error.start + 1]
        # JSON can spell half a surrogate pair, and no encoding can write one.
        # https://www.rfc-editor.org/rfc/rfc8259#section-8.2
        if "\ud800" <= missing <= "\udfff":
            raise EncodingProblem("holds lone surrogates") from None
        raise EncodingProblem(f"is {form.encoding}, which lacks {missing!a}") from None


def _retained(before: bytes, text: str, encodings: tuple[str, ...]) -> bytes:
    """The text in an encoding in which every word beyond ASCII is in the old file with the same bytes."""
    if text.isascii():
        return text.encode()
    there = _words(before)
    made = set()
    for encoding in encodings:
        try:
            raw = text.encode(encoding)
        except UnicodeEncodeError:
            continue
        if _words(raw) <= there:
            made.add(raw)
    if len(made) == 1:
        return made.pop()
    raise EncodingProblem(
        "is not UTF-8 and does not say which encoding it has, so the bytes of new words beyond ASCII are not known"
    )


def _words(raw: bytes) -> frozenset[bytes]:
    return frozenset(word for word in _WORD.findall(raw) if not word.isascii())
