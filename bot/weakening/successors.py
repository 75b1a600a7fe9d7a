"""What became of a test that is found under no name: its checks, its lines or its rows are in others now."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from bot.weakening.files import FilePair
from bot.weakening.likeness import unit_likeness
from bot.weakening.nodes import squeeze
from bot.weakening.thresholds import (
    ABSORBED_LEAST_WORDS,
    ABSORBED_LINES,
    ABSORBED_WORDS,
    GREW,
    MOST_CHECKS,
    PARAMETRISED,
    TAKEN_BY_ROWS,
)
from bot.weakening.units import Unit

_WORD = re.compile(r"[A-Za-z_]\w{2,}|\d[\w.]*|\"[^\"]{1,60}\"")


@dataclass(slots=True)
class Matched:
    """The same unit on both sides; `pair` is the file that has the new one."""

    old: Unit
    new: Unit
    pair: FilePair


class Added:
    """What the change adds to test files: lines, words and how often."""

    def __init__(self, pairs: Iterable[FilePair]) -> None:
        self.lines: Counter[str] = Counter()
        self.words: Counter[str] = Counter()
        for pair in pairs:
            before = Counter(squeeze(line) for line in (pair.before or "").split("\n"))
            for line in pair.new_lines:
                bare = squeeze(line)
                if before[bare] > 0:
                    before[bare] -= 1
                elif bare and not bare.startswith(("#", "//", "*")):
                    self.lines[bare] += 1
                    self.words.update(_WORD.findall(bare))

    def take_units(self, same: Sequence[Matched], born: Sequence[Unit], helpers: Sequence[Unit]) -> None:
        """Lines that kept their place while the test around them became another one are added to that one."""
        tests = [one for one in same if one.new.kind == "test"]
        for one in tests:
            if one.old.text != one.new.text:
                self._raise(one.new.line_counts - one.old.line_counts)
        for unit in [*born, *called([*(one.new for one in tests), *born], helpers)]:
            self._raise(unit.line_counts)

    def _raise(self, counts: Counter[str]) -> None:
        """Each line is added at least so often. (`Counter - self.lines` would go through all lines every time.)"""
        for line, count in counts.items():
            self.lines[line] = max(count, self.lines[line])

    @cached_property
    def text(self) -> str:
        """All added lines as one text: asked for only after `take_units`."""
        return "\n".join(self.lines)


def called(tests: Sequence[Unit], helpers: Sequence[Unit]) -> list[Unit]:
    """The helpers that the tests call, and those that these call; a test that was made a function is called by none."""
    waiting = [unit for unit in helpers if unit.leaf]
    used: list[Unit] = []
    calling: Sequence[Unit] = tests
    while calling and waiting:
        words = frozenset(word for unit in calling for word in re.findall(r"\w+", unit.text))
        # A leaf may be dotted (`exports.check`); its words are looked for first, since most helpers fail there.
        calling = [unit for unit in waiting if words.issuperset(re.findall(r"\w+", unit.leaf))]
        used += calling
        taken = set(map(id, calling))
        waiting = [unit for unit in waiting if id(unit) not in taken]
    return used


class Successors:
    """The tests of the head that can have taken in a test of the base."""

    def __init__(self, same: Sequence[Matched], born: Sequence[Unit], helpers: Sequence[Unit], added: Added) -> None:
        self._added = added
        self._parts: dict[str, list[Unit]] = defaultdict(list)
        for unit in born:
            for hit in re.finditer(r"[_ ]", unit.leaf):
                self._parts[unit.leaf[: hit.start()]].append(unit)
        self._tables = [unit for unit in born if len(unit.body.rows) > 1]
        changed = [one for one in same if one.new.kind == "test" and one.old.text != one.new.text]
        self._grown = [one for one in changed if len(one.new.body.rows) > len(one.old.body.rows)]
        self._room: dict[Unit, int] = {}
        """How many single tests a test that runs on rows of data can still take in: one a row."""
        self._words: dict[str, dict[Unit, frozenset[str]]] = defaultdict(dict)
        providers: dict[str, Unit] = {unit.path: unit for unit in helpers if len(unit.body.rows) > 1}
        more = [(one.new, len(one.new.body.rows) - len(one.old.body.rows)) for one in same if one.new.names]
        for unit, rows in [*((unit, len(unit.body.rows)) for unit in born), *more]:
            # JUnit keeps the rows in a method beside the tests, which provides all of them.
            provider = providers.get(unit.path, unit)
            room = max(rows, len(provider.body.rows) if provider is not unit else 0)
            if unit.kind == "test" and room > 1:
                self._room[unit] = room
                self._words[unit.path][unit] = _code_words(unit) | _code_words(provider)

    def take_in(self, unit: Unit) -> bool:
        """Whether other tests took it in: merged, split, parametrised, or as a row of a table."""
        return self._absorbed(unit) or self._split(unit) or self._parametrised(unit) or self._as_row(unit)

    def _absorbed(self, unit: Unit) -> bool:
        """Whether its checks, most of its lines or nearly all its words are added to other tests."""
        lines, words = self._added.lines, self._added.words
        if unit.lines and sum(lines[line] > 0 for line in unit.lines) / len(unit.lines) >= ABSORBED_LINES:
            return True
        checks = [one.text for one in unit.body.asserts]
        if checks and all(check in self._added.text for check in checks[:MOST_CHECKS]):
            return True
        own = {word for line in unit.lines for word in _WORD.findall(line)}
        return len(own) >= ABSORBED_LEAST_WORDS and sum(words[word] > 0 for word in own) / len(own) >= ABSORBED_WORDS

    def _split(self, unit: Unit) -> bool:
        """`test_a` became `test_a_one`, `test_a_two`."""
        parts = self._parts.get(unit.leaf, ())
        return len(parts) > 1 and sum(len(one.body.asserts) for one in parts) >= min(2, len(unit.body.asserts))

    def _parametrised(self, unit: Unit) -> bool:
        """A test much like it now runs on more rows of data."""
        for one in self._grown:
            if one.old.path == unit.path and max(unit_likeness(unit, one.old), unit_likeness(unit, one.new)) >= GREW:
                return True
        return any(unit_likeness(unit, one) >= PARAMETRISED for one in self._tables)

    def _as_row(self, unit: Unit) -> bool:
        """Whether a table of the same file has most of the test's words in its body and rows; it then has less room."""
        words = _code_words(unit)
        for taker, known in self._words[unit.path].items():
            if self._room[taker] > 0 and len(words & known) / max(1, len(words)) >= TAKEN_BY_ROWS:
                self._room[taker] -= 1
                return True
        return False


def _code_words(unit: Unit) -> frozenset[str]:
    """Names, numbers and texts of the body and of the rows."""
    rows = (word for row in unit.body.rows for word in _WORD.findall(row))
    return frozenset([*(word for word in unit.words if _WORD.fullmatch(word)), *rows])
