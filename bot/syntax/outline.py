"""What a text defines, binds and uses: names with their roles, from the language's `tags.scm` alone.

A place that is not clearly a use counts as one that may bind the name. Nothing is called missing while such a place
is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tree_sitter import Node

from bot.syntax.languages import language_of
from bot.syntax.queries import matches
from bot.syntax.trees import parse, source

_SCOPES = frozenset({
    "program", "source_file", "export_statement", "lexical_declaration", "variable_declaration",
    "const_declaration", "var_declaration", "var_spec_list", "type_declaration", "ambient_declaration",
    "decorated_definition", "translation_unit", "module",
})  # fmt: skip
"""Nodes that a definition at file level may be inside."""


@dataclass(frozen=True)
class Outline:
    """Names of one text. `top`: bound at file level; `used`: used here, with the first line; `own_calls`: methods
    called on `this` or `self`. `lines`: where each definition begins and ends, counted from 1."""

    definitions: frozenset[str]
    methods: frozenset[str]
    imported: frozenset[str]
    top: frozenset[str]
    bound: frozenset[str]
    used: dict[str, int]
    own_calls: dict[str, int]
    has_supertype: bool
    has_wildcard: bool
    lines: dict[str, tuple[int, int]]


def outline(text: str | None, path: str) -> Outline | None:
    """The outline of a text, its language known by the path's ending or a suffix; None where the language is unknown or
    the text does not parse as a whole."""
    language = language_of(path)
    root = parse(text, language)
    if root is None or root.has_error or text is None or language is None:
        return None
    return _outlined(text, language)


@lru_cache(maxsize=128)
def _outlined(text: str, language: str) -> Outline | None:
    root = parse(text, language)
    return _Reader(root, language).outline() if root is not None else None


class _Reader:
    """Collects the captures of one tree."""

    def __init__(self, root: Node, language: str) -> None:
        self.definitions: set[str] = set()
        self.methods: set[str] = set()
        self.imported: set[str] = set()
        self.top: set[str] = set()
        self.own: dict[str, int] = {}
        self.lines: dict[str, tuple[int, int]] = {}
        self.flags: set[str] = set()
        names: dict[int, Node] = {}
        uses: set[int] = set()
        for match in matches(root, language, "tags"):
            for capture, nodes in match.captures.items():
                if capture == "name_":
                    names.update((node.id, node) for node in nodes)
                elif capture == "reference":
                    uses.update(node.id for node in nodes)
                else:
                    for node in nodes:
                        self._take(capture, node, match.first("name"), match.first("own"))
        self.used: dict[str, int] = {}
        self.bound: set[str] = set()
        for key, node in names.items():
            if key in uses:
                line = node.start_point.row + 1
                self.used[source(node)] = min(line, self.used.get(source(node), line))
            else:
                self.bound.add(source(node))

    def _take(self, capture: str, node: Node, name: Node | None, own: Node | None) -> None:
        if capture in ("definition", "definition.method", "value") and name is not None:
            self._define(capture, node, name)
        elif capture == "import":
            self.imported.add(source(node))
        elif capture == "import.path":
            self.imported.add(_package(source(node).strip('"`')))
        elif capture == "import.tree":
            self.imported.update(_rust_names(node))
        elif capture == "own_call" and own is not None:
            line = node.start_point.row + 1
            self.own[source(own)] = min(line, self.own.get(source(own), line))
        elif capture in ("supertype", "wildcard"):
            self.flags.add(capture)

    def _define(self, capture: str, node: Node, name: Node) -> None:
        if name.type.endswith("_pattern"):
            return
        word = source(name)
        if capture != "value":
            self.definitions.add(word)
            self.lines.setdefault(word, (node.start_point.row + 1, node.end_point.row + 1))
        if capture == "definition.method":
            self.methods.add(word)
        if _at_top(node):
            self.top.add(word)

    def outline(self) -> Outline:
        imported = frozenset(self.imported)
        return Outline(
            definitions=frozenset(self.definitions),
            methods=frozenset(self.methods),
            imported=imported,
            top=frozenset(self.top) | imported,
            bound=imported | self.bound,
            used=self.used,
            own_calls=self.own,
            has_supertype="supertype" in self.flags,
            has_wildcard="wildcard" in self.flags,
            lines=self.lines,
        )


def _at_top(node: Node) -> bool:
    above = node.parent
    while above is not None and above.type in _SCOPES and above.parent is not None:
        above = above.parent
    return above is not None and above.parent is None


def _rust_names(node: Node) -> Iterator[str]:
    """Local names that a `use` binds."""
    if node.type == "use_as_clause":
        yield source(node.child_by_field_name("alias"))
    elif node.type == "scoped_identifier":
        yield source(node.child_by_field_name("name"))
    elif node.type == "identifier":
        yield source(node)
    elif node.type == "scoped_use_list":
        inner = node.child_by_field_name("list")
        if inner is not None:
            yield from _rust_names(inner)
    elif node.type == "use_list":
        for child in node.named_children:
            yield from _rust_names(child)


def _package(path: str) -> str:
    """The name under which Go code knows an imported package: its last component, without a version."""
    parts = [p for p in path.split("/") if not (p.startswith("v") and p[1:].isdigit())]
    return (parts or [path])[-1].split(".")[0].removeprefix("go-").replace("-", "_")
