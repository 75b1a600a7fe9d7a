"""Tests, groups of tests and helpers of a file, each with what its body does; the queries say what is what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bot.syntax.trees import COMMENTS, Node, parse, source, walk
from bot.weakening.body import BodyReader, assertion
from bot.weakening.marks import skip_of
from bot.weakening.model import Body, Skip
from bot.weakening.nodes import normal, squeeze, tokens
from bot.weakening.roles import UNITS, Declared, Roles, UnitRole, label
from bot.weakening.rows import cut_of, is_table, row_marks, rows_of

Names = tuple[str, ...]
_CALL_LANGUAGES = frozenset({"javascript", "typescript", "tsx", "go", "ruby", "cpp", "c"})
"""Languages in which tests are declared by calls, also inside other blocks."""
_FILE = UnitRole("file", None, None, None)  # type: ignore[arg-type]


@dataclass(slots=True)
class FileContext:
    """What is known of the file: is its path a test's, and which local names mean a skip or a check."""

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
        return found + [squeeze(source(node))[2:-1] for node in self._declared.row]

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
            if self.kind == "test" or not source(node).startswith("#[should_panic"):
                found += skip_of(self.language, node, self._context.skip_names)
            found += row_marks(node)
        return found

    @cached_property
    def text(self) -> str:
        """The unit's source, and what is declared about it outside (Rust's attributes come before the item)."""
        apart = [*self._declared.marks, *([self._root] if self._root.id != self._node.id else [])]
        return "\n".join([source(self._node), *(source(node) for node in apart if not _inside(node, self._node))])

    @cached_property
    def header(self) -> str:
        """The declaration without the body's statements: the first line of the definition."""
        return source(self._root).split("\n", 1)[0]

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
        return [squeeze(source(node)) for node in self._declared.marks]

    @cached_property
    def body(self) -> Body:
        declared = self._declared
        found = Body(rows=list(self.declared_rows), skips=list(self.marks))
        found.row_lists = len(declared.rows)
        found.cut += [cut for node in declared.over for cut in cut_of(node)]
        if self.kind == "file":
            for name, node in self._roles.named_rows:
                if is_table(name, self.source):
                    found.rows += rows_of(node)
                    found.row_lists += 1
        found.asserts += [assertion(node, node) for node in declared.heads]
        wrapped = any(mark.split("(", 1)[0].rsplit(".", 1)[-1] in self._swallowing for mark in self.declared_text)
        BodyReader(
            self._root,
            self._roles,
            self.kind,
            self.language,
            self.text,
            self.source,
            self._nested,
            self._swallowing,
            self._context.check_names,
            found,
        ).read(wrapped)
        return found

    @cached_property
    def lines(self) -> list[str]:
        """The normalised lines of the body, blank ones, comments and lone brackets left out."""
        whole = source(self._root).split("\n")
        out = []
        for line in whole[1:] or whole:
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


def _assigned(node: Node, language: str) -> list[Skip]:
    """`pytestmark = …`: one mark, or a list of them."""
    nodes = node.named_children if node.type in ("list", "tuple") else [node]
    return [skip for one in nodes for skip in skip_of(language, one)]


# --- reading a file


class _File:
    def __init__(self, root: Node, context: FileContext) -> None:
        self.context = context
        self.roles = Roles(root, context.language)
        self.units: list[Unit] = []
        self.swallowing: frozenset[str] = (
            _swallowing(root, self.roles) if self.roles.swallows or "__exit__" in context.source else frozenset()
        )


def _swallowing(root: Node, roles: Roles) -> frozenset[str]:
    """Names of the file's own functions that drop failures of what they are given to run."""
    found = set()
    for node in walk(root):
        # https://docs.python.org/3/reference/datamodel.html#object.__exit__: a true value keeps the exception back.
        if node.type == "class_definition" and _KEEPS_BACK.search(source(node)):
            found.add(source(node.child_by_field_name("name")))
        role = roles.units.get(node.id)
        if role is not None and UNITS[role.capture] in ("helper", "code"):
            inside = (one for one in walk(node) if one.id in roles.swallows)
            if any(_GIVEN.search(source(one)) for one in inside):
                found.add(source(role.name))
    return frozenset(found)


_KEEPS_BACK = re.compile(r"def __exit__\([^)]*\)[^:]*:\n(?:(?!\n[ \t]*def ).*\n)*?[ \t]+return True\b")
_GIVEN = re.compile(
    r"\b(?:func|function|fn|f|callback|cb|test|body|block|action|run|wrapped|yield|executable|op|task)\w*\b"
)
"""Words for what a helper is given to run."""


def units(context: FileContext) -> list[Unit]:
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
