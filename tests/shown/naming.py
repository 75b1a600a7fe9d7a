"""Which codes a test writes down: a test that gives a code and never names it would not notice when it is gone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.shown.registry import ANY_READ, ANY_RULE, ANY_TYPE, every_code

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class TestFile:
    """The string literals of a test file, docstrings left out, and those inside each of its test functions."""

    __test__ = False
    strings: tuple[str, ...]
    functions: dict[str, tuple[str, ...]]

    def names(self, code: str, function: str | None = None) -> bool:
        """Whether the file, or one of its functions, writes the code down."""
        return named(code, self.strings if function is None else self.functions.get(function, ()))


@cache
def test_file(name: str) -> TestFile:
    """A file of tests/ by its path in the repository. Raises FileNotFoundError."""
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return TestFile(tuple(_strings(tree)), {name: tuple(_strings(node)) for name, node in functions.items()})


test_file.__test__ = False  # type: ignore[attr-defined]


def named(code: str, strings: Iterable[str]) -> bool:
    """Whether one of the strings writes the code down as a whole word.

    A code of one plain word (`hold`, `size`) has to be the whole string, or stand in backticks or before a colon. For
    the codes made at run time any of that kind will do; the ids of rules are their owners' choice, so none is needed.
    """
    if code == ANY_RULE:
        return True
    if code == ANY_READ:
        return any(re.search(r"\bunread\.[a-z_]", string) for string in strings)
    if code == ANY_TYPE:
        given = (match[0] for string in strings for match in re.finditer(r"\brule\.[a-z_]+", string))
        return any(one not in every_code() for one in given)
    word = re.escape(code)
    whole = rf"(?<![\w.]){word}(?!\.?\w)" if "." in code else rf"^{word}$|`{word}`|(?<![\w.]){word}: "
    return any(re.search(whole, string) for string in strings)


def _strings(tree: ast.AST) -> Iterator[str]:
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value
