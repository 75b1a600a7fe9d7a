"""A diff in parts that a model can read whole, and the proof that together they show every changed line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.core.globs import matching
from bot.core.names import sha256
from bot.review.diff import Diff, FileDiff, read_diff

PART_TOKENS = 24_000
"""Of diff in one question. Several times this fits today's contexts; attention to each line does not."""
MOST_PARTS = 12
LINES_PER_PIECE = 400
CHARACTERS_PER_PIECE = 40_000
"""A hunk longer than either is cut into pieces, each with a header of its own."""
LONGEST_LINE = 20_000
"""Characters; a longer line is data or minified code: nobody reads it, and it cannot be cut."""

_HEADER = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)")
_GENERATED_PATH = re.compile(
    r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|uv\.lock|Pipfile\.lock|"
    r"Cargo\.lock|Gemfile\.lock|composer\.lock|go\.sum)$|\.min\.(js|css)$|\.(js|css)\.map$|_pb2(_grpc)?\.pyi?$|\.pb\.go$"
)
_GENERATED_TEXT = re.compile(
    r"(?i)\bcode generated\b.*\bdo not edit\b|^\W*@generated\b|\bauto-?generated\b.*\bdo not edit\b"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One question's share of the diff. `first` and `last` are words that only a reader of both its ends can tell."""

    text: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What is given to a reviewer. `unread` are files that nobody can review; `coverage` the share of changed lines."""

    parts: tuple[Part, ...]
    files: tuple[str, ...]
    unread: tuple[str, ...]
    hunks: int
    coverage: float


def reading(diff: Diff, *, secret: str, allowed: Sequence[str], count_tokens: Callable[[str], int]) -> Reading:
    """The diff as questions. Files of `allowed` globs that cannot be reviewed are left out and count as covered.

    `secret` names the evidence, so that the canary words of no other prompt fit.
    """
    blind = [is_unreviewable(file) for file in diff.files]
    given = [file for file, unread in zip(diff.files, blind, strict=True) if not unread]
    left_out = [file for file, unread in zip(diff.files, blind, strict=True) if unread]
    texts = list(_packed(given, count_tokens)) if given else []
    parts = tuple(
        Part(text, _word(secret, number, "first", text), _word(secret, number, "last", text))
        for number, text in enumerate(texts[:MOST_PARTS])
    )
    needed = given + [file for file in left_out if not all(matching(allowed, path) for path in _paths(file))]
    wanted = frozenset(place for file in needed for place in file.places)
    shown = frozenset(place for part in parts for place in read_diff(part.text).places)
    return Reading(
        parts=parts,
        files=tuple(file.path for file in given),
        unread=tuple(dict.fromkeys(path for file in left_out for path in _paths(file))),
        hunks=sum(len(file.hunks) for file in given),
        coverage=len(wanted & shown) / len(wanted) if wanted else 1.0,
    )


def is_unreviewable(file: FileDiff) -> bool:
    """Whether reading the file's diff tells nothing: binary, a lock file, marked as generated, or of endless lines."""
    if file.binary or all(_GENERATED_PATH.search(path) for path in _paths(file)):
        return True
    if any(len(line) > LONGEST_LINE for hunk in file.hunks for line in hunk.split("\n")):
        return True
    return any(_GENERATED_TEXT.search(line.text) for line in file.added[:5] if line.line <= 5)


def _paths(file: FileDiff) -> tuple[str, ...]:
    """What the change does away with under the old name counts as well as what it puts under the new one."""
    return (file.path, file.old_path) if file.old_path else (file.path,)


def _word(secret: str, number: int, end: str, text: str) -> str:
    return "w" + sha256(f"{secret}\x00{number}\x00{end}\x00{text}")[:12]


def _packed(files: Sequence[FileDiff], count_tokens: Callable[[str], int]) -> Iterator[str]:
    """Whole files together while they fit; a file that does not fit is spread over parts, its head repeated."""
    kept, room, head = "", PART_TOKENS, ""
    for file in files:
        head = ""
        for piece in _pieces(file):
            text = piece if head == file.head else file.head + piece
            cost = count_tokens(text)
            if kept and cost > room:
                yield kept
                kept, room, text = "", PART_TOKENS, file.head + piece
            kept, room, head = kept + text, room - cost, file.head
    if kept:
        yield kept


def _pieces(file: FileDiff) -> Iterator[str]:
    """The file's hunks, long ones in pieces; one empty piece for a file without hunks."""
    if not file.hunks:
        yield ""
    for hunk in file.hunks:
        header, _, body = hunk.partition("\n")
        lines = body.split("\n")
        tail = lines.pop() if lines and not lines[-1] else None
        if len(lines) <= LINES_PER_PIECE and len(body) <= CHARACTERS_PER_PIECE:
            yield hunk
        else:
            yield from _cut(header, lines, ended=tail is not None)


def _cut(header: str, lines: list[str], *, ended: bool) -> Iterator[str]:
    found = _HEADER.match(header)
    assert found is not None
    old, new = int(found[1]), int(found[2])
    start = 0
    while start < len(lines):
        end = _end(lines, start)
        while end < len(lines) and lines[end].startswith("\\"):
            end += 1
        piece = lines[start:end]
        gone = sum(line[:1] in ("-", " ", "") for line in piece)
        come = sum(line[:1] in ("+", " ", "") for line in piece)
        # git counts lines before the hunk where a side has none.
        where = f"@@ -{old - (gone == 0 and old > 0)},{gone} +{new - (come == 0 and new > 0)},{come} @@{found[3]}"
        yield "\n".join([where, *piece]) + ("\n" if end < len(lines) or ended else "")
        old, new, start = old + gone, new + come, end


def _end(lines: Sequence[str], start: int) -> int:
    """Where the piece that begins at `start` ends: at the most lines, or before the characters become too many."""
    end, room = start, CHARACTERS_PER_PIECE
    while end < min(len(lines), start + LINES_PER_PIECE):
        room -= len(lines[end]) + 1
        if room < 0 and end > start:
            break
        end += 1
    return end
