"""Bytes and text: how a file's content is decoded so that writing it back gives the same bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

# UTF-32 comes before UTF-16: the mark of UTF-32-LE begins with that of UTF-16-LE.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_HEAD = 2_000
"""Characters at a file's beginning in which its encoding is declared."""
# https://peps.python.org/pep-0263/#defining-the-encoding: in the first two lines, behind any comment sign.
_COOKIE = re.compile(r"^[ \t\f]*(?:#|//|/\*|;|%|--|\"|<!--)[^\n]{0,200}?coding[:=][ \t]*([-\w.]{1,40})", re.MULTILINE)
_MARKUP_CHARSET = re.compile(
    r"\s{0,40}<\?xml[^>]{0,200}?encoding=[\"']([\w.:-]{1,40})[\"']|@charset \"([\w.:-]{1,40})\";"
)
_META = re.compile(r"<meta[^>]{0,200}?charset=[\"']?([\w.:-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Text:
    """A decoded file: `mark` is its byte order mark, `encoding` round-trips the rest.

    `certain` is false where nothing says which 8-bit encoding the file has: it is then read as Latin-1, in which every
    byte is a character.
    """

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""
    certain: bool = True

    def encoded(self, text: str) -> bytes:
        """Other text in this file's encoding, with its mark. Raises UnicodeEncodeError for a character it lacks."""
        return self.mark + text.encode(self.encoding)


def decoded(raw: bytes) -> Text | None:
    """The text of a file, or None when it is binary.

    A byte order mark says which encoding it is, then UTF-8 is tried, then what the text declares; at last Latin-1.
    """
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _decoded_as(raw, mark, encoding)
    # git takes a file with a NUL for binary too.
    if b"\x00" in raw:
        return None
    plain = _decoded_as(raw, b"", "utf-8")
    if plain is None:
        said = declared_encoding(raw[:_HEAD].decode("latin-1"))
        plain = _decoded_as(raw, b"", said) if said is not None else None
    return plain or Text(raw.decode("latin-1"), "latin-1", certain=False)


def declared_encoding(text: str) -> str | None:
    """Python's name of the encoding that a text declares at its beginning, or None.

    Read are PEP 263's comment and the same in other languages, XML's declaration, `@charset` and HTML's `<meta>`. An
    encoding that is not a superset of ASCII cannot be declared in this way and is not taken.
    """
    head = text[:_HEAD].removeprefix("\ufeff")
    lines = "\n".join(head.split("\n", 2)[:2])
    hit = _COOKIE.search(lines) or _MARKUP_CHARSET.match(head) or (_META.search(head) if "<" in head else None)
    if hit is None:
        return None
    try:
        info = codecs.lookup(next(name for name in hit.groups() if name))
        # codecs.lookup also finds `rot13` and `zlib`, which decode no text.
        if not info._is_text_encoding or "A<\n".encode(info.name) != b"A<\n":
            return None
    except (LookupError, UnicodeError):
        return None
    return info.name


def _decoded_as(raw: bytes, mark: bytes, encoding: str) -> Text | None:
    try:
        made = Text(raw[len(mark) :].decode(encoding), encoding, mark)
        return made if made.encoded(made.text) == raw else None
    except UnicodeError:
        return None


def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends, as git, GitHub and editors count them: `\\n` and `\\r\\n` end a line.

    `str.splitlines` also ends a line at a form feed, U+0085, U+2028 and a lone `\\r`. Numbers counted in that way name
    lines behind the place that people see, and GitHub refuses a comment there.
    """
    # https://docs.python.org/3/library/stdtypes.html#str.splitlines lists what else it would cut at.
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


_TEXT_NAMES = re.compile(
    r"\.(?:py|pyi|js|jsx|mjs|cjs|ts|tsx|go|java|kt|rs|rb|php|c|h|cc|cpp|hpp|cs|swift|scala|sh|bash|ps1|sql|json|toml|ya?ml"
    r"|xml|html?|css|scss|md|markdown|rst|txt|adoc|ini|cfg|conf|properties|env|csv|tsv)$|(?:^|/)(?:Dockerfile|Makefile|\.env)$",
    re.IGNORECASE,
)


def is_text_name(path: str) -> bool:
    """Whether a file of this name is text wherever it stands."""
    return _TEXT_NAMES.search(path) is not None


def searchable(raw: bytes) -> str:
    """The bytes as text that can be searched, binary ones too: UTF-16 without a mark is told by its NUL bytes."""
    text = decoded(raw)
    if text is not None:
        return text.text
    head = raw[:4_000]
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if 3 * head[start::2].count(0) > len(head[start::2]) and 9 * head[1 - start :: 2].count(0) < len(head):
            return raw.decode(encoding, "replace")
    return raw.decode("latin-1").replace("\0", " ")
