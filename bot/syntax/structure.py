"""Where the definitions of a text begin and end, and what it imports: few nodes, so that whole repositories are read.

The outline in `bot.syntax.outline` also tells uses of names apart, which takes several times as long.
"""

from __future__ import annotations

from dataclasses import dataclass

from tree_sitter import QueryCursor

from bot.syntax.queries import query
from bot.syntax.trees import parse_once

DEPTH = 10
"""Definitions deeper in the tree are local ones, or callbacks. Most of a tree's nodes are below, so it is not read."""
LONGEST_IMPORT = 4_000


@dataclass(frozen=True, slots=True)
class Definition:
    """A named part of a text, from line `start` to line `end`, counted from 1, both included.

    `scope` tells that other definitions may be inside: a class, a module, an `impl` block.
    """

    name: str
    start: int
    end: int
    scope: bool


@dataclass(frozen=True, slots=True)
class Structure:
    """The definitions of a text in the order of their first lines, outer ones first, and its import statements."""

    definitions: tuple[Definition, ...]
    imports: tuple[str, ...]


def structure(raw: bytes, language: str) -> Structure:
    """What a text defines and imports. A part that the grammar does not understand hides only the names in it.

    Raises KeyError for a language that is not in the table.
    """
    tree = parse_once(raw, language)
    asked = query(language, "structure")
    if tree is None or asked is None:
        return Structure((), ())
    cursor = QueryCursor(asked)
    cursor.set_max_start_depth(DEPTH)
    definitions: list[Definition] = []
    imports: list[str] = []
    for _, captures in cursor.matches(tree.root_node):
        if "import" in captures:
            node = captures["import"][0]
            imports.append(raw[node.start_byte : node.end_byte][:LONGEST_IMPORT].decode("utf-8", "replace"))
            continue
        scope = "scope" in captures
        node, name = captures["scope" if scope else "definition"][0], captures["name"][0]
        start = node.start_point[0] + 1
        # A type that ends at the beginning of the next line has its last text on the line before.
        end = node.end_point[0] + (node.end_point[1] > 0 or node.end_point[0] == node.start_point[0])
        text = raw[name.start_byte : name.end_byte].decode("utf-8", "replace")
        definitions.append(Definition(text, start, end, scope))
    definitions.sort(key=lambda one: (one.start, -one.end))
    return Structure(tuple(dict.fromkeys(definitions)), tuple(imports))
