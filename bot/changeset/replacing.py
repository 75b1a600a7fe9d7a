"""Exact replacement: texts that must be found as given, all against the original, none overlapping."""

from __future__ import annotations

import difflib
import heapq
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.changeset.model import Replacement
from bot.core.text_content import lines_of

_LONE_LF = re.compile(r"(?<!\r)\n")
_WORD = re.compile(r"\w+")
_MAX_COMPARED_LINES = 5_000
"""difflib compares about 10,000 lines a second: enough for a hint, too slow for every line of a large file."""


@dataclass(frozen=True, slots=True)
class ReplaceProblem:
    """Why a list of replacements does not apply; `line` counts from 1."""

    code: str
    message: str
    line: int | None = None


def replaced(text: str, pairs: Sequence[Replacement]) -> str | ReplaceProblem:
    """The text with every pair applied, or the first problem.

    Each `old` is looked up in the original text and must occur exactly `count` times (default once). In a file
    whose lines all end in CRLF, pairs written with LF are read as CRLF.
    """
    spans: list[tuple[int, int, str]] = []
    if not pairs:
        return ReplaceProblem("contract.replace_empty", "the list of replacements is empty")
    for number, pair in enumerate(pairs):
        hits = _hits(text, pair, number)
        if isinstance(hits, ReplaceProblem):
            return hits
        spans += hits
    # Every pair is looked up in the original text, so the order in which a model lists them has no effect.
    spans.sort()
    for (_, end, _), (start, _, _) in itertools.pairwise(spans):
        if start < end:
            line = text.count("\n", 0, start) + 1
            return ReplaceProblem("contract.replace_overlap", f"two replacements overlap at line {line}", line)
    out, at = [], 0
    for start, end, new in spans:
        out += [text[at:start], new]
        at = end
    return "".join([*out, text[at:]])


def places(text: str, pair: Replacement) -> list[tuple[int, int]]:
    """Where `old` is found in the text: (start, end) of every occurrence, in characters; none for an empty `old`."""
    old, _ = _with_line_ends_of(text, pair)
    return [(start, start + len(old)) for start in _positions(text, old)] if old else []


def _hits(text: str, pair: Replacement, number: int) -> list[tuple[int, int, str]] | ReplaceProblem:
    if not pair.old:
        return ReplaceProblem("contract.replace_empty", f"replace[{number}].old is empty")
    old, new = _with_line_ends_of(text, pair)
    starts = _positions(text, old)
    wanted = pair.count or 1
    if not starts and "\r\n" in old and old.replace("\r\n", "\n") in text:
        place = text.count("\n", 0, text.index(old.replace("\r\n", "\n"))) + 1
        message = (
            f"replace[{number}].old is written with CRLF, and the lines of the file end in LF: write both with \\n"
        )
        return ReplaceProblem("contract.replace_missing", message, place)
    if not starts:
        line, near = nearest_lines(text, pair.old)
        shown = f"; the nearest lines are\n{near}" if near else ""
        return ReplaceProblem("contract.replace_missing", f"replace[{number}].old is not in the file{shown}", line)
    if len(starts) != wanted or any(b - a < len(old) for a, b in itertools.pairwise(starts)):
        lines = ", ".join(str(text.count("\n", 0, s) + 1) for s in starts[:8])
        message = f"replace[{number}].old occurs {len(starts)} times (lines {lines}), not {wanted}"
        return ReplaceProblem("contract.replace_ambiguous", message, text.count("\n", 0, starts[0]) + 1)
    return [(start, start + len(old), new) for start in starts]


def _with_line_ends_of(text: str, pair: Replacement) -> tuple[str, str]:
    if "\r\n" not in text or "\r" in pair.old + pair.new:
        return pair.old, pair.new
    crlf = pair.old.replace("\n", "\r\n"), pair.new.replace("\n", "\r\n")
    if not _LONE_LF.search(text):
        return crlf
    return crlf if pair.old not in text and crlf[0] in text else (pair.old, pair.new)


def _positions(text: str, old: str) -> list[int]:
    starts, at = [], text.find(old)
    while at >= 0:
        starts.append(at)
        # One character further, and not len(old): overlapping occurrences are ambiguous too.
        at = text.find(old, at + 1)
    return starts


def nearest_lines(text: str, old: str) -> tuple[int | None, str]:
    """(line number, numbered lines) of the place in the text that looks most like `old`; (None, "") if none does."""
    lines = lines_of(text)
    wanted = [line.strip() for line in lines_of(old.strip())[:20]]
    stripped = [line.strip() for line in lines]
    if not wanted or not lines:
        return None, ""
    solid = {line for line in wanted if len(line) > 3}
    marks = [line in solid for line in stripped]
    scores = [sum(marks[i : i + len(wanted)]) for i in range(len(lines))]
    best = max(scores)
    starts = [i for i, score in enumerate(scores) if score == best][:40] if best else []
    if not starts:
        probe = max(wanted, key=len)
        close = difflib.get_close_matches(probe, _lines_like(probe, stripped), 1, 0.6)
        starts = [max(0, stripped.index(close[0]) - wanted.index(probe))] if close else []
    if not starts:
        return None, ""
    goal = "\n".join(wanted)
    start = max(
        starts, key=lambda i: difflib.SequenceMatcher(None, "\n".join(stripped[i : i + len(wanted)]), goal).ratio()
    )
    shown = lines[start : start + min(len(wanted), 10)]
    return start + 1, "\n".join(f"{start + n + 1}: {line}" for n, line in enumerate(shown))


def _lines_like(probe: str, lines: Sequence[str]) -> list[str]:
    """The different lines; of many, those that share the most words with `probe`."""
    different = list(dict.fromkeys(lines))
    if len(different) <= _MAX_COMPARED_LINES:
        return different
    words = set(_WORD.findall(probe))
    return heapq.nlargest(_MAX_COMPARED_LINES, different, key=lambda line: len(words.intersection(_WORD.findall(line))))
