"""Content that is not the file's text: a fenced block, a diff, `\\n` for line ends, conflict marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.changeset.guards.view import DOCUMENTS, MARKDOWN, FileView
from bot.core.findings import Finding
from bot.syntax import python_code
from bot.syntax.languages import LANGUAGES

_CODE = frozenset({".py", ".json", ".toml", *(suffix for row in LANGUAGES.values() for suffix in row.suffixes)})
_PATCHES = frozenset({".diff", ".patch"})
_FENCE = re.compile(r"^\s*(?:```|~~~)[\w+#.-]*\s*$")
_OPENING, _CLOSING = re.compile(r"^(?:```|~~~)[\w+#.-]*\s*$"), re.compile(r"^(?:```|~~~)\s*$")
# The headers of git's diffs, and of the patch format that some coding agents write.
# https://git-scm.com/docs/diff-format
_DIFF_HEAD = re.compile(r"^(?:diff --git a/|--- (?:a/|/dev/null)|\*\*\* Begin Patch|Index: \S+$)")
_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|^@@(?: .*)?$")
# git writes seven of each sign by default: https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
_OURS, _MIDDLE, _THEIRS = re.compile(r"^<{7} \S"), re.compile(r"^={7}$"), re.compile(r"^>{7} \S")
_SEARCH = re.compile(r"^<{5,9} (?:SEARCH|ORIGINAL)$")


def disguise_findings(view: FileView) -> Iterator[Finding]:
    """At most one finding of each kind for a file, and none of a kind that the old file has already."""
    if view.after is None or not view.after.strip():
        return
    for code, line in (
        ("loss.code_fence", _fenced(view)),
        ("loss.diff", _diff(view)),
        ("loss.escaped_newlines", _escaped(view)),
        ("loss.conflict", _conflict(view)),
        ("loss.line_endings", _line_ends(view)),
    ):
        if line is not None:
            message = f"{view.path}: {_SAID[code]} (line {line})"
            yield view.finding(code, message, line=line)


_SAID = {
    "loss.code_fence": "the content is wrapped in a code fence",
    "loss.diff": "the content is a diff",
    "loss.escaped_newlines": "line ends are written out as \\n",
    "loss.conflict": "the content holds conflict marks",
    "loss.line_endings": "all line ends change between CRLF and LF",
}


def _fenced(view: FileView) -> int | None:
    """The line of a fence around the content: at its start, at its end, or after a word of introduction."""
    lines = [(n, line) for n, line in enumerate(view.new_lines, 1) if line.strip()]
    old = [line for line in view.old_lines if line.strip()]
    first, last = lines[0], lines[-1]
    opens = _FENCE.match(first[1]) is not None and not (old and _FENCE.match(old[0]))
    if view.suffix in MARKDOWN:
        inner = sum(1 for _, line in lines[1:-1] if line.lstrip().startswith(("```", "~~~")))
        wrapped = opens and view.before and len(lines) > 1 and _FENCE.match(last[1]) and inner % 2 == 0
        return first[0] if wrapped else None
    if opens:
        return first[0]
    if any(_FENCE.match(line) for line in old):
        return None
    if _CLOSING.match(last[1]) or (last[1].rstrip().endswith("```") and "```" not in (view.before or "")):
        return last[0] if view.suffix not in DOCUMENTS or _CLOSING.match(last[1]) else None
    head = lines[:6]
    for place, (number, line) in enumerate(head):
        if _OPENING.match(line) and sum(h.count('"""') + h.count("'''") for _, h in head[:place]) % 2 == 0:
            return number if view.suffix in _CODE or (view.before and view.suffix != ".rst") else None
    return None


def _line_ends(view: FileView) -> int | None:
    """Line 1 if all line ends of a file with several lines changed between CRLF and LF, else None."""
    before, after = view.before or "", view.after or ""
    if min(before.count("\n"), after.count("\n")) < 3:
        return None
    # A mixed file is left alone: a change of some ends may be what the edit is for.
    was, now = before.count("\r\n") / before.count("\n"), after.count("\r\n") / after.count("\n")
    return 1 if {was, now} == {0.0, 1.0} else None


def _diff(view: FileView) -> int | None:
    if view.suffix in _PATCHES or any(_HUNK.match(line) for line in view.old_lines):
        return None
    head = next((n for n, line in enumerate(view.new_lines, 1) if line.strip()), 1)
    lines = view.new_lines[head - 1 :]
    starts = bool(_DIFF_HEAD.match(lines[0]) or _HUNK.match(lines[0]))
    hunks = any(_HUNK.match(line) for line in lines[:12])
    signed = sum(1 for line in lines[1:] if line.startswith(("+", "-")))
    return head if starts and (hunks or lines[0].startswith("***")) and signed else None


def _escaped(view: FileView) -> int | None:
    lines = [line for line in view.new_lines if line.strip()]
    if len(lines) > 2 or view.suffix in {".json", ".jsonl", ".map", ".svg", ".ipynb", ".snap"}:
        return None
    breaks = sum(line.count("\\n") for line in lines)
    if breaks == 0 or "\\n" in (view.before or ""):
        return None
    joined = "".join(lines)
    ends = joined.rstrip().endswith("\\n")
    # A `\\n` inside a string literal is an escape of the language, and is meant.
    outside = re.sub(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|`[^`]*`", "", joined)
    return 1 if "\\n" in outside and (ends or breaks > 1 or len(view.old_lines) > 3) else None


def _conflict(view: FileView) -> int | None:
    ours = next((n for n, line in view.added if _OURS.match(line) or _SEARCH.match(line)), None)
    theirs = next((n for n, line in view.added if _THEIRS.match(line) and n > (ours or 0)), None)
    if ours is None or theirs is None or not any(_MIDDLE.match(line) for line in view.new_lines[ours:theirs]):
        return None
    return None if _is_shown(view, ours) else ours


def _is_shown(view: FileView, line: int) -> bool:
    """Whether the line is a sample: in a string that is not a docstring, or in a block of unnamed or diff text."""
    if view.suffix == ".py":
        tree = python_code.module(view.after)
        return tree is not None and python_code.is_in_value(tree, line)
    if view.suffix not in DOCUMENTS:
        return False
    fences = [f.strip("`~ ").casefold() for f in view.new_lines[: line - 1] if f.lstrip().startswith(("```", "~~~"))]
    return len(fences) % 2 == 1 and fences[-1] in ("", "diff", "git", "conflict")
