"""What the body of a unit does: its checks, the branches and loops around each, and what keeps one from failing."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, replace

from bot.syntax.trees import COMMENTS, Node, source
from bot.weakening.model import Assertion, Body, Skip
from bot.weakening.nodes import normal, squeeze
from bot.weakening.roles import Roles, called_leaf
from bot.weakening.rows import cut_of, rows_of
from bot.weakening.strength import needs_await, vacuous_text, wants_any_error


@dataclass(frozen=True, slots=True)
class _State:
    """Where the walk is: the branches around it, loops, functions inside the unit, and why a check here is dead."""

    conditions: tuple[str, ...] = ()
    loop: int = 0
    depth: int = 0
    in_class: bool = False
    dead: str = ""


_NEVER = re.compile(r"^\(*(?:False|false|0|None|null|nil|TYPE_CHECKING|typing\.TYPE_CHECKING|0==1|1==0)\)*$")
"""A condition that is never true; what only a type checker reads counts as such."""
_NOTHING = re.compile(
    r"^(?:\[\]|\(\)|\{\}|range\(0\)|\(0\.\.0\)|0\.\.0|\w*\[\][\w.]*\{\}|List\.of\(\)|Stream\.of\(\)|vec!\[\])$"
)
"""A list without items."""
_PLAIN = frozenset({"statement_list", "body_statement", "arguments", "compound_statement"})
_HOLDERS = frozenset({"with_statement", "call", "call_expression", "method_invocation"})
"""Checks that can hold blocks with further checks."""
_BLOCKS = frozenset({"block", "statement_block", "do_block", "arrow_function", "function_expression", "func_literal",
                     "lambda_expression"})  # fmt: skip
_AWAITS = frozenset({"await_expression", "await", "return_statement", "yield_expression", "variable_declarator",
                     "assignment_expression", "arrow_function", "array"})  # fmt: skip
_STATEMENTS = re.compile(r"statement$|^block$|declaration$|^program$")


@dataclass(frozen=True)
class BodyReader:
    """Reads one body into `found`. `nested` are the nodes at which other units begin, whose checks are not its own;
    `swallowing` and `check_names` name the file's functions that drop failures, and those that make checks."""

    root: Node
    roles: Roles
    kind: str
    language: str
    text: str
    file: str
    nested: Set[int]
    swallowing: frozenset[str]
    check_names: frozenset[str]
    found: Body

    def read(self, wrapped: bool) -> None:
        """Fill `found`; `wrapped`: what is declared on the unit drops its failures."""
        self._walk(self.root, _State(dead="swallowed" if wrapped else ""))

    def _enter(self, child: Node, state: _State) -> _State:
        """The state inside a node."""
        roles = self.roles
        conditions, loop, depth, dead = state.conditions, state.loop, state.depth, state.dead
        if child.id in roles.branches:
            condition = roles.branches[child.id]
            stated = normal(condition) if condition is not None else child.type
            conditions = (*conditions, stated)
            dead = dead or ("unreachable" if _NEVER.match(stated) else "")
        if child.id in roles.loops:
            loop += 1
            over = roles.loops[child.id]
            stated = normal(over) if over is not None else ""
            dead = dead or ("unreachable" if _NOTHING.match(stated) or _NEVER.match(stated) else "")
        if child.id in roles.swallows or (self.swallowing and called_leaf(child) in self.swallowing):
            dead = dead or "swallowed"
        if self.swallowing and child.type == "with_statement":
            entered = re.match(r"(?:async\s+)?with\s+(?:\w+\.)*(\w+)", source(child))
            dead = dead or ("swallowed" if entered and entered[1] in self.swallowing else "")
        if child.id in roles.floating and not self._waits():
            dead = dead or "floating"
        if child.id in roles.functions:
            depth += 1
            inside = self.kind == "test" and child.id != self.root.id and not state.in_class
            if inside and self._never_called(roles.functions[child.id], child):
                dead = dead or "unreachable"
        return _State(conditions, loop, depth, state.in_class or child.type.startswith("class"), dead)

    def _waits(self) -> bool:
        """Whether the test waits for what it starts: it takes a callback, or waits for a group or a channel."""
        if self.language == "go":
            return bool(re.search(r"\.Wait\(|<-|\.Done\(", self.text))
        timers = "advanceTimers" in self.text or "runAllTimers" in self.text or "useFakeTimers" in self.file
        return timers or bool(_CALLBACK.search(self.text[:300]))

    def _never_called(self, name: str, node: Node) -> bool:
        if not name or (node.parent is not None and node.parent.type == "decorated_definition"):
            return False
        # https://docs.python.org/3/library/threading.html#threading.excepthook: what a thread raises stays in it.
        collects = re.search(r"\.append\(|\.put\(|excepthook|\berr\w*\s*=", self.text)
        started = rf"{'' if collects else '(?<!target=)'}(?<![\w$]){re.escape(name)}(?![\w$])"
        return name == "_" or len(re.findall(started, self.text)) < 2

    def _walk(self, node: Node, state: _State) -> None:
        roles, found = self.roles, self.found
        for child in node.named_children:
            if child.id in self.nested or child.type in COMMENTS:
                continue
            inner = self._enter(child, state)
            self._take_skip(child, inner)
            if self._take_check(child, inner):
                continue
            if child.id in roles.rows:
                found.rows += rows_of(child)
                found.row_lists += 1
            over = roles.loops.get(child.id)
            if over is not None:
                found.cut += cut_of(over)
            bare = child.named_child_count <= (self.language == "bash") * 2
            if child.id in roles.returns and bare and not found.asserts:
                found.skips += self._early_return(child, state.conditions)
            self._walk(child, inner)
            if found.asserts and self._stops(child, state):
                state = replace(state, dead=state.dead or "unreachable")

    def _stops(self, child: Node, state: _State) -> bool:
        """Whether nothing after the statement runs: an unconditional return of the test itself."""
        if self.kind != "test" or state.conditions or state.loop or state.in_class:
            return False
        first = child.named_children[0] if child.type == "expression_statement" and child.named_children else child
        if first.id not in self.roles.returns:
            return False
        return state.depth <= self._own_functions() and child.next_named_sibling is not None

    def _own_functions(self) -> int:
        """How many functions the unit itself is: one where a call declares it (`it("a", () => { … })`)."""
        return int(self.root.type in ("arguments", "argument_list"))

    def _take_skip(self, child: Node, state: _State) -> None:
        role = self.roles.skips.get(child.id)
        if role is None:
            return
        conditional, condition = role
        stated = "skip()"
        if conditional:
            called = squeeze(source(child)).split("(", 1)[0]
            stated = f"{called}({normal(condition) if condition is not None else ''})"
        kind = "xfail" if re.match(r"[\w.]*xfail|test\.fail", source(child)) else "skip"
        where = state.conditions[-1] if state.conditions else ""
        line = child.start_point.row + 1
        self.found.skips.append(Skip(kind, stated, line, conditional or bool(state.conditions), where))

    def _take_check(self, child: Node, state: _State) -> bool:
        """Record a check; whether there was one."""
        checked = self.roles.checks.get(child.id)
        if checked is None and self.check_names and called_leaf(child) in self.check_names:
            checked = child
        if checked is None:
            return False
        one = assertion(child, checked, state.conditions, state.loop)
        dead = state.dead or ("swallowed" if self._ends_in_swallow(child) else "")
        if child.id in self.roles.vacuous or vacuous_text(one):
            dead = dead or "vacuous"
        # https://jestjs.io/docs/asynchronous#resolves--rejects: without await or return the test ends before the check.
        elif self.language in ("javascript", "typescript", "tsx") and not one.awaited and needs_await(one.text):
            dead = dead or "floating"
        if dead:
            self.found.dead.append(replace(one, dead=dead))
        else:
            self.found.asserts.append(one)
        if child.type in _HOLDERS:
            dead = dead or ("swallowed" if wants_any_error(one.text) else "")
            around = (*state.conditions, normal(checked)) if child.type == "with_statement" else state.conditions
            inside = replace(state, conditions=around, dead=dead if dead != "vacuous" else "")
            self._walk_blocks(child, inside)
        return True

    def _ends_in_swallow(self, node: Node) -> bool:
        """Whether the check's own chain of calls goes on with one that drops its failure (`.catch(() => {})`)."""
        at: Node | None = node
        while at is not None and at.type in ("call_expression", "member_expression"):
            at = at.child_by_field_name("function") or at.child_by_field_name("object")
            if at is not None and at.id in self.roles.swallows:
                return True
        return False

    def _early_return(self, node: Node, conditions: tuple[str, ...]) -> list[Skip]:
        """A return before the first check: under a condition, or so that what follows never runs."""
        around, at = [], node.parent
        while at is not None and at.id != self.root.id:
            around.append(at)
            at = at.parent
        functions = sum(one.id in self.roles.functions for one in around)
        if self.kind in ("test", "helper") and functions > self._own_functions():
            # A return of a function inside; in a group such functions declare tests.
            return []
        line = node.start_point.row + 1
        if conditions:
            return [Skip("return", conditions[-1], line, True)]
        whole = all(one.type in _BLOCKS or one.type in _PLAIN for one in around)
        return [Skip("return", "return", line)] if node.next_named_sibling is not None and whole else []

    def _walk_blocks(self, node: Node, state: _State) -> None:
        """Inside a check only the blocks that it runs can hold further checks."""
        for child in node.named_children:
            if child.id not in self.nested:
                inner = self._enter(child, state) if child.id in self.roles.swallows else state
                (self._walk if child.type in _BLOCKS else self._walk_blocks)(child, inner)


_CALLBACK = re.compile(
    r"(?:function\s*\w*\s*\(|\(|,\s*)(?:done|cb|callback|t|assert|next|resolve)\b[^)]*\)?\s*(?:=>|\{)"
)


def assertion(node: Node, checked: Node, conditions: tuple[str, ...] = (), loop: int = 0) -> Assertion:
    """The check at a node; `checked` is the part of it that states what is demanded."""
    return Assertion(
        normal(checked), node.start_point.row + 1, conditions, loop, source(checked), "", _is_awaited(node)
    )


def _is_awaited(node: Node) -> bool:
    at: Node | None = node
    for _ in range(12):  # Deeper than any chain of calls that a person writes.
        if at is None or (_STATEMENTS.search(at.type) and at.type not in _AWAITS):
            return False
        if at.type in _AWAITS or (at.id == node.id and source(at).startswith("await ")):
            return True
        at = at.parent
    return False
