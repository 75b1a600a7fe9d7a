"""One edit of a sample that is undone, and what operators need to find such edits. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from bot.changeset.files_tree import Files
from bot.plan.selftest.samples import Sample
from bot.syntax.languages import language_of
from bot.syntax.trees import Node, parse_path, source, walk


@dataclass(frozen=True, slots=True)
class Mutation:
    """One undone edit. `undone` is each path's text without the edit, None where the path does not exist without it.

    `title` and `intent` are the blueprint's title and first paragraph; with `exact` the blueprint also quotes the text
    to restore. `place` tells the candidates of one operator apart.
    """

    place: str
    title: str
    intent: str
    undone: Mapping[str, str | None] = field(repr=False)
    exact: bool = True

    def base(self, files: Files) -> Files:
        """The sample's files without the edit."""
        left = {path: text for path, text in files.items() if self.undone.get(path, text) is not None}
        return {**left, **{path: text for path, text in self.undone.items() if text is not None}}


Operator = Callable[[Sample], Iterator[Mutation]]
"""Finds every edit of its kind in a sample."""

FUNCTIONS = frozenset({
    "function_definition", "function_declaration", "method_definition", "method_declaration",
})  # fmt: skip
CLASSES = frozenset({"class_definition", "class_declaration", "abstract_class_declaration"})
TEST_PATH = re.compile(r"(^|/)tests?/|(^|/)test_[^/]*$|_test\.go$|\.test\.ts$")


@dataclass(frozen=True, slots=True)
class Source:
    """One source file of a sample, parsed."""

    path: str
    text: str
    root: Node = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)
    """Its lines, each with its line end."""
    by_type: Mapping[str, Sequence[Node]] = field(repr=False)
    """Its nodes, by type."""

    @property
    def is_test(self) -> bool:
        """Whether it holds tests."""
        return TEST_PATH.search(self.path) is not None

    def nodes(self, *types: str) -> Iterator[Node]:
        """The nodes of these types, in the order of the text."""
        found = (node for one in types for node in self.by_type.get(one, ()))
        return iter(sorted(found, key=lambda node: (node.start_byte, -node.end_byte)))

    def without(self, first: int, after: int, instead: Sequence[str] = ()) -> str:
        """The text with the lines from `first` up to `after` (from 0, exclusive) replaced."""
        lines = self.lines
        return "".join([*lines[:first], *instead, *lines[after:]])


def lines_of_file(text: str) -> list[str]:
    """The lines of a text, each with its line end."""
    # Not `splitlines`: Python ends a line also at a form feed and other characters.
    return [f"{line}\n" for line in text.removesuffix("\n").split("\n")] if text else []


def sources(sample: Sample, *, tests: bool = False) -> Iterator[Source]:
    """The parsed source files of a sample; those with tests only where `tests` says so."""
    for path, text in sample.files.items():
        source_file = _source(path, text) if language_of(path) else None
        if source_file is not None and (tests or not source_file.is_test):
            yield source_file


# Every operator asks for every file.
@lru_cache(maxsize=256)
def _source(path: str, text: str) -> Source | None:
    root = parse_path(text, path)
    if root is None:
        return None
    by_type: dict[str, list[Node]] = {}
    for node in walk(root):
        by_type.setdefault(node.type, []).append(node)
    return Source(path, text, root, tuple(lines_of_file(text)), by_type)


def rows(node: Node) -> tuple[int, int]:
    """The first line of a node and the line after its last, from 0."""
    # A node that ends with a line end ends at the start of the next line.
    end = node.end_point
    return node.start_point.row, end.row + (1 if end.column else 0)


def whole_lines(node: Node, file: Source) -> bool:
    """Whether nothing else is on the lines of a node, but for a separator after it."""
    lines = file.lines
    first, after = rows(node)
    before = lines[first].encode()[: node.start_point.column]
    rest = lines[after - 1].encode()[node.end_point.column :] if node.end_point.column else b""
    return not before.strip() and rest.strip() in (b"", b";", b",")


def name_of(node: Node) -> str:
    """The name that a definition gives."""
    return source(node.child_by_field_name("name"))


def qualified(node: Node) -> str:
    """The function around a node, or the node's own name, with its class: `Ledger.post`; empty at file level."""
    names = []
    at: Node | None = node
    while at is not None:
        if at.type in FUNCTIONS or at.type in CLASSES:
            names.append(name_of(at))
        at = at.parent
    return ".".join(reversed(names))


def where(node: Node, file: Source) -> str:
    """Words for the place of a node: function and file."""
    inside = qualified(node)
    return f"`{inside}` in `{file.path}`" if inside else f"`{file.path}`"


def place(node: Node, file: Source) -> str:
    """What tells a node apart from every other of its sample."""
    return f"{file.path}:{node.start_byte}-{node.end_byte}"


def with_decorators(node: Node) -> Node:
    """The definition with its decorators, or with `export` before it."""
    parent = node.parent
    wraps = parent is not None and parent.type in ("decorated_definition", "export_statement")
    return parent if wraps and parent is not None else node


def first_row_with_comments(node: Node, file: Source) -> int:
    """The line, from 0, on which the comments directly above a node begin."""
    row = node.start_point.row
    marks = ("#",) if language_of(file.path) == "python" else ("//", "/*", "*", "*/")
    lines = file.lines
    while row > 0 and lines[row - 1].lstrip().startswith(marks):
        row -= 1
    return row


def with_blank_lines(first: int, after: int, lines: Sequence[str]) -> tuple[int, int]:
    """The same lines with the blank ones that separate them from what follows, or at the end from what is before."""
    wider = after
    while wider < len(lines) and not lines[wider].strip():
        wider += 1
    # At the end of a file, or of a block, the blank lines before it would otherwise be left over.
    if wider == after or wider == len(lines):
        while first > 0 and not lines[first - 1].strip():
            first -= 1
    return first, wider
