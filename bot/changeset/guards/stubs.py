"""Functions that lose their body to a stub, and stubs in new code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from bot.changeset.guards.view import FileView
from bot.core.findings import Finding, Severity
from bot.syntax import python_code

# Where an empty body is the point: abc, typing.overload and typing.Protocol.
# https://docs.python.org/3/library/abc.html and https://docs.python.org/3/library/typing.html#typing.Protocol
_ABSTRACT = ("abstract", "overload", "Protocol", "ABC", "Abstract", "Interface")


_PROMISE = re.compile(
    r"\b(?:todo|fixme|implement|placeholder|stub|fill in|your code|logic here|not implemented)", re.IGNORECASE
)


def stub_findings(view: FileView) -> Iterator[Finding]:
    """Python. A body of three statements or more that becomes a stub is lost; so is one that gives way to a promise."""
    new = python_code.module(view.after) if view.suffix == ".py" else None
    if new is None or view.before == view.after:
        return
    before = python_code.module(view.before)
    old = dict(python_code.definitions(before)) if before is not None else {}
    for name, node in python_code.definitions(new):
        if isinstance(node, ast.ClassDef) or _is_abstract(node, name, new):
            continue
        was = old.get(name)
        weight = _weight(was) if isinstance(was, (ast.FunctionDef, ast.AsyncFunctionDef)) else 0
        stub, promise = _is_stub(node), _promises(node, view)
        where = f"{view.path}:{node.lineno}"
        if was is not None:
            # A short function may become a constant on purpose; three statements that become nothing may not.
            emptied = (stub and weight >= 3) or (_is_constant(node) and (weight >= 6 or (weight >= 3 and promise)))
            if emptied and name not in view.removes and node.name not in view.removes:
                yield view.finding("loss.body", f"{where} {name} loses its body", line=node.lineno)
        elif (stub or _is_constant(node)) and promise:
            yield view.finding(
                "loss.stub", f"{where} {name} is a stub that promises a body", line=node.lineno, severity=Severity.ERROR
            )
        elif stub and not _is_dots(node) and not node.name.startswith("__"):
            severity = Severity.ERROR if view.before is None and _is_all_stubs(new) else None
            yield view.finding("loss.stub", f"{where} {name} is a stub", line=node.lineno, severity=severity)


def _is_all_stubs(tree: ast.Module) -> bool:
    """Whether no function of a module has a body."""
    functions = [n for _, n in python_code.definitions(tree) if not isinstance(n, ast.ClassDef)]
    return all(_is_stub(n) for n in functions if not n.name.startswith("__"))


def _promises(node: python_code.FunctionNode, view: FileView) -> bool:
    """Whether a comment inside the function says that its body is still to come."""
    lines = view.new_lines[node.lineno - 1 : node.end_lineno]
    return any(_PROMISE.search(line.partition("#")[2]) for line in lines if "#" in line)


def _is_constant(node: python_code.FunctionNode) -> bool:
    """Whether all the function does is to return a constant or an empty collection."""
    match _real(node):
        case [ast.Return(value=None | ast.Constant())]:
            return True
        case [ast.Return(value=ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]))]:
            return True
    return False


def _is_dots(node: python_code.FunctionNode) -> bool:
    return any(
        isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant) and s.value.value is ... for s in node.body
    )


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
