"""Syntax trees: one parse per text, and what is asked of single nodes.

A grammar may lag behind its language, so a tree with errors is still a tree; callers decide what an error means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import tree_sitter

from bot.syntax.languages import grammar, language_of

Node = tree_sitter.Node
"""A node of a tree. Other packages import it from here, so that only this package knows the library."""

MAX_CHARACTERS = 1_500_000
"""A larger text is generated or data: parsing it only costs time."""

COMMENTS = frozenset({"comment", "line_comment", "block_comment"})


@lru_cache(maxsize=16)
def _parser(language: str) -> tree_sitter.Parser:
    return tree_sitter.Parser(grammar(language))


_COMMENT_RUN = re.compile(rb"(?m)(?:^[ \t]*#[^\n]*\n){100,}")
"""The grammar's scanner looks over all following comments for the next indentation, once for each of them: 8,000 lines
of comments take 17 seconds (tree-sitter-python 0.25, src/scanner.c)."""


def _blank(hit: re.Match[bytes]) -> bytes:
    """White space of the same length and lines, so that no position changes."""
    return re.sub(rb"[^\n]", b" ", hit[0])


# Every guard and every unit asks for the same text; 128 trees are what one change of usual size needs.
@lru_cache(maxsize=128)
def _parsed(text: str, language: str) -> tree_sitter.Tree | None:
    return _tree(text.encode("utf-8", "replace"), language)


def parse_once(raw: bytes, language: str) -> tree_sitter.Tree | None:
    """The tree of a text that is read once and not kept; None for a text above MAX_CHARACTERS bytes, and for one on
    which the parser fails."""
    return _tree(raw, language) if len(raw) <= MAX_CHARACTERS else None


def _tree(raw: bytes, language: str) -> tree_sitter.Tree | None:
    if language == "python":
        raw = _COMMENT_RUN.sub(_blank, raw)
    try:
        return _parser(language).parse(raw)
    except Exception:  # noqa: BLE001 - the boundary to a third-party parser of other people's text
        return None


def parse(text: str | None, language: str | None) -> Node | None:
    """The root of the tree, errors and all. None without a text or a language, for a text above MAX_CHARACTERS, and
    for one on which the parser fails. The same text is parsed once."""
    if text is None or language is None or len(text) > MAX_CHARACTERS:
        return None
    tree = _parsed(text, language)
    return tree.root_node if tree is not None else None


def parse_path(text: str | None, path: str) -> Node | None:
    """The same, with the language known by the path's ending."""
    return parse(text, language_of(path))


def walk(root: Node) -> Iterator[Node]:
    """Every named node, parents before children, in the order of the text."""
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(node.named_children))


def source(node: Node | None) -> str:
    """The node's text; empty for None."""
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


def first_error(root: Node) -> tuple[int, str] | None:
    """(line from 1, what is wrong) of the first place that the grammar does not understand, or None."""
    if not root.has_error:
        return None
    todo = [root]
    while todo:
        node = todo.pop()
        if node.is_missing:
            return node.start_point[0] + 1, f"{node.type!r} is missing"
        if node.is_error:
            return node.start_point[0] + 1, f"cannot be parsed at {source(node).strip().split(chr(10))[0][:40]!r}"
        todo.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)
    return root.start_point[0] + 1, "cannot be parsed"
