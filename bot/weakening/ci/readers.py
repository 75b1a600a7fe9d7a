"""Build and settings files in no data format, read as data: XML, Gradle, JavaScript objects, lists of flags.

Each reader is linear in the text and refuses nothing: what it does not understand gives no settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.syntax.trees import Node, parse_path, source

Pair = tuple[tuple[str, ...], str]

_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_NAME = re.compile(r"[A-Za-z_][\w:.-]*")
_ASIDE = {"<!--": "-->", "<![CDATA[": "]]>", "<?": "?>", "<!": ">"}
"""What begins with these is not an element; the value is where it ends."""


def xml(text: str) -> Iterator[Pair]:
    """Every element's text and, for `name`/`value` pairs, the value under the name. Entities are not resolved."""
    stack: list[str] = []
    last, opened = 0, False
    for start, end, aside in _tags(text):
        between, inside = text[last:start].strip(), text[start + 1 : end - 1]
        last = end
        if aside:
            if aside == "<![CDATA[":
                yield tuple(stack), text[start + len(aside) : end - 3].strip()
        elif inside.startswith("/"):
            if opened and between:
                yield tuple(stack), between
            name = inside[1:].strip()
            if name in stack:
                del stack[len(stack) - 1 - stack[::-1].index(name) :]
            opened = False
        else:
            name = inside.rstrip("/").split(None, 1)[0] if inside.strip(" /") else ""
            yield from _attributes(tuple(stack), name, inside)
            opened = not inside.endswith("/")
            if opened and _NAME.match(name) and len(stack) < _DEEPEST:
                stack.append(name)


_DEEPEST = 60
"""Elements inside more than so many others are not settings."""


def _tags(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, kind of aside) of everything in pointed brackets; what is never closed ends the reading."""
    at = text.find("<")
    while at >= 0:
        aside = next((mark for mark in _ASIDE if text.startswith(mark, at)), "")
        closing = _ASIDE.get(aside, ">")
        end = text.find(closing, at + max(1, len(aside)))
        if end < 0:
            return
        yield at, end + len(closing), aside
        at = text.find("<", end + len(closing))


def _attributes(stack: tuple[str, ...], tag: str, inside: str) -> Iterator[Pair]:
    given = {key: one or two for key, one, two in _ATTRIBUTE.findall(inside[:4000])}
    if "name" in given:
        yield (*stack, given["name"]), given.get("value", "")
    for key, value in given.items():
        if key not in ("name", "value") and not key.startswith("xmlns"):
            yield (*stack, tag, key), value
    if inside.endswith("/"):
        yield (*stack, tag), ""


_BLOCK = re.compile(r"^(?P<head>[^{}\n]*?)\{\s*$")
_NAMED = re.compile(
    r"\b(?:named|register|create|withType|getByName)\s*(?:<(?P<type>\w+)[^>]*>)?\s*\(?\s*[\"']?(?P<name>\w+)?"
)
_ASSIGNED = re.compile(
    r"^(?P<key>[\w.]+)\s*(?:=(?!=)|\.set\(|\s+(?=[\"'\d\[]|true\b|false\b)|\((?=\s*[\"'\d\[tf]))\s*(?P<value>.*?)\)?[;,]?\s*$"
)


def gradle(text: str) -> Iterator[Pair]:
    """Groovy's and Kotlin's build scripts: blocks give keys, `key = value`, `key value` and `key(value)` settings."""
    stack: list[str] = []
    for raw in _without_comments(text).split("\n"):
        # One line may open and close blocks: `test { ignoreFailures = true }`.
        for line in re.split(r"(?<=\{)|(?=\})|;(?=\s)", re.sub(r"(?:^|\s)//.*$", "", raw)):
            bare = line.strip()
            if bare.startswith("}"):
                if stack:
                    stack.pop()
                bare = bare[1:].strip()
            if not bare:
                continue
            opened = _BLOCK.match(bare)
            if opened:
                stack.append(_block_name(opened["head"]))
                if stack[-1] == "onlyIf":
                    yield tuple(stack), "set"
                continue
            hit = _ASSIGNED.match(bare)
            if hit:
                key = tuple(hit["key"].replace("systemProp.", "").split("."))
                values = re.findall(r"[\"']([^\"']*)[\"']", hit["value"]) or [hit["value"].strip("() ")]
                for value in values:
                    yield (*stack, *key), value


def _without_comments(text: str) -> str:
    """Without `/* … */`; one that is never closed goes on to the end."""
    parts, at = [], 0
    while (start := text.find("/*", at)) >= 0:
        end = text.find("*/", start + 2)
        parts.append(text[at:start])
        if end < 0:
            return " ".join(parts)
        at = end + 2
    return " ".join([*parts, text[at:]])


def _block_name(head: str) -> str:
    named = _NAMED.search(head)
    if named and (named["name"] or named["type"]):
        return named["name"] or named["type"] or ""
    words = re.findall(r"[A-Za-z_]\w*", head.split("(", 1)[0])
    return words[-1] if words else ""


_VALUES = frozenset({"string", "number", "true", "false", "null", "undefined", "template_string", "identifier", "regex",
                     "unary_expression", "member_expression", "call_expression", "binary_expression"})  # fmt: skip


def script(text: str, path: str) -> Iterator[Pair]:
    """Objects of a JavaScript or TypeScript file: every pair under the keys around it; lists give a value each."""
    root = parse_path(text, path)
    if root is None:
        return
    todo: list[tuple[Node, tuple[str, ...]]] = [(root, ())]
    while todo:
        node, keys = todo.pop()
        if node.type == "pair":
            value = node.child_by_field_name("value")
            keys = (*keys, source(node.child_by_field_name("key")).strip("'\"`[]"))
            if value is not None:
                yield from _value(value, keys)
                todo.append((value, keys))
            continue
        if node.type == "assignment_expression":
            left, right = source(node.child_by_field_name("left")), node.child_by_field_name("right")
            inside = tuple(part for part in left.split(".") if part not in ("module", "exports", "config", "default"))
            if right is not None:
                yield from _value(right, (*keys, *inside)) if inside else ()
                todo.append((right, (*keys, *inside)))
            continue
        if node.type == "call_expression" and keys == () and re.match(r"[\w.]*\.(?:use|set|add)\(", source(node)[:40]):
            yield from _value(node, ("call",))
        todo.extend((child, keys) for child in reversed(node.named_children))


def _value(node: Node, keys: tuple[str, ...]) -> Iterator[Pair]:
    if node.type == "array":
        for child in node.named_children:
            if child.type in _VALUES:
                yield keys, _bare(child)
        if not node.named_children:
            yield keys, ""
    elif node.type in _VALUES:
        yield keys, _bare(node)


def _bare(node: Node) -> str:
    return source(node).strip("'\"`")


def flags(text: str) -> Iterator[Pair]:
    """A file that holds nothing but command line flags (`.rspec`, `.mvn/maven.config`, `mocha.opts`)."""
    lines = [line.strip() for line in text.split("\n") if line.strip() and not line.strip().startswith("#")]
    if lines:
        yield ("flags",), " ".join(lines)
    for line in lines:
        hit = re.match(r"^-{1,2}D?(?P<key>[\w.-]+)(?:[= ](?P<value>.+))?$", line)
        if hit:
            yield (hit["key"],), (hit["value"] or "true").strip("\"'")
