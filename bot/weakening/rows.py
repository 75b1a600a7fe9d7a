"""Rows of data that a test runs on: lists in its body, and lists declared on it."""

from __future__ import annotations

import re

from bot.syntax.trees import COMMENTS, Node, source
from bot.weakening.model import Skip
from bot.weakening.nodes import normal

_ROW_NODES = frozenset({"literal_element", "keyed_element"})


def rows_of(node: Node) -> list[str]:
    """The rows of a list, each without its id and marks, so that marking a row does not make it another one."""
    # A comment in a list is not a row.
    children = [child for child in node.named_children if child.type not in COMMENTS]
    if node.type == "literal_value":
        children = [child for child in children if child.type in _ROW_NODES and "{" in source(child)]
    return [_bare_row(child) for child in children if child.type != "keyword_argument"]


def _bare_row(node: Node) -> str:
    if node.type == "call" and re.match(r"[\w.]*param\(", source(node)):
        arguments = node.child_by_field_name("arguments")
        inner = [normal(one) for one in (arguments.named_children if arguments is not None else ())
                 if one.type != "keyword_argument" and one.type not in COMMENTS]  # fmt: skip
        return inner[0] if len(inner) == 1 else f"({','.join(inner)})"
    return normal(node)


def row_marks(node: Node) -> list[Skip]:
    """Marks of single rows: `pytest.param(…, marks=pytest.mark.xfail)`."""
    if node.type == "call" and re.match(r"[\w.]*param\(", source(node)):
        arguments = node.child_by_field_name("arguments")
        marked = [one for one in (arguments.named_children if arguments is not None else ())
                  if one.type == "keyword_argument" and re.search(r"\b(?:skip|xfail)", source(one))]  # fmt: skip
        return [Skip("row", f"row {_bare_row(node)}", node.start_point.row + 1, True) for _ in marked]
    inside = ("argument_list", "list", "tuple", "call", "list_comprehension")
    return [skip for child in node.named_children if child.type in inside for skip in row_marks(child)]


_SLICE = re.compile(
    r"\[[^\[\]:]*:[^\[\]]*\]$|\.(?:slice|take|first|limit|skip|drop|islice)\((?!\))[^()]*\)$|^(?:itertools\.)?islice\(|\[\.\."
)


def cut_of(node: Node) -> list[str]:
    """The expression that a loop runs over where it is a part of a list; nothing for a whole one."""
    value = normal(node)
    return [value] if _SLICE.search(value) else []


def is_table(name: str, file: str) -> bool:
    """Whether a list with that name is what tests of the file run over."""
    word = re.escape(name)
    used = (
        rf"parametrize\([^()]*,\s*{word}\b|\beach\(\s*{word}\b|\.for\(\s*{word}\b"
        rf"|\bof\s+{word}\b|\bin\s+{word}\b|\b{word}\.(?:forEach|each|map)\b"
    )
    return bool(re.search(used, file))
