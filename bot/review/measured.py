"""The last figures of the reviewers' self test, kept beside the data and shown with every verdict."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.review.kinds import ReviewKind

FILE_NAME = "selftest.json"
UNMEASURED = "unmeasured"


def measured_in(directory: Path) -> Callable[[ReviewKind, str], str]:
    """Tells the figures of a kind of review by a model, as last measured; `unmeasured` where there are none."""

    def measured(kind: ReviewKind, model: str) -> str:
        found = _kept(directory).get(f"{kind.value}:{model}")
        return str(found["told"])[:200] if isinstance(found, dict) and "told" in found else UNMEASURED

    return measured


def keep_figures(directory: Path, kind: ReviewKind, model: str, told: str) -> None:
    """Keep the figures of a kind of review by a model, in place of the ones before."""
    directory.mkdir(parents=True, exist_ok=True)
    figures = {**_kept(directory), f"{kind.value}:{model}": {"told": told}}
    # A service that reads the file at this moment sees the old figures or the new ones, never half of them.
    with tempfile.NamedTemporaryFile("w", dir=directory, prefix=FILE_NAME, encoding="utf-8", delete=False) as fresh:
        fresh.write(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    Path(fresh.name).replace(directory / FILE_NAME)


def _kept(directory: Path) -> dict[str, Any]:
    try:
        figures = json.loads((directory / FILE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return figures if isinstance(figures, dict) else {}
