"""Imports of modules that exist nowhere, and of names the repository's own modules do not have (Python)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from sys import stdlib_module_names

from bot.changeset.guards.python_modules import Imported, ModuleIndex, imports
from bot.changeset.guards.view import FileView, ResultTree
from bot.core.findings import Finding, Severity
from bot.syntax import python_code

_MANIFEST = re.compile(
    r"(?:^|/)(?:[\w.-]*requirements[\w.-]*\.(?:txt|in)|requirements/[\w.-]+|pyproject\.toml|setup\.(?:py|cfg)|Pipfile|"
    r"environment[\w.-]*\.ya?ml|tox\.ini|noxfile\.py|constraints[\w.-]*\.txt|conda[\w.-]*\.ya?ml|Dockerfile|"
    r"\.pre-commit-config\.yaml)$|\.github/workflows/[^/]+$"
)
# A distribution may install modules of any name; these differ from their project's name on PyPI.
# https://packaging.python.org/en/latest/discussions/distribution-package-vs-import-package/
_DISTRIBUTIONS = {
    "yaml": "pyyaml",
    "PIL": "pillow",
    "cv2": "opencv",
    "sklearn": "scikit",
    "skimage": "scikit",
    "git": "gitpython",
    "github": "pygithub",
    "dotenv": "python-dotenv",
    "bs4": "beautifulsoup4",
    "jwt": "pyjwt",
    "dateutil": "python-dateutil",
    "attr": "attrs",
    "nacl": "pynacl",
    "OpenSSL": "pyopenssl",
    "Crypto": "pycryptodome",
    "serial": "pyserial",
    "usb": "pyusb",
    "MySQLdb": "mysqlclient",
    "psycopg2": "psycopg2-binary",
    "pkg_resources": "setuptools",
    "_pytest": "pytest",
    "docx": "python-docx",
    "win32api": "pywin32",
}
# Present in nearly every environment, or removed from the standard library only lately; no manifest names them.
_ALWAYS = frozenset(
    {"setuptools", "pkg_resources", "pip", "pytest", "_pytest", "typing_extensions", "distutils", "imp"}
)
_WORD = re.compile(r"[A-Za-z0-9][\w.-]*")


def import_findings(views: Sequence[FileView], result: ResultTree) -> Iterator[Finding]:
    """Findings on imports that the change adds; imports in `try` or `if` may fail on purpose."""
    changed = [(view, tree) for view in views if view.suffix == ".py" and (tree := python_code.module(view.after))]
    if not changed:
        return
    index, declared = None, None
    for view, tree in changed:
        free = python_code.guarded_imports(tree)
        before = python_code.module(view.before)
        known = {(i.module, n) for i in imports(before, view.source) for n in ("", *i.names)} if before else set()
        for item in imports(tree, view.path):
            if item.node in free or {(item.module, n) for n in item.names or ("",)} <= known:
                continue
            root = item.module.split(".")[0]
            if root in stdlib_module_names or root in _ALWAYS or not root:
                continue
            index = index if index is not None else ModuleIndex(result.paths)
            if index.exists(root) or (isinstance(item.node, ast.ImportFrom) and item.node.level):
                yield from _own(view, item, index, result)
                continue
            declared = declared if declared is not None else _declared(result)
            if not _is_declared(root, declared) and not _imported_elsewhere(root, view.path, result):
                yield _unknown(view, item, Severity.WARNING if not declared else None)


def import_names(requirement: str) -> tuple[str, ...]:
    """Module names under which a distribution is likely to be imported."""
    name = _plain(requirement)
    known = [module for module, distribution in _DISTRIBUTIONS.items() if _plain(distribution) == name]
    return tuple(dict.fromkeys([*known, name, name.removeprefix("python_")]))


def _unknown(view: FileView, item: Imported, severity: Severity | None = None) -> Finding:
    message = f"{view.path}:{item.line} imports {item.module}, which exists nowhere"
    return view.finding("imports.unknown", message, line=item.line, severity=severity)


def _own(view: FileView, item: Imported, index: ModuleIndex, result: ResultTree) -> Iterator[Finding]:
    """An import below a package of the repository: the module must be there, and so must the names."""
    files = index.find(item.module)
    if not files:
        if not index.exists(item.module) and _is_closed(item.module, index, result):
            yield _unknown(view, item)
        return
    missing = [n for n in item.names if n != "*" and not index.exists(f"{item.module}.{n}")]
    if not missing:
        return
    for path in files:
        tree = python_code.module(result.text(path)) if path.endswith(".py") else None
        if tree is None or python_code.is_open(tree):
            return
        missing = [n for n in missing if n not in python_code.bound_at_top(tree)]
    for name in missing:
        message = f"{view.path}:{item.line} imports {name} from {item.module}, which has no such name"
        yield view.finding("imports.name", message, line=item.line)


def _is_closed(module: str, index: ModuleIndex, result: ResultTree) -> bool:
    """Whether the nearest package that does exist is plain: one `__init__`-style package, nothing dynamic."""
    parent = module.rpartition(".")[0]
    while parent and not index.exists(parent):
        parent = parent.rpartition(".")[0]
    if not parent:
        return False
    trees = [python_code.module(result.text(p)) for p in index.find(parent)]
    # A package that extends its path or replaces itself in sys.modules has modules that no file shows.
    # https://docs.python.org/3/reference/import.html#path-attributes-on-modules
    dynamic = any(
        "__path__" in (result.text(p) or "") or "sys.modules" in (result.text(p) or "") for p in index.find(parent)
    )
    return not dynamic and all(tree is not None for tree in trees)


def _declared(result: ResultTree) -> frozenset[str]:
    words: set[str] = set()
    for path in result.paths:
        if _MANIFEST.search(path):
            words.update(_plain(word) for word in _WORD.findall(result.text(path) or ""))
    return frozenset(words)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "_", name).casefold().strip("_")


def _is_declared(root: str, declared: frozenset[str]) -> bool:
    name = _plain(root)
    forms = {
        name,
        f"python_{name}",
        f"py{name}",
        f"{name}_python",
        f"py_{name}",
        _plain(_DISTRIBUTIONS.get(root, name)),
    }
    return bool(forms & declared) or any(word.startswith((f"{name}_", f"{name}[")) for word in declared)


def _imported_elsewhere(root: str, path: str, result: ResultTree) -> bool:
    line = re.compile(rf"^\s*(?:import|from)\s+{re.escape(root)}\b", re.MULTILINE)
    return any(other != path and line.search(text) for other, text in result.holding((".py",), (root,)))
