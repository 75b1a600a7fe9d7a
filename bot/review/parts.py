"""A diff in parts that a model can read, and which share of the changed lines the parts show together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.core.globs import matching
from bot.core.names import sha256
from bot.review.diff import Diff, FileDiff, read_diff

PART_TOKENS = 24_000
"""Of diff in one prompt. Models accept several times as much, but then overlook single lines."""
# A limit on cost, because each part is a question with the whole blueprint.
MOST_PARTS = 12
LINES_PER_PIECE = 400
CHARACTERS_PER_PIECE = 40_000
"""A hunk longer than either is cut into pieces, each with a header of its own."""
LONGEST_LINE = 20_000
"""Characters. A longer line is data or minified code that a review cannot judge, and a line cannot be cut."""

# https://git-scm.com/docs/git-diff#generate_patch_text_with_p
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
    """The diff of one prompt. `first` and `last` are random-looking words that its reviewer has to repeat.

    They are at the two ends of the prompt, so an answer without them shows that the server cut the prompt.
    """

    text: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reviewer gets. `files` are the paths in it, `unread` the paths that cannot be reviewed.

    `coverage` is the share of the changed lines that the parts show, from 0 to 1.
    """

    parts: tuple[Part, ...]
    files: tuple[str, ...]
    unread: tuple[str, ...]
    hunks: int
    coverage: float


def reading(diff: Diff, *, secret: str, allowed: Sequence[str], count_tokens: Callable[[str], int]) -> Reading:
    """Cut the diff into parts. Unreviewable files that match the `allowed` globs are left out and count as covered.

    `secret` is the verdict's key: the first and last words of another verdict's prompt do not fit this one.
    """
    given: list[FileDiff] = []
    left_out: list[FileDiff] = []
    for file in diff.files:
        (left_out if is_unreviewable(file) else given).append(file)
    texts = list(_packed(given, count_tokens))
    # What goes beyond the limit is missing in the coverage, and then there is no verdict.
    parts = tuple(
        Part(text, _word(secret, number, "first", text), _word(secret, number, "last", text))
        for number, text in enumerate(texts[:MOST_PARTS])
    )
    needed = given + [file for file in left_out if not all(matching(allowed, path) for path in _paths(file))]
    wanted = frozenset(place for file in needed for place in file.places)
    # Read back from the texts themselves, so that a mistake in cutting shows as missing coverage.
    shown = frozenset(place for part in parts for place in read_diff(part.text).places)
    return Reading(
        parts=parts,
        files=tuple(file.path for file in given),
        unread=tuple(dict.fromkeys(path for file in left_out for path in _paths(file))),
        hunks=sum(len(file.hunks) for file in given),
        coverage=len(wanted & shown) / len(wanted) if wanted else 1.0,
    )


def is_unreviewable(file: FileDiff) -> bool:
    """Whether the file's diff cannot be reviewed: binary, a lock file, marked as generated, or with very long lines."""
    # Both paths of a rename have to match: text that was written by hand is reviewed under any new name.
    if file.binary or all(_GENERATED_PATH.search(path) for path in _paths(file)):
        return True
    if any(len(line) > LONGEST_LINE for hunk in file.hunks for line in hunk.split("\n")):
        return True
    # Generators write their mark at the top: https://go.dev/s/generatedcode
    return any(_GENERATED_TEXT.search(line.text) for line in file.added[:5] if line.line <= 5)


def _paths(file: FileDiff) -> tuple[str, ...]:
    """The new path, and the old one of a rename: both are changed."""
    return (file.path, file.old_path) if file.old_path else (file.path,)


def _word(secret: str, number: int, end: str, text: str) -> str:
    # A hash and not a random word: the same review has the same prompt, and its answer is found again after a crash.
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
    match = _HEADER.match(header)
    assert match is not None
    old, new = int(match[1]), int(match[2])
    start = 0
    while start < len(lines):
        end = _end(lines, start)
        # `\\ No newline at end of file` belongs to the line before it.
        while end < len(lines) and lines[end].startswith("\\"):
            end += 1
        piece = lines[start:end]
        removed = sum(line[:1] in ("-", " ", "") for line in piece)
        added = sum(line[:1] in ("+", " ", "") for line in piece)
        # Where a side has no lines, git writes the number of the line before the hunk.
        where = (
            f"@@ -{old - (removed == 0 and old > 0)},{removed} +{new - (added == 0 and new > 0)},{added} @@{match[3]}"
        )
        yield "\n".join([where, *piece]) + ("\n" if end < len(lines) or ended else "")
        old, new, start = old + removed, new + added, end


def _end(lines: Sequence[str], start: int) -> int:
    """The index after the piece that begins at `start`: full by lines or by characters, and never empty."""
    end, room = start, CHARACTERS_PER_PIECE
    while end < min(len(lines), start + LINES_PER_PIECE):
        room -= len(lines[end]) + 1
        if room < 0 and end > start:
            break
        end += 1
    return end
