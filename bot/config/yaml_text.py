"""YAML as plain data, with the line and column of every key and item. Tags are mistakes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    ScalarEvent,
)

from bot.core.text_content import PARSER_LINE_END, shown_lines

MAX_CHARACTERS = 100_000
MAX_DEPTH = 20
"""The parser's time grows faster than the square of the depth, and a stranger's pull request may hold such a file."""

Path = tuple[str | int, ...]
Places = Mapping[Path, tuple[int, int]]
"""(line, column), counted from 1, of every key and item by its path."""

_SPELLED = re.compile(r"line (\d+), column (\d+): (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class YamlMistake:
    """One fault of a file; `line` and `column` count from 1."""

    line: int
    column: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.text}"

    @classmethod
    def read(cls, spelled: str) -> YamlMistake:
        """A mistake as `str` spells it; any other text is at the beginning of the file."""
        found = _SPELLED.fullmatch(spelled)
        return cls(int(found[1]), int(found[2]), found[3]) if found else cls(1, 1, spelled)


class YamlInvalid(Exception):
    """The text is not YAML, or more than data."""

    def __init__(self, mistake: YamlMistake) -> None:
        super().__init__(str(mistake))
        self.mistake = mistake


def read_yaml(text: str) -> tuple[Any, Places]:
    """Plain data and where it is. Aliases, duplicate keys and long texts are refused (NotPlainYaml).

    Lines are counted as git counts them, and not as the parser does (`lines_of`).
    """
    line_of = shown_lines(text)
    try:
        data, places = _read_yaml(text)
    except YamlInvalid as error:
        raise YamlInvalid(replace(error.mistake, line=line_of(error.mistake.line))) from None
    return data, {path: (line_of(line), column) for path, (line, column) in places.items()}


def _read_yaml(text: str) -> tuple[Any, Places]:
    if len(text) > MAX_CHARACTERS:
        raise YamlInvalid(YamlMistake(1, 1, f"the file is longer than {MAX_CHARACTERS} characters"))
    yaml = YAML(typ="rt", pure=True)
    try:
        _must_be_plain(text, yaml.parse(text))
        loaded = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise YamlInvalid(YamlMistake(line, column, str(error.problem or "not valid YAML"))) from None
    except YamlInvalid:
        raise
    except Exception as error:  # noqa: BLE001
        # The boundary to a parser of other people's text (see bot/core/foreign_text.py): ruamel.yaml raises
        # IndexError for
        # `0b_`, OverflowError for `"\UFFFFFFFF"`, AssertionError for some directives, and who knows what else.
        raise YamlInvalid(YamlMistake(1, 1, f"not valid YAML: {type(error).__name__}")) from None
    places: dict[Path, tuple[int, int]] = {}
    return _plain(loaded, (), places), places


def _must_be_plain(text: str, events: Iterable[Event]) -> None:
    """Read only as far as the first event that is refused; loading would already build the value."""
    depth = 0
    for event in events:
        refused = ""
        if isinstance(event, DocumentStartEvent):
            _no_directives(text[: event.start_mark.index])
        # A few nested aliases expand to gigabytes: https://yaml.org/spec/1.2.2/#71-alias-nodes
        elif isinstance(event, AliasEvent):
            refused = "aliases (`*name`) are not allowed"
        elif isinstance(event, CollectionStartEvent):
            depth += 1
            refused = f"nested more than {MAX_DEPTH} levels deep" if depth > MAX_DEPTH else ""
        elif isinstance(event, CollectionEndEvent):
            depth -= 1
        elif isinstance(event, ScalarEvent) and event.value == "<<":
            refused = "merge keys (`<<`) are not allowed"
        # A tag may ask for a type that is not data: https://yaml.org/spec/1.2.2/#3212-tags
        tag = getattr(event, "tag", None)
        if tag is not None:
            refused = f"tags (`{tag}`) are not allowed"
        if refused:
            raise YamlInvalid(YamlMistake(event.start_mark.line + 1, event.start_mark.column + 1, refused))


def _no_directives(prologue: str) -> None:
    """`%YAML 1.1` would make `yes` mean true here, and a word to whoever reads the file as the YAML of today."""
    for number, line in enumerate(PARSER_LINE_END.split(prologue), 1):
        if line.startswith("%"):
            raise YamlInvalid(YamlMistake(number, 1, f"directives (`{line.split()[0]}`) are not allowed"))


def place_of(places: Places, path: Path) -> tuple[int, int]:
    """Where a path is, or its nearest parent."""
    for end in range(len(path), 0, -1):
        if path[:end] in places:
            return places[path[:end]]
    return 1, 1


def _plain(node: Any, path: Path, places: dict[Path, tuple[int, int]]) -> Any:
    if isinstance(node, dict):
        found = {}
        for key, value in node.items():
            name = str(key)
            line, column = node.lc.key(key) if hasattr(node, "lc") else (0, 0)
            places[(*path, name)] = (line + 1, column + 1)
            found[name] = _plain(value, (*path, name), places)
        return found
    if isinstance(node, list):
        for index in range(len(node)):
            line, column = node.lc.item(index) if hasattr(node, "lc") else (0, 0)
            places[(*path, index)] = (line + 1, column + 1)
        return [_plain(value, (*path, index), places) for index, value in enumerate(node)]
    return _scalar(node, path, places)


def _scalar(node: Any, path: Path, places: Places) -> Any:
    """ruamel's own kinds of text and numbers remember their spelling; JSON wants the plain ones."""
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, str):
        return str(node)
    if isinstance(node, int):
        return int(node)
    if isinstance(node, float) and math.isfinite(node):
        return float(node)
    what = f"{dotted(path)}: only text, numbers, booleans, lists and mappings; quote it"
    raise YamlInvalid(YamlMistake(*place_of(places, path), what))


def dotted(path: Path) -> str:
    """A path as people write it."""
    return ".".join(str(part) for part in path) or "the file"
