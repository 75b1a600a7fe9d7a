"""JavaScript and TypeScript: Jest, Mocha, Vitest, Jasmine, AVA, tap, node:test, Playwright, Cypress."""

from __future__ import annotations

import re

import tree_sitter_javascript
import tree_sitter_typescript
from tree_sitter import Node

from bot.weakening.model import Skip
from bot.weakening.nodes import callee, normal, text
from bot.weakening.tree import Context, Grammar, Names, Start, no_rows

_GROUPS = "describe|context|suite|xdescribe|fdescribe|ddescribe|xcontext|fcontext|xsuite"
_TESTS = "it|test|specify|xit|fit|iit|xtest|xspecify|pit|tap|t|tst|ava|property|scenario|bench"
_START = re.compile(
    rf"^(?:(?:tap|t|test|QUnit|Deno|nt|base|self|suite)\.)?(?P<name>{_GROUPS}|{_TESTS})(?P<rest>(?:\.\w+)*)$"
)
_MODIFIERS = {
    "skip": "skip", "only": "focus", "todo": "skip", "failing": "xfail", "fails": "xfail", "fail": "xfail",
    "fixme": "skip", "skipIf": "skip", "runIf": "skip", "pending": "skip", "ignore": "skip",
}  # fmt: skip
_PREFIXES = {"x": "skip", "f": "focus"}
_CHECK = re.compile(
    r"^(?:(?:t|test|tap|assert|tst|self|expect|chai|sinon|cy|st|tt|ok)\.)?(?:assert(?:\.\w+)*|expect\w*|should|ok|notOk|"
    r"equals?|notEquals?|not|is|isNot|same|notSame|similar|strictEqual|strictSame|deepEqual|deepStrictEqual|looseEqual|"
    r"notDeepEqual|notStrictEqual|isDeeply|like|match|notMatch|regex|notRegex|throws|throwsAsync|notThrows|notThrowsAsync|"
    r"rejects|resolves|doesNotThrow|doesNotReject|resolveMatch|type|truthy|falsy|true|false|fail|error|ifError|snapshot|"
    r"matchSnapshot|plan|contains?|has|emits|include|exists|isTrue|isFalse|isNull|isUndefined)$"
)
_ROOTS = ("expect", "assert", "t", "test", "tap", "sinon", "chai", "should", "cy", "st", "tt")


def _start(node: Node, _names: Names, context: Context) -> Start | None:
    if node.type == "call_expression":
        return _call(node, context)
    if node.type in ("function_declaration", "method_definition", "class_declaration"):
        name = text(node.child_by_field_name("name"))
        return Start(name, "helper", node, node) if name else None
    if node.type == "variable_declarator" and _is_function(node.child_by_field_name("value")):
        return Start(text(node.child_by_field_name("name")), "helper", node, node)
    if node.type == "assignment_expression" and _is_function(node.child_by_field_name("right")):
        left = text(node.child_by_field_name("left"))
        return Start(left, "test" if re.search(r"\.test\w*$", left) else "helper", node, node)
    if node.type == "pair" and _is_function(node.child_by_field_name("value")):
        key = text(node.child_by_field_name("key")).strip("'\"`")
        if context.test_path and key.startswith("test"):
            return Start(key, "test", node, node)
    return None


def _is_function(node: Node | None) -> bool:
    return node is not None and node.type in ("arrow_function", "function_expression", "function", "generator_function")


def _call(node: Node, context: Context) -> Start | None:
    rows: list[str] = []
    function = node.child_by_field_name("function")
    name = callee(node)
    if function is not None and function.type == "call_expression":
        name = callee(function)
        rows = _each(function)
    elif function is not None and function.type == "template_string":
        name = name.split("`", 1)[0]
    hit = _START.match(name.split("`", 1)[0])
    arguments = node.child_by_field_name("arguments")
    if hit is None or arguments is None or not arguments.named_children or not context.test_path:
        return None
    title = arguments.named_children[0]
    blocks = [child for child in arguments.named_children if _is_function(child)]
    modifiers = hit["rest"].split(".")[1:]
    if not blocks and "todo" not in modifiers and not (title.type == "string" and len(arguments.named_children) > 1):
        return None
    base = hit["name"]
    if base in ("t", "tap", "tst") and title.type not in ("string", "template_string"):
        return None
    kind = "group" if re.fullmatch(_GROUPS, base) else "test"
    label = (
        text(title).strip("'\"`")
        if title.type in ("string", "template_string", "identifier", "binary_expression")
        else ""
    )
    start = Start(label or f"#{base}", kind, node, arguments, rows=rows)
    start.skips += _marks(node, base, modifiers, arguments)
    return start


def _each(call: Node) -> list[str]:
    """The rows of `it.each([…])`, and of nothing else."""
    arguments = call.child_by_field_name("arguments")
    if not callee(call).endswith((".each", ".for")) or arguments is None:
        return []
    array = next((child for child in arguments.named_children if child.type == "array"), None)
    return [normal(child) for child in array.named_children if child.type != "comment"] if array is not None else []


def _marks(node: Node, base: str, modifiers: list[str], arguments: Node) -> list[Skip]:
    line = node.start_point.row + 1
    found = []
    for modifier in modifiers:
        if modifier in _MODIFIERS:
            conditional = modifier in ("skipIf", "runIf")
            found.append(Skip(_MODIFIERS[modifier], modifier, line, conditional))
    if base[0] in _PREFIXES and base[1:] in ("it", "describe", "test", "context", "suite", "specify"):
        found.append(Skip(_PREFIXES[base[0]], "skip" if base[0] == "x" else "only", line))
    elif base in ("pit", "iit", "ddescribe"):
        found.append(Skip("focus" if base != "pit" else "skip", base, line))
    for argument in arguments.named_children:
        if argument.type == "object":
            found += _options(argument)
    return found


def _options(node: Node) -> list[Skip]:
    """`{skip: true}` and its like, of tap and node:test."""
    found = []
    for pair in node.named_children:
        key, value = text(pair.child_by_field_name("key")).strip("'\""), text(pair.child_by_field_name("value"))
        if (
            pair.type == "pair"
            and key in ("skip", "todo", "only", "ignore")
            and value not in ("false", "undefined", "''")
        ):
            literal = value == "true" or value[:1] in "'\"`"
            kind = "focus" if key == "only" else "skip"
            found.append(Skip(kind, key if literal else f"{key}:{normal(pair)}", pair.start_point.row + 1, not literal))
    return found


def _check(node: Node, context: Context) -> Node | None:
    if node.type != "call_expression":
        return node if node.type == "member_expression" and _property_check(node) else None
    root = _root(node)
    name = callee(node)
    if root.split(".")[0] == "expect" or root.startswith(("assert", "sinon.assert", "chai.")) or ".should" in name:
        return node
    head = name.split(".")[0]
    if name.rsplit(".", 1)[-1] in context.check_names or name == "done.fail" or _chained_check(node):
        return node
    if re.match(r"^(?:check|verify|validate|expect|assert|compare)[A-Z_]\w*$", name):
        return node
    return node if head in _ROOTS and _CHECK.match(name) else None


def _chained_check(node: Node) -> bool:
    """supertest's `request(app).get("/").expect(200)`: a call in the chain demands something of the answer."""
    at: Node | None = node
    while at is not None and at.type in ("call_expression", "member_expression"):
        inner = at.child_by_field_name("function") or at.child_by_field_name("object")
        if at.type == "call_expression" and inner is not None and inner.type == "member_expression":
            leaf = text(inner.child_by_field_name("property"))
            if leaf == "expect" and inner.child_by_field_name("object").type == "call_expression":  # type: ignore[union-attr]
                return True
        at = inner
    return False


def _property_check(node: Node) -> bool:
    """chai's `expect(x).to.be.true`: a chain that ends without a call."""
    parent = node.parent
    return parent is not None and parent.type == "expression_statement" and text(node).startswith("expect(")


def _root(node: Node) -> str:
    """What the whole chain of calls begins with."""
    at: Node | None = node
    while at is not None:
        inner = at.child_by_field_name("function") or at.child_by_field_name("object")
        if inner is None:
            break
        if at.type == "call_expression" and inner.type == "identifier":
            return text(inner)
        if at.type == "call_expression" and re.match(r"^(?:sinon\.)?assert\b", text(inner)):
            return text(inner)
        at = inner
    return text(at)


def _skip(node: Node, _context: Context) -> Skip | None:
    if node.type != "call_expression":
        return None
    name = callee(node)
    arguments = node.child_by_field_name("arguments")
    first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    line = node.start_point.row + 1
    if name in ("this.skip", "t.skip", "ctx.skip", "pending", "context.skip") and (
        first is None or first.type != "arrow_function"
    ):
        return Skip("skip", "skip()", line)
    if name in ("test.skip", "test.fixme", "it.skip", "test.fail"):
        if first is None:
            return Skip("skip", "skip()", line)
        if first.type not in ("string", "template_string"):
            return Skip("skip", f"{name}({normal(first)})", line, True)
    return None


_NODES = {
    "check": _check,
    "skip": _skip,
    "rows": no_rows,
    "start": _start,
    "branches": frozenset({"if_statement", "ternary_expression", "switch_case", "catch_clause"}),
    "loops": frozenset({"for_statement", "for_in_statement", "while_statement"}),
    "comments": frozenset({"comment"}),
}
JAVASCRIPT = Grammar(name="javascript", language=tree_sitter_javascript.language, **_NODES)  # type: ignore[arg-type]
TYPESCRIPT = Grammar(name="typescript", language=tree_sitter_typescript.language_typescript, **_NODES)  # type: ignore[arg-type]
TSX = Grammar(name="tsx", language=tree_sitter_typescript.language_tsx, **_NODES)  # type: ignore[arg-type]
