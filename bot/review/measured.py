"""The last results of `cadence selftest reviewers`, kept in the data directory and shown with every verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.llm.whole_file import write_whole
from bot.review.review_kinds import ReviewKind

FILE_NAME = "selftest.json"
UNMEASURED = "unmeasured"


def measured_in(directory: Path) -> Callable[[ReviewKind, str], str]:
    """A function that gives the last result for a kind of review by a model; `unmeasured` where there is none.

    It reads the file each time, because the self test may run while the service does.
    """

    def measured(kind: ReviewKind, model: str) -> str:
        entry = _kept(directory).get(f"{kind.value}:{model}")
        # A person may edit the file, and a receipt has place for one line.
        return str(entry["told"])[:200] if isinstance(entry, dict) and "told" in entry else UNMEASURED

    return measured


def keep_figures(directory: Path, kind: ReviewKind, model: str, line: str) -> None:
    """Store the result of a kind of review by a model, in one line; it replaces an earlier one."""
    figures = {**_kept(directory), f"{kind.value}:{model}": {"told": line}}
    # A service may read at this time.
    write_whole(directory / FILE_NAME, json.dumps(figures, indent=2, ensure_ascii=False) + "\n")


def _kept(directory: Path) -> dict[str, Any]:
    try:
        figures = json.loads((directory / FILE_NAME).read_text(encoding="utf-8"))
    # A missing or damaged file costs the figures, and must not stop a review.
    except (OSError, ValueError):
        return {}
    return figures if isinstance(figures, dict) else {}
