"""Tests that ran before and are now held back: skips, expected failures, conditions, focus."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.weakening.matching import Matching
from bot.weakening.model import Skip, WeakeningFinding
from bot.weakening.nodes import split_arguments
from bot.weakening.paths import is_test_path
from bot.weakening.successors import Matched
from bot.weakening.units import Unit


def name_of(unit: Unit) -> str:
    """The unit's names from the outside in, for a message."""
    return "`" + " › ".join(name for name in unit.names if name)[-100:] + "`"


def effective_skips(unit: Unit) -> list[Skip]:
    """The skips that hold a test back: its own and those of everything around it."""
    return unit.body.skips + around_skips(unit)


def _placed(unit: Unit) -> list[tuple[str, str]]:
    """What holds a unit back besides its own text: the skips around it, and a branch that it is in."""
    return [(skip.kind, skip.text) for skip in [*(one for one in unit.marks if one.kind == "cfg"), *around_skips(unit)]]


def around_skips(unit: Unit) -> list[Skip]:
    """The skips of everything around a unit."""
    found: list[Skip] = []
    parent = unit.parent
    while parent is not None:
        found += parent.body.skips if parent.kind != "helper" else []
        parent = parent.parent
    return found


_SUITE = re.compile(r"def (?:suite|load_tests)\([^)]*\):(?:\n[ \t]+.*)*\n[ \t]+if ")


def skip_findings(matching: Matching) -> Iterator[WeakeningFinding]:
    seen: set[tuple[str, int, str]] = set()
    for one in matching.same:
        if one.new.kind not in ("test", "helper") or (one.new.kind == "helper" and not is_test_path(one.pair.path)):
            continue
        for skip in _new_skips(one):
            key = (one.pair.path, skip.line, skip.kind)
            if key not in seen:
                seen.add(key)
                yield _skip_finding(one, skip)


_BEFORE_EACH = re.compile(r"^(?:async)?(?:[sS]et_?[uU]p\w*|before\w*|init)$")


def setup_findings(matching: Matching) -> Iterator[WeakeningFinding]:
    """A new function that runs before the tests of a file and skips them."""
    ran = {one.new.path for one in matching.same if one.old.kind == one.new.kind == "test"}
    for unit in matching.helpers:
        held = [skip for skip in unit.body.skips if skip.kind == "skip"]
        if held and unit.path in ran and _BEFORE_EACH.match(unit.leaf):
            message = f"{name_of(unit)} runs before the tests and skips them."
            code = "tests.skip_conditional" if held[0].conditional else "tests.skip"
            yield WeakeningFinding(code, unit.path, held[0].line, message)


def _new_skips(one: Matched) -> Iterator[Skip]:
    """Skips that the head has and the base had not, for a test that ran before."""
    if one.old.text == one.new.text and _placed(one.old) == _placed(one.new):
        return
    if one.new.kind == "helper":
        before, after = list(one.old.body.skips), list(one.new.body.skips)
    else:
        before, after = effective_skips(one.old), effective_skips(one.new)
    before, after = _no_focus(before), _no_focus(after)
    if any(not skip.conditional and skip.kind != "row" for skip in before):
        return
    known = Counter((skip.kind, skip.text) for skip in before)
    fresh = []
    if one.new.kind == "helper":
        after = [skip for skip in after if skip.kind != "return"]
    for skip in after:
        if known[skip.kind, skip.text] > 0:
            known[skip.kind, skip.text] -= 1
        else:
            fresh.append(skip)
    hard = [skip for skip in fresh if not skip.conditional]
    yield from hard
    yield from _narrowed(fresh, known)
    # A condition in other words is not new: only more conditions than before count.
    soft = [skip for skip in fresh if skip.conditional and skip.kind != "row" and not _by_new_parameter(skip, one)]
    spare = sum(known.values()) + (1 if soft and _SUITE.search(one.old.source) else 0)
    if not hard and len(soft) > spare and not all(_by_new_row(skip, one) for skip in soft):
        yield from soft[spare:]
    yield from _rows_held(one)
    old_rows = set(one.old.body.rows)
    for skip in fresh:
        if skip.kind == "row" and skip.text.removeprefix("row ") in old_rows:
            yield skip


def _no_focus(skips: list[Skip]) -> list[Skip]:
    return [skip for skip in skips if skip.kind != "focus"]


_HELD_FIELD = re.compile(r",?\b\"?\w*skip\w*\"?[:=](?P<value>[^,{}]+)", re.IGNORECASE)


def _narrowed(fresh: list[Skip], left: Counter[tuple[str, str]]) -> Iterator[Skip]:
    """Rust's `cfg` that asks for all the features that it asked for before, and for more."""
    spent = [_features(text) for (kind, text), count in left.items() if kind == "cfg" and count > 0]
    for skip in fresh:
        if skip.kind == "cfg" and any(was and was < _features(skip.text) for was in spent):
            yield skip


def _features(cfg: str) -> frozenset[str]:
    return frozenset(split_arguments(cfg[4:-1])) if cfg.startswith("cfg(feature=") else frozenset()


def _by_new_parameter(skip: Skip, one: Matched) -> bool:
    """Whether the condition asks for a parameter that the test had not before: what ran before runs still."""
    before, after = (re.search(r"\bdef \w+\(([^)]*)\)", unit.text) for unit in (one.old, one.new))
    if before is None or after is None:
        return False
    fresh = set(re.findall(r"(\w+)\s*(?:[:,=]|$)", after[1])) - set(re.findall(r"\w+", before[1]))
    return any(re.search(rf"\b{re.escape(name)}\b", skip.where) for name in fresh)


def _by_new_row(skip: Skip, one: Matched) -> bool:
    """Whether only a row that says so is skipped (`if row.skip { t.Skip() }`), and there are more rows than before."""
    if len(one.new.body.rows) <= len(one.old.body.rows) or skip.text not in ("skip()", "return"):
        return False
    if len(one.new.declared_rows) > len(one.old.declared_rows):
        # The branch asks for a combination of parameters, which is as new as they are.
        return True
    fields = re.findall(r"\.(\w+)", skip.where)
    before, after = "".join(one.old.body.rows), "".join(one.new.body.rows)
    return any(
        re.search("skip", field, re.IGNORECASE) or (f"{field}:" in after and f"{field}:" not in before)
        for field in fields[:1]
    )


def _rows_held(one: Matched) -> Iterator[Skip]:
    """Rows that were there and now say that they are to be skipped."""
    old_rows = set(one.old.body.rows)
    for row in one.new.body.rows:
        held = _HELD_FIELD.search(row) if row not in old_rows else None
        bare = _HELD_FIELD.sub("", row)
        same = bare in old_rows or bare.replace("{,", "{") in old_rows
        if held and same and held["value"] not in ("false", "False", '""', "nil", "None", "null"):
            yield Skip("row", f"row {bare}", one.new.line, True)


def _skip_finding(one: Matched, skip: Skip) -> WeakeningFinding:
    name = name_of(one.new)
    if skip.kind == "xfail":
        return WeakeningFinding("tests.xfail", one.pair.path, skip.line, f"The existing test {name} may now fail.")
    if skip.kind == "row":
        return WeakeningFinding(
            "tests.skip", one.pair.path, skip.line, f"An existing case of {name} is now skipped or may fail."
        )
    if skip.conditional:
        message = f"The existing test {name} no longer runs everywhere: {skip.text[:80]}."
        return WeakeningFinding("tests.skip_conditional", one.pair.path, skip.line, message)
    return WeakeningFinding("tests.skip", one.pair.path, skip.line, f"The existing test {name} is now skipped.")


# https://pkg.go.dev/cmd/go#hdr-Build_constraints
_CONSTRAINT = re.compile(r"^//\s*(?:go:build|\+build)\s+(?P<what>.+)$", re.MULTILINE)


def constraint_findings(matching: Matching) -> Iterator[WeakeningFinding]:
    """Go's build constraints: a file of tests that was always built now is only sometimes."""
    for pair in {id(one.pair): one.pair for one in matching.same if one.new.kind == "test"}.values():
        if not pair.path.endswith(".go"):
            continue
        before, after = _CONSTRAINT.search(pair.before or ""), _CONSTRAINT.search(pair.after or "")
        # A constraint that changed may be wider or narrower; only a new one is sure to be narrower.
        if after is not None and before is None and pair.before is not None:
            line = (pair.after or "").count("\n", 0, after.start()) + 1
            message = f"The tests of the file are only built when: {after['what'][:60]}."
            yield WeakeningFinding("tests.skip_conditional", pair.path, line, message)


def focus_findings(matching: Matching) -> Iterator[WeakeningFinding]:
    """A focused test keeps every other one from running, so a new one counts even on a new test."""
    known: Counter[str] = Counter()
    for one in matching.same:
        known.update(one.pair.path for skip in one.old.marks if skip.kind == "focus")
    news = [(one.pair, one.new) for one in matching.same] + list(matching.born)
    for pair, unit in news:
        for skip in unit.marks:
            if skip.kind == "focus" and known[pair.path] == 0:
                message = f"Only {name_of(unit)} runs now; the other tests of the file do not."
                yield WeakeningFinding("tests.focus", pair.path, skip.line, message)
