"""Rust: #[test] and its kin, rstest and test_case rows, proptest; tests also live inside the product's files."""

from __future__ import annotations

import re

import tree_sitter_rust
from tree_sitter import Node

from bot.weakening.model import Skip
from bot.weakening.nodes import callee, normal, squeeze, text
from bot.weakening.strength import split_arguments
from bot.weakening.tree import Context, Grammar, Names, Start

_TEST = re.compile(
    r"^(?:\w+::)*(?:test|rstest|test_case|quickcheck|wasm_bindgen_test|proptest|case|test_log|traced_test|bench)\b"
)
_CHECK = re.compile(r"^(?:\w+::)*(?:debug_)?(?:assert\w*|prop_assert\w*|check\w*|expect\w*|insta|panic|unreachable)$")
_NAME = re.compile(r"^(?:assert|check|verify|expect|compare|validate)_\w+$")


_WRAPPED = re.compile(r"^([ \t]*)(?:\w+::)*(\w+)!\s*(?:\w+\s*)?\{(?=[^\n]*$)", re.MULTILINE)


def without_wrapping(source: str) -> str:
    """The file as if macros that wrap whole tests (`rt_test! { … }`, `proptest! { … }`) were modules, line by line.

    A macro's arguments have no syntax tree, so nothing in them could be compared.
    """
    if "!" not in source or "#[" not in source:
        return source

    def module(hit: re.Match[str]) -> str:
        end = source.find(f"\n{hit[1]}}}", hit.end())
        wraps = re.search(r"#\[(?:\w+::)*\w*test", source[hit.end() : max(end, hit.end())])
        return f"{hit[1]}mod {hit[2]} {{" if wraps and hit[2] != "macro_rules" else hit[0]

    return _WRAPPED.sub(module, source)


def _start(node: Node, names: Names, context: Context) -> Start | None:
    if node.type not in ("function_item", "mod_item", "impl_item"):
        return None
    attributes = _attributes(node)
    if node.type == "function_item":
        name = text(node.child_by_field_name("name"))
        is_test = any(_TEST.match(one) for one, _ in attributes)
        hidden = "helper" if context.test_path or "tests" in names or "test" in names else "code"
        start = Start(name, "test" if is_test else hidden, node, node)
    else:
        name = text(node.child_by_field_name("name")) or squeeze(text(node.child_by_field_name("type")))
        inline = node.child_by_field_name("body") is not None
        start = Start(name, "group" if inline else "code", node, node)
    for one, line in attributes:
        _attribute(start, one, line)
    if start.kind == "test":
        start.head_checks += [
            one for one in _attribute_nodes(node) if re.match(r"#\[should_panic[(=]", squeeze(text(one)))
        ]
    return start


def _attributes(node: Node) -> list[tuple[str, int]]:
    return [(squeeze(text(one))[2:-1], one.start_point.row + 1) for one in _attribute_nodes(node)]


def _attribute_nodes(node: Node) -> list[Node]:
    found = []
    at = node.prev_named_sibling
    while at is not None and at.type in ("attribute_item", "line_comment", "block_comment"):
        if at.type == "attribute_item":
            found.append(at)
        at = at.prev_named_sibling
    return found[::-1]


def _attribute(start: Start, attribute: str, line: int) -> None:
    if re.match(r"ignore\b", attribute):
        start.skips.append(Skip("skip", "ignore", line))
    elif re.fullmatch(r"should_panic", attribute):
        start.skips.append(Skip("xfail", "should_panic", line))
    elif re.match(r"cfg_attr\(.*\b(?:ignore|should_panic)\b", attribute):
        start.skips.append(Skip("skip", attribute, line, True))
    elif re.match(r"cfg\(", attribute) and attribute != "cfg(test)":
        start.skips += _demands(attribute, line)
    elif re.match(r"(?:case|test_case)(?:::\w+)?\(", attribute):
        start.rows.append(attribute)


def _check(node: Node, context: Context) -> Node | None:
    if node.type == "macro_invocation":
        return node if _CHECK.match(squeeze(text(node.child_by_field_name("macro")))) else None
    if node.type == "call_expression":
        name = callee(node)
        leaf = re.split(r"::|\.", name)[-1]
        if leaf in context.check_names or _NAME.match(leaf) or (".assert" in name and leaf != "assert"):
            return node
    return None


def _skip(_node: Node, _context: Context) -> Skip | None:
    return None


def _declared(root: Node) -> list[Skip]:
    """What a file says of itself: `#![cfg(unix)]`."""
    found: list[Skip] = []
    for node in root.named_children:
        inside = squeeze(text(node))[3:-1] if node.type == "inner_attribute_item" else ""
        if inside.startswith("cfg("):
            found += _demands(inside, node.start_point.row + 1)
    return found


def _demands(cfg: str, line: int) -> list[Skip]:
    """What a `cfg` demands at once, each for itself; features count as one, as they are named in many ways."""
    hit = re.fullmatch(r"cfg\(all\((.*)\)\)", cfg)
    parts = split_arguments(hit[1]) if hit else [cfg[4:-1]]
    features = sorted(part for part in parts if part.startswith("feature="))
    named = ([",".join(features)] if features else []) + [part for part in parts if part not in features]
    return [Skip("cfg", f"cfg({part})", line, True) for part in named]


def _rows(node: Node) -> list[str]:
    """Elements of an array of tuples: the table of a table test."""
    if node.type != "array_expression":
        return []
    rows = [child for child in node.named_children if child.type in ("tuple_expression", "struct_expression")]
    return [normal(child) for child in rows] if len(rows) > 1 else []


RUST = Grammar(
    name="rust",
    language=tree_sitter_rust.language,
    start=_start,
    check=_check,
    skip=_skip,
    rows=_rows,
    branches=frozenset({"if_expression", "match_arm"}),
    loops=frozenset({"for_expression", "while_expression", "loop_expression"}),
    comments=frozenset({"line_comment", "block_comment"}),
    returns=frozenset({"return_expression"}),
    descend=False,
    declared=_declared,
)
