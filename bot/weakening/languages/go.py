"""Go: testing, testify, gocheck, Ginkgo with Gomega."""

from __future__ import annotations

import re

import tree_sitter_go
from tree_sitter import Node

from bot.weakening.model import Skip
from bot.weakening.nodes import callee, normal, text
from bot.weakening.tree import Context, Grammar, Names, Start

_TEST = re.compile(r"^(?:Test|Fuzz|Example)(?:[A-Z_0-9]|$)|^Benchmark(?:[A-Z_]|$)")
_GINKGO = re.compile(
    r"^(?:ginkgo\.|g\.)?(?P<mark>[FPX]?)(?P<name>Describe|Context|When|It|Specify|DescribeTable|Entry)$"
)
_PACKAGES = (
    "assert",
    "require",
    "is",
    "must",
    "qt",
    "c",
    "s",
    "suite",
    "check",
    "td",
    "test",
    "cmp",
    "g",
    "gomega",
    "r",
    "a",
)
_METHODS = re.compile(
    r"^(?:Equal\w*|NotEqual\w*|Exactly|Same|NotSame|Nil|NotNil|True|False|Error\w*|NoError\w*|Errorf|NotError\w*|Contains\w*|"
    r"NotContains\w*|Empty\w*|NotEmpty\w*|Zero|NotZero|Len\w*|Panics\w*|NotPanics\w*|Regexp\w*|NotRegexp|Greater\w*|Less\w*|"
    r"InDelta\w*|InEpsilon\w*|WithinDuration\w*|JSONEq\w*|YAMLEq\w*|Implements\w*|IsType\w*|ElementsMatch\w*|Subset\w*|"
    r"Eventually\w*|Never\w*|Condition\w*|Fail\w*|FailNow\w*|DeepEqual|Assert|Check|Positive|Negative|HTTP\w+|FileExists|"
    r"DirExists|Eq|NotEq|Ok|NotOk|AssertExpectations|AssertCalled|AssertNotCalled|AssertNumberOfCalls|ErrorIs|ErrorAs)$"
)
_FAILS = re.compile(r"^(?:t|tt|b|c|tb|suite\.T\(\)|s\.T\(\))\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)$")
_SKIPS = re.compile(r"^(?:t|tt|b|c|tb|s|suite|s\.T\(\)|suite\.T\(\))\.(?:Skip|Skipf|SkipNow)$|^(?:ginkgo\.)?Skip$")

_SKIP_HELPER = re.compile(r"^(?:\w+\.)?[sS]kip(?:[A-Z]\w*|_\w+)?$")
"""A helper that is given the test and called after skipping, wherever it is kept."""


def _start(node: Node, _names: Names, context: Context) -> Start | None:
    if node.type in ("function_declaration", "method_declaration"):
        name = text(node.child_by_field_name("name"))
        kind = "test" if context.test_path and _TEST.match(name) else "helper"
        return Start(name, kind, node, node)
    if node.type == "call_expression" and context.test_path:
        return _call(node)
    return None


def _call(node: Node) -> Start | None:
    name = callee(node)
    arguments = node.child_by_field_name("arguments")
    if arguments is None or not arguments.named_children:
        return None
    title = arguments.named_children[0]
    ginkgo = _GINKGO.match(name)
    label = _title(title)
    if label is None:
        return None
    line = node.start_point.row + 1
    if name.endswith(".Run") and any(child.type == "func_literal" for child in arguments.named_children):
        return Start(label, "test", node, arguments)
    if ginkgo is None:
        return None
    kind = "test" if ginkgo["name"] in ("It", "Specify", "Entry") else "group"
    start = Start(label, kind, node, arguments)
    if ginkgo["mark"]:
        start.skips.append(Skip("focus" if ginkgo["mark"] == "F" else "skip", ginkgo["mark"], line))
    if any(text(child) in ("Pending", "ginkgo.Pending") for child in arguments.named_children):
        start.skips.append(Skip("skip", "P", line))
    return start


def _title(node: Node) -> str | None:
    """A title, or the words in an expression that makes one; None where it is only a variable."""
    if node.type in ("interpreted_string_literal", "raw_string_literal"):
        return text(node).strip('"`')
    if node.type not in ("call_expression", "binary_expression"):
        return None
    words = [re.sub(r"%[-+#\d.]*\w", "", one).strip('"`') for one in re.findall(r"\"[^\"]*\"|`[^`]*`", text(node))]
    return next((one for one in words if re.search(r"[A-Za-z]{3}", one)), None)


def _check(node: Node, context: Context) -> Node | None:
    if node.type == "if_statement":
        return _failing_branch(node)
    if node.type != "call_expression":
        return None
    name = callee(node)
    head, _, leaf = name.rpartition(".")
    if _FAILS.match(name):
        return node
    if head.split(".")[0].split("(")[0] in _PACKAGES and _METHODS.match(leaf):
        return node
    root = re.match(r"^(?:gomega\.)?(?:Expect|Eventually|Consistently|Ω)\(", name)
    if root or (leaf in context.check_names and not _TEST.match(leaf)):
        return node
    if re.match(r"^(?:check|verify|expect|assert|compare|require|test)[A-Z]\w*$", leaf) and not head:
        return node
    return None


def _failing_branch(node: Node) -> Node | None:
    """`if got != want { t.Errorf(…) }` is one check, and its condition is what it checks."""
    block = node.child_by_field_name("consequence")
    condition = node.child_by_field_name("condition")
    if block is None or condition is None or node.child_by_field_name("alternative") is not None:
        return None
    statements = [
        s
        for child in block.named_children
        for s in (child.named_children if child.type == "statement_list" else [child])
    ]
    calls = [s.named_children[0] for s in statements if s.type == "expression_statement" and s.named_children]
    if calls and len(statements) <= 3 and any(c.type == "call_expression" and _FAILS.match(callee(c)) for c in calls):
        return condition
    return None


def _skip(node: Node, _context: Context) -> Skip | None:
    if node.type != "call_expression":
        return None
    name, line = callee(node), node.start_point.row + 1
    if _SKIPS.match(name):
        return Skip("skip", "skip()", line)
    arguments = node.child_by_field_name("arguments")
    first = text(arguments.named_children[0]) if arguments is not None and arguments.named_children else ""
    if _SKIP_HELPER.match(name) and first in ("t", "tb", "b", "tt"):
        return Skip("skip", f"{name}({first})", line, True)
    return None


def _rows(node: Node) -> list[str]:
    """Elements of a slice of structs or of a map: the table of a table test."""
    if node.type != "composite_literal":
        return []
    kind, body = node.child_by_field_name("type"), node.child_by_field_name("body")
    if (
        kind is None
        or body is None
        or kind.type not in ("slice_type", "map_type", "array_type", "implicit_length_array_type")
    ):
        return []
    rows = [child for child in body.named_children if child.type in ("literal_element", "keyed_element")]
    structured = [child for child in rows if "{" in text(child)]
    return [normal(child) for child in structured]


GO = Grammar(
    name="go",
    language=tree_sitter_go.language,
    start=_start,
    check=_check,
    skip=_skip,
    rows=_rows,
    branches=frozenset({"if_statement", "expression_case", "type_case"}),
    loops=frozenset({"for_statement"}),
    comments=frozenset({"comment"}),
)
