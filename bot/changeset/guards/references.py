"""What is removed although the repository still uses it (`loss.reference`): Python names, methods, modules."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence

from bot.changeset.guards.python_modules import ModuleIndex, imports, module_parts
from bot.changeset.guards.view import FileView, ResultTree
from bot.core.findings import Finding
from bot.syntax import python_code

_MODULE_NAMES = {"__file__", "__name__", "__doc__", "__path__", "__spec__", "__builtins__", "__class__", "__debug__"}
# `x.append(...)` may be a list's own; such names say nothing of the class that lost one.
_COMMON = frozenset(name for kind in (str, bytes, list, dict, set, int, float, Exception) for name in dir(kind))
_FILE_WORDS = (
    "absolute as_posix chmod close communicate detach exists fileno flush glob is_dir is_file is_relative_to "
    "iterdir joinpath kill mkdir name open parent parents parts poll read read_bytes read_text readline readlines "
    "relative_to rename resolve rglob rmdir seek send_signal stat stem suffix tell terminate touch truncate "
    "unlink wait with_name with_suffix write write_bytes write_text writelines"
)
_OF_FILES = frozenset(_FILE_WORDS.split(" "))
"""Methods of files, paths and processes; that a module calls one says nothing of whose it is."""


def reference_findings(views: Sequence[FileView], result: ResultTree) -> Iterator[Finding]:
    """One finding per removed thing and place of use; names that an edit declares in `removes` are excused."""
    lost: list[tuple[FileView, set[str] | None]] = []
    for view in views:
        old = python_code.module(view.before) if view.source.endswith(".py") else None
        if old is None:
            continue
        new = python_code.module(view.after)
        if new is not None:
            yield from _in_same_file(view, old, new)
            yield from _methods(view, old, new, result)
            # A star import or `__getattr__` may still give the name.
            if not python_code.is_open(new) and view.source == view.path:
                lost.append((view, python_code.bound_at_top(old) - python_code.bound_at_top(new) - view.removes))
        if view.source != view.path or view.after is None:
            lost.append((view, None))
    lost = [(view, names) for view, names in lost if names is None or names]
    if lost:
        yield from _in_other_files(lost, result)


def _in_same_file(view: FileView, old: ast.Module, new: ast.Module) -> Iterator[Finding]:
    if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(new)):
        return
    known = python_code.bound_anywhere(new) | set(dir(builtins)) | _MODULE_NAMES | view.removes
    had = python_code.bound_at_top(old)
    # What the old text used without binding it was broken before, or came by a way that no parser sees.
    already = set(python_code.used(old)) - python_code.bound_anywhere(old)
    for name, line in sorted(python_code.used(new).items()):
        if name not in known and name in had and name not in already:
            yield view.still_used(name, f"line {line} of the new text", line)


def _methods(view: FileView, old: ast.Module, new: ast.Module, result: ResultTree) -> Iterator[Finding]:
    after = {n: node for n, node in python_code.definitions(new) if isinstance(node, ast.ClassDef)}
    for name, before in python_code.definitions(old):
        now = after.get(name)
        if not isinstance(before, ast.ClassDef) or now is None:
            continue
        gone = _members(before) - _members(now) - view.removes
        uses = {
            node.attr: node.lineno
            for node in ast.walk(now)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        }
        for method in sorted(gone):
            if method in uses and not (now.bases and _defined_elsewhere(method, view, result)):
                yield view.still_used(f"{name}.{method}", f"line {uses[method]} of the new text", uses[method])
            elif method not in uses and not method.startswith("__") and method not in _COMMON | _OF_FILES:
                yield from _calls_elsewhere(view, name.split(".")[-1], method, result)


def _members(node: ast.ClassDef) -> set[str]:
    """Methods and class attributes, and attributes set on `self`."""
    names = {n for statement in node.body for n in _bound(statement)}
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) and isinstance(inner.value, ast.Name):
            names.add(inner.attr)
    return names


def _bound(statement: ast.stmt) -> set[str]:
    return python_code.bound_at_top(ast.Module([statement], []))


def _defined_elsewhere(name: str, view: FileView, result: ResultTree) -> bool:
    pattern = re.compile(rf"\bdef {re.escape(name)}\b|^\s*(?:self\.)?{re.escape(name)}\s*[:=]", re.MULTILINE)
    mine = len(pattern.findall(view.after or ""))
    return mine > 0 or any(p != view.path and pattern.search(t) for p, t in result.holding((".py",), (name,)))


def _calls_elsewhere(view: FileView, owner: str, method: str, result: ResultTree) -> Iterator[Finding]:
    """Calls of a removed method in files that name its class, where no file defines a method of that name any more."""
    call = re.compile(rf"(?<!\bsuper\(\))\.{re.escape(method)}\(")
    users = []
    for path, text in result.holding((".py",), (method,)):
        if re.search(rf"\bdef {re.escape(method)}\b|\b{re.escape(method)}\s*=(?!=)", text):
            return
        if re.search(rf"\b{re.escape(owner)}\b", text) and (hit := call.search(text)):
            users.append(f"{path}:{text.count(chr(10), 0, hit.start()) + 1}")
    if users:
        yield view.still_used(f"{owner}.{method}", users[0])


def _in_other_files(lost: Sequence[tuple[FileView, set[str] | None]], result: ResultTree) -> Iterator[Finding]:
    index: ModuleIndex | None = None
    words: set[str] = set()
    for view, names in lost:
        words.update(names if names is not None else module_parts(view.source)[-1:])
    for path, text in result.holding((".py",), sorted(words)):
        if "import" not in text:
            continue
        tree = python_code.module(text)
        if tree is None:
            continue
        index = index or ModuleIndex(result.paths)
        # An import in `try` is expected to fail somewhere.
        free = python_code.guarded_imports(tree)
        for item in imports(tree, path):
            if item.node in free:
                continue
            relative = bool(getattr(item.node, "level", 0))
            for view, names in lost:
                if view.source == path:
                    continue
                for what in _lost_by(item.module, item.names, relative, path, view, names, index):
                    yield view.still_used(what, f"{path}:{item.line}")


def _lost_by(
    module: str,
    taken: Sequence[str],
    relative: bool,
    path: str,
    view: FileView,
    names: set[str] | None,
    index: ModuleIndex,
) -> Iterator[str]:
    """Names that another file imports from the edited one and that are gone."""
    if _means(module, relative, path, view.source):
        if names is None:
            if not index.exists(module):
                yield f"the module {module}"
            return
        if len(index.find(module)) == 1:
            yield from (n for n in taken if n in names and not index.exists(f"{module}.{n}"))
    elif names is None:
        for name in taken:
            dotted = f"{module}.{name}"
            if _means(dotted, relative, path, view.source) and not index.exists(dotted):
                yield f"the module {dotted}"


def _means(dotted: str, relative: bool, importer: str, path: str) -> bool:
    parts, wanted = module_parts(path), tuple(dotted.split("."))
    if relative:
        return parts == wanted
    if parts[-len(wanted) :] != wanted:
        return False
    return len(wanted) > 1 or len(parts) == 1 or parts[:-1] == tuple(importer.split("/")[:-1]) or parts[:-1] == ("src",)
