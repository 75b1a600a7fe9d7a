"""What a Python text binds, defines, imports and uses; all from its syntax tree."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from functools import lru_cache

from bot.core.foreign_text import read_foreign
from bot.core.text_content import shown_lines

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def parsed(text: str) -> ast.Module | SyntaxError:
    """The syntax tree, or why there is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _parsed(text)


@lru_cache(maxsize=64)
def _parsed(text: str) -> ast.Module | SyntaxError:
    line_of = shown_lines(text)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        if error.lineno is not None:
            error.lineno = line_of(error.lineno)
        return error
    except Exception as error:  # noqa: BLE001 - the boundary to a parser of other people's text
        return SyntaxError(str(error) or type(error).__name__)
    if "\r" in text:
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt | ast.expr | ast.ExceptHandler | ast.arg | ast.keyword | ast.alias):
                node.lineno = line_of(node.lineno)
                node.end_lineno = None if node.end_lineno is None else line_of(node.end_lineno)
    return tree


def module(text: str | None) -> ast.Module | None:
    """The syntax tree, or None."""
    tree = parsed(text) if text is not None else None
    return tree if isinstance(tree, ast.Module) else None


def comments(text: str) -> list[tuple[int, str]] | None:
    """(line, text) of every real comment, not those inside a string; None when that cannot be known."""
    tokens = read_foreign(lambda: list(tokenize.generate_tokens(io.StringIO(text).readline)), lambda _: None)
    return None if tokens is None else [(t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT]


def definitions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, FunctionNode | ast.ClassDef]]:
    """(qualified name, node) of every class, function and method, at any depth of classes and conditions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, _DEFINITIONS):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from definitions(node, f"{prefix}{node.name}.")
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.ExceptHandler)):
            yield from definitions(node, prefix)


def _stored(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in names)
        case ast.arg(arg=name):
            yield name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names


def bound_anywhere(tree: ast.Module) -> set[str]:
    """Every name bound in any scope of the module."""
    return {name for node in ast.walk(tree) for name in _stored(node)}


def bound_at_top(tree: ast.Module) -> set[str]:
    """Names that importers of the module can have: bound outside functions and classes."""
    names: set[str] = set()
    todo: list[ast.AST] = list(tree.body)
    while todo:
        node = todo.pop()
        names.update(_stored(node))
        if not isinstance(node, (*_DEFINITIONS, ast.Lambda)):
            todo.extend(ast.iter_child_nodes(node))
    return names


def used(tree: ast.Module) -> dict[str, int]:
    """Every name that is read as a variable, with the first line of its use."""
    out: dict[str, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            out[node.id] = min(node.lineno, out.get(node.id, node.lineno))
    return out


def is_in_value(tree: ast.Module, line: int) -> bool:
    """Whether a line lies inside a string that is a value, not a docstring."""
    docs = {n.value for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
    return any(
        n.lineno <= line <= (n.end_lineno or n.lineno)
        for n in ast.walk(tree)
        if isinstance(n, (ast.Constant, ast.JoinedStr)) and n not in docs
    )


def is_open(tree: ast.Module) -> bool:
    """Whether the module's names cannot be known from its text: star imports, `__getattr__`, writes to globals()."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names):
            return True
        if isinstance(node, ast.Name) and node.id in ("globals", "vars", "exec"):
            return True
    return any(isinstance(n, ast.FunctionDef) and n.name == "__getattr__" for n in tree.body)


def guarded_imports(tree: ast.Module) -> set[ast.stmt]:
    """Imports that may fail on purpose: inside `try`, or `if TYPE_CHECKING`-like conditions."""
    out: set[ast.stmt] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Try, ast.If)) or (
            isinstance(node, ast.With) and re.search("suppress|raises", ast.dump(node.items[0]))
        ):
            out.update(n for n in ast.walk(node) if isinstance(n, (ast.Import, ast.ImportFrom)))
    return out
