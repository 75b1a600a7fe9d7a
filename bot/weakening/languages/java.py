"""Java: JUnit 3, 4 and 5, TestNG, AssertJ, Hamcrest, Mockito, Truth."""

from __future__ import annotations

import re

import tree_sitter_java
from tree_sitter import Node

from bot.weakening.model import Skip
from bot.weakening.nodes import callee, normal, squeeze, text
from bot.weakening.tree import Context, Grammar, Names, Start

_TESTS = re.compile(
    r"^(?:\w+\.)*(?:Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property|Theory|Example)$"
)
_SKIPS = re.compile(
    r"^(?:\w+\.)*(?:Disabled\w*|Ignore\w*|EnabledI\w+|EnabledO\w+|EnabledFor\w+|Pending|Manual|NotRun)$"
)
_CHECK = re.compile(r"^_?(?:assert\w*|verify\w*|fail|expect\w*|check[A-Z]\w*|then|should\w*|andExpect\w*|ensure\w*)$")
_ROWS = re.compile(r"^(?:ValueSource|CsvSource|EnumSource|Parameters|DataProvider|CsvFileSource)$")


def _start(node: Node, _names: Names, context: Context) -> Start | None:
    if node.type in ("class_declaration", "interface_declaration", "enum_declaration", "record_declaration"):
        start = Start(text(node.child_by_field_name("name")), "group", node, node)
    elif node.type == "method_declaration":
        name = text(node.child_by_field_name("name"))
        annotated = any(_TESTS.match(_name(one)) for one in _annotations(node))
        old = context.test_path and name.startswith("test") and "TestCase" in context.source and _found_by_name(node)
        start = Start(name, "test" if annotated or old else "helper", node, node)
    else:
        return None
    for annotation in _annotations(node):
        _annotate(start, annotation)
    return start


def _found_by_name(node: Node) -> bool:
    """JUnit 3 runs public methods without parameters."""
    modifiers = next((child for child in node.named_children if child.type == "modifiers"), None)
    parameters = node.child_by_field_name("parameters")
    return "public" in text(modifiers).split() and (parameters is None or not parameters.named_children)


def _annotations(node: Node) -> list[Node]:
    modifiers = next((child for child in node.named_children if child.type == "modifiers"), None)
    if modifiers is None:
        return []
    return [child for child in modifiers.named_children if child.type in ("annotation", "marker_annotation")]


def _name(annotation: Node) -> str:
    return text(annotation.child_by_field_name("name"))


def _annotate(start: Start, annotation: Node) -> None:
    name, line = _name(annotation), annotation.start_point.row + 1
    arguments = squeeze(text(annotation.child_by_field_name("arguments")))
    if _SKIPS.match(name):
        conditional = bool(re.search(r"(?:On|If|For|Until|Enabled)", name)) and name != "Ignore"
        start.skips.append(Skip("skip", f"{name}{arguments}" if conditional else "Disabled", line, conditional))
    if _TESTS.match(name) and "enabled=false" in arguments:
        start.skips.append(Skip("skip", "enabled=false", line))
    if _TESTS.match(name) and re.search(r"\bexpected(?:Exceptions)?=", arguments):
        start.head_checks.append(annotation)
    if name == "SuppressWarnings":
        return
    if _ROWS.match(name):
        start.rows.extend(_elements(annotation))


def _elements(node: Node) -> list[str]:
    array = _find(node, "element_value_array_initializer")
    return [normal(child) for child in array.named_children] if array is not None else []


def _find(node: Node, kind: str) -> Node | None:
    for child in node.named_children:
        found = child if child.type == kind else _find(child, kind)
        if found is not None:
            return found
    return None


def _check(node: Node, context: Context) -> Node | None:
    if node.type == "assert_statement":
        return node
    if node.type != "method_invocation":
        return None
    names = [node]
    at = node.child_by_field_name("object")
    while at is not None and at.type == "method_invocation":
        names.append(at)
        at = at.child_by_field_name("object")
    for one in names:
        leaf = text(one.child_by_field_name("name"))
        if _CHECK.match(leaf) or (leaf in context.check_names and len(names) == 1):
            return node
    return None


def _rows(node: Node) -> list[str]:
    """Rows of what a provider of parameters gives: `{{1, 2}, {3, 4}}`, `Stream.of(Arguments.of(…), …)`."""
    if node.type == "array_initializer":
        rows = [child for child in node.named_children if child.type == "array_initializer"]
    elif node.type == "argument_list":
        rows = [
            child
            for child in node.named_children
            if child.type == "array_creation_expression"
            or (child.type == "method_invocation" and re.search(r"^(?:Arguments\.)?(?:of|arguments)$", callee(child)))
        ]
    else:
        return []
    return [normal(child) for child in rows] if len(rows) > 1 else []


def _skip(node: Node, _context: Context) -> Skip | None:
    line = node.start_point.row + 1
    if node.type == "method_invocation":
        leaf = callee(node).rsplit(".", 1)[-1]
        if re.fullmatch(r"assum(?:e\w*|ing\w*)", leaf):
            arguments = node.child_by_field_name("arguments")
            return Skip("skip", f"assume{normal(arguments) if arguments else ''}", line, True)
    if node.type == "throw_statement" and "SkipException" in text(node):
        return Skip("skip", "skip()", line)
    return None


JAVA = Grammar(
    name="java",
    language=tree_sitter_java.language,
    start=_start,
    check=_check,
    skip=_skip,
    rows=_rows,
    branches=frozenset({"if_statement", "ternary_expression", "switch_block_statement_group", "catch_clause"}),
    loops=frozenset({"for_statement", "enhanced_for_statement", "while_statement"}),
    comments=frozenset({"line_comment", "block_comment"}),
    descend=False,
)
