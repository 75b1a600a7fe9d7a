"""Content that vanished by structure: a fragment for a file, a cut end, headings and manifest entries that are gone."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from bot.changeset.codes import found
from bot.changeset.findings import Finding
from bot.changeset.guards import python_code
from bot.changeset.guards.view import FileView

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_MARKDOWN = (".md", ".markdown", ".mdx")
_REQUIREMENTS = re.compile(r"(?:^|/)[\w.-]*requirements[\w.-]*\.(?:txt|in)$|(?:^|/)requirements/[\w.-]+\.txt$")
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
        ("loss.headings", _headings(view)),
        ("loss.entries", _entries(view)),
    ):
        if said:
            yield found(code, f"{view.path}: {said}", edit=view.index, path=view.path)


def _share(view: FileView) -> float:
    old = sum(1 for line in view.old_lines if line.strip())
    return sum(1 for line in view.new_lines if line.strip()) / old if old else 1.0


def _fragment(view: FileView) -> str:
    share = _share(view)
    if view.suffix == ".py":
        return _python_fragment(view, share)
    if view.suffix in _MARKDOWN or view.suffix in _DATA:
        return ""
    solid = sum(1 for line in view.old_lines if line.strip())
    if solid >= 15 and view.kept < 0.12 and share < 0.5:
        return f"{view.kept:.0%} of its lines are left in a text of {share:.0%} of its length"
    return ""


def _python_fragment(view: FileView, share: float) -> str:
    old, new = python_code.module(view.before), python_code.module(view.after)
    if old is None or new is None:
        return ""
    had = {name for name, _ in python_code.definitions(old)} - view.removes
    gone = had - {name for name, _ in python_code.definitions(new)}
    if len(had) >= 3 and len(gone) >= 0.7 * len(had) and view.kept < 0.35 and share < 0.7:
        shown = ", ".join(sorted(gone)[:4])
        return f"{len(gone)} of {len(had)} definitions are gone ({shown}…) and {view.kept:.0%} of its lines are left"
    return ""


def _truncated(view: FileView) -> str:
    old, new = view.old_lines, view.new_lines
    if len(old) < 4 or len(new) >= len(old):
        return ""
    tail = _lost_tail(view)
    cut = not (view.after or "").endswith("\n") and (view.before or "").endswith("\n")
    last = new[-1].strip()
    if cut and tail >= 1 and last and _is_cut_line(last, old):
        return f"it ends in the middle of a line: {last[:60]}"
    prefix = new == old[: len(new)] or (
        len(new) > 1 and new[:-1] == old[: len(new) - 1] and old[len(new) - 1].startswith(new[-1])
    )
    lost = len(old) - len(new)
    if prefix and lost >= 3 and (cut or lost >= 0.2 * len(old)):
        return f"its last {lost} lines are gone and nothing else changed"
    if tail >= 2 and view.suffix in _BRACES and _open(view.after or "") > 0 and _open(view.before or "") == 0:
        return "its end is gone: braces stay open"
    if tail >= 2 and view.suffix in _MARKDOWN and _fences(new) % 2 and not _fences(old) % 2:
        return "its end is gone: a code block stays open"
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
    stripped = [line.strip() for line in old]
    return last not in stripped and any(line.startswith(last) and len(line) > len(last) for line in stripped)


def _open(text: str) -> int:
    bare = re.sub(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
    return bare.count("{") - bare.count("}")


def _fences(lines: list[str]) -> int:
    return sum(1 for line in lines if line.lstrip().startswith("```"))


def _titles(lines: list[str]) -> dict[str, int]:
    """Headings outside code blocks in order, with their levels."""
    out: dict[str, int] = {}
    fenced = False
    for line in lines:
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced and (hit := _HEADING.match(line)):
            out.setdefault(hit[2].casefold(), len(hit[1]))
    return out


def _headings(view: FileView) -> str:
    if view.suffix not in _MARKDOWN:
        return ""
    old, new = _titles(view.old_lines), _titles(view.new_lines)
    gone, share = old.keys() - new.keys(), _share(view)
    if share >= 0.7 or view.kept >= 0.35 or len(gone) < max(1, 0.6 * len(old)):
        return ""
    first, now = next(iter(old.values())), next(iter(new.values()), 7)
    if now > first and len(view.old_lines) >= 8:
        return f"it begins below the old title, {len(gone)} of {len(old)} headings are gone"
    if len(old) >= 3 and len(new.keys() - old.keys()) <= 1 and new.keys() & old.keys():
        return f"{len(gone)} of {len(old)} headings are gone and {view.kept:.0%} of its lines are left"
    return ""


def _entries(view: FileView) -> str:
    name = view.path.rsplit("/", 1)[-1]
    if _REQUIREMENTS.search(view.path):
        old, new = _requirements(view.old_lines), _requirements(view.new_lines)
    elif name == "package.json":
        old, new = _flat(_json(view.before)), _flat(_json(view.after))
    elif name in ("pyproject.toml", "Cargo.toml"):
        old, new = _flat(_toml(view.before)), _flat(_toml(view.after))
    else:
        return ""
    gone = old - new - view.removes
    if len(gone) >= 2 and len(gone) >= 0.4 * len(old):
        return f"{len(gone)} of {len(old)} entries are gone: {', '.join(sorted(gone)[:6])}"
    return ""


def _requirements(lines: list[str]) -> set[str]:
    hits = (re.match(r"\s*([A-Za-z0-9][\w.-]*)", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", hit[1]).casefold() for hit in hits if hit}


def _json(text: str | None) -> Any:
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return {}


def _toml(text: str | None) -> Any:
    try:
        return tomllib.loads((text or "").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _flat(value: Any) -> set[str]:
    """Keys of the first two levels, written `table.key`."""
    if not isinstance(value, dict):
        return set()
    out = set(value)
    for key, inner in value.items():
        if isinstance(inner, dict):
            out.update(f"{key}.{name}" for name in inner)
    return out
