"""tree-sitter queries kept as `.scm` files under `queries/<language>/`.

A first line `; inherits: javascript` puts another language's file of the same name before this one, as editors do.
The predicates are tree-sitter's own (`#match?`, `#eq?`, `#any-of?` and their negations).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from operator import itemgetter

from tree_sitter import Node, Query, QueryCursor

from bot.syntax.languages import grammar

# As in editors: https://neovim.io/doc/user/treesitter.html#treesitter-query-modeline-inherits
_INHERITS = "; inherits: "


@dataclass(frozen=True, slots=True)
class Match:
    """One match of a pattern: every capture's name with its nodes."""

    captures: Mapping[str, Sequence[Node]]

    def first(self, name: str) -> Node | None:
        """The first node of a capture, or None."""
        nodes = self.captures.get(name)
        return nodes[0] if nodes else None


def query_text(language: str, name: str) -> str:
    """The source of a query, inherited parts first; empty where the language has none."""
    file = files(__package__) / "queries" / language / f"{name}.scm"
    if not file.is_file():
        return ""
    text = file.read_text("utf-8")
    head = text.split("\n", 1)[0]
    if head.startswith(_INHERITS):
        inherited = [query_text(one.strip(), name) for one in head.removeprefix(_INHERITS).split(",")]
        return "\n".join([*inherited, text])
    return text


@lru_cache(maxsize=64)
def query(language: str, name: str) -> Query | None:
    """The query `name` of a language, compiled once; None where the language has none."""
    text = query_text(language, name)
    return Query(grammar(language), text) if text.strip() else None


def matches(root: Node, language: str, name: str) -> list[Match]:
    """All matches of the query `name` below a node, in the order of the query's patterns and then of the text, so that
    later patterns can win over earlier ones; none where the language has no query."""
    asked = query(language, name)
    if asked is None:
        return []
    # The cursor gives matches in the order of the text; a later pattern is the more exact one and has to come last.
    found = sorted(QueryCursor(asked).matches(root), key=itemgetter(0))
    return [Match(captures) for _, captures in found]
