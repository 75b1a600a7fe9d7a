#!/usr/bin/env python3
"""Moves the tree to packages by domain and renames identifiers. Run: python3 apply.py CHECKOUT [--phrases-only]

Steps, each safe on a newer tree: 1 git mv, 2 imports and identifiers (ast positions, scope-aware for module-level
names; f-strings by tokens), 3 single symbols moved between modules, 4 dotted names and paths in strings and other
files, 5 regex patches, 6 phrases in docstrings, comments and messages, 7 files copied in. What it did not know is
printed as `UNKNOWN`, what it could not do as `PROBLEM`.
"""

from __future__ import annotations

import ast
import io
import re
import shutil
import subprocess
import sys
import tokenize
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from moves import FOLDERS, MODULES, NEW_MODULES, OUTSIDE, PACKAGE_DEFAULTS, PACKAGES, STAY, SYMBOLS  # noqa: E402
from renames import ATTRIBUTES, FILE_PATCHES, NAMES, PHRASES, TEXT_NAMES  # noqa: E402

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
PHRASES_ONLY = "--phrases-only" in sys.argv
problems: list[str] = []


def note(kind: str, text: str) -> None:
    line = f"{kind} {text}"
    if line not in problems:
        problems.append(line)


def git(*args: str) -> str:
    return subprocess.run(["git", "-C", str(ROOT), *args], check=True, capture_output=True, text=True).stdout


# ---------------------------------------------------------------- 1 modules

def present_modules() -> dict[str, Path]:
    found = {}
    for path in sorted((ROOT / "bot").rglob("*.py")):
        rel = path.relative_to(ROOT / "bot")
        if "migrations" in rel.parts:
            continue
        name = ".".join(rel.with_suffix("").parts)
        if name.endswith("__init__"):
            name = name.removesuffix("__init__").removesuffix(".")
        found[name] = path
    return found


def plan_moves() -> dict[str, str]:
    """Old dotted name -> new, for every module that is there; packages map to themselves or their new home."""
    plan: dict[str, str] = {}
    already = set(MODULES.values())
    for name, path in present_modules().items():
        leaf = name.rpartition(".")[2] or "__init__"
        if path.name == "__init__.py" and name not in MODULES:
            plan[name] = {"record": "ledger"}.get(name, name)
        elif name in MODULES:
            plan[name] = MODULES[name]
        elif name in OUTSIDE:
            continue
        elif name in already:
            plan[name] = name
        else:
            package = name.rpartition(".")[0]
            if leaf in STAY and not package:
                plan[name] = name
            elif package in PACKAGE_DEFAULTS:
                plan[name] = f"{PACKAGE_DEFAULTS[package]}.{leaf}"
                note("UNKNOWN", f"module bot.{name} -> bot.{plan[name]} (by its package)")
            else:
                plan[name] = name
    for name in MODULES:
        if name not in plan and MODULES[name] not in plan:
            note("UNKNOWN", f"moves.py names bot.{name}, which is not there")
    return plan


def file_of(module: str) -> Path:
    return ROOT / "bot" / Path(*module.split(".")).with_suffix(".py") if module else ROOT / "bot" / "__init__.py"


def do_moves(plan: dict[str, str]) -> None:
    here = present_modules()
    pending = []
    for old, new in plan.items():
        if old == new or here[old].name == "__init__.py" and old not in MODULES:
            continue
        temporary = ROOT / "bot" / ("_moving_" + old.replace(".", "__") + ".py")
        git("mv", str(here[old]), str(temporary))
        pending.append((temporary, file_of(new)))
    for temporary, target in pending:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            note("PROBLEM", f"{target} exists; {temporary.name} was not moved")
            continue
        git("mv", str(temporary), str(target))
    for old, new in FOLDERS.items():
        source, target = ROOT / old, ROOT / new
        if source.exists() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            git("mv", str(source), str(target))
    for old, new in OUTSIDE.items():
        if old in here:
            (ROOT / new).parent.mkdir(exist_ok=True)
            git("mv", str(here[old]), str(ROOT / new))
    leftovers = ROOT / "bot" / "record" / "__init__.py"
    if leftovers.exists():
        git("rm", "-q", "-f", str(leftovers))
        shutil.rmtree(leftovers.parent, ignore_errors=True)
    for package, doc in PACKAGES.items():
        init = ROOT / "bot" / Path(*package.split(".")) / "__init__.py"
        if init.parent.is_dir() and (not init.exists() or len(init.read_text().strip()) == 0):
            init.write_text(f'"""{doc}"""\n')
            git("add", str(init))


def only_defined() -> None:
    """Drop the symbols that a newer tree does not define where moves.py says; name them."""
    for (module, name) in list(SYMBOLS):
        path = present_modules().get(module)
        if path is None:
            if module in MODULES and MODULES[module] not in present_modules():
                note("UNKNOWN", f"{module}.{name}: no such module")
            continue
        if not any(name in defined(node) for node in ast.parse(path.read_text()).body):
            note("UNKNOWN", f"bot.{module} does not define {name}; its rule was skipped")
            del SYMBOLS[(module, name)]


# ---------------------------------------------------------------- 2 imports and identifiers

def new_symbol(plan: dict[str, str], module: str, name: str) -> tuple[str, str]:
    """Where a symbol of an old module is found now: (new dotted module, new name)."""
    to, renamed = SYMBOLS.get((module, name), (None, None))
    home = to or (OUTSIDE_IMPORT.get(module) if module in OUTSIDE_IMPORT else plan.get(module, module))
    return home, renamed or name


OUTSIDE_IMPORT = {old: ".".join(Path(new).with_suffix("").parts) for old, new in OUTSIDE.items()}


def dotted(module: str) -> str:
    if module in OUTSIDE_IMPORT.values():
        return module
    return f"bot.{module}" if module else "bot"


class Scopes(ast.NodeVisitor):
    """Yields Name nodes that mean a module-level name, and where names are bound in functions."""

    def __init__(self) -> None:
        self.stack: list[set[str]] = []
        self.module_names: list[ast.Name] = []
        self.around: dict[int, set[str]] = {}

    @staticmethod
    def bound_in(node: ast.AST) -> set[str]:
        names: set[str] = set()
        globals_: set[str] = set()

        def visit(n: ast.AST, top: bool) -> None:
            if not top and isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names.add(n.name)
                return
            if not top and isinstance(n, ast.Lambda):
                return
            if isinstance(n, ast.Name) and isinstance(n.ctx, (ast.Store, ast.Del)):
                names.add(n.id)
            elif isinstance(n, ast.ImportFrom) and (n.module or "").split(".")[0] == "bot":
                return  # imported inside a function: renamed like a module's own import
            elif isinstance(n, (ast.Import, ast.ImportFrom)):
                names.update((a.asname or a.name).split(".")[0] for a in n.names)
            elif isinstance(n, ast.ExceptHandler) and n.name:
                names.add(n.name)
            elif isinstance(n, (ast.Global, ast.Nonlocal)):
                globals_.update(n.names)
            elif isinstance(n, (ast.MatchAs, ast.MatchStar)) and n.name:
                names.add(n.name)
            elif isinstance(n, ast.MatchMapping) and n.rest:
                names.add(n.rest)
            for child in ast.iter_child_nodes(n):
                visit(child, False)

        visit(node, True)
        args = getattr(node, "args", None)
        if isinstance(args, ast.arguments):
            for a in [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]:
                if a is not None:
                    names.add(a.arg)
        return names - globals_

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for d in node.decorator_list:
            self.visit(d)
        for a in ast.walk(node.args):
            if isinstance(a, ast.arg) and a.annotation:
                self.visit(a.annotation)
        for d in [*node.args.defaults, *[k for k in node.args.kw_defaults if k]]:
            self.visit(d)
        if node.returns:
            self.visit(node.returns)
        self.stack.append(self.bound_in(node))
        for s in node.body:
            self.visit(s)
        self.stack.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for part in [*node.decorator_list, *node.bases, *node.keywords]:
            self.visit(part)
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign):
                self.visit(statement.annotation)
                if statement.value:
                    self.visit(statement.value)
            elif isinstance(statement, ast.Assign):
                self.visit(statement.value)
            else:
                self.visit(statement)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self.stack.append(self.bound_in(node))
        self.generic_visit(node)
        self.stack.pop()

    def visit_Name(self, node: ast.Name) -> None:
        if not any(node.id in bound for bound in self.stack):
            self.module_names.append(node)
            self.around[id(node)] = set().union(*self.stack) if self.stack else set()


def line_starts(text: str) -> list[int]:
    """Offsets in bytes of each line: ast counts columns in UTF-8 bytes."""
    starts, total = [0], 0
    for line in text.encode().splitlines(keepends=True):
        total += len(line)
        starts.append(total)
    return starts


class Edits:
    def __init__(self, text: str) -> None:
        self.raw = text.encode()
        self.starts = line_starts(text)
        self.items: dict[tuple[int, int], bytes] = {}

    def at(self, line: int, column: int) -> int:
        return self.starts[line - 1] + column

    def replace(self, start: int, end: int, new: str) -> None:
        self.items[(start, end)] = new.encode()

    def name(self, start: int, old: str, new: str) -> bool:
        end = start + len(old.encode())
        if self.raw[start:end] != old.encode():
            return False
        self.replace(start, end, new)
        return True

    def result(self) -> str:
        out, position = b"", 0
        for (start, end), new in sorted(self.items.items()):
            if start < position:
                continue
            out += self.raw[position:start] + new
            position = end
        return (out + self.raw[position:]).decode()


def f_spans(text: str) -> list[tuple[int, int, str]]:
    """(start, end, source) of every f-string token, offsets in bytes."""
    starts = line_starts(text)
    lines = text.splitlines(keepends=True)

    def offset(pos: tuple[int, int]) -> int:
        line, col = pos
        return starts[line - 1] + len(lines[line - 1][:col].encode()) if line <= len(lines) else starts[-1]

    spans = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.STRING and re.match(r"(?i)(f|rf|fr)['\"]", token.string):
            spans.append((offset(token.start), offset(token.end), token.string))
    return spans


_IDENT = re.compile(r"(?:(\.)|(?<![\w.]))([A-Za-z_]\w*)")


def in_fields(source: str, change) -> str:
    """Apply `change` to the text of each replacement field of an f-string's source."""
    out, depth, field, i = [], 0, "", 0
    while i < len(source):
        c = source[i]
        if depth == 0:
            if c == "{" and source[i : i + 2] == "{{":
                out.append("{{")
                i += 2
                continue
            if c == "{":
                depth, field = 1, ""
            out.append(c)
        else:
            if c == "{":
                depth += 1
                field += c
            elif c == "}":
                depth -= 1
                if depth == 0:
                    out.append(change(field))
                    out.append("}")
                else:
                    field += c
            else:
                field += c
        i += 1
    return "".join(out)


def rewrite(path: Path, old_module: str | None, plan: dict[str, str]) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    edits = Edits(text)
    local: dict[str, str] = {}  # module-level binding -> new name
    modules: dict[str, str] = {}  # local name of an imported module of ours -> its old dotted name

    def statement(node: ast.stmt, new: str) -> None:
        edits.replace(edits.at(node.lineno, node.col_offset), edits.at(node.end_lineno, node.end_col_offset), new)

    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module and node.module.split(".")[0] == "bot":
            source = node.module[4:]
            by_target: dict[str, list[str]] = {}
            for alias in node.names:
                inner = f"{source}.{alias.name}" if source else alias.name
                bound = alias.asname or alias.name
                if inner in plan and (inner, ) and not _is_symbol(plan, source, alias.name):
                    package, _, leaf = plan[inner].rpartition(".")
                    wanted = alias.asname or leaf
                    modules[bound] = inner
                    piece = leaf if wanted == leaf else f"{leaf} as {wanted}"
                    by_target.setdefault(dotted(package), []).append(piece)
                    if bound != wanted:
                        local[bound] = wanted
                elif inner in OUTSIDE_IMPORT:
                    package, _, leaf = OUTSIDE_IMPORT[inner].rpartition(".")
                    by_target.setdefault(package, []).append(leaf + (f" as {alias.asname}" if alias.asname else ""))
                else:
                    module, name = new_symbol(plan, source, alias.name)
                    piece = name if alias.asname is None else f"{name} as {alias.asname}"
                    by_target.setdefault(dotted(module), []).append(piece)
                    if alias.asname is None and name != alias.name:
                        local[alias.name] = name
            indent = "\n" + " " * node.col_offset
            lines = []
            for target, pieces in by_target.items():
                joined = ", ".join(pieces)
                lines.append(f"from {target} import {joined}" if len(joined) < 80 else
                             f"from {target} import (" + "".join(f"{indent}    {p}," for p in pieces) + f"{indent})")
            statement(node, indent.join(lines))
        elif isinstance(node, ast.Import):
            pieces = []
            changed = False
            for alias in node.names:
                if alias.name.startswith("bot.") and alias.name[4:] in plan:
                    pieces.append(dotted(plan[alias.name[4:]]) + (f" as {alias.asname}" if alias.asname else ""))
                    changed = True
                else:
                    pieces.append(alias.name + (f" as {alias.asname}" if alias.asname else ""))
            if changed:
                statement(node, "import " + ", ".join(pieces))

    if old_module is not None:
        for (module, name), (_, new) in SYMBOLS.items():
            if module == old_module and new and new != name:
                local[name] = new

    scopes = Scopes()
    scopes.visit(tree)
    for name in scopes.module_names:
        if name.id in local:
            if local[name.id] in scopes.around[id(name)]:
                note("PROBLEM", f"{path.relative_to(ROOT)}:{name.lineno}: {name.id} -> {local[name.id]} is shadowed there")
            edits.name(edits.at(name.lineno, name.col_offset), name.id, local[name.id])
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in local:
            word = "class " if isinstance(node, ast.ClassDef) else "def "
            edits.name(edits.at(node.lineno, node.col_offset) + len(word), node.name, local[node.name])
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            for item in ast.walk(node):
                if isinstance(item, ast.Constant) and item.value in local:
                    start = edits.at(item.lineno, item.col_offset) + 1
                    edits.name(start, item.value, local[item.value])
    aliased: dict[tuple[str, str], str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
            _, new = SYMBOLS.get((modules[node.value.id], node.attr), (None, None))
            if new and new != node.attr:
                aliased[(local.get(node.value.id, node.value.id), node.attr)] = new
                edits.name(edits.at(node.end_lineno, node.end_col_offset) - len(node.attr.encode()), node.attr, new)

    where = path.relative_to(ROOT).as_posix()
    text = edits.result()
    text = identifiers(text, where, local, aliased)
    path.write_text(text)


def _is_symbol(plan: dict[str, str], module: str, name: str) -> bool:
    """A package's __init__ may define what looks like a module (bot.flow import Flow)."""
    return (module, name) in SYMBOLS


def identifiers(text: str, where: str, local: dict[str, str], aliased: dict[tuple[str, str], str]) -> str:
    """Token-wise renames: NAMES everywhere, ATTRIBUTES after a dot, in definitions and as keywords where asked."""
    names = {old: new for old, (new, globs) in NAMES.items() if _applies(where, globs)}
    attributes = {old: new for old, (new, globs) in ATTRIBUTES.items() if _applies(where, globs)}
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    tree = ast.parse(text)
    used = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    methods = {(s.lineno, s.name) for n in ast.walk(tree) if isinstance(n, ast.ClassDef) for s in n.body
               if isinstance(s, ast.FunctionDef)}
    for old in list(names):
        new = names[old]
        if old in used and new in used and (where, old) not in ALLOWED:
            note("COLLISION", f"{where}: {old} -> {new}, and {new} is used there; left alone")
            del names[old]
    edits = Edits(text)
    lines = text.splitlines(keepends=True)

    def offset(pos: tuple[int, int]) -> int:
        return edits.starts[pos[0] - 1] + len(lines[pos[0] - 1][: pos[1]].encode())

    def field(source: str) -> str:
        def one(match: re.Match[str]) -> str:
            dot, word = match[1], match[2]
            before = source[: match.start()]
            if before.count('"') % 2 or before.count("'") % 2:
                return match[0]
            if dot:
                owner = re.search(r"([A-Za-z_]\w*)$", before)
                if owner and (owner[1], word) in aliased:
                    return dot + aliased[(owner[1], word)]
                return dot + attributes.get(word, names.get(word, word))
            return local.get(word, names.get(word, word))

        return _IDENT.sub(one, source)

    previous = ""
    for token in tokens:
        if token.type == tokenize.NAME:
            new = None
            if token.string in names:
                new = names[token.string]
            elif token.string in attributes and (
                previous == "." or previous == "def" and (token.start[0], token.string) in methods
            ):
                new = attributes[token.string]
            if new:
                edits.replace(offset(token.start), offset(token.end), new)
        elif token.type == tokenize.STRING and re.match(r"(?i)(f|rf|fr)['\"]", token.string):
            changed = in_fields(token.string, field)
            if changed != token.string:
                edits.replace(offset(token.start), offset(token.end), changed)
        if token.type not in (tokenize.NL, tokenize.COMMENT, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            previous = token.string
    return edits.result()


ALLOWED: set[tuple[str, str]] = set()


def _applies(where: str, globs: tuple[str, ...]) -> bool:
    plus = [g for g in globs if not g.startswith("!")]
    minus = [g[1:] for g in globs if g.startswith("!")]
    return (not plus or any(where.startswith(g) for g in plus)) and not any(where.startswith(g) for g in minus)


# ---------------------------------------------------------------- 3 symbols between modules

def defined(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def loaded(nodes: list[ast.AST]) -> set[str]:
    return {n.id for node in nodes for n in ast.walk(node) if isinstance(n, ast.Name)} | {
        word for node in nodes for n in ast.walk(node)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and n.value.isidentifier() for word in [n.value]}


def transfer(plan: dict[str, str]) -> None:
    groups: dict[tuple[str, str], list[str]] = {}
    for (old, name), (to, new) in SYMBOLS.items():
        home = plan.get(old, MODULES.get(old, old))
        if to and to != home:
            groups.setdefault((home, to), []).append(new or name)
    for (home, to), names in groups.items():
        source = file_of(home)
        if not source.is_file():
            note("UNKNOWN", f"symbols {names} should leave bot.{home}, which is not there")
            continue
        text = source.read_text()
        tree = ast.parse(text)
        lines = text.splitlines(keepends=True)
        cut: list[tuple[int, int]] = []
        moved_nodes: list[ast.AST] = []
        body = tree.body
        found: set[str] = set()
        for index, node in enumerate(body):
            hits = [n for n in defined(node) if n in names]
            if not hits:
                continue
            found.update(hits)
            first = min([node.lineno, *[d.lineno for d in getattr(node, "decorator_list", [])]])
            while first > 1 and lines[first - 2].startswith("#"):
                first -= 1
            last = node.end_lineno
            following = body[index + 1] if index + 1 < len(body) else None
            if isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant) and isinstance(following.value.value, str) and not isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                last = following.end_lineno
            cut.append((first, last))
            moved_nodes.append(node)
        for missing in set(names) - found:
            target = file_of(to)
            there = target.is_file() and any(missing in defined(n) for n in ast.parse(target.read_text()).body)
            if not there:
                note("UNKNOWN", f"{missing} is not in bot.{home} and not in bot.{to}")
        if not cut:
            continue
        moved = ["".join(lines[a - 1 : b]).rstrip("\n") + "\n" for a, b in cut]
        imports, header_end = [], 0
        for node in body:
            if isinstance(node, (ast.Import, ast.ImportFrom)) or (
                isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            ):
                header_end = node.end_lineno
                if not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
                    if not (isinstance(node, ast.ImportFrom) and node.module == dotted(to)):
                        imports.append("".join(lines[node.lineno - 1 : node.end_lineno]))
        own = {n for node in body for n in defined(node)}
        needed = sorted((loaded(moved_nodes) & own) - set(names))
        aliases = [n for n in body if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name) and set(defined(n)) & set(needed)]
        copied = [f"{ast.unparse(n)}\n" for n in aliases]
        needed = [n for n in needed if not any(n in defined(a) for a in aliases)]
        if needed:
            imports.append(f"from {dotted(home)} import {', '.join(needed)}\n")
            note("CHECK", f"bot.{to} imports {needed} from bot.{home} (from where {names} came)")
        # the source
        left = [node for node in body if not any(a <= node.lineno <= b for a, b in cut)]
        still = sorted(loaded(left) & found)
        keep = [line for number, line in enumerate(lines, 1) if not any(a <= number <= b for a, b in cut)]
        head_end = sum(1 for number in range(1, header_end + 1) if not any(a <= number <= b for a, b in cut))
        if still:
            if header_end == 0:
                head_end = tree.body[0].end_lineno if isinstance(tree.body[0], ast.Expr) else 0
            keep.insert(head_end, f"from {dotted(to)} import {', '.join(still)}\n")
        source.write_text("".join(keep))
        # the target
        target = file_of(to)
        if to == "core.json_types":
            imports = ["from typing import Any\n"]
            if target.is_file():
                continue
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            doc = NEW_MODULES.get(to, "TODO: say what this is.")
            target.write_text(f'"""{doc}"""\n\nfrom __future__ import annotations\n\n' + "".join(imports) + "\n" + "".join(copied) + "\n\n" + "\n\n".join(moved))
            git("add", str(target))
            continue
        there = target.read_text()
        inner = ast.parse(there)
        at = max([n.end_lineno for n in inner.body if isinstance(n, (ast.Import, ast.ImportFrom))] or [inner.body[0].end_lineno])
        rows = there.splitlines(keepends=True)
        rows[at:at] = imports
        # what now is here needs no import from here
        joined = "".join(rows).rstrip("\n") + "\n\n\n" + "\n\n".join(moved)
        joined = drop_self_imports(joined, dotted(to))
        target.write_text(joined)
    redirect(groups)
    for path in python_files():
        text = path.read_text()
        if path.is_relative_to(ROOT / "bot"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            new = drop_self_imports(text, module)
            if new != text:
                path.write_text(new)


def redirect(groups: dict[tuple[str, str], list[str]]) -> None:
    """Code that moved may import what moved elsewhere from where both were: send it to the new home."""
    homes = {(dotted(home), name): dotted(to) for (home, to), names in groups.items() for name in names}
    for path in python_files():
        text = path.read_text()
        lines = text.splitlines(keepends=True)
        nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom) and n.module]
        for node in sorted(nodes, key=lambda n: -n.lineno):
            if not any((node.module, a.name) in homes for a in node.names):
                continue
            by: dict[str, list[str]] = {}
            for a in node.names:
                by.setdefault(homes.get((node.module, a.name), node.module), []).append(
                    a.name + (f" as {a.asname}" if a.asname else ""))
            indent = " " * node.col_offset
            lines[node.lineno - 1 : node.end_lineno] = [f"{indent}from {m} import {', '.join(v)}\n" for m, v in by.items()]
        if "".join(lines) != text:
            path.write_text("".join(lines))


def drop_self_imports(text: str, module: str) -> str:
    tree = ast.parse(text)
    lines = text.splitlines(keepends=True)
    for node in sorted((n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.module == module and n.level == 0),
                       key=lambda n: -n.lineno):
        lines[node.lineno - 1 : node.end_lineno] = []
    return "".join(lines)


# ---------------------------------------------------------------- 4 strings and other files

def text_map(plan: dict[str, str]) -> list[tuple[re.Pattern[str], str]]:
    pairs: list[tuple[str, str]] = []
    for old, new in plan.items():
        if not old or old == new:
            continue
        if old != "flow":
            pairs.append((f"bot.{old}", f"bot.{new}"))
        pairs.append((f"bot/{old.replace('.', '/')}.py", f"bot/{new.replace('.', '/')}.py"))
    for old, new in OUTSIDE.items():
        pairs += [(f"bot.{old}", OUTSIDE_IMPORT[old]), (f"bot/{old}.py", new)]
    pairs += [("bot/record/", "bot/ledger/"), *FOLDERS.items()]
    pairs += [("bot.record.tables.Moment", "bot.ledger.tables.UtcDateTime")]
    pairs.sort(key=lambda pair: -len(pair[0]))
    return [(re.compile(r"(?<![\w./])" + re.escape(old) + r"(?![\w/])" if not old.endswith("/") else re.escape(old)), new)
            for old, new in pairs]


def python_files() -> list[Path]:
    roots = [ROOT / name for name in ("bot", "tests", "bench", "tools")]
    return [p for root in roots if root.is_dir() for p in sorted(root.rglob("*.py")) if not {"sample", "relayout"} & set(p.parts)]


def other_files() -> list[Path]:
    listed = git("ls-files", "*.md", "*.toml", "*.yml", "*.yaml", "Makefile", ".ci/*", "*.cfg", "*.ini").split()
    return [ROOT / p for p in listed if (ROOT / p).is_file() and not p.startswith(("bot/review/selftest/cases", "bot/sandbox/demo/sample", "tests/samples", "tools/relayout"))]


def strings(plan: dict[str, str]) -> None:
    table = text_map(plan)
    for path in [*python_files(), *other_files(), *sorted((ROOT / "bot").rglob("migrations/**/*.py"))]:
        text = new = path.read_text()
        parts = new.split("\n")
        for number, line in enumerate(parts):
            # Imports are rewritten already; a second mapping could hit a new name that is an old one too.
            if re.match(r"\s*(from bot[.\w]* import|import bot\.)", line) and "migrations" not in str(path):
                continue
            done: list[str] = []

            def put(value: str, done: list[str] = done) -> str:
                done.append(value)
                return f"\0{len(done) - 1}\0"

            for pattern, to in table:
                line = pattern.sub(lambda m, to=to: put(to), line)
            parts[number] = re.sub(r"\0(\d+)\0", lambda m: done[int(m[1])], line)
        new = "\n".join(parts)
        if new != text:
            path.write_text(new)


# ---------------------------------------------------------------- 5, 6 patches and phrases

def patches() -> None:
    for glob, rules in FILE_PATCHES.items():
        paths = sorted(ROOT.glob(glob))
        if not paths:
            note("UNKNOWN", f"no file for the patch {glob}")
        hits = dict.fromkeys(range(len(rules)), 0)
        for path in paths:
            text = path.read_text()
            for index, (pattern, new) in enumerate(rules):
                text, count = re.subn(pattern, new, text)
                hits[index] += count
            path.write_text(text)
        for index, count in hits.items():
            if not count:
                note("UNKNOWN", f"patch of {glob} found nothing: {rules[index][0]!r}")


PHRASE_RULES = [(re.compile(old, re.MULTILINE), new) for old, new in PHRASES]
NAME_RULES = [(re.compile(old), new) for old, new in TEXT_NAMES]
NO_STRINGS = ("bot/changeset/guards/", "bot/weakening/", "bot/syntax/", "tests/unit/test_weakening", "tests/unit/test_changeset",
              "tests/unit/test_intake", "bot/core/escape.py", "bot/intake/command_text.py", "tests/fuzz/")
NO_PHRASES = ("bot/weakening/", "tests/unit/test_weakening", "bot/syntax/")


def phrased(text: str, *, names: bool = True) -> str:
    for pattern, new in PHRASE_RULES:
        if callable(new):
            text = pattern.sub(new, text)
        else:
            text = pattern.sub(lambda m, new=new: _like(m, m.expand(new)), text)
    if names:
        for pattern, new in NAME_RULES:
            text = pattern.sub(new, text)
    return text


def _like(match: re.Match[str], new: str) -> str:
    return new[:1].upper() + new[1:] if match[0][:1].isupper() and new[:1].islower() else new


def phrases() -> None:
    for path in python_files():
        where = path.relative_to(ROOT).as_posix()
        if where.startswith(NO_PHRASES):
            continue
        text = path.read_text()
        edits = Edits(text)
        lines = text.splitlines(keepends=True)
        docs = docstring_lines(text)

        def offset(pos: tuple[int, int], edits: Edits = edits, lines: list[str] = lines) -> int:
            return edits.starts[pos[0] - 1] + len(lines[pos[0] - 1][: pos[1]].encode())

        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT or (
                token.type == tokenize.STRING and (token.start[0] in docs or not where.startswith(NO_STRINGS))
            ):
                if token.type == tokenize.STRING and re.match(r"(?i)r", token.string):
                    continue
                f = token.type == tokenize.STRING and re.match(r"(?i)(f|rf|fr)['\"]", token.string)
                doc = token.type == tokenize.COMMENT or token.start[0] in docs
                new = literal_only(token.string) if f else phrased(token.string, names=doc)
                if new != token.string:
                    edits.replace(offset(token.start), offset(token.end), new)
        path.write_text(edits.result())
    for path in other_files():
        if path.suffix == ".md" and path.name not in ("codes-shown.md", "CHANGELOG.md"):
            path.write_text(phrased(path.read_text()))


def wrap_long() -> None:
    """Docstrings and comments that the phrases made longer than 120 characters are broken at a space."""
    for path in python_files():
        text = path.read_text()
        if not any(len(line) > 120 for line in text.splitlines()):
            continue
        docs = {n for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
                and isinstance(node.value.value, str) for n in range(node.lineno, node.end_lineno + 1)}
        lines = text.split("\n")
        for index, line in enumerate(lines):
            comment = line.lstrip().startswith("#")
            if len(line) <= 120 or not (comment or index + 1 in docs):
                continue
            at = line.rfind(" ", 0, 119)
            indent = line[: len(line) - len(line.lstrip())]
            lines[index] = line[:at] + "\n" + indent + ("# " if comment else "") + line[at + 1 :]
        path.write_text("\n".join(lines))


def literal_only(source: str) -> str:
    """Phrases in an f-string's text, never in its fields."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"{{\0{len(kept) - 1}\0}}"

    masked = re.sub(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", keep, source)
    return re.sub(r"\{\0(\d+)\0\}", lambda m: kept[int(m[1])], phrased(masked, names=False))


def docstring_lines(text: str) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        for child in getattr(node, "body", []) if isinstance(getattr(node, "body", None), list) else []:
            if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant) and isinstance(child.value.value, str):
                lines.add(child.lineno)
    return lines


# ---------------------------------------------------------------- 7 files

def copy_in() -> None:
    files = HERE / "files"
    for source in sorted(p for p in files.rglob("*") if p.is_file()):
        target = ROOT / source.relative_to(files)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        git("add", "-f", str(target))


def main() -> None:
    if not PHRASES_ONLY:
        if git("status", "--porcelain", "--untracked-files=no").strip():
            sys.exit("the checkout has changes; commit them first")
        only_defined()
        plan = plan_moves()
        old_of = {new: old for old, new in plan.items()}
        do_moves(plan)
        outside = {ROOT / new: old for old, new in OUTSIDE.items()}
        for path in python_files():
            if path.name == "__init__.py" and not path.read_text().strip():
                continue
            old = outside.get(path)
            if path.is_relative_to(ROOT / "bot"):
                module = ".".join(path.relative_to(ROOT / "bot").with_suffix("").parts).removesuffix(".__init__")
                old = old_of.get(module, module)
            try:
                rewrite(path, old, plan)
            except SyntaxError as error:
                note("PROBLEM", f"{path}: {error}")
        transfer(plan)
        strings(plan)
        patches()
    phrases()
    if not PHRASES_ONLY:
        copy_in()
    wrap_long()
    print("\n".join(sorted(problems)))


main()
