"""Markdown documents that lose sections or tables (`loss.headings`, `loss.table`)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.changeset.guards.view import MARKDOWN, FileView
from bot.core.findings import Finding

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$")
_HTML_HEADING = re.compile(r"^\s*<h([1-6])\b[^>]*>(.*?)(?:</h\1>|$)", re.IGNORECASE)
# A setext heading is underlined: https://spec.commonmark.org/0.31.2/#setext-headings
_UNDERLINE = re.compile(r"^(?:={3,}|-{3,})\s*$")
# The row of dashes below a table's head: https://github.github.com/gfm/#tables-extension-
_DELIMITER = re.compile(r"\A\s*(?:\|\s*)?:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*(?:\|\s*)?$")


def document_findings(view: FileView) -> Iterator[Finding]:
    """Losses of one document that is handed in whole; names in `removes` (headings, first cells) are excused."""
    if view.suffix not in MARKDOWN or view.before is None or view.after is None or not view.whole:
        return
    for code, said in (("loss.headings", _headings(view)), ("loss.table", _tables(view))):
        if said:
            yield view.finding(code, f"{view.path}: {said}")


def _prose(lines: list[str]) -> Iterator[str]:
    """Lines outside code blocks."""
    fenced = False
    for line in lines:
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced:
            yield line


def _titles(lines: list[str]) -> dict[str, int]:
    """Headings in order, in lower case, with their levels."""
    out: dict[str, int] = {}
    above = ""
    for line in _prose(lines):
        if hit := _HEADING.match(line):
            out.setdefault(hit[2].casefold(), len(hit[1]))
        elif hit := _HTML_HEADING.match(line):
            out.setdefault(hit[2].strip().casefold(), int(hit[1]))
        elif _UNDERLINE.match(line) and above and not above.startswith(("|", "-", "*", ">", "#")):
            out.setdefault(above.casefold(), 1 if line[0] == "=" else 2)
        above = line.strip()
    return out


def _headings(view: FileView) -> str:
    old, new = _titles(view.old_lines), _titles(view.new_lines)
    excused = {name.casefold() for name in view.removes}
    moved = {
        title for title, level in old.items() if f"{'#' * level} {title}" in {e.casefold() for e in view.elsewhere}
    }
    gone = old.keys() - new.keys() - excused - moved
    first, now = next(iter(old.values()), 7), next(iter(new.values()), 7)
    solid = sum(1 for line in view.old_lines if line.strip())
    if now > 1 and solid >= 12 and view.kept < 0.05 and view.share < 0.5 and not new.keys() & old.keys():
        return f"a part without a title replaces it, {view.kept:.0%} of its lines are left"
    if not gone:
        return ""
    if now > first and len(view.old_lines) >= 8 and len(gone) == len(old) and view.kept < 0.15:
        return f"it begins below the old title, {len(gone)} of {len(old)} headings are gone"
    came = new.keys() - old.keys()
    if (
        len(gone) >= max(2, 0.3 * len(old))
        and 3 * len(came) <= len(gone)
        and 0.1 < view.kept < 0.8
        and view.share < 0.85
    ):
        return f"{len(gone)} of {len(old)} headings are gone and {view.kept:.0%} of its lines are left"
    return ""


Table = tuple[str, str]
"""Heading above, header row."""


def _row(line: str) -> str:
    return re.sub(r"\s*\|\s*", "|", line.strip()).casefold()


def _tables_of(lines: list[str]) -> dict[Table, list[str]]:
    """Rows of every table, header and delimiter left out."""
    out: dict[Table, list[str]] = {}
    heading, block = "", list[str]()
    for line in [*_prose(lines), ""]:
        if "|" in line and line.strip():
            block.append(_row(line))
            continue
        if len(block) > 2 and _DELIMITER.match(block[1]):
            out.setdefault((heading, block[0]), []).extend(block[2:])
        block = []
        if hit := _HEADING.match(line):
            heading = hit[2].casefold()
    return out


def _tables(view: FileView) -> str:
    """A table that is gone, or has lost most of its rows, in a document whose other lines mostly stayed."""
    old, new = _tables_of(view.old_lines), _tables_of(view.new_lines)
    other = [line.strip() for line in view.old_lines if line.strip() and "|" not in line]
    there = {line.strip() for line in view.new_lines} | view.elsewhere
    if not old or sum(line in there for line in other) < 0.5 * len(other):
        return ""
    rows = {row for body in new.values() for row in body} | {_row(line) for line in view.elsewhere if "|" in line}
    headers = {header for _, header in new}
    for (heading, header), body in old.items():
        gone = [row for row in body if row not in rows and row.strip("|").split("|")[0] not in view.removes]
        title = header.strip("|")[:60]
        now = new.get((heading, header))
        if len(body) >= 2 and len(gone) == len(body) and now is None and (header not in headers or len(new) < len(old)):
            return f"the table with {len(body)} rows under {title!r} is gone"
        if now is not None and len(gone) >= 3 and len(now) <= 0.6 * len(body):
            return f"{len(gone)} of {len(body)} rows of the table under {title!r} are gone"
    return ""
