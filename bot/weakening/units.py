"""Tests, groups of tests and helpers of a file, each with what its body does; the queries say what is what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from bot.syntax.trees import COMMENTS, parse, walk
from bot.weakening.marks import skip_of
from bot.weakening.model import Assertion, Body, Skip
from bot.weakening.nodes import normal, squeeze, text, tokens
from bot.weakening.roles import UNITS, Declared, Roles, UnitRole, called_leaf, label
from bot.weakening.strength import needs_await, vacuous_text

Names = tuple[str, ...]
_CALL_LANGUAGES = frozenset({"javascript", "typescript", "tsx", "go", "ruby", "cpp", "c"})
"""Languages in which tests are declared by calls, also inside other blocks."""
_FILE = UnitRole("file", None, None, None)  # type: ignore[arg-type]


@dataclass(slots=True)
class Context:
    """What is known of the file: is its path a test's, and which local names stand for a skip or a check."""

    path: str
    test_path: bool
    source: str
    language: str
    skip_names: frozenset[str] = frozenset()
    check_names: frozenset[str] = frozenset()


class Unit:
    """A test, a helper (anything else with a name), a group of tests, or the file; its body is read when asked."""

    __slots__ = (
        "__dict__",
        "_context",
        "_declared",
        "_nested",
        "_node",
        "_roles",
        "_root",
        "_swallowing",
        "end",
        "kind",
        "line",
        "names",
        "parent",
    )  # fmt: skip

    def __init__(self, node: Node, root: Node, kind: str, names: Names, parent: Unit | None, file: _File) -> None:
        self.kind = kind
        self.names = names
        self.parent = parent
        self.line = root.start_point.row + 1 if kind != "file" else 1
        self.end = node.end_point.row + 1
        self._node, self._root = node, root
        self._context, self._roles, self._swallowing = file.context, file.roles, file.swallowing
        self._declared = file.roles.declared.get(node.id, Declared())
        self._nested: set[int] = set()

    def nest(self, node: Node) -> None:
        """A unit of its own begins at this node: its checks are not ours."""
        self._nested.add(node.id)

    @property
    def holds_units(self) -> int:
        """How many units are directly inside."""
        return len(self._nested)

    @property
    def leaf(self) -> str:
        return self.names[-1] if self.names else ""

    @property
    def path(self) -> str:
        return self._context.path

    @property
    def language(self) -> str:
        return self._context.language

    @property
    def source(self) -> str:
        """The text of the whole file."""
        return self._context.source

    @cached_property
    def declared_rows(self) -> list[str]:
        """Rows of data on the unit itself (a decorator's, `it.each`'s), not in its body."""
        found = [row for node in self._declared.rows for row in rows_of(node)]
        return found + [squeeze(text(node))[2:-1] for node in self._declared.row]

    @cached_property
    def marks(self) -> list[Skip]:
        """Skips declared on the unit itself (decorators, annotations, modifiers), and the branch it is in."""
        if self.kind == "file":
            nodes = [*self._roles.of_file]
            found = [skip for node in nodes for skip in skip_of(self.language, node)]
            return found + [skip for node in self._roles.assigned for skip in _assigned(node, self.language)]
        nodes = list(self._declared.marks)
        role = self._roles.units.get(self._node.id)
        if role is not None and role.mark is not None and role.mark.id not in {node.id for node in nodes}:
            nodes.insert(0, role.mark)
        found = []
        for node in nodes:
            if self.kind == "test" or not text(node).startswith("#[should_panic"):
                found += skip_of(self.language, node, self._context.skip_names)
            found += _row_marks(node)
        return found

    @cached_property
    def text(self) -> str:
        """The unit's source, and what is declared about it outside (Rust's attributes stand before the item)."""
        apart = [*self._declared.marks, *([self._root] if self._root.id != self._node.id else [])]
        return "\n".join([text(self._node), *(text(node) for node in apart if not _inside(node, self._node))])

    @cached_property
    def header(self) -> str:
        """The declaration without the body's statements: the first line of the definition."""
        return text(self._root).split("\n", 1)[0]

    @property
    def plain(self) -> bool:
        """Whether it is defined directly in its class or file, not in a branch."""
        at = self._node.parent
        while at is not None and at.type in ("block", "decorated_definition", "body_statement"):
            at = at.parent
        return at is not None and at.type in ("module", "program", "class_definition", "class")

    @cached_property
    def declared_text(self) -> list[str]:
        """What is declared on the unit, each without white space."""
        return [squeeze(text(node)) for node in self._declared.marks]

    @cached_property
    def body(self) -> Body:
        declared = self._declared
        found = Body(rows=list(self.declared_rows), skips=list(self.marks))
        found.row_lists = len(declared.rows)
        found.cut += [cut for node in declared.over for cut in _cut(node)]
        if self.kind == "file":
            for name, node in self._roles.named_rows:
                if _is_table(name, self.source):
                    found.rows += rows_of(node)
                    found.row_lists += 1
        for node in declared.heads:
            found.asserts.append(_assertion(node, node, _State()))
        wrapped = any(mark.split("(", 1)[0].rsplit(".", 1)[-1] in self._swallowing for mark in self.declared_text)
        _walk(self._root, self, found, _State(dead="swallowed" if wrapped else ""))
        return found

    @cached_property
    def lines(self) -> list[str]:
        """The normalised lines of the body, blank ones, comments and lone brackets left out."""
        source = text(self._root)
        out = []
        for line in source.split("\n")[1:] or source.split("\n"):
            bare = squeeze(line)
            if len(bare) > 2 and not bare.startswith(("#", "//", "*", "/*")):
                out.append(bare)
        return out

    @cached_property
    def line_counts(self) -> Counter[str]:
        """How often each of the lines occurs."""
        return Counter(self.lines)

    @cached_property
    def words(self) -> frozenset[str]:
        """Identifiers, numbers and strings of the body."""
        return frozenset(token for token in tokens(self._root, COMMENTS) if len(token) > 1)


def _inside(node: Node, around: Node) -> bool:
    return around.start_byte <= node.start_byte and node.end_byte <= around.end_byte


@dataclass(frozen=True, slots=True)
class _State:
    """Where the walk is: the branches around it, loops, functions inside the unit, and why a check here is dead."""

    conditions: tuple[str, ...] = ()
    loop: int = 0
    depth: int = 0
    in_class: bool = False
    dead: str = ""


_NEVER = re.compile(r"^\(*(?:False|false|0|None|null|nil|TYPE_CHECKING|typing\.TYPE_CHECKING|0==1|1==0)\)*$")
_NOTHING = re.compile(
    r"^(?:\[\]|\(\)|\{\}|range\(0\)|\(0\.\.0\)|0\.\.0|\w*\[\][\w.]*\{\}|List\.of\(\)|Stream\.of\(\)|vec!\[\])$"
)


def _enter(child: Node, unit: Unit, state: _State) -> _State:
    """The state inside a node."""
    roles = unit._roles
    conditions, loop, depth, dead = state.conditions, state.loop, state.depth, state.dead
    if child.id in roles.branches:
        condition = roles.branches[child.id]
        said = normal(condition) if condition is not None else child.type
        conditions = (*conditions, said)
        dead = dead or ("unreachable" if _NEVER.match(said) else "")
    if child.id in roles.loops:
        loop += 1
        over = roles.loops[child.id]
        said = normal(over) if over is not None else ""
        dead = dead or ("unreachable" if _NOTHING.match(said) or _NEVER.match(said) else "")
    if child.id in roles.swallows or (unit._swallowing and called_leaf(child) in unit._swallowing):
        dead = dead or "swallowed"
    if child.id in roles.floating and not _waits(unit):
        dead = dead or "floating"
    if child.id in roles.functions:
        depth += 1
        name = roles.functions[child.id]
        if (
            name
            and unit.kind == "test"
            and child.id != unit._root.id
            and not state.in_class
            and _never_called(name, child, unit)
        ):
            dead = dead or "unreachable"
    return _State(conditions, loop, depth, state.in_class or child.type.startswith("class"), dead)


def _waits(unit: Unit) -> bool:
    """Whether the test waits for what it starts: it takes a callback, or waits for a group or a channel."""
    head = unit.text[:300]
    if unit.language == "go":
        return bool(re.search(r"\.Wait\(|<-|\.Done\(", unit.text))
    return bool(
        re.search(
            r"(?:function\s*\w*\s*\(|\(|,\s*)(?:done|cb|callback|t|assert|next|resolve)\b[^)]*\)?\s*(?:=>|\{)", head
        )
    ) or ("advanceTimers" in unit.text or "runAllTimers" in unit.text or "useFakeTimers" in unit.source)


def _never_called(name: str, node: Node, unit: Unit) -> bool:
    parent = node.parent
    if name == "_":
        return True
    if parent is not None and parent.type == "decorated_definition":
        return False
    return len(re.findall(rf"(?<![\w$]){re.escape(name)}(?![\w$])", unit.text)) < 2


def _walk(node: Node, unit: Unit, found: Body, state: _State) -> None:
    roles = unit._roles
    for child in node.named_children:
        if child.id in unit._nested or child.type in COMMENTS:
            continue
        inner = _enter(child, unit, state)
        _take_skip(child, unit, found, inner)
        if _take_check(child, unit, found, inner):
            continue
        if child.id in roles.rows:
            found.rows += rows_of(child)
            found.row_lists += 1
        over = roles.loops.get(child.id)
        if over is not None:
            found.cut += _cut(over)
        if child.id in roles.returns and child.named_child_count <= (unit.language == "bash") * 2 and not found.asserts:
            found.skips += _early_return(child, state.conditions, unit)
        _walk(child, unit, found, inner)
        if found.asserts and _stops(child, unit, state):
            state = _State(state.conditions, state.loop, state.depth, state.in_class, state.dead or "unreachable")


def _stops(child: Node, unit: Unit, state: _State) -> bool:
    """Whether nothing after the statement runs: an unconditional return of the test itself."""
    if unit.kind != "test" or state.conditions or state.loop or state.in_class:
        return False
    first = child.named_children[0] if child.type == "expression_statement" and child.named_children else child
    if first.id not in unit._roles.returns:
        return False
    own = state.depth - (unit._root.type in ("arguments", "argument_list"))
    return own <= 0 and child.next_named_sibling is not None


def _take_skip(child: Node, unit: Unit, found: Body, state: _State) -> None:
    role = unit._roles.skips.get(child.id)
    if role is None:
        return
    conditional, condition = role
    said = "skip()"
    if conditional:
        said = f"{squeeze(text(child)).split('(', 1)[0]}({normal(condition) if condition is not None else ''})"
    kind = "xfail" if re.match(r"[\w.]*xfail|test\.fail", text(child)) else "skip"
    where = state.conditions[-1] if state.conditions else ""
    found.skips.append(Skip(kind, said, child.start_point.row + 1, conditional or bool(state.conditions), where))


def _take_check(child: Node, unit: Unit, found: Body, state: _State) -> bool:
    """Record a check; whether there was one."""
    roles, names = unit._roles, unit._context.check_names
    checked = roles.checks.get(child.id)
    if checked is None and names and called_leaf(child) in names:
        checked = child
    if checked is None:
        return False
    one = _assertion(child, checked, state)
    dead = state.dead or ("swallowed" if _ends_in_swallow(child, roles) else "")
    if child.id in roles.vacuous or vacuous_text(one):
        dead = dead or "vacuous"
    elif unit.language in ("javascript", "typescript", "tsx") and not one.awaited and needs_await(one.text):
        dead = dead or "floating"
    if dead:
        found.dead.append(Assertion(one.text, one.line, one.conditions, one.loop, one.source, dead, one.awaited))
    else:
        found.asserts.append(one)
    if child.type in _HOLDERS:
        around = (*state.conditions, normal(checked)) if child.type == "with_statement" else state.conditions
        _walk_blocks(
            child,
            unit,
            found,
            _State(around, state.loop, state.depth, state.in_class, dead if dead != "vacuous" else ""),
        )
    return True


def _ends_in_swallow(node: Node, roles: Roles) -> bool:
    """Whether the check's own chain of calls goes on with one that drops its failure (`.catch(() => {})`)."""
    at: Node | None = node
    while at is not None and at.type in ("call_expression", "member_expression"):
        at = at.child_by_field_name("function") or at.child_by_field_name("object")
        if at is not None and at.id in roles.swallows:
            return True
    return False


def _early_return(node: Node, conditions: tuple[str, ...], unit: Unit) -> list[Skip]:
    """A return before the first check: under a condition, or so that what follows never runs."""
    line = node.start_point.row + 1
    around = _around(node, unit._root)
    own = unit._root.type in ("arguments", "argument_list") or (unit._root.id in unit._roles.functions and False)
    functions = sum(one.id in unit._roles.functions for one in around)
    if unit.kind in ("test", "helper") and functions > own:
        # A return of a function inside; in a group such functions declare tests.
        return []
    if conditions:
        return [Skip("return", conditions[-1], line, True)]
    whole = all(one.type in _BLOCKS or one.type in _PLAIN for one in around)
    return [Skip("return", "return", line)] if node.next_named_sibling is not None and whole else []


def _around(node: Node, body: Node) -> list[Node]:
    """What stands between a node and the unit's body."""
    found, at = [], node.parent
    while at is not None and at.id != body.id:
        found.append(at)
        at = at.parent
    return found


_PLAIN = frozenset({"statement_list", "body_statement", "arguments", "compound_statement"})
_HOLDERS = frozenset({"with_statement", "call", "call_expression", "method_invocation"})
"""Checks that can hold blocks with further checks."""
_BLOCKS = frozenset(
    {
        "block",
        "statement_block",
        "do_block",
        "arrow_function",
        "function_expression",
        "func_literal",
        "lambda_expression",
    }
)


def _walk_blocks(node: Node, unit: Unit, found: Body, state: _State) -> None:
    """Inside a check only the blocks that it runs can hold further checks."""
    for child in node.named_children:
        if child.id in unit._nested:
            continue
        inner = state if child.id not in unit._roles.swallows else _enter(child, unit, state)
        if child.type in _BLOCKS:
            _walk(child, unit, found, inner)
        else:
            _walk_blocks(child, unit, found, inner)


def _assertion(node: Node, checked: Node, state: _State) -> Assertion:
    return Assertion(
        normal(checked), node.start_point.row + 1, state.conditions, state.loop, text(checked), "", _awaited(node)
    )


_AWAITS = frozenset({"await_expression", "await", "return_statement", "yield_expression", "variable_declarator",
                     "assignment_expression", "arrow_function", "array"})  # fmt: skip
_STATEMENTS = re.compile(r"statement$|^block$|declaration$|^program$")


def _awaited(node: Node) -> bool:
    at: Node | None = node
    for _ in range(12):
        if at is None:
            return False
        if at.type in _AWAITS or (at.id == node.id and text(at).startswith("await ")):
            return True
        if _STATEMENTS.search(at.type):
            return False
        at = at.parent
    return False


# --- rows of data

_ROW_NODES = frozenset({"literal_element", "keyed_element"})


def rows_of(node: Node) -> list[str]:
    """The rows of a list, each without its id and marks, so that marking a row does not make it another one."""
    children = [child for child in node.named_children if child.type not in COMMENTS]
    if node.type == "literal_value":
        children = [child for child in children if child.type in _ROW_NODES and "{" in text(child)]
    return [_bare_row(child) for child in children if child.type != "keyword_argument"]


def _bare_row(node: Node) -> str:
    if node.type == "call" and re.match(r"[\w.]*param\(", text(node)):
        arguments = node.child_by_field_name("arguments")
        inner = [normal(one) for one in (arguments.named_children if arguments is not None else ())
                 if one.type != "keyword_argument" and one.type not in COMMENTS]  # fmt: skip
        return inner[0] if len(inner) == 1 else f"({','.join(inner)})"
    return normal(node)


def _row_marks(node: Node) -> list[Skip]:
    """Marks of single rows: `pytest.param(…, marks=pytest.mark.xfail)`."""
    if node.type == "call" and re.match(r"[\w.]*param\(", text(node)):
        arguments = node.child_by_field_name("arguments")
        marked = [one for one in (arguments.named_children if arguments is not None else ())
                  if one.type == "keyword_argument" and re.search(r"\b(?:skip|xfail)", text(one))]  # fmt: skip
        return [Skip("row", f"row {_bare_row(node)}", node.start_point.row + 1, True) for _ in marked]
    inside = ("argument_list", "list", "tuple", "call", "list_comprehension")
    return [skip for child in node.named_children if child.type in inside for skip in _row_marks(child)]


_SLICE = re.compile(
    r"\[[^\[\]:]*:[^\[\]]*\]$|\.(?:slice|take|first|limit|skip|drop|islice)\((?!\))[^()]*\)$|^(?:itertools\.)?islice\(|\[\.\."
)


def _cut(node: Node) -> list[str]:
    value = normal(node)
    return [value] if _SLICE.search(value) else []


def _is_table(name: str, source: str) -> bool:
    word = re.escape(name)
    used = (
        rf"parametrize\([^()]*,\s*{word}\b|\beach\(\s*{word}\b|\.for\(\s*{word}\b"
        rf"|\bof\s+{word}\b|\bin\s+{word}\b|\b{word}\.(?:forEach|each|map)\b"
    )
    return bool(re.search(used, source))


def _assigned(node: Node, language: str) -> list[Skip]:
    """`pytestmark = …`: one mark, or a list of them."""
    nodes = node.named_children if node.type in ("list", "tuple") else [node]
    return [skip for one in nodes for skip in skip_of(language, one)]


# --- reading a file


class _File:
    def __init__(self, root: Node, context: Context) -> None:
        self.context = context
        self.roles = Roles(root, context.language)
        self.units: list[Unit] = []
        self.swallowing: frozenset[str] = _swallowing(root, self.roles) if self.roles.swallows else frozenset()


def _swallowing(root: Node, roles: Roles) -> frozenset[str]:
    """Names of the file's own functions that drop failures of what they are given to run."""
    found = set()
    for node in walk(root):
        role = roles.units.get(node.id)
        if (
            role is not None
            and UNITS[role.capture] in ("helper", "code")
            and any(one.id in roles.swallows for one in walk(node))
        ):
            inside = [one for one in walk(node) if one.id in roles.swallows]
            if any(
                re.search(
                    r"\b(?:func|function|fn|f|callback|cb|test|body|block|action|run|wrapped|yield|executable|op|task)\w*\b",
                    text(one),
                )
                for one in inside
            ):
                found.add(text(role.name))
    return frozenset(found)


def units(context: Context) -> list[Unit]:
    """Every unit of a file, the file itself first; none where the text cannot be parsed."""
    root = parse(context.source, context.language)
    if root is None:
        return []
    file = _File(root, context)
    whole = Unit(root, root, "file", (), None, file)
    file.units.append(whole)
    _collect(root.named_children, whole, file, "")
    return file.units


def _collect(nodes: Iterable[Node], parent: Unit, file: _File, condition: str) -> None:
    for child in nodes:
        if child.id in parent._nested:
            continue  # The body of the unit that began before it (C's `SECTION("a") { … }`).
        begun = _begin(child, parent, file)
        if begun is None:
            inner = file.roles.branches.get(child.id) if child.type.startswith(("if", "preproc_if")) else None
            _collect(child.named_children, parent, file, normal(inner) if inner is not None else condition)
            continue
        if condition and begun.kind in ("test", "group"):
            # Declared inside a branch, it exists only sometimes.
            begun.marks.append(Skip("cfg", condition, child.start_point.row + 1, True))
        parent.nest(child)
        if begun._root.type == "compound_statement" and begun._root.id != child.id:
            parent.nest(begun._root)
        file.units.append(begun)
        if begun.kind == "group" or file.context.language in _CALL_LANGUAGES:
            _collect(begun._root.named_children, begun, file, "")


def _begin(node: Node, parent: Unit, file: _File) -> Unit | None:
    role = file.roles.units.get(node.id)
    if role is None:
        return None
    name = label(file.context.language, role)
    if name is None or (role.capture.endswith(".call") and not file.context.test_path):
        return None
    kind = UNITS[role.capture]
    if role.capture == "test" and not file.context.test_path:
        kind = "helper"
    if kind == "code" and (file.context.test_path or {"tests", "test"} & set(parent.names)):
        kind = "helper"
    return Unit(node, role.body, kind, (*parent.names, name), parent, file)
