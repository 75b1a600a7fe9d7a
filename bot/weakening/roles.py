"""What each node of a test file is, by the captures of the language's `tests.scm`."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from bot.syntax.queries import Match, matches
from bot.syntax.trees import Node, source
from bot.weakening.nodes import callee, normal, squeeze

UNITS = {"test": "test", "test.anywhere": "test", "test.call": "test", "group": "group", "group.call": "group",
         "helper": "helper", "code": "code"}  # fmt: skip
"""Captures that begin a unit. `.call`: only in files of tests; `test` elsewhere is a helper."""


@dataclass(frozen=True, slots=True)
class UnitRole:
    """How a unit begins: `capture` is its kind, `body` what is walked for checks."""

    capture: str
    name: Node | None
    body: Node
    mark: Node | None


@dataclass(slots=True)
class Declared:
    """What is declared on a unit outside its body."""

    marks: list[Node] = field(default_factory=list)
    rows: list[Node] = field(default_factory=list)
    row: list[Node] = field(default_factory=list)
    heads: list[Node] = field(default_factory=list)
    over: list[Node] = field(default_factory=list)


class Roles:
    """The captures of one tree, by the nodes' ids."""

    def __init__(self, root: Node, language: str) -> None:
        self.language = language
        self.units: dict[int, UnitRole] = {}
        self.declared: dict[int, Declared] = defaultdict(Declared)
        self.of_file: list[Node] = []
        self.assigned: list[Node] = []
        self.checks: dict[int, Node] = {}
        self.vacuous: set[int] = set()
        self.skips: dict[int, tuple[bool, Node | None]] = {}
        self.rows: set[int] = set()
        self.named_rows: list[tuple[str, Node]] = []
        self.branches: dict[int, Node | None] = {}
        self.loops: dict[int, Node | None] = {}
        self.returns: set[int] = set()
        self.functions: dict[int, str] = {}
        self.swallows: set[int] = set()
        self.floating: set[int] = set()
        for match in matches(root, language, "tests"):
            self._take(match)

    def _take(self, match: Match) -> None:
        captures = match.captures
        self._take_declared(match)
        for capture in UNITS.keys() & captures.keys():
            self._take_unit(match, capture)
        for node in captures.get("check", ()):
            self.checks[node.id] = match.first("checked") or node
        self.vacuous.update(node.id for node in captures.get("vacuous", ()))
        self.vacuous.update(node.named_children[0].id for node in captures.get("vacuous.inside", ()))
        for capture in ("skip", "skip.if"):
            for node in captures.get(capture, ()):
                self.skips[node.id] = (capture == "skip.if", match.first("condition"))
        if "owner" not in captures:
            named = match.first("table.name")
            if named is not None:
                self.named_rows += [(source(named), node) for node in captures.get("rows", ())]
            else:
                self.rows.update(node.id for node in captures.get("rows", ()))
        self._take_control(match)

    def _take_unit(self, match: Match, capture: str) -> None:
        for node in match.captures[capture]:
            self.units[node.id] = UnitRole(
                capture, match.first("name"), match.first("body") or node, match.first("mark")
            )

    def _take_declared(self, match: Match) -> None:
        captures = match.captures
        self.of_file += captures.get("declared", ())
        if "assigned" in captures:
            self.assigned += captures.get("mark", ())
        for owner in captures.get("owner", ()):
            own = self.declared[owner.id]
            for name, kept in (("mark", own.marks), ("option", own.marks), ("rows", own.rows), ("row", own.row),
                               ("head", own.heads), ("over", own.over)):  # fmt: skip
                known = {node.id for node in kept}
                kept += [node for node in captures.get(name, ()) if node.id not in known]

    def _take_control(self, match: Match) -> None:
        captures = match.captures
        for node in captures.get("branch", ()):
            self.branches[node.id] = match.first("condition")
        for node in captures.get("loop", ()):
            self.loops[node.id] = match.first("over") or self.loops.get(node.id) or match.first("condition")
        self.returns.update(node.id for node in captures.get("return", ()))
        for node in captures.get("function", ()):
            name = match.first("function.name")
            self.functions[node.id] = source(name) if name is not None else self.functions.get(node.id, "")
        self.swallows.update(node.id for node in captures.get("swallow", ()))
        self.floating.update(node.id for node in captures.get("floating", ()))


def _in_example(mark: Node | None) -> bool:
    """Whether a call is in the block of an example, where `pending` marks that example."""
    at = mark.parent.parent if mark is not None and mark.parent is not None else None
    while at is not None:
        if at.type == "call" and re.fullmatch(r"[xf]?(?:it|specify|example|scenario|before)", callee(at)):
            return True
        at = at.parent
    return False


_QUOTES = "'\"`"


def label(language: str, role: UnitRole) -> str | None:
    """The name of a unit as its reader knows it; None where a call only looks like a test."""
    name = role.name
    if language in ("javascript", "typescript", "tsx"):
        return _script_label(role) if role.capture.endswith(".call") else source(name).strip(_QUOTES)
    if language == "go" and role.capture.endswith(".call"):
        return _go_title(name) if name is not None else None
    if language == "ruby" and role.capture.endswith(".call"):
        if source(role.mark) == "pending" and _in_example(role.mark):
            return None
        if name is None:
            return normal(role.body)[:80]
        return normal(name)[:80] if name.id == role.body.id else source(name).strip("'\"")
    return squeeze(source(name)).strip("()").replace("DISABLED_", "") if language in ("c", "cpp") else source(name)


def _script_label(role: UnitRole) -> str | None:
    arguments, title = role.body, role.name
    if title is None or arguments.type != "arguments":
        return source(title).strip(_QUOTES)
    callee_text = source(role.mark).split("`", 1)[0].split("(", 1)[0]
    blocks = [one for one in arguments.named_children if one.type in _SCRIPT_FUNCTIONS]
    if not blocks and ".todo" not in callee_text and not (title.type == "string" and len(arguments.named_children) > 1):
        return None
    shown = title.type in ("string", "template_string", "identifier", "binary_expression")
    return (source(title).strip(_QUOTES) if shown else "") or f"#{callee_text.split('.')[0]}"


_SCRIPT_FUNCTIONS = frozenset({"arrow_function", "function_expression", "function", "generator_function"})


def _go_title(node: Node) -> str | None:
    """A title, or the words in an expression that makes one; None where it is only a variable."""
    if node.type in ("interpreted_string_literal", "raw_string_literal"):
        return source(node).strip('"`')
    if node.type not in ("call_expression", "binary_expression"):
        return None
    words = [re.sub(r"%[-+#\d.]*\w", "", one).strip('"`') for one in re.findall(r"\"[^\"]*\"|`[^`]*`", source(node))]
    return next((one for one in words if re.search(r"[A-Za-z]{3}", one)), None)


def called_leaf(node: Node) -> str:
    """The last part of the name that a call calls; empty for other nodes."""
    return re.split(r"::|\.", callee(node))[-1] if node.type in _CALLS else ""


_CALLS = frozenset({"call", "call_expression", "method_invocation"})
