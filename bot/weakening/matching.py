"""Which test of the head is which test of the base: by name, by name elsewhere, by what it does, by who took it in."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from bot.weakening.files import FilePair
from bot.weakening.nodes import squeeze
from bot.weakening.thresholds import (
    ABSORBED_LEAST_WORDS,
    ABSORBED_LINES,
    ABSORBED_WORDS,
    GREW,
    NEAR_NAME,
    PARAMETRISED,
    REFLOWED,
    RENAMED,
    REPLACED,
    TAKEN_BY_ROWS,
    UNLIKE_BODY,
)
from bot.weakening.units import Unit

_WORD = re.compile(r"[A-Za-z_]\w{2,}|\d[\w.]*|\"[^\"]{1,60}\"")


@dataclass
class Matched:
    """The same unit on both sides."""

    old: Unit
    new: Unit
    pair: FilePair


@dataclass
class Matching:
    """`same`: units on both sides; `gone`: tests without a successor; `born`: tests without a predecessor,
    `helpers`: other units without one."""

    same: list[Matched] = field(default_factory=list)
    gone: list[tuple[FilePair, Unit]] = field(default_factory=list)
    born: list[tuple[FilePair, Unit]] = field(default_factory=list)
    helpers: list[Unit] = field(default_factory=list)
    added: Added = field(default_factory=lambda: Added(()))


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

    def take_units(self, matching: Matching) -> None:
        """Lines that kept their place while the test around them became another one are added to that one."""
        for one in matching.same:
            if one.new.kind == "test" and one.old.text != one.new.text:
                self.lines.update(Counter(one.new.lines) - Counter(one.old.lines) - self.lines)
        tests = [*(one.new for one in matching.same if one.new.kind == "test"), *(unit for _, unit in matching.born)]
        used = _called(tests, matching.helpers)
        for unit in [*(unit for _, unit in matching.born), *used]:
            self.lines.update(Counter(unit.lines) - self.lines)


def _called(tests: Sequence[Unit], helpers: Sequence[Unit]) -> list[Unit]:
    """The helpers that the tests call, and those that these call; a test that was made a function is called by none."""
    used: list[Unit] = []
    calling = [unit.text for unit in tests]
    while calling:
        text = "\n".join(calling)
        more = [
            unit
            for unit in helpers
            if unit not in used and unit.leaf and re.search(rf"\b{re.escape(unit.leaf)}\b", text)
        ]
        used += more
        calling = [unit.text for unit in more]
    return used


def match(pairs: Sequence[FilePair]) -> Matching:
    """Match the tests and helpers of all changed files."""
    out = Matching(added=Added(pair for pair in pairs if pair.new_units or pair.is_test))
    old_left: list[tuple[FilePair, Unit]] = []
    new_left: list[tuple[FilePair, Unit]] = []
    for pair in pairs:
        one, two = _by_name(pair, out)
        old_left += one
        new_left += two
    old_left, new_left = _elsewhere(old_left, new_left, out)
    old_left, new_left = _by_body(old_left, new_left, out, _rename_score, RENAMED)
    old_left, new_left = _by_body(old_left, new_left, out, _replacement_score, REPLACED)
    out.born = [(pair, unit) for pair, unit in new_left if unit.kind == "test"]
    out.helpers = [unit for _, unit in new_left if unit.kind == "helper"]
    out.added.take_units(out)
    lost = [(pair, unit) for pair, unit in old_left if unit.kind == "test"]
    takers = _Takers(out)
    stay = {tuple(one.old.lines) for one in out.same if one.old.kind == "test" and len(one.old.lines) > 1}
    tests = [*(one.new for one in out.same if one.new.kind == "test"), *(unit for _, unit in out.born)]
    used = {id(unit) for unit in _called(tests, out.helpers)}
    idle = {(unit.path, unit.names) for unit in out.helpers if id(unit) not in used}
    out.gone = [
        (pair, unit)
        for pair, unit in lost
        if (pair.path, unit.names) in idle or (tuple(unit.lines) not in stay and not _taken_in(unit, out, takers))
    ]
    return out


def _by_name(pair: FilePair, out: Matching) -> tuple[list[tuple[FilePair, Unit]], list[tuple[FilePair, Unit]]]:
    """Full names first, then last names that are the only ones of their kind."""
    new_by_name: dict[tuple[str, ...], list[Unit]] = defaultdict(list)
    for unit in pair.new_units:
        new_by_name[((unit.kind == "test" and "test") or unit.kind, *unit.names)].append(unit)
    left: list[Unit] = []
    for unit in pair.old_units:
        twins = new_by_name.get((unit.kind, *unit.names))
        if twins:
            out.same.append(Matched(unit, twins.pop(0), pair))
        else:
            left.append(unit)
    rest = [unit for units in new_by_name.values() for unit in units]
    leaves: dict[str, list[Unit]] = defaultdict(list)
    for unit in rest:
        leaves[f"{unit.kind}:{unit.leaf}"].append(unit)
    old_rest: list[tuple[FilePair, Unit]] = []
    for unit in left:
        twins = leaves.get(f"{unit.kind}:{unit.leaf}")
        if twins:
            out.same.append(Matched(unit, twins.pop(0), pair))
        else:
            old_rest.append((pair, unit))
    return old_rest, [(pair, unit) for units in leaves.values() for unit in units]


Left = list[tuple[FilePair, Unit]]


def _elsewhere(old: Left, new: Left, out: Matching) -> tuple[Left, Left]:
    """The same name in another changed file, the most similar first."""
    by_leaf: dict[str, Left] = defaultdict(list)
    for pair, unit in new:
        by_leaf[f"{unit.kind}:{unit.leaf}"].append((pair, unit))
    rest: Left = []
    for pair, unit in old:
        twins = by_leaf.get(f"{unit.kind}:{unit.leaf}") if unit.leaf else None
        if not twins:
            rest.append((pair, unit))
            continue
        best = max(twins, key=lambda one: _likeness(unit, one[1]))
        twins.remove(best)
        out.same.append(Matched(unit, best[1], best[0]))
    return rest, [one for twins in by_leaf.values() for one in twins]


Score = Callable[[tuple[FilePair, Unit], tuple[FilePair, Unit]], float]


def _by_body(old: Left, new: Left, out: Matching, likeness: Score, least: float) -> tuple[Left, Left]:
    """Tests under another name, those that are most alike first."""
    candidates = [
        (likeness(a, b), i, j) for i, a in enumerate(old) for j, b in enumerate(new) if a[1].kind == b[1].kind != "file"
    ]
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for score, i, j in sorted(candidates, reverse=True):
        if score < least:
            break
        if i not in taken_old and j not in taken_new:
            taken_old.add(i)
            taken_new.add(j)
            out.same.append(Matched(old[i][1], new[j][1], new[j][0]))
    return (
        [one for i, one in enumerate(old) if i not in taken_old],
        [one for j, one in enumerate(new) if j not in taken_new],
    )


def _replacement_score(old: tuple[FilePair, Unit], new: tuple[FilePair, Unit]) -> float:
    """A test rewritten in its place: one of the same file that is not unlike it and has no fewer checks."""
    before, after = old[1].body.asserts, new[1].body.asserts
    if old[0] is not new[0] or new[1].kind != "test" or not before or len(after) < len(before):
        return 0.0
    return _likeness(old[1], new[1])


def _rename_score(old: tuple[FilePair, Unit], new: tuple[FilePair, Unit]) -> float:
    """Bodies that are alike, or names that are nearly the same with bodies not unlike."""
    body = _likeness(old[1], new[1])
    if body < UNLIKE_BODY:
        return 0.0
    name = SequenceMatcher(None, old[1].leaf, new[1].leaf, autojunk=False).ratio()
    same_file = old[0] is new[0]
    if same_file and old[1].leaf and new[1].leaf.startswith((f"{old[1].leaf} ", f"{old[1].leaf}_")):
        # The name says more than before: what the test is about stayed.
        name = max(name, 0.9)
    score = max(body, 0.4 * body + 0.6 * name if name > NEAR_NAME else 0.0)
    return score + (0.05 if same_file else 0.0)


def _likeness(old: Unit, new: Unit) -> float:
    """Share of lines in common, or of words where lines were merely reflowed."""
    one, two = Counter(old.lines), Counter(new.lines)
    total = one.total() + two.total()
    lines = 2 * (one & two).total() / total if total else float(old.text == new.text)
    if lines >= 0.5 or not total:
        return lines
    both = old.words & new.words
    either = old.words | new.words
    words = len(both) / len(either) if either else 0.0
    return max(lines, words - REFLOWED)


def _taken_in(unit: Unit, out: Matching, takers: _Takers) -> bool:
    return _absorbed(unit, out.added) or _split(unit, out) or _parametrised(unit, out) or takers.take(unit)


def _split(unit: Unit, out: Matching) -> bool:
    """`test_a` became `test_a_one`, `test_a_two`."""
    parts = [one for _, one in out.born if one.leaf.startswith((f"{unit.leaf}_", f"{unit.leaf} "))]
    return len(parts) > 1 and sum(len(one.body.asserts) for one in parts) >= min(2, len(unit.body.asserts))


def _parametrised(unit: Unit, out: Matching) -> bool:
    """A test much like it now runs on more rows of data."""
    for one in out.same:
        if one.old.text == one.new.text:
            continue
        grew = one.new.kind == "test" and len(one.new.body.rows) > len(one.old.body.rows) and one.old.path == unit.path
        if grew and max(_likeness(unit, one.old), _likeness(unit, one.new)) >= GREW:
            return True
    return any(len(one.body.rows) > 1 and _likeness(unit, one) >= PARAMETRISED for _, one in out.born)


class _Takers:
    """New tests that run on rows of data, and how many single tests each can have taken in: one a row."""

    def __init__(self, out: Matching) -> None:
        provided: dict[str, Unit] = {unit.path: unit for unit in out.helpers if len(unit.body.rows) > 1}
        self._room: dict[Unit, int] = {}
        self._words: dict[Unit, frozenset[str]] = {}
        grown = [(one.new, len(one.new.body.rows) - len(one.old.body.rows)) for one in out.same if one.new.names]
        for unit, more in [*((unit, len(unit.body.rows)) for _, unit in out.born), *grown]:
            provider = provided.get(unit.path, unit)
            room = max(more, len(provider.body.rows) if provider is not unit else 0)
            if unit.kind == "test" and room > 1:
                self._room[unit], self._words[unit] = room, _code_words(unit) | _code_words(provider)

    def take(self, unit: Unit) -> bool:
        """Whether one of the same file has most of the test's words in its body and its rows; it then has less room."""
        words = _code_words(unit)
        for taker, known in self._words.items():
            share = len(words & known) / max(1, len(words))
            if self._room[taker] > 0 and taker.path == unit.path and share >= TAKEN_BY_ROWS:
                self._room[taker] -= 1
                return True
        return False


def _code_words(unit: Unit) -> frozenset[str]:
    """Names, numbers and texts of the body and of the rows."""
    rows = (word for row in unit.body.rows for word in _WORD.findall(row))
    return frozenset([*(word for word in unit.words if _WORD.fullmatch(word)), *rows])


def _absorbed(unit: Unit, added: Added) -> bool:
    """Whether other tests took it in: its checks, most of its lines or nearly all its words are added there."""
    checks = [one.text for one in unit.body.asserts]
    if unit.lines and sum(added.lines[line] > 0 for line in unit.lines) / len(unit.lines) >= ABSORBED_LINES:
        return True
    if checks and all(any(check in line for line in added.lines) for check in checks[:20]):
        return True
    words = {word for line in unit.lines for word in _WORD.findall(line)}
    return (
        len(words) >= ABSORBED_LEAST_WORDS
        and sum(added.words[word] > 0 for word in words) / len(words) >= ABSORBED_WORDS
    )
