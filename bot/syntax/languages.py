"""The languages whose syntax is read, each with the endings of its files and its grammar.

This package is the only user of tree-sitter. Another language is one row here and a folder of queries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

import tree_sitter_bash
import tree_sitter_c
import tree_sitter_cpp
import tree_sitter_go
import tree_sitter_java
import tree_sitter_javascript
import tree_sitter_python
import tree_sitter_ruby
import tree_sitter_rust
import tree_sitter_typescript
from tree_sitter import Language


@dataclass(frozen=True, slots=True)
class Row:
    """One language: `suffixes` of its files in lower case, `grammar` gives tree-sitter's pointer."""

    suffixes: tuple[str, ...]
    grammar: Callable[[], object]


LANGUAGES = MappingProxyType(
    {
        "python": Row((".py", ".pyi"), tree_sitter_python.language),
        "javascript": Row((".js", ".mjs", ".cjs", ".jsx"), tree_sitter_javascript.language),
        "typescript": Row((".ts", ".mts", ".cts"), tree_sitter_typescript.language_typescript),
        "tsx": Row((".tsx",), tree_sitter_typescript.language_tsx),
        "go": Row((".go",), tree_sitter_go.language),
        "java": Row((".java",), tree_sitter_java.language),
        "rust": Row((".rs",), tree_sitter_rust.language),
        "ruby": Row((".rb", ".rake", ".gemspec"), tree_sitter_ruby.language),
        "bash": Row((".sh", ".bash", ".bats"), tree_sitter_bash.language),
        # A `.h` file may be C; C++'s grammar reads both.
        "c": Row((".c",), tree_sitter_c.language),
        "cpp": Row((".cc", ".cpp", ".cxx", ".hpp", ".hh", ".h"), tree_sitter_cpp.language),
    }
)

# Looked up by the last ending alone, so `a.test.js` is JavaScript.
_BY_SUFFIX = {suffix: name for name, row in LANGUAGES.items() for suffix in row.suffixes}


def language_of(path: str) -> str | None:
    """The language by the ending of a path or by a bare suffix (`.go`); None where none is read."""
    name = path.rsplit("/", 1)[-1]
    return _BY_SUFFIX.get("." + name.rsplit(".", 1)[-1].lower()) if "." in name else None


@lru_cache(maxsize=32)
def grammar(language: str) -> Language:
    """tree-sitter's language object. Raises KeyError for a language that is not in the table."""
    return Language(LANGUAGES[language].grammar())
