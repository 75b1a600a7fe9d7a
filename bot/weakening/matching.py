"""Which test of the head is which test of the base: by name, by name elsewhere, by what it does, by who took it in."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bot.weakening.files import FilePair
from bot.weakening.likeness import text_likeness, unit_likeness
from bot.weakening.successors import Added, Matched, Successors, called
from bot.weakening.thresholds import (
    MOST_HOLDERS,
    MOST_UNIT_PAIRS,
    NAME_COUNTS,
    NEAR_NAME,
    RENAMED,
    REPLACED,
    SAME_FILE,
    SHORT_NAME,
    UNLIKE_BODY,
)
from bot.weakening.units import Unit

Left = list[tuple[FilePair, Unit]]
"""Units that found no counterpart yet, each with its file."""


@dataclass
class Matching:
    """`same`: units on both sides; `gone`: tests that the head has no counterpart of; `born`: tests that are new;
    `helpers`: other units that are new."""

    same: list[Matched] = field(default_factory=list)
    gone: Left = field(default_factory=list)
    born: Left = field(default_factory=list)
    helpers: list[Unit] = field(default_factory=list)
    added: Added = field(default_factory=lambda: Added(()))


def match(pairs: Sequence[FilePair]) -> Matching:
    """Match the tests and helpers of all changed files."""
    out = Matching(added=Added(pair for pair in pairs if pair.new_units))
    old_left: Left = []
    new_left: Left = []
    for pair in pairs:
        one, two = _by_name(pair, out)
        old_left += one
        new_left += two
    old_left, new_left = _elsewhere(old_left, new_left, out)
    # The surest kinds come first: a test that is paired is not looked at again.
    old_left, new_left = _by_body(old_left, new_left, out, _rename_score, RENAMED)
    old_left, new_left = _by_body(old_left, new_left, out, _replacement_score, REPLACED)
    out.born = [(pair, unit) for pair, unit in new_left if unit.kind == "test"]
    out.helpers = [unit for _, unit in new_left if unit.kind == "helper"]
    born = [unit for _, unit in out.born]
    out.added.take_units(out.same, born, out.helpers)
    successors = Successors(out.same, born, out.helpers, out.added)
    stay = {tuple(one.old.lines) for one in out.same if one.old.kind == "test" and len(one.old.lines) > 1}
    used = set(map(id, called([*(one.new for one in out.same if one.new.kind == "test"), *born], out.helpers)))
    # A test that is a plain function now and that no test calls does not take itself in.
    idle = {(unit.path, unit.names) for unit in out.helpers if id(unit) not in used}
    for pair, unit in old_left:
        if unit.kind == "test" and (
            (pair.path, unit.names) in idle or (tuple(unit.lines) not in stay and not successors.take_in(unit))
        ):
            out.gone.append((pair, unit))
    return out


def _by_name(pair: FilePair, out: Matching) -> tuple[Left, Left]:
    """Full names first, then last names that are the only ones of their kind."""
    new_by_name: dict[tuple[str, ...], list[Unit]] = defaultdict(list)
    for unit in pair.new_units:
        new_by_name[unit.kind, *unit.names].append(unit)
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
    old_rest: Left = []
    for unit in left:
        twins = leaves.get(f"{unit.kind}:{unit.leaf}")
        if twins:
            out.same.append(Matched(unit, twins.pop(0), pair))
        else:
            old_rest.append((pair, unit))
    return old_rest, [(pair, unit) for units in leaves.values() for unit in units]


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
        # Files are in the order of their paths, and moved files mostly keep it.
        best = max(twins[:MOST_HOLDERS], key=lambda one: unit_likeness(unit, one[1]))
        twins.remove(best)
        out.same.append(Matched(unit, best[1], best[0]))
    return rest, [one for twins in by_leaf.values() for one in twins]


Score = Callable[[tuple[FilePair, Unit], tuple[FilePair, Unit]], float]


def _by_body(old: Left, new: Left, out: Matching, likeness: Score, least: float) -> tuple[Left, Left]:
    """Tests under another name, those that are most alike first."""
    candidates = [(likeness(old[i], new[j]), i, j) for i, j in _candidates(old, new)]
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


def _candidates(old: Left, new: Left) -> Iterator[tuple[int, int]]:
    """The pairs worth comparing: all of one kind, or of very many those that share a line which few others have."""
    if len(old) * len(new) <= MOST_UNIT_PAIRS:
        for i, (_, before) in enumerate(old):
            yield from ((i, j) for j, (_, after) in enumerate(new) if before.kind == after.kind != "file")
        return
    holders: dict[str, list[int]] = defaultdict(list)
    for j, (_, after) in enumerate(new):
        for line in after.line_counts:
            holders[line].append(j)
    for i, (_, before) in enumerate(old):
        shared = [
            holders[line]
            for line in before.line_counts
            if len(holders.get(line, ())) <= MOST_HOLDERS and line in holders
        ]
        near = {j for found in shared for j in found}
        yield from ((i, j) for j in sorted(near) if before.kind == new[j][1].kind != "file")


def _replacement_score(old: tuple[FilePair, Unit], new: tuple[FilePair, Unit]) -> float:
    """A test rewritten in its place: one of the same file that is not unlike it and has no fewer checks."""
    before, after = old[1].body.asserts, new[1].body.asserts
    if old[0] is not new[0] or new[1].kind != "test" or not before or len(after) < len(before):
        return 0.0
    return unit_likeness(old[1], new[1])


def _words_only(name: str) -> str:
    return re.sub(r"\[[^]]*\]|[\W_]+|^[Tt]est_?", "", name).lower()


def _rename_score(old: tuple[FilePair, Unit], new: tuple[FilePair, Unit]) -> float:
    """Bodies that are alike, or names that are nearly the same with bodies not unlike."""
    body = unit_likeness(old[1], new[1])
    # Another framework spells a name in another way: `TEST(Total, Adds)`, `TEST_CASE("total adds")`.
    one, two = (_words_only(unit.leaf) for _, unit in (old, new))
    no_fewer = len(new[1].body.asserts) >= len(old[1].body.asserts) > 0
    if one == two and len(one) > SHORT_NAME and old[1].leaf != new[1].leaf and no_fewer:
        return max(body, RENAMED)
    if body < UNLIKE_BODY:
        return 0.0
    name = text_likeness(old[1].leaf, new[1].leaf, NEAR_NAME)
    score = max(body, NAME_COUNTS * name + (1 - NAME_COUNTS) * body if name else 0.0)
    return score + (SAME_FILE if old[0] is new[0] else 0.0)
