"""Writes a small file in one step: whoever reads it meanwhile sees the old content or the new, never a part of one."""

from __future__ import annotations

import tempfile
from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Put the text into the file, in UTF-8, and make its folder. Raises OSError where that cannot be written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=path.name, encoding="utf-8", newline="", delete=False
    ) as fresh:
        fresh.write(text)
    # Renaming is atomic: https://docs.python.org/3/library/pathlib.html#pathlib.Path.replace
    Path(fresh.name).replace(path)
