"""The layers of `bot/`, lowest first: a package imports only from layers below its own.

tests/architecture/test_imports.py holds the tree to this table, and docs/design.md's list of folders and drawing are
made from it and from the imports (`python -m tools.docs_pages`).
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

LAYERS: tuple[tuple[str, ...], ...] = (
    ("core",),
    ("config", "effects", "engine", "syntax"),
    ("changeset", "github_api", "llm"),
    ("git_store", "plan", "settings", "weakening"),
    ("review",),
    ("ledger",),
    ("intake", "proof", "publish", "sandbox"),
    ("gate",),
    ("flow",),
    ("commands", "web"),
    ("app",),
    ("cli",),
    ("__main__",),
)
"""Every package and loose module of `bot/`. Packages of one layer do not import each other."""

FLOW_LAYERS: tuple[tuple[str, ...], ...] = (
    ("config_in_force", "recorded"),
    ("run_budget", "run_quotas"),
    ("services",),
    ("asking", "replay"),
    ("context",),
    ("building",),
    ("gate",),
    ("after",),
    ("recovery",),
    ("events",),
    ("workflows",),
)
"""The parts of `bot/flow/`, lowest first, by the same rule."""

LOOSE = ("__main__", "app", "settings")
"""The only modules that lie directly in `bot/`."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import of one of our modules by another, both dotted without `bot.`; `line` is where it is."""

    by: str
    of: str
    line: int


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Every module below `bot/` by its dotted name without `bot.`; a package is named by its folder."""
    found: dict[str, Path] = {}
    for path in sorted((root / "bot").rglob("*.py")):
        parts = path.relative_to(root / "bot").with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if "migrations" not in parts:
            found[name] = path
    return found


def imports(root: Path = ROOT, *, type_checking: bool = True) -> list[Import]:
    """Every import between our modules, inside functions too; `type_checking=False` leaves those for types out."""
    known = modules(root)
    found: list[Import] = []
    for name, path in known.items():
        for node in _nodes(ast.parse(path.read_text("utf-8")), type_checking=type_checking):
            found += [Import(name, of, node.lineno) for of in _targets(node, known) if of != name]
    return found


def _nodes(node: ast.AST, *, type_checking: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not type_checking:
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _nodes(child, type_checking=type_checking)


def _targets(node: ast.Import | ast.ImportFrom, known: Mapping[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (a.name.removeprefix("bot.") for a in node.names if a.name.removeprefix("bot.") in known)
        return
    if node.level or not node.module or node.module.split(".")[0] != "bot":
        return
    base = node.module.removeprefix("bot").removeprefix(".")
    for alias in node.names:
        inner = f"{base}.{alias.name}" if base else alias.name
        if inner in known:
            yield inner
        elif base in known and base:
            yield base


def package_of(module: str) -> str:
    """The entry of LAYERS that a module belongs to."""
    return module.split(".")[0]


def level_of(package: str) -> int | None:
    """The index of a package's layer; None for one that the table does not name."""
    return next((index for index, layer in enumerate(LAYERS) if package in layer), None)


def upward(found: Iterable[Import]) -> list[Import]:
    """Imports of a package from its own layer or one above it."""
    wrong = []
    for one in found:
        by, of = package_of(one.by), package_of(one.of)
        mine, other = level_of(by), level_of(of)
        if by != of and (mine is None or other is None or other >= mine):
            wrong.append(one)
    return wrong


def upward_in_flow(found: Iterable[Import]) -> list[Import]:
    """Imports between two parts of `bot/flow/` that FLOW_LAYERS does not allow."""
    level = {part: index for index, parts in enumerate(FLOW_LAYERS) for part in parts}
    wrong = []
    for one in found:
        by, of = one.by.split("."), one.of.split(".")
        between_parts = by[0] == of[0] == "flow" and len(by) > 1 and len(of) > 1 and by[1] != of[1]
        # A part that the table does not name is wrong as well.
        if between_parts and level.get(of[1], len(level)) >= level.get(by[1], -1):
            wrong.append(one)
    return wrong


def circles(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Groups of two or more names that reach each other (strongly connected components), sorted."""
    graph: dict[str, set[str]] = {}
    for a, b in edges:
        graph.setdefault(a, set()).add(b)
        graph.setdefault(b, set())
    reached = {name: _reached(graph, name) for name in graph}
    groups = {frozenset(b for b in reached[a] if a in reached[b]) for a in graph}
    return sorted(sorted(group) for group in groups if len(group) > 1)


def _reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = [start]
    while todo:
        for name in graph[todo.pop()] - seen:
            seen.add(name)
            todo.append(name)
    return seen


def summaries(root: Path = ROOT) -> dict[str, str]:
    """The first line of the docstring of every package and loose module."""
    lines: dict[str, str] = {}
    for name, path in modules(root).items():
        if name and (path.name == "__init__.py" or "." not in name):
            text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
            lines[name] = text.splitlines()[0] if text else ""
    return lines
