"""The results of a verification, one line for each thing checked, for people and for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class LineResult(StrEnum):
    """`note`: nothing is wrong, but the reader should know, or has to check it."""

    OK = "ok"
    FAILED = "failed"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked; `code` is stable (docs/proof.md), `text` says what was seen, in one sentence.

    `if_key` is the id of a key that the reader has to know from elsewhere: without that the other lines prove nothing.
    """

    code: str
    state: LineResult
    text: str
    if_key: str = ""


def ok(code: str, text: str) -> Check:
    """A line for something that is as the proof says."""
    return Check(code, LineResult.OK, text)


def failed(code: str, text: str) -> Check:
    """A line for something that is not as the proof says."""
    return Check(code, LineResult.FAILED, text)


def note(code: str, text: str, *, if_key: str = "") -> Check:
    """A line that does not decide, which the reader should know."""
    return Check(code, LineResult.NOTE, text, if_key)


def all_passed(checks: Sequence[Check]) -> bool:
    """Whether nothing failed."""
    return all(check.state is not LineResult.FAILED for check in checks)


_SIGNS = {LineResult.OK: "✓", LineResult.FAILED: "✗", LineResult.NOTE: "·"}


def checklist_text(commit: str, checks: Sequence[Check]) -> str:
    """The checklist for a terminal; its last line is the result."""
    width = max((len(check.code) for check in checks), default=0)
    lines = [f"{_SIGNS[check.state]} {check.code:<{width}}  {_plain(check.text)}" for check in checks]
    wrong = sorted({check.code for check in checks if check.state is LineResult.FAILED})
    key = _unknown_key(checks)
    holds = f"The proof holds, if the key {_plain(key)} is the one you know." if key else "The proof holds."
    end = f"NOT proven: {', '.join(wrong)}" if wrong else holds
    return "\n".join([f"commit {commit}", *lines, end]) + "\n"


def checklist_data(commit: str, checks: Sequence[Check]) -> dict[str, Any]:
    """The same for scripts; `if_key` is the id of the key that still has to be compared, null when it was."""
    rows = [{"code": check.code, "state": check.state, "text": check.text} for check in checks]
    return {"commit": commit, "proven": all_passed(checks), "if_key": _unknown_key(checks) or None, "checks": rows}


def _unknown_key(checks: Sequence[Check]) -> str:
    return next((check.if_key for check in checks if check.if_key), "")


def _plain(text: str) -> str:
    """Text that other people wrote, without characters that control a terminal."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in " ".join(text.split()))
