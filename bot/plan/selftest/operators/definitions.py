"""Operators on whole definitions: deleted, moved, renamed, or without their documentation. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.plan.selftest.mutation import (
    FUNCTIONS,
    Mutation,
    Source,
    first_row_with_comments,
    name_of,
    place,
    qualified,
    rows,
    sources,
    where,
    whole_lines,
    with_blank_lines,
    with_decorators,
)
from bot.plan.selftest.samples import Sample
from bot.syntax.outline import outline
from bot.syntax.trees import Node, source

LONGEST_FUNCTION = 45
MOST_FILES_RENAMED = 6
MOST_USES_RENAMED = 24
_WORD = re.compile(r"\w+")


def function_deleted(sample: Sample) -> Iterator[Mutation]:
    """A function or method is missing, while its uses are still there."""
    for file in sources(sample):
        for node in _functions(file):
            yield from _deleted(node, file, f"Restore the function `{qualified(node)}`", "is missing")


def test_deleted(sample: Sample) -> Iterator[Mutation]:
    """A test is missing."""
    for file in sources(sample, tests=True):
        if not file.is_test:
            continue
        for node in _functions(file):
            if name_of(node).lower().startswith("test"):
                yield from _deleted(node, file, f"Restore the test `{qualified(node)}`", "was dropped")
        for node in file.nodes("expression_statement"):
            called = re.match(r"(?:test|it)\(\s*(['\"`])(.+?)\1", source(node))
            if called and whole_lines(node, file):
                yield from _deleted(node, file, f"Restore the test “{called[2]}”", "was dropped")


def _functions(file: Source) -> Iterator[Node]:
    for node in file.nodes(*FUNCTIONS):
        whole = with_decorators(node)
        first, after = rows(whole)
        if 4 <= after - first <= LONGEST_FUNCTION and whole_lines(whole, file):
            yield node


def _deleted(node: Node, file: Source, title: str, how: str) -> Iterator[Mutation]:
    whole = with_decorators(node)
    first, after = first_row_with_comments(whole, file), rows(whole)[1]
    first, after = with_blank_lines(first, after, file.lines)
    left = file.without(first, after)
    # A class of which nothing is left, or a file, would be another task.
    if left.count("\n") < 10 or _only_one_of_its_class(node):
        return
    what = title.removeprefix("Restore ")
    intent = f"In `{file.path}`, {what} {how}. Restore it exactly, in the place given below."
    yield Mutation(place(node, file), title, intent, {file.path: left})


def _only_one_of_its_class(node: Node) -> bool:
    body = with_decorators(node).parent
    return body is not None and body.type in ("block", "class_body") and len(body.named_children) == 1


def function_moved(sample: Sample) -> Iterator[Mutation]:
    """A function at file level lies at the end of its file instead of where it belongs."""
    for file in sources(sample):
        lines = file.lines
        for node in _functions(file):
            whole = with_decorators(node)
            follower = _next_function(whole, file)
            if whole.parent is None or whole.parent.parent is not None or follower is None:
                continue
            first, after = first_row_with_comments(whole, file), rows(whole)[1]
            then = first_row_with_comments(follower, file)
            blank = lines[after:then]
            if not blank or any(line.strip() for line in blank):
                continue
            moved = [*lines[:first], *lines[then:], *blank, *lines[first:after]]
            name = name_of(node)
            intent = (
                f"In `{file.path}`, the function `{name}` is at the end of the file. Move it, unchanged and with the "
                f"comments directly above it, to directly before `{_named(follower)}` (before the comments that are "
                f"directly above that). {_blank_lines(len(blank))} between the two, as between the other definitions "
                "of the file, and no blank line is left at its end."
            )
            title = f"Move `{name}` to before `{_named(follower)}`"
            yield Mutation(place(node, file), title, intent, {file.path: "".join(moved)}, exact=False)


def _blank_lines(count: int) -> str:
    return "One blank line is" if count == 1 else f"{('No', '', 'Two', 'Three')[count]} blank lines are"


def _next_function(node: Node, file: Source) -> Node | None:
    """The definition at file level after a node, when there is another one after that."""
    after = [child for child in file.root.named_children if child.start_byte > node.end_byte]
    after = [child for child in after if child.type != "comment"]
    return after[0] if len(after) > 1 and _named(after[0]) else None


def _named(node: Node) -> str:
    inner = node
    while inner.type in ("decorated_definition", "export_statement"):
        inner = inner.child_by_field_name("definition") or inner.child_by_field_name("declaration") or inner
        if inner is node:
            return ""
    return name_of(inner) if inner.type in FUNCTIONS else ""


def symbol_renamed(sample: Sample) -> Iterator[Mutation]:
    """A function, class or type has another name, everywhere."""
    words = {path: Counter(_WORD.findall(text)) for path, text in sample.files.items()}
    for file in sources(sample):
        found = outline(file.text, file.path)
        if found is None:
            continue
        for name in sorted(found.definitions - found.methods):
            other = _other_name(name)
            word = re.compile(rf"\b{re.escape(name)}\b")
            counts = {path: known[name] for path, known in words.items() if name in known}
            many = len(counts) > MOST_FILES_RENAMED or sum(counts.values()) > MOST_USES_RENAMED
            if len(name) < 5 or many or len(counts) < 2 or any(other in known for known in words.values()):
                continue
            undone = {path: word.sub(other, sample.files[path]) for path in counts}
            uses = "; ".join(f"`{path}` ({count})" for path, count in counts.items())
            intent = (
                f"Rename `{other}` to `{name}`. Replace every occurrence of the whole word `{other}`, in code, "
                f"comments, texts and documents, by `{name}`, and change nothing else, neither order nor layout. It "
                f"occurs in these files, so many times: {uses}."
            )
            yield Mutation(f"{file.path}:{name}", f"Rename `{other}` to `{name}`", intent, dict(undone), exact=False)


def _other_name(name: str) -> str:
    """Another name of the same style."""
    if "_" in name or name.islower():
        return f"{name}_impl" if not name.startswith("_") else f"{name}_old"
    return f"{name}Old"


def documentation_dropped(sample: Sample) -> Iterator[Mutation]:
    """A function has lost its docstring, or the comment above it."""
    for file in sources(sample):
        lines = file.lines
        for node in file.nodes(*FUNCTIONS):
            whole = with_decorators(node)
            docstring = _docstring(node)
            if docstring is not None:
                first, after = rows(docstring)
            else:
                first, after = first_row_with_comments(whole, file), whole.start_point.row
            if after <= first or not lines[first].strip():
                continue
            intent = f"{where(node, file)} has lost its documentation. Restore it exactly."
            title = f"Restore the documentation of `{qualified(node)}`"
            yield Mutation(place(node, file), title, intent, {file.path: file.without(first, after)})


def _docstring(node: Node) -> Node | None:
    body = node.child_by_field_name("body")
    if body is None or node.type != "function_definition" or len(body.named_children) < 2:
        return None
    first = body.named_children[0]
    is_text = first.type == "expression_statement" and first.named_children[0].type == "string"
    return first if is_text else None
