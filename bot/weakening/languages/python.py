"""Python: pytest, unittest, nose, doctest-free. tree-sitter's grammar also reads what only Python 2 accepted."""

from __future__ import annotations

import re

import tree_sitter_python
from tree_sitter import Node

from bot.weakening.model import Skip
from bot.weakening.nodes import callee, normal, squeeze, text
from bot.weakening.tree import Context, Grammar, Names, Start, no_rows

_SKIP_MARK = re.compile(
    r"(?:^|[._])(?:skip\w*|xfail\w*|expected_?failure\w*|nottest|known_?fail\w*|disabled?|importorskip)$", re.IGNORECASE
)
_CONDITIONAL = re.compile(r"skip_?if|skip_?unless|importorskip|xfail_?if|skip_on|skip_when", re.IGNORECASE)
_SKIP_CALL = re.compile(
    r"^(?:pytest\.|py\.test\.|unittest\.|self\.|testing\.)?(?:skip|xfail|importorskip|skipTest|skip_test|Skip\w*|SKIP)$"
)
_SKIP_HELPER = re.compile(r"^(?:self\.|\w+\.)?_?skip_?(?:if|unless|on|when|for)_\w+$", re.IGNORECASE)
_CHECK = re.compile(
    r"^_?(?:assert\w*|expect\w*|verify\w*|check_?[A-Z_]\w*|check|ensure\w*|raises|warns|fail(?:If|Unless)?\w*"
    r"|should\w*|compare\w*|deprecated_call|warns_\w+|ok_|eq_|ne_|in_|is_)$"
)
_NOT_CHECK = re.compile(
    r"^(?:assert_?(?:ion)?s?_?(?:helper|factory)|check_output|check_call|expected?|should_receive)$"
)
_TEST_NAME = re.compile(r"^test(?![a-z]*_?(?:data|client|app|dir)$)", re.IGNORECASE)


def _start(node: Node, _names: Names, context: Context) -> Start | None:
    definition = node
    decorators: list[Node] = []
    if node.type == "decorated_definition":
        inner = node.child_by_field_name("definition")
        if inner is None:
            return None
        definition = inner
        decorators = [child for child in node.named_children if child.type == "decorator"]
    if definition.type not in ("function_definition", "class_definition"):
        return None
    name = text(definition.child_by_field_name("name"))
    start = Start(name, _kind(definition, name, decorators, context), node, definition)
    for decorator in decorators:
        _decorate(start, decorator, context)
    return start


def _kind(node: Node, name: str, decorators: list[Node], context: Context) -> str:
    if node.type == "class_definition":
        return "group"
    if any(re.search(r"\bfixture\b", text(one)) for one in decorators):
        return "helper"
    return "test" if context.test_path and _TEST_NAME.match(name) else "helper"


def _decorate(start: Start, decorator: Node, context: Context) -> None:
    expression = decorator.named_children[0] if decorator.named_children else decorator
    name = callee(expression) if expression.type == "call" else squeeze(text(expression))
    line = decorator.start_point.row + 1
    leaf = name.rsplit(".", 1)[-1]
    if _SKIP_MARK.search(name) or leaf in context.skip_names:
        start.skips.append(_mark(name, expression, line, leaf in context.skip_names))
    elif leaf in ("parametrize", "expand", "data", "cases", "params", "unpack", "parameterize"):
        start.rows.extend(_parameters(expression))
    elif leaf in ("raises", "warns"):
        start.head_checks.append(expression)
    for skip in _row_marks(expression):
        start.skips.append(skip)


def _mark(name: str, expression: Node, line: int, alias: bool = False) -> Skip:
    conditional = bool(_CONDITIONAL.search(name)) or alias or _has_condition(expression)
    kind = "xfail" if re.search(r"xfail|expected_?failure|known_?fail", name, re.IGNORECASE) else "skip"
    return Skip(kind, f"{name}({_first_argument(expression)})" if conditional else name, line, conditional)


def _has_condition(expression: Node) -> bool:
    """`xfail(condition, reason=…)`: a first positional argument that is no text."""
    arguments = expression.child_by_field_name("arguments")
    if arguments is None or not squeeze(text(expression)).startswith(("pytest.mark.xfail(", "mark.xfail(")):
        return False
    first = arguments.named_children[0] if arguments.named_children else None
    return first is not None and first.type not in ("keyword_argument", "string", "comment")


def _first_argument(expression: Node) -> str:
    arguments = expression.child_by_field_name("arguments")
    first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    return normal(first) if first is not None else ""


def _parameters(call: Node) -> list[str]:
    arguments = call.child_by_field_name("arguments")
    if arguments is None:
        return []
    lists = [child for child in arguments.named_children if child.type in ("list", "tuple", "set")]
    rows = lists[-1] if lists else None
    if rows is None:
        return [normal(child) for child in arguments.named_children] if callee(call).endswith("data") else []
    return [_bare_row(child) for child in rows.named_children if child.type != "comment"]


def _bare_row(node: Node) -> str:
    """A row without its id and marks, so that marking a row does not make it another one."""
    if node.type == "call" and callee(node).endswith("param"):
        arguments = node.child_by_field_name("arguments")
        inner = (
            [normal(c) for c in arguments.named_children if c.type not in ("keyword_argument", "comment")]
            if arguments
            else []
        )
        return inner[0] if len(inner) == 1 else f"({','.join(inner)})"
    return normal(node)


def _row_marks(node: Node) -> list[Skip]:
    """Marks of single rows: `pytest.param(…, marks=pytest.mark.xfail)`."""
    found = []
    if node.type == "call" and callee(node).endswith("param"):
        arguments = node.child_by_field_name("arguments")
        for child in arguments.named_children if arguments else []:
            if child.type == "keyword_argument" and re.search(r"\b(?:skip|xfail)", text(child)):
                found.append(Skip("row", f"row {_bare_row(node)}", node.start_point.row + 1, True))
        return found
    for child in node.named_children:
        if child.type in ("argument_list", "list", "tuple", "call", "list_comprehension"):
            found += _row_marks(child)
    return found


def _check(node: Node, context: Context) -> Node | None:
    if node.type == "assert_statement":
        return node.named_children[0] if node.named_children else node
    if node.type == "if_statement":
        return _raising_branch(node)
    if node.type == "with_statement":
        clause = next((c for c in node.named_children if c.type == "with_clause"), None)
        if clause is not None and re.search(
            r"\b(?:raises|warns|assert\w*|deprecated_call|warns_\w+)\s*\(", text(clause)
        ):
            return clause
        return None
    if node.type == "call":
        name = callee(node)
        leaf = name.rsplit(".", 1)[-1]
        if leaf in context.check_names or (_CHECK.match(leaf) and not _NOT_CHECK.match(leaf)):
            return node
    return None


def _raising_branch(node: Node) -> Node | None:
    """`if not (…): raise` is a check, and its condition is what it checks."""
    block, condition = node.child_by_field_name("consequence"), node.child_by_field_name("condition")
    if block is None or condition is None or node.child_by_field_name("alternative") is not None:
        return None
    statements = [child for child in block.named_children if child.type != "comment"]
    raised = len(statements) == 1 and statements[0].type == "raise_statement" and text(statements[0])
    if not raised or not re.fullmatch(
        r"raise(?:\s+(?:AssertionError|Exception|ValueError|RuntimeError)\b.*)?", raised, re.S
    ):
        return None
    negated = condition.type == "not_operator"
    return condition.named_children[-1] if negated and condition.named_children else condition


def _skip(node: Node, _context: Context) -> Skip | None:
    line = node.start_point.row + 1
    if node.type == "call":
        name = callee(node)
        if _SKIP_CALL.match(name) and _is_skip(name, node):
            conditional = "importorskip" in name
            kind = "xfail" if "xfail" in name else "skip"
            return Skip(kind, f"{name}({_first_argument(node)})" if conditional else "skip()", line, conditional)
        if _SKIP_HELPER.match(name):
            return Skip("skip", f"{name}()", line, True)
    if node.type == "raise_statement" and re.search(r"\bSkip(?:Test|ped)?\b", text(node)):
        return Skip("skip", "skip()", line)
    if node.type == "assignment":
        return _assigned(node, line)
    return None


def _is_skip(name: str, node: Node) -> bool:
    """`skip` alone is a skip only where it gets a reason, or nothing."""
    arguments = node.child_by_field_name("arguments")
    first = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    if "." in name and not name.startswith("self."):
        return name.split(".")[0] in ("pytest", "unittest", "testing", "py") and not name.startswith("unittest.skip")
    if name in ("skip", "SKIP"):
        return first is None or first.type in ("string", "concatenated_string", "binary_operator", "keyword_argument")
    return name in ("self.skipTest", "importorskip", "xfail", "skipTest", "skip_test")


def _assigned(node: Node, line: int) -> Skip | None:
    left, right = text(node.child_by_field_name("left")), node.child_by_field_name("right")
    value = squeeze(text(right))
    if left == "pytestmark" and re.search(r"\b(?:skip|xfail)", value):
        hit = re.search(r"(?:skip|xfail)\w*", value)
        name = hit[0] if hit else "skip"
        condition = name == "skipif"
        inside = re.search(r"skipif\((.*?)(?:,reason|\))", value) if condition else None
        return Skip("xfail" if "xfail" in name else "skip", inside[0] if inside else name, line, condition)
    if left == "__test__" and value == "False":
        return Skip("skip", "__test__=False", line)
    if left.startswith("collect_ignore"):
        return Skip("skip", f"{left}={value}", line)
    return None


def skip_names(source: str) -> frozenset[str]:
    """Module names that stand for a skip: `needs_x = pytest.mark.skipif(…)`."""
    return frozenset(re.findall(r"^(\w+)\s*=\s*(?:pytest\.)?(?:mark\.|unittest\.)(?:skip|xfail)", source, re.MULTILINE))


PYTHON = Grammar(
    name="python",
    language=tree_sitter_python.language,
    start=_start,
    check=_check,
    skip=_skip,
    rows=no_rows,
    branches=frozenset({"if_statement", "elif_clause", "conditional_expression", "except_clause"}),
    loops=frozenset({"for_statement", "while_statement", "list_comprehension", "generator_expression"}),
    comments=frozenset({"comment"}),
    descend=False,
)
