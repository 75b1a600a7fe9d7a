"""Tests that were removed, skipped, narrowed or loosened by a change (`tests.*`)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from bot.changeset.tree import TreeReader
from bot.weakening.checks import Loss, losses
from bot.weakening.collected import collected_findings
from bot.weakening.features import Vanished
from bot.weakening.files import FilePair
from bot.weakening.hooks import hook_findings
from bot.weakening.matching import Matched, Matching, match
from bot.weakening.model import Assertion, Skip, WeakeningFinding
from bot.weakening.nodes import squeeze
from bot.weakening.paths import is_test_path
from bot.weakening.skips import constraint_findings, effective_skips, focus_findings, name_of, skip_findings
from bot.weakening.textual import textual_findings, textual_names
from bot.weakening.thresholds import (
    COMMENT_LENGTHS,
    COMMENT_LINES,
    HOLLOW_AFTER,
    HOLLOW_BEFORE,
    MOVED_CHECK,
    MOVED_CHECK_LENGTH,
    SAME_COMMENT,
)
from bot.weakening.units import Unit

_COMMENT = re.compile(r"^\s*(?:#|//|--|/?\*+)\s?(?P<text>.*)$")
_WARNED = re.compile(r"^(?:[\w.]*\.)?(?:deprecated_call|warns\w*|assertWarns\w*|warns_deprecated\w*|catch_warnings)\(")


def test_findings(pairs: Sequence[FilePair], head: TreeReader) -> Iterator[WeakeningFinding]:
    """Every `tests.*` finding of a change, in no particular order. Raises what the reader raises (GitFailed)."""
    vanished = Vanished(pairs)
    holding = [pair for pair in pairs if pair.old_units or pair.new_units]
    matching = match(holding)
    matching.gone = _not_rewritten(matching.gone, pairs)
    yield from _gone(matching, vanished)
    for pair in pairs:
        if pair.unparsed:
            message = "The file of tests cannot be parsed: what it checks is not known."
            yield WeakeningFinding("tests.unreadable", pair.path, None, message)
    yield from collected_findings(matching, pairs, head)
    yield from hook_findings(pairs)
    yield from skip_findings(matching)
    yield from _checked_less(matching, vanished)
    yield from _fewer_rows(matching, vanished)
    yield from focus_findings(matching)
    yield from constraint_findings(matching)
    yield from textual_findings(pairs, vanished)


def _not_rewritten(gone: list[tuple[FilePair, Unit]], pairs: Sequence[FilePair]) -> list[tuple[FilePair, Unit]]:
    """Without the tests that the change has under the same name in another language (Java to Kotlin)."""
    came = {_letters(name) for name in textual_names(pairs)} if gone else set()
    return [(pair, unit) for pair, unit in gone if _letters(unit.leaf) not in came]


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _gone(matching: Matching, vanished: Vanished) -> Iterator[WeakeningFinding]:
    by_pair: dict[int, list[Unit]] = defaultdict(list)
    pairs: dict[int, FilePair] = {}
    for pair, unit in matching.gone:
        if (
            _inside_gone(unit, matching)
            or _wrapped(pair, unit)
            or vanished.explains_test(unit.names, unit.text, unit.words)
            or _disabled_already(unit)
        ):
            continue
        by_pair[id(pair)].append(unit)
        pairs[id(pair)] = pair
    for key, units in by_pair.items():
        pair = pairs[key]
        if pair.gone:
            what = f"{len(units)} tests" if len(units) > 1 else f"the test {name_of(units[0])}"
            yield WeakeningFinding("tests.file_deleted", pair.path, None, f"The file with {what} is deleted.")
            continue
        for unit in units:
            yield _gone_one(pair, unit)


def _inside_gone(unit: Unit, matching: Matching) -> bool:
    """A subtest goes with its test: one finding is enough."""
    gone = {id(one) for _, one in matching.gone}
    parent = unit.parent
    while parent is not None:
        if id(parent) in gone and parent.kind == "test":
            return True
        parent = parent.parent
    return False


_WRAPPER = (
    r"(?m)^[ \t]*(?!\w*(?:skip|pend|disab|broken|flak|todo|ignore)|x?(?:it|test|describe)\b)\w[\w.]*\s*\(?\s*[\"']"
)


def _wrapped(pair: FilePair, unit: Unit) -> bool:
    """Whether the test is declared by the project's own word now (`deprecated "title" do`)."""
    titled = pair.path.endswith((".rb", ".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".mts")) and " " in unit.leaf
    return titled and bool(re.search(_WRAPPER + re.escape(unit.leaf) + r"[\"']", pair.after or ""))


def _disabled_already(unit: Unit) -> bool:
    """A test that never ran takes nothing away with it (`it.todo`, a plain skip); one that was to fail did run."""
    return any(not skip.conditional and skip.kind == "skip" for skip in effective_skips(unit))


def _holds_back(skip: Skip) -> bool:
    """Rust's `should_panic` is stored as an expected failure, and is a check."""
    return skip.kind in ("skip", "xfail", "return") and skip.text != "should_panic"


def _gone_one(pair: FilePair, unit: Unit) -> WeakeningFinding:
    name = name_of(unit)
    line = _commented(pair, unit.text.split("\n")[:COMMENT_LINES])
    if line is not None:
        return WeakeningFinding("tests.commented_out", pair.path, line, f"The test {name} is commented out.")
    hidden = next((one for one in pair.new_units if one.kind != "test" and _hides(one, unit)), None)
    if hidden is not None:
        message = f"The test {name} is still there as {hidden.leaf}, where no runner finds it."
        return WeakeningFinding("tests.renamed_away", pair.path, hidden.line, message)
    return WeakeningFinding("tests.removed", pair.path, None, f"The test {name} is removed.")


def _hides(new: Unit, old: Unit) -> bool:
    if not old.leaf or old.leaf.lower() not in new.leaf.lower():
        return False
    return new.names == old.names or bool(set(old.lines) & set(new.lines))


def _commented(pair: FilePair, lines: Sequence[str]) -> int | None:
    """The head's line at which one of the lines that say something now stands in a comment."""
    wanted = [
        squeeze(line)
        for line in lines
        if re.search(r"\b(?:def|func|fn|void|it|test|describe|expect|assert)|assert", line)
    ]
    if not wanted:
        return None
    for number, line in enumerate(pair.new_lines, 1):
        hit = _COMMENT.match(line)
        if hit is None or line.strip() in pair.old_lines:
            continue
        bare = squeeze(hit["text"])
        if len(bare) > 8 and any(bare == one or _alike(bare, one) > SAME_COMMENT for one in wanted):
            return number
    return None


def _alike(one: str, two: str) -> float:
    if abs(len(one) - len(two)) > COMMENT_LENGTHS * max(len(one), len(two)):
        return 0.0
    return SequenceMatcher(None, one, two, autojunk=False).ratio()


def _checked_less(matching: Matching, vanished: Vanished) -> Iterator[WeakeningFinding]:
    came = _came(matching)
    weights = _weights(matching)
    elsewhere = [check.text for _, unit in matching.born for check in unit.body.asserts]

    def moved_away(check: Assertion) -> bool:
        if came[check.text] > 0:
            came[check.text] -= 1
            return True
        twin = (
            next((one for one in elsewhere if _alike(check.text, one) > MOVED_CHECK), None)
            if len(check.text) > MOVED_CHECK_LENGTH
            else None
        )
        if twin is not None:
            elsewhere.remove(twin)
        return twin is not None

    def explained(check: Assertion) -> bool:
        # A warning that is no longer awaited was no longer given: the product changed with it.
        warned = vanished.product_changed and bool(_WARNED.search(check.text))
        return warned or vanished.explains_text(check.source)

    for one in matching.same:
        if not _compared(one):
            continue
        found = list(losses(one.old, one.new, moved_away, explained, weights))
        yield from _losses(one, [loss for loss in found if loss.new is not None or not _left(one, vanished)])
        if _hollow(one) and not matching.added.lines.keys() - _NOTHING:
            message = f"The test {name_of(one.new)} is emptied."
            yield WeakeningFinding("tests.emptied", one.pair.path, one.new.line, message)


def _left(one: Matched, vanished: Vanished) -> bool:
    """Whether what the test lost are lines about something that left the product, with nothing in their place."""
    gone = Counter(one.old.lines) - Counter(one.new.lines)
    about = sum(vanished.explains(re.findall(r"\w{4,}", line)) is not None for line in gone)
    return about > 0 and gone.total() - (Counter(one.new.lines) - Counter(one.old.lines)).total() > about


def _came(matching: Matching) -> Counter[str]:
    """Checks that the head has more often than the base, by their text."""
    came: Counter[str] = Counter()
    for one in matching.same:
        if one.old.text != one.new.text:
            fresh = Counter(check.text for check in one.new.body.asserts)
            fresh.subtract(Counter(check.text for check in one.old.body.asserts))
            came += fresh
    for unit in [*(one for _, one in matching.born), *(one for one in matching.helpers if _is_called(one))]:
        came.update(check.text for check in unit.body.asserts)
    return came


def _is_called(helper: Unit) -> bool:
    """Whether a new plain function is named anywhere else in its file; a method may be called by a base class."""
    if helper.parent is not None and helper.parent.kind == "group" and helper.parent.names:
        return True
    return len(re.findall(rf"(?<![\w$]){re.escape(helper.leaf)}(?![\w$])", helper.source)) > 1


def _compared(one: Matched) -> bool:
    """Whether the unit changed, belongs to the tests, and ran before."""
    if one.old.text == one.new.text or one.old.kind in ("code", "group") or not _in_tests(one):
        return False
    return not any(not skip.conditional and _holds_back(skip) for skip in effective_skips(one.old))


_NOTHING = frozenset({"pass", "...", "return", "return;", "nil", "//", "{}"})
"""Lines that do nothing: what is added is no other test."""


def _hollow(one: Matched) -> bool:
    """A test that never checked in words, and of whose body next to nothing is left."""
    checked = one.old.body.asserts or one.new.body.asserts
    return (
        one.old.kind == "test"
        and not checked
        and len(one.old.lines) >= HOLLOW_BEFORE
        and len(one.new.lines) <= HOLLOW_AFTER
    )


def _weights(matching: Matching) -> dict[str, int]:
    """How many checks a call of each new or grown helper stands for."""
    found = {unit.leaf: len(unit.body.asserts) for unit in matching.helpers}
    for one in matching.same:
        if one.new.kind == "helper" and one.old.text != one.new.text:
            found[one.new.leaf] = len(one.new.body.asserts)
    return {name: count for name, count in found.items() if name and count > 0}


def _sliced_new(one: Matched) -> bool:
    """Whether the test ran over no list before, so that nothing was cut."""
    return (
        not one.old.body.rows
        and not one.old.body.row_lists
        and not re.search(r"parametrize|\beach\b|\bfor\b|Each|range", one.old.text)
    )


def _in_tests(one: Matched) -> bool:
    return one.old.kind == "test" or is_test_path(one.old.path)


def _losses(one: Matched, found: list[Loss]) -> Iterator[WeakeningFinding]:
    removed = [loss for loss in found if loss.code == "tests.assertion_removed"]
    where = name_of(one.new) if one.new.names else "the file"
    for loss in found:
        if loss.code == "tests.assertion_removed":
            continue
        line = loss.new.line if loss.new is not None else one.new.line
        message = f"A check in {where} demands less ({loss.why}): {loss.old.source.strip()[:80]}"
        yield WeakeningFinding(loss.code, one.pair.path, line, " ".join(message.split()))
    if not removed:
        return
    for loss in removed:
        commented = _commented(one.pair, [loss.old.source.split("\n")[0], f"assert {loss.old.source}"])
        if commented is not None:
            message = f"A check in {where} is commented out: {loss.old.source.strip()[:80]}"
            yield WeakeningFinding("tests.commented_out", one.pair.path, commented, " ".join(message.split()))
            return
    code = "tests.emptied" if not one.new.body.asserts and one.new.kind == "test" else "tests.assertion_removed"
    more = f" and {len(removed) - 1} more" if len(removed) > 1 else ""
    message = f"{where} no longer checks: {removed[0].old.source.strip()[:80]}{more}"
    yield WeakeningFinding(code, one.pair.path, one.new.line, " ".join(message.split()))


def _fewer_rows(matching: Matching, vanished: Vanished) -> Iterator[WeakeningFinding]:
    """Rows of data that a test ran on and no longer does, counted over the whole change."""
    came: Counter[str] = Counter()
    changed = [one for one in matching.same if one.old.text != one.new.text]
    for one in changed:
        came.update(Counter(one.new.body.rows) - Counter(one.old.body.rows))
    for _, unit in matching.born:
        came.update(unit.body.rows)
    for one in changed:
        old, new = one.old.body.rows, one.new.body.rows
        if not _in_tests(one) or one.old.kind == "group":
            continue
        cut = [text for text in one.new.body.cut if text not in one.old.body.cut]
        if cut and len(one.new.body.cut) > len(one.old.body.cut) and not _sliced_new(one):
            message = f"{name_of(one.new)} runs on a part of its cases only: {cut[0][:80]}"
            yield WeakeningFinding("tests.cases_removed", one.pair.path, one.new.line, message)
        emptied = not new and one.new.body.row_lists > 0
        if len(old) <= len(new) or not (new or emptied):
            continue
        gone = [row for row in dict.fromkeys(old) if row not in set(new)]
        fresh = sum((Counter(new) - Counter(old)).values())
        gone = [row for row in gone if not came[row] and not vanished.explains_text(row)]
        if len(gone) > fresh and len(gone) - fresh > 0:
            where = name_of(one.new) if one.new.names else "the file's table"
            message = f"{where} runs on {len(gone) - fresh} cases fewer, among them {gone[0][:80]}"
            yield WeakeningFinding("tests.cases_removed", one.pair.path, one.new.line, message)
