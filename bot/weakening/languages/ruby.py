"""Ruby: RSpec, minitest, test-unit."""

from __future__ import annotations

import re

import tree_sitter_ruby
from tree_sitter import Node

from bot.weakening.model import Skip
from bot.weakening.nodes import callee, normal, text
from bot.weakening.tree import Context, Grammar, Names, Start, no_rows

_GROUPS = re.compile(r"^(?:RSpec\.)?[xf]?(?:describe|context|feature|shared_examples(?:_for)?|example_group)$")
_TESTS = re.compile(r"^[xf]?(?:it|specify|example|scenario|test|should|pending|its)$")
_CHECK = re.compile(
    r"^(?:assert\w*|refute\w*|flunk|must_\w+|wont_\w+|should(?:_not|_receive)?|to|not_to|to_not|is_expected)$"
)


def _start(node: Node, _names: Names, context: Context) -> Start | None:
    if node.type in ("class", "module"):
        return Start(text(node.child_by_field_name("name")), "group", node, node)
    if node.type in ("method", "singleton_method"):
        name = text(node.child_by_field_name("name"))
        return Start(name, "test" if context.test_path and name.startswith("test_") else "helper", node, node)
    if node.type == "call" and context.test_path:
        return _call(node)
    return None


def _call(node: Node) -> Start | None:
    name = callee(node)
    block = node.child_by_field_name("block")
    group, test = _GROUPS.match(name), _TESTS.match(name)
    arguments = node.child_by_field_name("arguments")
    if not (group or test) or (block is None and (group or arguments is None)):
        return None
    if name == "pending" and _in_example(node):
        return None
    if arguments is None and name in ("pending", "test", "should"):
        return None
    title = arguments.named_children[0] if arguments is not None and arguments.named_children else None
    label = text(title).strip("'\"") if title is not None else normal(block)[:80] if block is not None else ""
    start = Start(label, "group" if group else "test", node, block or node)
    line = node.start_point.row + 1
    leaf = name.rsplit(".", 1)[-1]
    if leaf.startswith("x") or leaf == "pending" or block is None:
        start.skips.append(Skip("skip", "skip", line))
    elif leaf.startswith("f") and leaf != "feature":
        start.skips.append(Skip("focus", "only", line))
    for argument in arguments.named_children if arguments is not None else []:
        value = text(argument)
        hit = re.match(r"^:?(skip|pending|focus)\b(?:\s*=>|:)?\s*(.*)$", value) if value[:1] in ":spf" else None
        if hit and hit[2] not in ("false", "nil") and argument.type in ("simple_symbol", "pair"):
            start.skips.append(Skip("focus" if hit[1] == "focus" else "skip", hit[1], line))
    return start


_SKIP_HELPER = re.compile(r"^skip_(?:if|unless|on|for|when)_?\w*$")


def _in_example(node: Node) -> bool:
    """Whether a call stands in the block of an example, where `pending` marks that example."""
    at = node.parent
    while at is not None:
        if at.type == "call" and re.fullmatch(r"[xf]?(?:it|specify|example|scenario|before)", callee(at)):
            return True
        at = at.parent
    return False


def _check(node: Node, context: Context) -> Node | None:
    if node.type != "call":
        return None
    leaf = text(node.child_by_field_name("method"))
    return node if _CHECK.match(leaf) or leaf in context.check_names else None


def _skip(node: Node, _context: Context) -> Skip | None:
    line = node.start_point.row + 1
    if node.type == "call" and callee(node) in ("skip", "pending", "omit"):
        # A block that may fail is a part of the test only.
        arguments = node.child_by_field_name("arguments")
        conditional = bool(re.search(r":(?:if|unless)\s*=>|\b(?:if|unless):\s", text(arguments)))
        if node.child_by_field_name("block") is None:
            return Skip("skip", "skip()", line, conditional)
    if node.type == "call" and node.child_by_field_name("receiver") is None and _SKIP_HELPER.match(callee(node)):
        return Skip("skip", f"{callee(node)}()", line, True)
    if node.type == "identifier" and _SKIP_HELPER.match(text(node)) and node.parent and "body" in node.parent.type:
        return Skip("skip", f"{text(node)}()", line, True)
    if (
        node.type == "identifier"
        and text(node) in ("skip", "pending")
        and node.parent
        and node.parent.type == "body_statement"
    ):
        return Skip("skip", "skip()", line)
    return None


RUBY = Grammar(
    name="ruby",
    language=tree_sitter_ruby.language,
    start=_start,
    check=_check,
    skip=_skip,
    rows=no_rows,
    branches=frozenset({"if", "unless", "if_modifier", "unless_modifier", "when", "rescue"}),
    loops=frozenset({"while", "for"}),
    comments=frozenset({"comment"}),
    returns=frozenset({"return"}),
)
