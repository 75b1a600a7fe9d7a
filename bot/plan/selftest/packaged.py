"""The sample repositories, as they lie in the package: `sample/LANGUAGE/NAME/...`, one file for each of theirs.

A file that a tool of this project would take for its own (`name.py`, `pyproject.toml`) is stored with `.txt` after its
name, and a name that begins with a dot as `dot-name`. All else keeps its name, so that a reader of the tree, and the
site that shows it, see Go and TypeScript as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from bot.plan.selftest.samples import LANGUAGES, Sample
from bot.plan.selftest.tasks import Task, tasks_of

_STORED = (".py.txt", ".toml.txt")


@cache
def packaged_samples() -> tuple[Sample, ...]:
    """Every sample, by language and name."""
    root = files("bot.plan.selftest") / "sample"
    found = []
    for language in LANGUAGES:
        # A folder has no fixed order, and the tasks of two machines are compared.
        for folder in sorted((root / language).iterdir(), key=lambda entry: entry.name):
            if folder.is_dir():
                found.append(Sample(folder.name, language, dict(sorted(_walk(folder, "")))))
    return tuple(found)


@cache
def packaged_tasks(seed: int = 1) -> tuple[Task, ...]:
    """Every task of the packaged samples. Made once for a seed, because that takes a second."""
    return tasks_of(packaged_samples(), seed)


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        name = f".{entry.name.removeprefix('dot-')}" if entry.name.startswith("dot-") else entry.name
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{name}/")
        else:
            name = name.removesuffix(".txt") if name.endswith(_STORED) else name
            yield prefix + name, entry.read_text(encoding="utf-8")
