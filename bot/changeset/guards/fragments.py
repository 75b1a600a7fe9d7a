"""Files of which only a fragment is left, or whose end is cut off."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.changeset.guards.view import MARKDOWN, FileView
from bot.core.findings import Finding
from bot.syntax import python_code
from bot.syntax.outline import outline

_DATA = frozenset(
    {".json", ".jsonl", ".ipynb", ".csv", ".tsv", ".lock", ".svg", ".xml", ".snap", ".map", ".log", ".txt"}
)
_BRACES = frozenset(
    {".js", ".ts", ".jsx", ".tsx", ".go", ".java", ".rs", ".c", ".h", ".cpp", ".cs", ".kt", ".swift", ".css", ".php"}
)


def fragment_findings(view: FileView) -> Iterator[Finding]:
    """Losses of one modified file; edits by exact replacement say what they take out and are not judged by size."""
    if view.after is None or view.before is None or not view.whole or not view.after.strip():
        return
    for code, said in (
        ("loss.fragment", _fragment(view)),
        ("loss.truncated", _truncated(view)),
    ):
        if said:
            yield view.finding(code, f"{view.path}: {said}")


def _fragment(view: FileView) -> str:
    share = view.share
    if view.suffix == ".py":
        return _python_fragment(view, share)
    if view.suffix not in _DATA or view.suffix == ".txt":
        there = {line.strip() for line in view.old_lines}
        left = [line.strip() for line in view.new_lines if line.strip()]
        if share < 0.5 and view.kept < 0.6 and _head_left(view) <= 1 and all(line in there for line in left):
            return f"only a part from its middle is left, {share:.0%} of its length"
    if view.suffix in MARKDOWN or view.suffix in _DATA:
        return ""
    old, new = outline(view.before, view.source_suffix), outline(view.after, view.suffix)
    if old is not None and new is not None:
        said = _few_definitions(set(old.definitions) - view.removes, set(new.definitions), view, share)
        if said:
            return said
    solid = sum(1 for line in view.old_lines if line.strip())
    if solid >= 15 and view.kept < 0.12 and share < 0.5 and _head_left(view) == 0:
        return f"{view.kept:.0%} of its lines are left in a text of {share:.0%} of its length"
    return ""


def _head_left(view: FileView) -> int:
    """How many of the old file's first four lines are left: without any, what came is not a rewrite of the whole."""
    head = [line.strip() for line in view.old_lines if line.strip()][:4]
    there = {line.strip() for line in view.new_lines}
    return sum(line in there for line in head)


def _python_fragment(view: FileView, share: float) -> str:
    old, new = python_code.module(view.before), python_code.module(view.after)
    if old is None or new is None:
        return ""
    had = {name for name, _ in python_code.definitions(old)} - view.removes
    gone = had - {name for name, _ in python_code.definitions(new)}
    return _few_definitions(had, had - gone, view, share)


def _few_definitions(had: set[str], has: set[str], view: FileView, share: float) -> str:
    gone = had - has
    # All three must hold: a split into modules loses definitions, a rewrite loses lines, and neither is a fragment.
    if len(had) >= 3 and len(gone) >= 0.7 * len(had) and view.kept < 0.35 and share < 0.7:
        shown = ", ".join(sorted(gone)[:4])
        return f"{len(gone)} of {len(had)} definitions are gone ({shown}…) and {view.kept:.0%} of its lines are left"
    return ""


def _truncated(view: FileView) -> str:
    old, new = view.old_lines, view.new_lines
    before, after = view.before or "", view.after or ""
    if len(old) < 4:
        return ""
    tail = _lost_tail(view)
    # A model that runs out of tokens stops anywhere, and its last line then has no end.
    unended = not after.endswith("\n")
    last = new[-1].strip()
    rest = before[len(after) :] if before.startswith(after) else ""
    if unended and (rest.split("\n")[0].strip() or (last and tail >= 1 and _is_cut_line(last, old))):
        return f"it ends in the middle of a line: {last[:60]}"
    if unended and rest.strip() and before.endswith("\n"):
        return "only its end is missing, with the last line end"
    if len(new) >= len(old):
        return ""
    cut = unended and before.endswith("\n")
    prefix = new == old[: len(new)] or (
        len(new) > 1 and new[:-1] == old[: len(new) - 1] and old[len(new) - 1].startswith(new[-1])
    )
    lost = len(old) - len(new)
    if prefix and lost >= 3 and (cut or lost >= 0.2 * len(old)):
        return f"its last {lost} lines are gone and nothing else changed"
    if tail >= 2 and view.suffix in _BRACES and _open(view.after or "") > 0 and _open(view.before or "") == 0:
        return "its end is missing: braces stay open"
    if tail >= 2 and view.suffix in MARKDOWN and _fences(new) % 2 and not _fences(old) % 2:
        return "its end is missing: a code block stays open"
    if cut and tail >= max(3, 0.15 * len(old)) and (_is_cut_line(last, old) or last in {o.strip() for o in old}):
        return f"its last {tail} lines are gone, the last line end too"
    return ""


def _lost_tail(view: FileView) -> int:
    """How many of the old file's last lines, blank ones aside, are nowhere in the new file."""
    there = {line.strip() for line in view.new_lines if line.strip()}
    count = 0
    for line in reversed(view.old_lines):
        if line.strip() in there:
            break
        count += bool(line.strip())
    return count


def _is_cut_line(last: str, old: list[str]) -> bool:
    """Whether the last line is the beginning of an old one; a few signs alone say nothing."""
    if len(last) < 4 or not any(c.isalnum() for c in last):
        return False
    stripped = [line.strip() for line in old]
    return last not in stripped and any(line.startswith(last) and len(line) > len(last) for line in stripped)


def _open(text: str) -> int:
    bare = re.sub(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    return bare.count("{") - bare.count("}")


def _fences(lines: list[str]) -> int:
    return sum(1 for line in lines if line.lstrip().startswith("```"))
