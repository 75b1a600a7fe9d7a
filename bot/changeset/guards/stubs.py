"""Functions that lose their body to a stub, and stubs in new code."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.changeset.codes import found
from bot.changeset.findings import Finding
from bot.changeset.guards import python_code
from bot.changeset.guards.view import FileView

_ABSTRACT = ("abstract", "overload", "Protocol", "ABC", "Abstract", "Interface")


def stub_findings(view: FileView) -> Iterator[Finding]:
    """Python only. A body of three statements or more that becomes `...`, `pass` or NotImplementedError is lost."""
    new = python_code.module(view.after) if view.suffix == ".py" else None
    if new is None:
        return
    before = python_code.module(view.before)
    old = dict(python_code.definitions(before)) if before is not None else {}
    for name, node in python_code.definitions(new):
        if isinstance(node, ast.ClassDef) or not _is_stub(node) or _is_abstract(node, name, new):
            continue
        was = old.get(name)
        where = f"{view.path}:{node.lineno}"
        if isinstance(was, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if _weight(was) >= 3 and name not in view.removes and node.name not in view.removes:
                yield found(
                    "loss.body", f"{where} {name} loses its body", edit=view.index, path=view.path, line=node.lineno
                )
        elif not node.name.startswith("__"):
            yield found("loss.stub", f"{where} {name} is a stub", edit=view.index, path=view.path, line=node.lineno)


def _real(node: python_code.FunctionNode) -> list[ast.stmt]:
    return [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]


def _weight(node: python_code.FunctionNode) -> int:
    return sum(1 for s in _real(node) for n in ast.walk(s) if isinstance(n, ast.stmt))


def _is_stub(node: python_code.FunctionNode) -> bool:
    return all(isinstance(s, ast.Pass) or _is_not_implemented(s) for s in _real(node))


def _is_not_implemented(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Raise) and "NotImplementedError" in ast.dump(statement)


def _is_abstract(node: python_code.FunctionNode, name: str, tree: ast.Module) -> bool:
    marks = [ast.dump(d) for d in node.decorator_list]
    owner = name.rsplit(".", 1)[0] if "." in name else ""
    for other, definition in python_code.definitions(tree):
        if other == owner and isinstance(definition, ast.ClassDef):
            marks += [ast.dump(base) for base in definition.bases] + [definition.name]
    return any(word in mark for word in _ABSTRACT for mark in marks)
