"""What is kept of one text file: its terms for the search, and on demand its pieces, definitions and imports."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, count
from operator import add
from zlib import crc32

from bot.plan.context.pieces import Piece, pieces_of
from bot.syntax.languages import language_of
from bot.syntax.structure import Definition, structure

MAX_BYTES = 5_000_000
"""A larger file is data."""
MAX_LINE_CHARACTERS = 5_000
"""A longer line is minified code or data: it costs many tokens, and a person did not write it."""
# The first line of a Git LFS pointer: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_POINTER = b"version https://git-lfs.github.com/spec/"
_SUMMARY_HEADER = re.compile(r"MODULE CONTEXT SUMMARY\W*(.*)", re.IGNORECASE)
_COMMENT = re.compile(r"^\s*(?:#+|//+!?|/\*+!?|\*+|--+|;+|%+|\"\"\"|'''|[rRuU]?\"\"\"|[rRuU]?'''|<!--)\s?")
_NOT_A_SUMMARY = re.compile(
    r"^\W*$|^#!|coding[:=]|copyright|licen[cs]e|spdx|all rights reserved|^\s*(?:use strict|use of this|eslint|prettier|"
    r"pylint|type:|noqa|vim:|ts-|flake8|jshint|global\b|@flow|@ts|author|created on|=+$|-+$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Analysis:
    """The structure of one file: `pieces` cover all its lines; `definitions` and `imports` as the syntax gives them."""

    pieces: tuple[Piece, ...]
    definitions: tuple[Definition, ...]
    imports: tuple[str, ...]

    def dumped(self) -> str:
        """As JSON, for `loaded`."""
        data = json.dumps(
            [
                [[one.start, one.end, list(one.names), one.whole] for one in self.pieces],
                [[one.name, one.start, one.end, one.scope] for one in self.definitions],
                list(self.imports),
            ],
            separators=(",", ":"),
        )
        return f"{crc32(data.encode()):08x}{data}"

    @classmethod
    def loaded(cls, text: str) -> Analysis:
        """From `dumped`. Raises ValueError for anything else."""
        # A checksum takes a tenth of the time of looking at every value.
        if text[:8] != f"{crc32(text[8:].encode()):08x}":
            raise ValueError("the stored analysis is damaged")
        pieces, definitions, imports = json.loads(text[8:])
        return cls(
            tuple(Piece(start, end, tuple(names), whole) for start, end, names, whole in pieces),
            tuple(Definition(*values) for values in definitions),
            tuple(imports),
        )


def decoded(raw: bytes) -> str | None:
    """The text of a file, or None for what is not UTF-8 text that a person wrote."""
    if b"\0" in raw or len(raw) > MAX_BYTES or raw.startswith(_POINTER):
        return None
    try:
        text = raw.decode("utf-8")
    # A guess at the encoding could be wrong, and an edit would then write other bytes everywhere in the file.
    except UnicodeDecodeError:
        return None
    # Minified code is one line or a few; a long line among many short ones is a table or a picture in the source.
    if len(text) > MAX_LINE_CHARACTERS:
        sizes = list(map(len, text.split("\n")))
        long = sum(size for size in sizes if size > MAX_LINE_CHARACTERS) if max(sizes) > MAX_LINE_CHARACTERS else 0
        if long > len(text) / 2:
            return None
    return text


def lines_with_ends(text: str) -> list[str]:
    """The lines of a text with their ends. Only LF ends a line, as git and editors count; CR stays with its line."""
    lines = text.split("\n")
    last = lines.pop()
    found = [line + "\n" for line in lines]
    return [*found, last] if last else found


def line_offsets(text: str) -> list[int]:
    """Where each line of a text begins, and the text's length: line n, from 1, is from [n - 1] to [n]."""
    lines = text.split("\n")
    # Without a step of Python for each line: every line is as long as it is and its LF.
    found = [0, *map(add, accumulate(map(len, lines)), count(1))]
    return found[:-1] if not lines[-1] else [*found[:-1], found[-1] - 1]


def analyse(text: str, path: str) -> Analysis:
    """The structure of a text, its language known by the path's ending; of other languages pieces of plain lines."""
    language = language_of(path)
    lines = lines_with_ends(text)
    if language is None:
        return Analysis(tuple(pieces_of(lines, ())), (), ())
    found = structure(text.encode("utf-8"), language)
    return Analysis(tuple(pieces_of(lines, found.definitions)), found.definitions, found.imports)


def summary_of(text: str, path: str) -> str:
    """One line that says what a file is for: from its `MODULE CONTEXT SUMMARY` header, docstring or first comment.

    Empty where there is none; at most 120 characters.
    """
    head = text[:3_000].split("\n")[:40]
    for number, line in enumerate(head):
        if (match := _SUMMARY_HEADER.search(line)) is not None:
            after = (_COMMENT.sub("", one).strip() for one in head[number + 1 :])
            return _short(match[1] or next((one for one in after if one), ""))
    if language_of(path) is None:
        return ""
    return _short(_head_comment(head))


def _head_comment(head: Sequence[str]) -> str:
    quoted = False
    for line in head:
        opens = re.match(r"\s*[rRuU]?(\"\"\"|''')", line)
        if not line.strip():
            continue
        if not quoted and not opens and not _COMMENT.match(line):
            return ""
        quoted = (quoted or bool(opens)) and not (opens and line.strip().count(opens[1]) > 1)
        plain = _COMMENT.sub("", line, count=1)
        plain = re.sub(r"(\"\"\"|'''|\*/|-->).*$", "", plain).strip()
        if plain and not _NOT_A_SUMMARY.search(plain) and not line.startswith("#!"):
            return plain
    return ""


def _short(text: str) -> str:
    plain = " ".join(re.sub(r"[\x00-\x1f\x7f]+", " ", text).split())
    return plain if len(plain) <= 120 else plain[:117].rsplit(" ", 1)[0] + "..."
