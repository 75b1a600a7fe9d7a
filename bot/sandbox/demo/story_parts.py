"""What the demo's stories are made of: the shape of one, edits and answers of a model, anchors in the sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.core.json_types import JsonDict
from bot.sandbox.model.script import Rule


@dataclass(frozen=True, slots=True)
class Story:
    """One blueprint from label to end.

    `guidance` goes with `/cadence replan` once the first plan is rejected; `refused` is the code with which the first
    plan is refused before anything is built, so that the model has to fix it.
    """

    name: str
    headline: str
    title: str
    body: str
    rules: tuple[Rule, ...] = ()
    guidance: str | None = None
    refused: str = ""


def edit(path: str, *, after: str | None = None, replace: Sequence[tuple[str, str]] = ()) -> JsonDict:
    """An edit as the model's schema wants it: every key present, null where it does not apply."""
    return {
        "path": path,
        "mode": "add" if after is not None else "modify",
        "after": after,
        "replace": [{"old": old, "new": new, "count": None} for old, new in replace] or None,
        "rename_from": None,
        "executable": None,
        "removes": [],
    }


def below(anchor: str, new: str) -> tuple[str, str]:
    """A replacement that keeps the anchor and adds something after it."""
    return anchor, anchor + new


def verdict(verdict: str, summary: str, *findings: Mapping[str, Any]) -> JsonDict:
    """A reviewer's answer."""
    return {"verdict": verdict, "summary": summary, "findings": list(findings)}


README_ROW = "| `--top N` | only the N most frequent words |\n"
CHANGELOG_LINE = "- Counts words, the most frequent first.\n"
TOP_OPTION = '    parser.add_argument("--top", type=int, metavar="N", help="only the N most frequent words")\n'
