"""Operators within a line: comparisons, logic, constants, defaults, fields and imports. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.plan.selftest.mutation import Mutation, Source, place, rows, sources, where, whole_lines
from bot.plan.selftest.samples import Sample
from bot.syntax.trees import Node, source

COMPARISONS = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "===": "!==", "!==": "===",
    "in": "not in", "not in": "in", "is": "is not", "is not": "is",
}  # fmt: skip
LOGIC = {"and": "or", "or": "and", "&&": "||", "||": "&&"}
_NUMBER = re.compile(r"\d+")
_LITERALS = frozenset({"integer", "float", "number", "int_literal", "float_literal"})


def comparison_changed(sample: Sample) -> Iterator[Mutation]:
    """A comparison has another operator."""
    yield from _operator_changed(sample, ("comparison_operator", "binary_expression"), COMPARISONS, "comparison")


def logic_changed(sample: Sample) -> Iterator[Mutation]:
    """An `and` is an `or`, or the other way round; or a negation is missing."""
    yield from _operator_changed(sample, ("boolean_operator", "binary_expression"), LOGIC, "condition")
    for file in sources(sample):
        for node in file.nodes("not_operator", "unary_expression"):
            operand = node.child_by_field_name("argument") or node.child_by_field_name("operand")
            if operand is not None and source(node).startswith(("not ", "!")):
                yield _changed(node, file, source(operand), "condition")


def _operator_changed(sample: Sample, types: tuple[str, ...], other: dict[str, str], what: str) -> Iterator[Mutation]:
    for file in sources(sample):
        for node in file.nodes(*types):
            signs = [child for child in node.children if not child.is_named and source(child) in other]
            if len(signs) == 1:
                yield _changed(signs[0], file, other[source(signs[0])], what)


def _changed(node: Node, file: Source, text: str, what: str) -> Mutation:
    """The mutation that puts `text` in the place of a node."""
    raw = file.text.encode()
    changed = (raw[: node.start_byte] + text.encode() + raw[node.end_byte :]).decode()
    intent = f"A {what} in {where(node, file)} is wrong. Correct it as given below."
    return Mutation(place(node, file), f"Correct a {what} in {where(node, file)}", intent, {file.path: changed})


def constant_changed(sample: Sample) -> Iterator[Mutation]:
    """A number has another value."""
    for file in sources(sample):
        for node in file.nodes(*_LITERALS):
            number = source(node)
            # 0 and 1 are mostly indices and steps.
            if _NUMBER.fullmatch(number) and int(number) > 1:
                yield _changed(node, file, str(int(number) + (1 if int(number) < 10 else 10)), "constant")


def default_dropped(sample: Sample) -> Iterator[Mutation]:
    """A parameter with a default value is missing. Go has none."""
    for file in sources(sample):
        for node in file.nodes("default_parameter", "typed_default_parameter", "required_parameter"):
            if node.type == "required_parameter" and node.child_by_field_name("value") is None:
                continue
            raw = file.text.encode()
            before, after = raw[: node.start_byte].decode(), raw[node.end_byte :].decode()
            if whole_lines(node, file):
                left = file.without(*rows(node))
            elif before.rstrip().endswith(","):
                left = before.rstrip().removesuffix(",") + after
            else:
                continue
            intent = f"A parameter with a default value is missing from {where(node, file)}. Restore it exactly."
            title = f"Restore a parameter of {where(node, file)}"
            yield Mutation(place(node, file), title, intent, {file.path: left})


def field_dropped(sample: Sample) -> Iterator[Mutation]:
    """A field of a class, struct or interface is missing."""
    for file in sources(sample):
        for node in (
            *file.nodes("field_declaration", "property_signature", "public_field_definition"),
            *_attributes(file),
        ):
            siblings = len(node.parent.named_children) if node.parent is not None else 0
            if siblings > 2 and whole_lines(node, file):
                intent = f"A field is missing in {where(node, file)}. Restore it exactly, in the place given below."
                title = f"Restore a field in {where(node, file)}"
                yield Mutation(place(node, file), title, intent, {file.path: file.without(*rows(node))})


def _attributes(file: Source) -> Iterator[Node]:
    """Annotated names in the body of a Python class."""
    for node in file.nodes("expression_statement"):
        body = node.parent
        in_class = body is not None and body.parent is not None and body.parent.type == "class_definition"
        inner = node.named_children[0] if node.named_children else node
        if in_class and inner.type == "assignment" and inner.child_by_field_name("type") is not None:
            yield node


def import_dropped(sample: Sample) -> Iterator[Mutation]:
    """An import is missing, while what it imports is still used."""
    for file in sources(sample, tests=True):
        for node in file.nodes("import_statement", "import_from_statement", "import_spec"):
            if whole_lines(node, file):
                intent = f"An import is missing in `{file.path}`. Restore it exactly, in the place given below."
                title = f"Restore an import of `{file.path}`"
                yield Mutation(place(node, file), title, intent, {file.path: file.without(*rows(node))})
