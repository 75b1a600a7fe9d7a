"""Which file an import means, found from the paths of a tree alone."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_ENDINGS = (".py", ".pyi", ".pyx", ".so", ".pyd", ".ipynb")


@dataclass(frozen=True, slots=True)
class Imported:
    """One imported module, with the names taken from it (empty for `import module`)."""

    module: str
    names: tuple[str, ...]
    line: int
    node: ast.stmt


def module_parts(path: str) -> tuple[str, ...]:
    """The components of a module's path: `src/a/b.py` gives ("src", "a", "b"); a package is its directory."""
    stem = path[: path.rfind(".")]
    parts = tuple(stem.split("/"))
    return parts[:-1] if parts[-1] == "__init__" else parts


def imports(tree: ast.Module, path: str) -> Iterator[Imported]:
    """Every import with relative ones made absolute from the root of the tree (`src.a.b`)."""
    package = tuple(path.split("/")[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Imported(alias.name, (), node.lineno, node)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*base, *(node.module.split(".") if node.module else ())))
            yield Imported(module, tuple(alias.name for alias in node.names), node.lineno, node)


class ModuleIndex:
    """Finds modules by dotted name; any directory may be an import root (`src`, `tests`, a script's own)."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_last: dict[str, list[tuple[tuple[str, ...], str | None]]] = defaultdict(list)
        folders: set[tuple[str, ...]] = set()
        for path in paths:
            if path.endswith(_ENDINGS):
                parts = module_parts(path)
                if parts:
                    self._by_last[parts[-1].split(".")[0]].append((parts, path))
                folder = tuple(path.split("/")[:-1])
                folders.update(folder[:n] for n in range(1, len(folder) + 1))
        for folder in folders:
            self._by_last[folder[-1]].append((folder, None))

    def find(self, dotted: str) -> tuple[str, ...]:
        """Files that a dotted name may mean; a directory without `__init__` gives none but counts for `exists`."""
        wanted = tuple(dotted.split("."))
        return tuple(
            sorted(p for parts, p in self._by_last.get(wanted[-1], ()) if p and parts[-len(wanted) :] == wanted)
        )

    def exists(self, dotted: str) -> bool:
        """Whether any file or directory may be meant."""
        wanted = tuple(dotted.split("."))
        return any(parts[-len(wanted) :] == wanted for parts, _ in self._by_last.get(wanted[-1], ()))
