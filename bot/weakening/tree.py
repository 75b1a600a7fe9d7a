"""Syntax trees: parsing, normalised text, and one walk that every language's grammar drives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from tree_sitter import Language, Node, Parser

from bot.changeset.content import lines_of
from bot.weakening.model import Assertion, Body, Skip
from bot.weakening.nodes import normal, squeeze, text, tokens

Names = tuple[str, ...]


@dataclass(slots=True)
class Start:
    """How a unit begins: `node` spans all of it, decorators included; `body` is what is walked for checks."""

    name: str
    kind: str
    node: Node
    body: Node
    skips: list[Skip] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    head_checks: list[Node] = field(default_factory=list)
    inside: bool = True


@dataclass(frozen=True, slots=True)
class Grammar:
    """What differs between languages.

    `units` yields what begins at a node; `check` says which text a node checks; `skip` which skip a node is;
    `rows` the data rows it holds. `branches`, `loops`, `returns`, `calls` and `comments` are node types.
    """

    name: str
    language: Callable[[], object]
    start: Callable[[Node, Names, Context], Start | None]
    check: Callable[[Node, Context], Node | None]
    skip: Callable[[Node, Context], Skip | None]
    rows: Callable[[Node], list[str]]
    branches: frozenset[str]
    loops: frozenset[str]
    comments: frozenset[str]
    returns: frozenset[str] = frozenset({"return_statement"})
    declared: Callable[[Node], list[Skip]] | None = None
    """The skips that a file declares for all of it."""
    descend: bool = True
    """Whether units are looked for inside the bodies of functions (calls that take blocks) or only in classes."""


@dataclass(slots=True)
class Context:
    """What is known of the file while it is walked: is its path a test's, and which local names mean a skip."""

    path: str
    test_path: bool
    source: str
    skip_names: frozenset[str] = frozenset()
    check_names: frozenset[str] = frozenset()


class Unit:
    """A test, a helper (anything else with a name), a group of tests, or the file; its body is read when asked."""

    __slots__ = ("__dict__", "_context", "_grammar", "_nested", "_start", "end", "kind", "line", "names", "parent")

    def __init__(self, start: Start, names: Names, parent: Unit | None, grammar: Grammar, context: Context) -> None:
        self.kind = start.kind
        self.names = names
        self.parent = parent
        self.line = start.body.start_point.row + 1 if start.kind != "file" else 1
        self.end = start.node.end_point.row + 1
        self._start = start
        self._grammar = grammar
        self._context = context
        self._nested: set[int] = set()

    def nest(self, node: Node) -> None:
        """A unit of its own begins at this node: its checks are not ours."""
        self._nested.add(node.id)

    @property
    def holds_units(self) -> int:
        """How many units stand directly inside."""
        return len(self._nested)

    @property
    def leaf(self) -> str:
        return self.names[-1] if self.names else ""

    @property
    def path(self) -> str:
        return self._context.path

    @property
    def source(self) -> str:
        """The text of the whole file."""
        return self._context.source

    @property
    def declared_rows(self) -> int:
        """How many rows of data stand on the unit itself (a decorator's, `it.each`'s), not in its body."""
        return len(self._start.rows)

    @property
    def marks(self) -> list[Skip]:
        """Skips declared on the unit itself (decorators, annotations, modifiers)."""
        return self._start.skips

    @cached_property
    def text(self) -> str:
        """The unit's source, and what is declared about it outside (Rust's attributes stand before the item)."""
        declared = [f"{skip.kind} {skip.text}" for skip in self._start.skips] + self._start.rows
        return "\n".join([text(self._start.node), *declared])

    @cached_property
    def body(self) -> Body:
        found = Body(rows=list(self._start.rows), skips=list(self._start.skips))
        for node in self._start.head_checks:
            found.asserts.append(_assertion(node, node, (), 0))
        _walk(self._start.body, self, found, (), 0)
        return found

    @cached_property
    def lines(self) -> list[str]:
        """The normalised lines of the body, blank ones, comments and lone brackets left out."""
        source = (self._start.body.text or b"").decode("utf-8", "replace")
        out = []
        for line in lines_of(source)[1:] or lines_of(source):
            bare = squeeze(line)
            if len(bare) > 2 and not bare.startswith(("#", "//", "*", "/*")):
                out.append(bare)
        return out

    @cached_property
    def words(self) -> frozenset[str]:
        """Identifiers, numbers and strings of the body."""
        return frozenset(token for token in tokens(self._start.body, self._grammar.comments) if len(token) > 1)


def _walk(node: Node, unit: Unit, found: Body, conditions: tuple[str, ...], loop: int) -> None:
    grammar, context = unit._grammar, unit._context
    for child in node.named_children:
        if child.id in unit._nested or child.type in grammar.comments:
            continue
        inner, looped = conditions, loop
        if child.type in grammar.branches:
            inner = (*conditions, _condition(child))
        elif child.type in grammar.loops:
            looped = loop + 1
        skip = grammar.skip(child, context)
        if skip is not None:
            where = inner[-1] if inner else ""
            found.skips.append(Skip(skip.kind, skip.text, skip.line, skip.conditional or bool(inner), where))
        checked = grammar.check(child, context)
        if checked is not None:
            found.asserts.append(_assertion(child, checked, inner, looped))
            if child.type in _HOLDERS:
                around = (*inner, normal(checked)) if child.type == "with_statement" else inner
                _walk_blocks(child, unit, found, around, looped)
            continue
        found.rows += grammar.rows(child)
        if child.type in grammar.returns and child.named_child_count == 0 and not found.asserts:
            found.skips += _early_return(child, conditions, unit)
        _walk(child, unit, found, inner, looped)


def _early_return(node: Node, conditions: tuple[str, ...], unit: Unit) -> list[Skip]:
    """A return before the first check: under a condition, or so that what follows never runs."""
    line = node.start_point.row + 1
    body = unit._start.body
    around = _around(node, body)
    own = body.type in ("arguments", "argument_list")
    if unit.kind in ("test", "helper") and sum(kind in _FUNCTIONS for kind in around) > own:
        # A return of a function inside; in a group such functions declare tests.
        return []
    if conditions:
        return [Skip("return", conditions[-1], line, True)]
    whole = all(kind in BLOCKS | {"statement_list", "body_statement", "arguments"} for kind in around)
    return [Skip("return", "return", line)] if node.next_named_sibling is not None and whole else []


def _around(node: Node, body: Node) -> list[str]:
    """The types of what stands between a node and the unit's body."""
    found, at = [], node.parent
    while at is not None and at.id != body.id:
        found.append(at.type)
        at = at.parent
    return found


_FUNCTIONS = frozenset(
    {
        "arrow_function",
        "function_expression",
        "function_definition",
        "function_declaration",
        "function_item",
        "func_literal",
        "lambda_expression",
        "lambda",
        "closure_expression",
        "async_block",
    }
)
_HOLDERS = frozenset({"with_statement", "call", "call_expression", "method_invocation"})
"""Checks that can hold blocks with further checks."""
BLOCKS = frozenset(
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


def _walk_blocks(node: Node, unit: Unit, found: Body, conditions: tuple[str, ...], loop: int) -> None:
    """Inside a check only the blocks that it runs can hold further checks."""
    for child in node.named_children:
        if child.id in unit._nested:
            continue
        if child.type in BLOCKS:
            _walk(child, unit, found, conditions, loop)
        else:
            _walk_blocks(child, unit, found, conditions, loop)


def _condition(node: Node) -> str:
    condition = node.child_by_field_name("condition")
    return normal(condition) if condition is not None else node.type


def _assertion(node: Node, checked: Node, conditions: tuple[str, ...], loop: int) -> Assertion:
    source = (checked.text or b"").decode("utf-8", "replace")
    return Assertion(normal(checked), node.start_point.row + 1, conditions, loop, source)


_PARSERS: dict[str, Parser] = {}


def parse(grammar: Grammar, source: str) -> Node:
    """The root of the syntax tree; a file that does not parse wholly gives the parts that do."""
    parser = _PARSERS.get(grammar.name)
    if parser is None:
        parser = _PARSERS[grammar.name] = Parser(Language(grammar.language()))
    return parser.parse(source.encode("utf-8", "surrogatepass")).root_node


def units(grammar: Grammar, context: Context) -> list[Unit]:
    """Every unit of a file, the file itself first."""
    root = parse(grammar, context.source)
    declared = grammar.declared(root) if grammar.declared is not None else []
    whole = Unit(Start("", "file", root, root, declared), (), None, grammar, context)
    found = [whole]
    _collect(root, whole, grammar, context, found, "")
    return found


def _collect(node: Node, parent: Unit, grammar: Grammar, context: Context, found: list[Unit], condition: str) -> None:
    for child in node.named_children:
        start = grammar.start(child, parent.names, context)
        if start is None:
            inner = _condition(child) if child.type.startswith("if") and child.type in grammar.branches else condition
            _collect(child, parent, grammar, context, found, inner)
            continue
        if condition and start.kind in ("test", "group"):
            # Declared inside a branch, it exists only sometimes.
            start.skips.append(Skip("cfg", condition, child.start_point.row + 1, True))
        unit = Unit(start, (*parent.names, start.name), parent, grammar, context)
        parent.nest(child)
        if child.id != start.node.id:
            parent.nest(start.node)
        found.append(unit)
        if start.inside and (start.kind in ("group", "class") or grammar.descend):
            _collect(start.body, unit, grammar, context, found, "")


def no_rows(_node: Node) -> list[str]:
    """For languages whose tables stand only in decorators or annotations."""
    return []
