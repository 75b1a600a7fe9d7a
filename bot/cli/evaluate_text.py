"""The result of a checked ChangeSet as text for people and as data for scripts. Pure."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from bot.changeset.model import ChangeSet
from bot.core.findings import Finding, Severity

if TYPE_CHECKING:
    from bot.cli.evaluate import Evaluated

_MARK = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def shown(text: str) -> str:
    """The text with control and format characters escaped, because a terminal would act on them."""
    return "".join(c if c in "\n\t" or _printable(c) else c.encode("unicode_escape").decode() for c in text)


def _printable(character: str) -> bool:
    # Controls, format characters (zero width, direction of text) and surrogates:
    # https://www.unicode.org/reports/tr44/#General_Category_Values
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs")


def verdict(evaluated: Evaluated) -> dict[str, Any]:
    """The answer for a script: accepted or not, one line for each finding that refuses it, and every finding."""
    return {
        "accepted": evaluated.accepted,
        "reasons": [reason(f) for f in evaluated.errors],
        "findings": [f.as_dict() for f in evaluated.findings],
    }


def reason(finding: Finding) -> str:
    """A finding in one line: code, place, message."""
    place = _place(finding)
    message = finding.message.split("\n", 1)[0]
    return f"{finding.code}: {place}: {message}" if place else f"{finding.code}: {message}"


def _place(finding: Finding) -> str:
    edit = f"edits[{finding.edit}]" if finding.edit is not None else ""
    path = f"{finding.path}:{finding.line}" if finding.path and finding.line else finding.path or ""
    return " ".join(part for part in (edit, path) if part)


def refusal_text(evaluated: Evaluated, where: str) -> str:
    """Why it is refused: every finding with its place, its message, and what would make it acceptable.

    `where` names the commit that it was checked on; it is empty for a text that is not a ChangeSet on any.
    """
    count = len(evaluated.errors)
    place = f" on {where}" if where else ""
    head = f"refused{place}: {count} finding{'s' if count != 1 else ''} to resolve; nothing was changed\n"
    return shown(head + _findings_text(evaluated.findings) + _notes_text(evaluated.notes))


def accepted_text(evaluated: Evaluated, where: str) -> str:
    """What the ChangeSet changes, with its warnings and notes. `where` names the base."""
    if evaluated.change_set is None:
        raise ValueError("an accepted result has a ChangeSet")
    head = f"accepted on {where}: {edits_text(evaluated.change_set)}\n"
    return shown(head + _findings_text(evaluated.findings) + _notes_text(evaluated.notes))


def edits_text(change_set: ChangeSet) -> str:
    """`1 file added, 2 modified, 1 renamed`."""
    kinds = ["renamed" if e.rename_from else {"add": "added", "delete": "deleted"}.get(e.mode, "modified")
             for e in change_set.edits]  # fmt: skip
    counts = [f"{kinds.count(k)} {k}" for k in ("added", "modified", "renamed", "deleted") if k in kinds]
    first, _, rest = counts[0].partition(" ")
    return ", ".join([f"{first} file{'s' if first != '1' else ''} {rest}", *counts[1:]])


def _findings_text(findings: Iterable[Finding]) -> str:
    order = list(Severity)
    return "".join(_finding_text(f) for f in sorted(findings, key=lambda f: order.index(f.severity)))


def _finding_text(finding: Finding) -> str:
    place = _place(finding)
    lines = [f"\n{_MARK[finding.severity]} {finding.code}" + (f"  {place}" if place else "")]
    lines += textwrap.indent(finding.message, "  ", lambda _: True).split("\n")
    if finding.instruction:
        lines.append(f"  → {finding.instruction}")
    return "\n".join(lines) + "\n"


def _notes_text(notes: Iterable[str]) -> str:
    lines = "".join(f"  {note}\n" for note in notes)
    return f"\nnotes\n{lines}" if lines else ""
