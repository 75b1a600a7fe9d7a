"""What `cadence doctor` says: lines, each one thing that was checked. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

SIGNS = {True: "✓", False: "✗", None: "-"}


@dataclass(frozen=True, slots=True)
class Line:
    """One check of one subject. `ok` None: it is worth knowing, and not a fault."""

    subject: str
    check: str
    ok: bool | None
    text: str
    remedy: str = ""


def passed(lines: Sequence[Line]) -> bool:
    """Whether nothing is at fault."""
    return bool(lines) and all(line.ok is not False for line in lines)


def as_text(line: Line) -> str:
    """For a terminal: sign, check, what was found, and below it the next step where there is one."""
    said = f"{SIGNS[line.ok]} {line.check}: {printable(line.text)}"
    return f"{said}\n    {printable(line.remedy)}" if line.remedy and line.ok is not True else said


def as_json(lines: Sequence[Line]) -> str:
    """For scripts."""
    return json.dumps({"ok": passed(lines), "checks": [asdict(line) for line in lines]}, indent=2, ensure_ascii=False)


def printable(text: str) -> str:
    """One line without control characters: a server's words could move a terminal's cursor."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
