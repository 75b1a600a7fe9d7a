"""Texts of syntax nodes: source, source as a formatter would leave it alone, and the name that a call calls."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from bot.syntax.trees import COMMENTS, Node, source


def callee(node: Node) -> str:
    """The dotted name that a call calls, white space and type arguments left out; "" for other nodes."""
    if node.type == "method_invocation":
        name, receiver = node.child_by_field_name("name"), node.child_by_field_name("object")
        own = source(name) if name else ""
        return f"{source(receiver)}.{own}" if receiver is not None else own
    if node.type == "call" and node.child_by_field_name("method") is not None:
        name, receiver = node.child_by_field_name("method"), node.child_by_field_name("receiver")
        own = source(name) if name else ""
        return f"{source(receiver)}.{own}" if receiver is not None else own
    function = node.child_by_field_name("function")
    return squeeze(source(function)) if function is not None else ""


def squeeze(value: str) -> str:
    """Without white space, and with one kind of quote: what a formatter changes."""
    return "".join(value.split()).replace("'", '"')


def tokens(node: Node, skip: frozenset[str] = frozenset()) -> Iterator[str]:
    """The leaves' texts in order."""
    if node.type in skip:
        return
    if node.child_count == 0 or node.type in (
        "string",
        "string_literal",
        "interpreted_string_literal",
        "raw_string_literal",
    ):
        value = source(node)
        if value.strip():
            yield squeeze(value)
        return
    for child in node.children:
        yield from tokens(child, skip)


@lru_cache(maxsize=1 << 15)
def _normal_text(value: str) -> str:
    out = squeeze(value)
    # Formatters add a comma after the last argument when they break a line.
    for end in (",)", ",]", ",}"):
        out = out.replace(end, end[1])
    while out.startswith("(") and out.endswith(")") and out.count("(") == 1:
        out = out[1:-1]
    return out.rstrip(";")


def normal(node: Node) -> str:
    """The node's text as a formatter would leave it alone: no white space, comments or trailing commas, one quote."""
    # Walking the leaves costs much more than the text, and is needed only where comments may be.
    if not any(mark in source(node) for mark in ("#", "//", "/*")):
        return _normal_text(source(node))
    return _normal_text("".join(tokens(node, COMMENTS)))


def split_arguments(value: str) -> list[str]:
    """Arguments at the top level of a normalised argument list."""
    out, depth, start, quoted = [], 0, 0, False
    for at, mark in enumerate(value):
        if mark == '"':
            quoted = not quoted
        if quoted:
            continue
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            if depth == 0:
                out.append(value[start:at])
                return [one for one in out if one]
            depth -= 1
        elif mark == "," and depth == 0:
            out.append(value[start:at])
            start = at + 1
    out.append(value[start:])
    return [one for one in out if one]
