"""Figures of a change: complexity, duplicated blocks, growth. Computed by lizard, without a model.

https://github.com/terryyin/lizard
"""

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
"""Entries of each kind in the text; a prompt and a review have no place for more."""
LARGEST_BYTES = 400_000
"""A larger file is not analysed: lizard needs seconds for it, and it is rarely written by hand."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A function whose cyclomatic complexity the change raises; `before` is 0 for a new one."""

    path: str
    name: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Figures:
    """`complexity` is the change of the sum over all functions of the changed files; `duplicates` name places.

    `growth` counts lines: (path, before, after). `unmeasured` are code files that lizard could not analyse.
    """

    complexity: int
    grown: tuple[Grown, ...]
    duplicates: tuple[str, ...]
    growth: tuple[tuple[str, int, int], ...]
    unmeasured: tuple[str, ...]

    def lines(self) -> list[str]:
        """The figures as text, one a line."""
        lines = [f"cyclomatic complexity of the changed files: {self.complexity:+d}"]
        lines += [f"`{it.path}` `{it.name}`: {it.before or 'new'} -> {it.after}" for it in self.grown[:MOST_SHOWN]]
        lines += [f"the same block is at {place}" for place in self.duplicates[:MOST_SHOWN]]
        lines += [f"`{path}`: {before} -> {after} lines" for path, before, after in self.growth[:MOST_SHOWN]]
        lines += [f"`{path}` could not be analysed" for path in self.unmeasured[:MOST_SHOWN]]
        return lines


def figures(diff: Diff, before: TreeReader, after: TreeReader) -> Figures:
    """The figures of a change between two trees; only changed files of languages that lizard reads.

    `before` and `after` are the trees of the merge base and of the head.
    """
    complexity, grown, growth, unmeasured = 0, [], [], []
    analysed = []
    for file in diff.files:
        if file.binary:
            continue
        old, new = _text(before, file.old_path or file.path), _text(after, file.path)
        # Before the check of the language: prose and data grow, too.
        if new is not None:
            growth.append((file.path, len(lines_of(old or "")), len(lines_of(new))))
        if lizard.get_reader_for(file.path) is None:
            continue
        try:
            old_functions, new_functions = _functions(file.path, old), _functions(file.path, new)
            if new is not None:
                analysed.append((file.path, new))
        except Exception:  # noqa: BLE001 - a parser of other people's text may raise anything
            unmeasured.append(file.path)
            continue
        complexity += sum(new_functions.values()) - sum(old_functions.values())
        # A new function of complexity 1 has no branches, so it is not worth a line.
        grown += [
            Grown(file.path, name, old_functions.get(name, 0), value)
            for name, value in new_functions.items()
            if value > old_functions.get(name, 1)
        ]
    grown.sort(key=lambda function: (function.before - function.after, function.path, function.name))
    added = {file.path: frozenset(line.line for line in file.added) for file in diff.files}
    growth = [(path, lines, now) for path, lines, now in growth if lines != now]
    growth.sort(key=lambda row: (row[1] - row[2], row[0]))
    return Figures(complexity, tuple(grown), _duplicates(analysed, added), tuple(growth), tuple(unmeasured))


def _text(tree: TreeReader, path: str) -> str | None:
    entry = tree.entry(path)
    if entry is None or entry.mode not in (MODE_FILE, MODE_EXECUTABLE) or entry.size > LARGEST_BYTES:
        return None
    return tree.read(path).decode("utf-8", "replace")


def _functions(path: str, text: str | None) -> dict[str, int]:
    """Cyclomatic complexity by function name; functions of the same name are added up."""
    complexities: dict[str, int] = {}
    if text:
        info: Any = lizard.FileAnalyzer(lizard.get_extensions([])).analyze_source_code(path, text)
        for function in info.function_list:
            name = str(function.name)
            # Overloads, and methods of two classes, may share a name.
            complexities[name] = complexities.get(name, 0) + int(function.cyclomatic_complexity)
    return complexities


def _duplicates(files: Iterable[tuple[str, str]], added: Mapping[str, frozenset[int]]) -> tuple[str, ...]:
    """Blocks that occur twice in the changed files, at least one of them with an added line."""
    finder = DuplicateFinder()
    analyser = lizard.FileAnalyzer([*lizard.get_extensions([]), finder])
    try:
        analysed = [analyser.analyze_source_code(path, text) for path, text in files]
        # A generator: lizard compares the files while it is consumed, up to the last one.
        list(finder.cross_file_process(iter(analysed)))
        duplicates = list(finder.get_duplicates())
    except Exception:  # noqa: BLE001 - a parser of other people's text may raise anything
        return ()
    places = []
    for copies in duplicates:
        has_new_line = any(
            added.get(copy.file_name, frozenset()) & frozenset(range(copy.start_line, copy.end_line + 1))
            for copy in copies
        )
        if has_new_line:
            places.append(" and ".join(f"`{copy.file_name}:{copy.start_line}-{copy.end_line}`" for copy in copies))
    return tuple(sorted(dict.fromkeys(places)))
