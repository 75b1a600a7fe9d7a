"""Measures the code of a checkout: `python bench/measure_code.py [CHECKOUT ...]`, one column for each checkout.

Lines of code leave out comments, docstrings and blank lines; the line length that the formatter allows is printed with
them, because more width means fewer lines. Comments are `#` comments. Sizes of functions are lines from `def` to the
end, docstring included. "Private" functions have a name that begins with one underscore. Circles are groups of modules
that reach each other by imports inside `bot/` (imports inside functions count, those for types only do too). Upward
imports are imports against `tools/layers.py`; where a checkout has no such table, `bot/` is measured by the table that
its modules would have there and the row says so.
"""

from __future__ import annotations

import ast
import io
import statistics
import sys
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.design_page import package_imports
from tools.layers import circles, imports, modules, upward

Function = ast.FunctionDef | ast.AsyncFunctionDef


def docstring_lines(tree: ast.AST) -> set[int]:
    """Line numbers of every string that is a statement of its own: docstrings, and those under constants and fields."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def code_lines(text: str, tree: ast.AST) -> tuple[int, int]:
    """(lines that hold code, `#` comments)."""
    held: set[int] = set()
    comments = 0  # without those that only tools read
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            comments += not token.string.startswith(("# type:", "# noqa", "# fmt:"))
        elif token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER):
            held.update(range(token.start[0], token.end[0] + 1))
    return len(held - docstring_lines(tree)), comments


def functions(trees: Iterable[ast.AST]) -> Iterator[Function]:
    """Every function and method, inner ones too."""
    for tree in trees:
        yield from (node for node in ast.walk(tree) if isinstance(node, Function))


def is_protocol(node: ast.ClassDef) -> bool:
    """Whether a class is a typing.Protocol."""
    return any(ast.unparse(base).split("[")[0].split(".")[-1] == "Protocol" for base in node.bases)


def measure(root: Path) -> dict[str, str]:
    """The figures of one checkout, in the order they are printed."""
    files = {path: path.read_text("utf-8") for path in sorted((root / "bot").rglob("*.py"))}
    trees = {path: ast.parse(text) for path, text in files.items()}
    counted = {path: code_lines(text, trees[path]) for path, text in files.items()}
    lines = sum(code for code, _ in counted.values())
    outside = [path for path in files if "sandbox" not in path.parts]
    all_functions = list(functions(trees.values()))
    sizes = [(node.end_lineno or node.lineno) - node.lineno + 1 for node in all_functions]
    private = [f for f in all_functions if f.name.startswith("_") and not f.name.startswith("__")]
    classes = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    edges = [(one.by, one.of) for one in imports(root)]
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    outside_lines = sum(len(files[path].splitlines()) for path in outside)
    loose = [name for name in modules(root) if name and "." not in name and modules(root)[name].name != "__init__.py"]
    has_table = (root / "tools" / "layers.py").is_file()
    return {
        "lines of code in bot/": f"{lines:,}",
        "  without sandbox/": f"{sum(counted[path][0] for path in outside):,}",
        "line length": str(settings["tool"]["ruff"]["line-length"]),
        "lines of code in tests/": f"{tests_lines(root):,}",
        "files": f"{len(files):,}",
        "functions": f"{len(all_functions):,}",
        "median function": f"{statistics.median(sizes):.0f} lines",
        "longest function": f"{max(sizes)} lines",
        "private share": f"{len(private) / len(all_functions):.0%}",
        "comments per 1,000 lines": f"{1000 * sum(counted[p][1] for p in outside) / outside_lines:.1f} (no sandbox)",
        "Protocols": str(sum(map(is_protocol, classes))),
        "loose modules": str(len(loose)),
        "class names used twice": str(len(twice([node.name for node in classes]))),
        "file names used twice": str(len(twice([path.name for path in files if path.name != "__init__.py"]))),
        "imports between modules": f"{len(set(edges)):,}",
        "imports between packages": str(len(package_imports(imports(root)))),
        "  of them inside circles": str(len(inside_circles(package_imports(imports(root))))),
        "circles of modules": str(len(circles(edges))),
        "upward imports": str(len({(one.by, one.of) for one in upward(imports(root))})) if has_table else "no table",
    }


def inside_circles(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Imports between packages that reach each other: at least one of each circle goes upwards in any layering."""
    groups = circles(edges)
    return {(by, of) for by, of in edges if any(by in group and of in group for group in groups)}


def twice(names: Iterable[str]) -> set[str]:
    """Names that occur more than once."""
    seen: set[str] = set()
    found: set[str] = set()
    for name in names:
        (found if name in seen else seen).add(name)
    return found


def tests_lines(root: Path) -> int:
    """Lines of code in tests/."""
    texts = [path.read_text("utf-8") for path in sorted((root / "tests").rglob("*.py"))]
    return sum(code_lines(text, ast.parse(text))[0] for text in texts)


def main() -> None:
    """Print a table with one column for each checkout named, or for this one."""
    roots = [Path(name) for name in sys.argv[1:]] or [Path(__file__).resolve().parents[1]]
    columns = [measure(root) for root in roots]
    for name in columns[0]:
        print(f"{name:28}" + "".join(f"{column[name]:>28}" for column in columns))


if __name__ == "__main__":
    main()
