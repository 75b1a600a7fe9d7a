"""Figures of a change that need no opinion: complexity, duplicated blocks, growth. Computed by lizard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import lizard
from lizard_ext.lizardduplicate import LizardExtension as DuplicateFinder

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeReader
from bot.core.text_content import lines_of
from bot.review.diff import Diff

MOST_SHOWN = 8
LARGEST_BYTES = 400_000


@dataclass(frozen=True, slots=True)
class Grown:
    """A function whose cyclomatic complexity the change raised; `before` 0 for a new one."""

    path: str
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Figures:
    """`complexity` is the sum of what the functions of changed files gained or lost; `duplicates` are places.

    `growth` counts lines: (path, before, after). `unmeasured` are code files that could not be analysed.
    """

    complexity: int
    grown: tuple[Grown, ...]
    duplicates: tuple[str, ...]
    growth: tuple[tuple[str, int, int], ...]
    unmeasured: tuple[str, ...]

    def lines(self) -> list[str]:
        """In words, one figure a line."""
        told = [f"cyclomatic complexity of the changed files: {self.complexity:+d}"]
        told += [f"`{one.path}` `{one.name}`: {one.before or 'new'} -> {one.after}" for one in self.grown[:MOST_SHOWN]]
        told += [f"the same block is at {place}" for place in self.duplicates[:MOST_SHOWN]]
        told += [f"`{path}`: {before} -> {after} lines" for path, before, after in self.growth[:MOST_SHOWN]]
        told += [f"`{path}` could not be analysed" for path in self.unmeasured[:MOST_SHOWN]]
        return told


def figures(diff: Diff, before: TreeReader, after: TreeReader) -> Figures:
    """The figures of a change between two trees; only changed files of languages that lizard knows are measured."""
    complexity, grown, growth, unmeasured = 0, [], [], []
    analysed = []
    for file in diff.files:
        if file.binary:
            continue
        old, new = _text(before, file.old_path or file.path), _text(after, file.path)
        if new is not None:
            growth.append((file.path, _count(old), _count(new)))
        if not _is_code(file.path):
            continue
        try:
            was, now = _functions(file.path, old), _functions(file.path, new)
            if new is not None:
                analysed.append((file.path, new))
        except Exception:  # noqa: BLE001 - the boundary to a parser of other people's text
            unmeasured.append(file.path)
            continue
        complexity += sum(now.values()) - sum(was.values())
        grown += [Grown(file.path, name, was.get(name, 0), now[name]) for name in now if now[name] > was.get(name, 1)]
    grown.sort(key=lambda one: (one.before - one.after, one.path, one.name))
    added = {file.path: frozenset(line.line for line in file.added) for file in diff.files}
    growth = [one for one in growth if one[1] != one[2]]
    growth.sort(key=lambda one: (one[1] - one[2], one[0]))
    return Figures(complexity, tuple(grown), _duplicates(analysed, added), tuple(growth), tuple(unmeasured))


def _is_code(path: str) -> bool:
    return lizard.get_reader_for(path) is not None


def _count(text: str | None) -> int:
    return len(lines_of(text or ""))


def _text(tree: TreeReader, path: str) -> str | None:
    entry = tree.entry(path)
    if entry is None or entry.mode not in (MODE_FILE, MODE_EXECUTABLE) or entry.size > LARGEST_BYTES:
        return None
    return tree.read(path).decode("utf-8", "replace")


def _functions(path: str, text: str | None) -> dict[str, int]:
    """Cyclomatic complexity by function; several of one name are added up."""
    found: dict[str, int] = {}
    if text:
        info: Any = lizard.FileAnalyzer(lizard.get_extensions([])).analyze_source_code(path, text)
        for function in info.function_list:
            name = str(function.name)
            found[name] = found.get(name, 0) + int(function.cyclomatic_complexity)
    return found


def _duplicates(files: Iterable[tuple[str, str]], added: Mapping[str, frozenset[int]]) -> tuple[str, ...]:
    """Blocks that stand twice in the changed files, one of them at least partly new."""
    finder = DuplicateFinder()
    analyser = lizard.FileAnalyzer([*lizard.get_extensions([]), finder])
    try:
        analysed = [analyser.analyze_source_code(path, text) for path, text in files]
        list(finder.cross_file_process(iter(analysed)))
        found = list(finder.get_duplicates())
    except Exception:  # noqa: BLE001 - the boundary to a parser of other people's text
        return ()
    told = []
    for block in found:
        fresh = any(
            added.get(one.file_name, frozenset()) & frozenset(range(one.start_line, one.end_line + 1)) for one in block
        )
        if fresh:
            told.append(" and ".join(f"`{one.file_name}:{one.start_line}-{one.end_line}`" for one in block))
    return tuple(sorted(dict.fromkeys(told)))
