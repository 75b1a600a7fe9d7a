"""Tests that are still there and check less: what their bodies lost, measured over the whole change."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from bot.weakening.checks import Loss, losses
from bot.weakening.features import Vanished
from bot.weakening.gone import commented
from bot.weakening.likeness import text_likeness
from bot.weakening.matching import Matching
from bot.weakening.model import Assertion, Skip, WeakeningFinding
from bot.weakening.skips import effective_skips, name_of
from bot.weakening.successors import Matched
from bot.weakening.thresholds import HOLLOW_AFTER, HOLLOW_BEFORE, MOST_ELSEWHERE, MOVED_CHECK, MOVED_CHECK_LENGTH

_WARNED = re.compile(r"^(?:[\w.]*\.)?(?:deprecated_call|warns\w*|assertWarns\w*|warns_deprecated\w*|catch_warnings)\(")


def checked_less(matching: Matching, vanished: Vanished) -> Iterator[WeakeningFinding]:
    """Tests, helpers and files of tests on both sides whose checks are fewer, weaker or cannot fail any more."""
    came = _came(matching)
    weights = _weights(matching)
    born = (check.text for _, unit in matching.born for check in unit.body.asserts)
    elsewhere = list(islice((text for text in born if len(text) > MOVED_CHECK_LENGTH / 2), MOST_ELSEWHERE))

    def moved_away(check: Assertion) -> bool:
        if came[check.text] > 0:
            came[check.text] -= 1
            return True
        if len(check.text) <= MOVED_CHECK_LENGTH:
            return False
        twin = next((one for one in elsewhere if text_likeness(check.text, one, MOVED_CHECK)), None)
        if twin is not None:
            elsewhere.remove(twin)
        return twin is not None

    def explained(check: Assertion) -> bool:
        # A warning that is no longer demanded is one that the changed product no longer gives.
        warned = vanished.product_changed and bool(_WARNED.search(check.text))
        return warned or vanished.explains_text(check.source)

    for one in matching.same:
        if not _compared(one):
            continue
        found = list(losses(one.old, one.new, moved_away, explained, weights))
        if any(loss.new is None for loss in found) and _left(one, vanished):
            found = [loss for loss in found if loss.new is not None]
        yield from _losses(one, found)
        if _hollow(one) and not matching.added.lines.keys() - _NOTHING:
            message = f"The test {name_of(one.new)} is emptied."
            yield WeakeningFinding("tests.emptied", one.pair.path, one.new.line, message)


def _left(one: Matched, vanished: Vanished) -> bool:
    """Whether what the test lost are lines about something that left the product, with nothing in their place."""
    gone = one.old.line_counts - one.new.line_counts
    about = sum(vanished.explains(re.findall(r"\w{4,}", line)) is not None for line in gone)
    return about > 0 and gone.total() - (one.new.line_counts - one.old.line_counts).total() > about


def _came(matching: Matching) -> Counter[str]:
    """Checks that the head has more often than the base, by their text."""
    came: Counter[str] = Counter()
    for one in matching.same:
        if one.old.text != one.new.text:
            fresh = Counter(check.text for check in one.new.body.asserts)
            fresh.subtract(check.text for check in one.old.body.asserts)
            for text, count in fresh.items():
                came[text] = max(0, came[text] + count)
    # What a new helper checks counts by its calls (`_weights`): one that no test calls checks nothing.
    for _, unit in matching.born:
        came.update(check.text for check in unit.body.asserts)
    return came


def _compared(one: Matched) -> bool:
    """Whether the unit changed, belongs to the tests, and ran before."""
    if one.old.text == one.new.text or one.old.kind in ("code", "group"):
        return False
    return not any(not skip.conditional and _holds_back(skip, one.old.language) for skip in effective_skips(one.old))


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
    """How many checks a call of each new or grown helper makes."""
    found = {unit.leaf: len(unit.body.asserts) for unit in matching.helpers}
    for one in matching.same:
        if one.new.kind == "helper" and one.old.text != one.new.text:
            found[one.new.leaf] = len(one.new.body.asserts)
    return {name: count for name, count in found.items() if name and count > 0}


def _holds_back(skip: Skip, language: str) -> bool:
    """Whether a test with that mark proved nothing. Rust's `should_panic` is read as an expected failure, and is a
    check: https://doc.rust-lang.org/reference/attributes/testing.html#the-should_panic-attribute"""
    return skip.kind in ("skip", "return") or (skip.kind == "xfail" and language != "rust")


def _losses(one: Matched, found: list[Loss]) -> Iterator[WeakeningFinding]:
    where = name_of(one.new) if one.new.names else "the file"
    removed = [loss for loss in found if loss.new is None]
    for loss in found:
        if loss.new is not None:
            message = f"A check in {where} demands less ({loss.why}): {loss.old.source.strip()[:80]}"
            yield WeakeningFinding(loss.code, one.pair.path, loss.new.line, " ".join(message.split()))
    if not removed:
        return
    for loss in removed:
        line = commented(one.pair, [loss.old.source.split("\n")[0], f"assert {loss.old.source}"])
        if line is not None:
            message = f"A check in {where} is commented out: {loss.old.source.strip()[:80]}"
            yield WeakeningFinding("tests.commented_out", one.pair.path, line, " ".join(message.split()))
            return
    code = "tests.emptied" if not one.new.body.asserts and one.new.kind == "test" else "tests.assertion_removed"
    more = f" and {len(removed) - 1} more" if len(removed) > 1 else ""
    message = f"{where} no longer checks: {removed[0].old.source.strip()[:80]}{more}"
    yield WeakeningFinding(code, one.pair.path, one.new.line, " ".join(message.split()))
