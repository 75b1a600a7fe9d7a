"""The change as pairs of texts: what each changed path stated before and says now."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, PathChange, TreeReader
from bot.core.errors import GitFailed
from bot.syntax.languages import language_of
from bot.weakening.nodes import squeeze
from bot.weakening.paths import is_test_path, may_hold_tests
from bot.weakening.preparing import prepared
from bot.weakening.thresholds import MAX_BYTES
from bot.weakening.units import FileContext, Unit, units

_COMMENT = re.compile(r"^\s*(?:#|//|--|/?\*+)\s?(.*)$")


@dataclass(eq=False)
class FilePair:
    """One changed path, read when it is first asked for."""

    change: PathChange
    base: TreeReader
    head: TreeReader

    missing: bool = False
    """Whether the repository lacks the content of one side (a partial clone)."""

    @cached_property
    def before(self) -> str | None:
        """The base's text, or None where the file is absent, binary or too large."""
        return self._read(self.base, self.change.old)

    @cached_property
    def after(self) -> str | None:
        """The head's text, likewise."""
        return self._read(self.head, self.change.new)

    def _read(self, tree: TreeReader, path: str | None) -> str | None:
        try:
            return _text(tree, path)
        except GitFailed as error:
            if error.code != "git.missing_object":
                raise
            self.missing = True
            return None

    @property
    def path(self) -> str:
        return self.change.path

    @property
    def old_path(self) -> str:
        return self.change.old or self.change.new or ""

    @property
    def gone(self) -> bool:
        return self.change.new is None

    @cached_property
    def old_units(self) -> list[Unit]:
        return _units(self.change.old, lambda: self.before)

    @cached_property
    def new_units(self) -> list[Unit]:
        return _units(self.change.new, lambda: self.after)

    @cached_property
    def new_names(self) -> str:
        """The last names of the head's units but its tests, in lower case, one a line."""
        return "\n".join(unit.leaf.lower() for unit in self.new_units if unit.kind != "test")

    @cached_property
    def unparsed(self) -> bool:
        """Whether the head's side is a file of tests on which its parser fails."""
        path = self.change.new
        if path is None or self.after is None or not (is_test_path(path) and may_hold_tests(path)):
            return False
        return not self.new_units

    @cached_property
    def old_lines(self) -> frozenset[str]:
        return frozenset(line.strip() for line in (self.before or "").split("\n"))

    @cached_property
    def new_comments(self) -> list[tuple[int, str]]:
        """(line, text without white space) of the comments that the base had not, very short ones left out."""
        hits = ((number, line, _COMMENT.match(line)) for number, line in enumerate(self.new_lines, 1))
        bare = ((number, squeeze(hit[1])) for number, line, hit in hits if hit and line.strip() not in self.old_lines)
        return [(number, text) for number, text in bare if len(text) > 8]

    @cached_property
    def new_lines(self) -> list[str]:
        return (self.after or "").split("\n")


def pairs(base: TreeReader, head: TreeReader, changes: Iterable[PathChange]) -> list[FilePair]:
    """The two sides of every change."""
    return [FilePair(change, base, head) for change in changes]


def _text(tree: TreeReader, path: str | None) -> str | None:
    if path is None:
        return None
    entry = tree.entry(path)
    if entry is None or entry.mode not in (MODE_FILE, MODE_EXECUTABLE) or entry.size > MAX_BYTES:
        return None
    raw = tree.read(path)
    if b"\0" in raw[:8000]:
        return None
    return raw.decode("utf-8", "replace").replace("\r\n", "\n").removeprefix("\ufeff")


def _units(path: str | None, read: Callable[[], str | None]) -> list[Unit]:
    language = language_of(path) if path is not None else None
    if path is None or language is None or not may_hold_tests(path):
        return []
    source = read()
    if source is None:
        return []
    anywhere = path.endswith((".rs", ".java")) and not is_test_path(path)
    if anywhere and not re.search(r"#\[[\w:]*test|@\w*Test\b", source):
        return []
    source = prepared(source, language, path)
    names = skip_names(source) if language == "python" else frozenset()
    return units(FileContext(path, is_test_path(path), source, language, names, local_checks(source)))


def skip_names(source: str) -> frozenset[str]:
    """Module names that mean a skip: `needs_x = pytest.mark.skipif(…)`."""
    return frozenset(re.findall(r"^(\w+)\s*=\s*(?:pytest\.)?(?:mark\.|unittest\.)(?:skip|xfail)", source, re.MULTILINE))


_DEFINITION = re.compile(
    r"^[ \t]*(?:(?:export\s+|pub(?:\([^)]*\))?\s+)?(?:async\s+|unsafe\s+)*"
    r"(?:def|function|func|fn)\s+(?:\([^)]*\)\s*)?(\w+)"
    r"|(?:export\s+)?(?:const|let|var)\s+(\w+)\s*=\s*(?:async\s*)?(?:function\b|\w+\s*=>|\([^()]*\)\s*(?::[^=]+)?=>))",
    re.MULTILINE,
)
_OTHER = re.compile(
    r"(?:test|set_?up|tear_?down|it$|describe$|create|new|make|build|get|load|read|write|start|stop|open|close|perform|run"
    r"|parse|init|mock|fake|fetch|before|after|main$|each|call$|to_\w+$|initialize$|respond|handle)",
    re.IGNORECASE,
)
"""Names that say what a function does besides checking: a call of one is not a check."""
_ASSERTING = re.compile(r"\bassert\w*!?|(?<!\.)\bexpect\(|\bt\.(?:Error|Fatal)f?\b|\braises\(")


def local_checks(source: str) -> frozenset[str]:
    """Names of the file's own functions that check something: a call of one is a check."""
    found = set()
    for hit in _DEFINITION.finditer(source):
        name = hit[1] or hit[2]
        if not _OTHER.match(name) and _ASSERTING.search(source, hit.end(), _end(source, hit)):
            found.add(name)
    return frozenset(found)


_INDENT = re.compile(r"[ \t]*")


def _end(source: str, hit: re.Match[str]) -> int:
    """Where a function ends: at its closing bracket or `end`, or where the indentation goes back."""
    start = source.rfind("\n", 0, hit.end()) + 1
    indent = _INDENT.match(source, start)
    back = re.compile(rf"\n{indent[0] if indent else ''}(?:\}}|end\b|(?![\s)\]}}])\S)")
    end = back.search(source, hit.end())
    return end.start() if end else len(source)
