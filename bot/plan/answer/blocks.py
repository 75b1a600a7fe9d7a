"""Numbered blocks of text in a model's answer, between lines that no file can contain.

Code inside JSON strings has more syntax errors than code in plain text, so the model writes its code in blocks and
names them by number in the envelope after them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from bot.core.errors import ModelUnusable
from bot.core.names import sha256

MARK_LENGTH = 8
"""Hexadecimal digits of a mark."""
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[\w+#.-]*[ \t]*$")


@dataclass(frozen=True, slots=True)
class Blocks:
    """The blocks of an answer by their numbers, each as its lines, and the text outside of all blocks.

    `doubled` are numbers that begin more than one block; the last of them is kept.
    """

    lines: dict[int, tuple[str, ...]]
    rest: str
    doubled: tuple[int, ...] = ()


def mark_for(texts: Sequence[str]) -> str:
    """A mark that is in none of the texts: the same for nearly all of them, so that a server's cache is of use."""
    marks = (sha256(f"Cadence block {number}")[:MARK_LENGTH] for number in count())
    return next(mark for mark in marks if not any(mark in text for text in texts))


def block_example(number: int, mark: str, lines: Sequence[str]) -> str:
    """A block as a model has to write it."""
    return "\n".join([f"BEGIN {number} {mark}", *lines, f"END {number} {mark}"])


def read_blocks(text: str, mark: str) -> Blocks:
    """The blocks of an answer. Lines may end in CRLF; white space around the BEGIN and END lines is ignored.

    Raises ModelUnusable `model.truncated` when the last block has no END line.
    """
    begin = re.compile(rf"^\W*BEGIN\s+(\d+)\s+{re.escape(mark)}\W*$")
    end = re.compile(rf"^\W*END\s+(?:(\d+)\s+)?{re.escape(mark)}\W*$")
    found: dict[int, tuple[str, ...]] = {}
    doubled: list[int] = []
    rest: list[str] = []
    inside: list[str] = []
    number: int | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        opened = begin.match(line)
        if number is None and opened is None:
            if not end.match(line):
                rest.append(line)
        elif opened is not None or end.match(line):
            # A BEGIN line ends the block before it: small models forget the END lines.
            if number is not None:
                doubled += [number] if number in found else []
                found[number] = tuple(inside)
            number, inside = (int(opened[1]) if opened else None), []
        else:
            inside.append(line)
    if number is not None:
        raise ModelUnusable(
            f"the answer was cut off within block {number}",
            code="model.truncated",
            remedy="Answer shorter: replace only the lines that change.",
        )
    return Blocks(found, "\n".join(rest), tuple(doubled))


def without_fence(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The lines without a code fence around all of them, which some models add inside a block."""
    if len(lines) < 2 or not (opened := _FENCE.match(lines[0])):
        return lines
    closed = _FENCE.match(lines[-1])
    return lines[1:-1] if closed and closed[0].strip() == opened[1] else lines
