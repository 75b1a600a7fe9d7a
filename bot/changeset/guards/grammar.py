"""Syntax trees of the languages that have no parser in the standard library, by tree-sitter.

The grammars are plain functions of the text: they read no file and keep no state but the parser's own tables. A grammar
may lag behind its language, so a text only counts as broken where the old one was whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import tree_sitter_bash
import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_ruby
import tree_sitter_rust
import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Tree

_MAX_CHARACTERS = 600_000
"""Larger texts are generated or data; parsing them would only cost time."""

LANGUAGES = {
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".jsx": "javascript",
    ".ts": "typescript",
    ".mts": "typescript",
    ".cts": "typescript",
    ".tsx": "tsx",
    ".go": "go",
    ".java": "java",
    ".rs": "rust",
    ".rb": "ruby",
    ".rake": "ruby",
    ".gemspec": "ruby",
    ".sh": "bash",
    ".bash": "bash",
}


@lru_cache(maxsize=16)
def _parser(language: str) -> Parser:
    grammars = {
        "javascript": tree_sitter_javascript.language,
        "typescript": tree_sitter_typescript.language_typescript,
        "tsx": tree_sitter_typescript.language_tsx,
        "go": tree_sitter_go.language,
        "java": tree_sitter_java.language,
        "rust": tree_sitter_rust.language,
        "ruby": tree_sitter_ruby.language,
        "bash": tree_sitter_bash.language,
    }
    return Parser(Language(grammars[language]()))


@lru_cache(maxsize=64)
def _parsed(text: str, language: str) -> Tree:
    return _parser(language).parse(text.encode("utf-8", "replace"))


def parsed(text: str | None, suffix: str) -> Node | None:
    """The root of the syntax tree, errors and all; None for other languages, absent and very large texts."""
    language = LANGUAGES.get(suffix)
    if text is None or language is None or len(text) > _MAX_CHARACTERS:
        return None
    return _parsed(text, language).root_node


def walk(root: Node) -> Iterator[Node]:
    """Every named node, parents before children, in document order."""
    todo = [root]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(node.named_children))


def first_error(root: Node) -> tuple[int, str] | None:
    """(line from 1, what is wrong) of the first place the grammar does not understand, or None."""
    if not root.has_error:
        return None
    todo = [root]
    while todo:
        node = todo.pop()
        if node.is_missing:
            return node.start_point[0] + 1, f"{node.type!r} is missing"
        if node.is_error:
            shown = (node.text or b"").decode("utf-8", "replace").strip().split("\n")[0][:40]
            return node.start_point[0] + 1, f"cannot be parsed at {shown!r}"
        todo.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)
    return root.start_point[0] + 1, "cannot be parsed"


def text_of(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode("utf-8", "replace")
