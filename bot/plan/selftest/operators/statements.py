"""Operators on statements: guards, error cases, branches and blocks that are gone or changed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.plan.selftest.mutation import Mutation, Source, place, rows, sources, where, whole_lines
from bot.plan.selftest.samples import Sample
from bot.syntax.trees import Node, source

LEAVES = frozenset({"return_statement", "continue_statement", "break_statement"})
FAILS = frozenset({"raise_statement", "throw_statement"})
_ERROR = re.compile(r"\berr\b|\berrors?\.|\bfmt\.Errorf\b|\bErr[A-Z]")
LONGEST_BLOCK = 14


def guard_removed(sample: Sample) -> Iterator[Mutation]:
    """A condition that ends a function or a turn of a loop early is missing."""
    for file, node in _single_ifs(sample):
        if _last(node).type in LEAVES and not _fails(node):
            yield _removed(node, file, "Restore an early exit", "An early exit is missing")


def error_case_removed(sample: Sample) -> Iterator[Mutation]:
    """A condition under which an error is raised, thrown or returned is missing, or one handler of several."""
    for file, node in _single_ifs(sample):
        if _fails(node):
            yield _removed(node, file, "Restore an error case", "An error case is missing")
    for file in sources(sample):
        for node in file.nodes("except_clause"):
            others = [n for n in (node.parent.named_children if node.parent else ()) if n.type == node.type]
            if len(others) > 1 and whole_lines(node, file):
                yield _removed(node, file, "Restore an error handler", "The handler of an error is missing")


def _single_ifs(sample: Sample) -> Iterator[tuple[Source, Node]]:
    """Conditions without an alternative, whose block ends by leaving it."""
    for file in sources(sample):
        for node in file.nodes("if_statement"):
            alone = node.child_by_field_name("alternative") is None and _in_block(node)
            if alone and whole_lines(node, file) and _last(node).type in LEAVES | FAILS:
                yield file, node


def _in_block(node: Node) -> bool:
    """Whether a node is one of several statements of a block; an `else if` is not."""
    parent = node.parent
    return parent is not None and parent.type in (
        "block", "statement_block", "statement_list", "module",
    ) and len(parent.named_children) > 1  # fmt: skip


def _last(node: Node) -> Node:
    """The last statement of a condition's block, or of its only statement."""
    last = node.child_by_field_name("consequence") or node
    while last.type in ("block", "statement_block", "statement_list"):
        inner = [child for child in last.named_children if child.type != "comment"]
        if not inner:
            break
        last = inner[-1]
    return last


def _fails(node: Node) -> bool:
    last = _last(node)
    return last.type in FAILS or (last.type == "return_statement" and bool(_ERROR.search(source(last))))


def _removed(node: Node, file: Source, title: str, what: str) -> Mutation:
    first, after = rows(node)
    intent = f"{what} from {where(node, file)}. Restore it exactly, in the place given below."
    return Mutation(
        place(node, file), f"{title} of {where(node, file)}", intent, {file.path: file.without(first, after)}
    )


def branch_removed(sample: Sample) -> Iterator[Mutation]:
    """One branch of several is missing: an `elif`, an `else` or a case of a switch."""
    for file in sources(sample):
        for node in file.nodes("elif_clause", "case_clause", "switch_case", "expression_case", "type_case"):
            siblings = [n for n in (node.parent.named_children if node.parent else ()) if n.type == node.type]
            first, after = rows(node)
            lonely = node.type != "elif_clause" and len(siblings) < 3
            if lonely or after - first > LONGEST_BLOCK or not whole_lines(node, file):
                continue
            # The block of a case may hold the blank line after it.
            while not file.lines[after - 1].strip():
                after -= 1
            intent = f"A branch is missing from {where(node, file)}. Restore it exactly, in the place given below."
            title = f"Restore a branch of {where(node, file)}"
            yield Mutation(place(node, file), title, intent, {file.path: file.without(first, after)})


def statement_removed(sample: Sample) -> Iterator[Mutation]:
    """A statement inside a function is missing."""
    for file in sources(sample):
        for node in file.nodes("expression_statement", "assignment_statement", "short_var_declaration",
                               "lexical_declaration"):  # fmt: skip
            first, after = rows(node)
            text = source(node)
            if not where(node, file).startswith("`" + file.path) and _in_block(node) and whole_lines(node, file):
                if after - first > 4 or text.startswith(('"""', "'")):
                    continue
                yield _removed(node, file, "Restore a statement", "A statement is missing")


def block_unwrapped(sample: Sample) -> Iterator[Mutation]:
    """The body of a condition without alternative is run always, and one level less deep."""
    for file in sources(sample):
        for node in file.nodes("if_statement"):
            mutation = _unwrapped(node, file)
            if mutation is not None:
                yield mutation


def _unwrapped(node: Node, file: Source) -> Mutation | None:
    lines = file.lines
    first, after = rows(node)
    closing = lines[after - 1].strip() == "}"
    body = lines[first + 1 : after - 1 if closing else after]
    head = lines[first].strip()
    whole = whole_lines(node, file) and _in_block(node) and head.startswith("if ") and head[-1] in ":{"
    if not whole or node.child_by_field_name("alternative") is not None or not 2 <= len(body) <= LONGEST_BLOCK:
        return None
    outer = len(lines[first]) - len(lines[first].lstrip())
    inner = min(len(line) - len(line.lstrip()) for line in body if line.strip())
    # The text of a long string must not be indented with the code.
    if inner <= outer or any(mark in line for line in body for mark in ('"""', "`")):
        return None
    flat = [lines[first][:outer] + line[inner:] if line.strip() else line for line in body]
    text = file.without(first, after, flat)
    if text.count("".join(flat)) != 1:
        return None
    close = " and close the block with `}` on a line of its own" if closing else ""
    unit = "one tab" if lines[first + 1].startswith("\t") else f"{inner - outer} spaces"
    intent = (
        f"In {where(node, file)}, the following lines must run only under a condition.\n\n```\n{''.join(flat)}```\n\n"
        f"Put the line `{head}` before them, as deep as they are now, indent each of them by {unit} more{close}. "
        "Blank lines stay blank, nothing else changes."
    )
    title = f"Run a block of {where(node, file)} only under its condition"
    return Mutation(place(node, file), title, intent, {file.path: text}, exact=False)
