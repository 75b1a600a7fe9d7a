"""Every request that bot/github_api can send, read from its source: (method, route) and the GraphQL documents."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import bot.github_api

_FOLDER = Path(bot.github_api.__file__).parent
_METHOD_FIRST = {"change": True, "read": False, "listed": False}
_CARRIERS = ("transport.py", "repository.py")
"""They pass on what the others ask for; the routes in their hands are variables."""


@dataclass(frozen=True)
class Sent:
    """`routes` are (method, template), `queries` GraphQL documents by the name of their constant."""

    routes: frozenset[tuple[str, str]]
    queries: Mapping[str, str]


def sent() -> Sent:
    """What can be sent. Raises AssertionError for a call whose route cannot be read: it must stay readable."""
    routes: set[tuple[str, str]] = set()
    queries: dict[str, str] = {}
    for file in sorted(_FOLDER.glob("*.py")):
        module = import_module(f"bot.github_api.{file.stem}")
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef) and file.name not in _CARRIERS:
                routes |= set(_routes(function, module))
                queries |= dict(_queries(function, module))
    return Sent(frozenset(routes), queries)


def _routes(function: ast.FunctionDef, module: Any) -> Iterator[tuple[str, str]]:
    local = {
        target.id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in _calls(function):
        name = _called(call)
        if name == "ApiCall" or _METHOD_FIRST.get(name):
            yield _text(call.args[0], local, module), _text(call.args[1], local, module)
        elif name in _METHOD_FIRST:
            yield "GET", _text(call.args[0], local, module)


def _queries(function: ast.FunctionDef, module: Any) -> Iterator[tuple[str, str]]:
    for call in _calls(function):
        if _called(call) in ("graphql", "mutate"):
            query = call.args[0]
            assert isinstance(query, ast.Name), f"{module.__name__}:{call.lineno}: a query has to be a constant"
            yield query.id, getattr(module, query.id)


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Call))


def _called(call: ast.Call) -> str:
    """`Call`, or the method of `self._link`."""
    if isinstance(call.func, ast.Name):
        return call.func.id if call.func.id == "Call" else ""
    named = isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Attribute)
    return call.func.attr if named and call.func.value.attr == "_link" else ""  # type: ignore[attr-defined]


def _text(node: ast.expr, local: Mapping[str, ast.expr], module: Any) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) if name in local:
            return _text(local[name], {}, module)
        case ast.Name(id=name) if isinstance(found := getattr(module, name, None), str):
            return found
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, local, module) for part in parts)
        case ast.FormattedValue(value=inner):
            return _text(inner, local, module)
    raise AssertionError(f"{module.__name__}:{node.lineno}: the route cannot be read: {ast.unparse(node)}")
