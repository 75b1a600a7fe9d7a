"""Tests that are gone: removed, deleted with their file, commented out, or kept where no runner finds them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from bot.weakening.features import Vanished
from bot.weakening.files import FilePair
from bot.weakening.likeness import text_likeness
from bot.weakening.matching import Matching
from bot.weakening.model import WeakeningFinding
from bot.weakening.nodes import squeeze
from bot.weakening.skips import effective_skips, name_of
from bot.weakening.textual import textual_names
from bot.weakening.thresholds import COMMENT_LINES, SAME_COMMENT
from bot.weakening.units import Unit


def gone_findings(matching: Matching, pairs: Sequence[FilePair], vanished: Vanished) -> Iterator[WeakeningFinding]:
    """The tests of the base that no test of the head succeeds; one finding for a deleted file."""
    if not matching.gone:
        return
    # A test may go on under its name in a language without a grammar here (Java to Kotlin).
    elsewhere = {_letters(name) for name in textual_names(pairs)}
    gone = {id(unit) for _, unit in matching.gone}
    by_pair: dict[int, list[Unit]] = defaultdict(list)
    for pair, unit in matching.gone:
        if not (
            _letters(unit.leaf) in elsewhere
            or _inside_gone(unit, gone)
            or _wrapped(pair, unit)
            or vanished.explains_test(unit.names, unit.text, unit.words)
            or _disabled_already(unit)
        ):
            by_pair[id(pair)].append(unit)
    for pair in {id(pair): pair for pair, _ in matching.gone}.values():
        units = by_pair[id(pair)]
        if units and pair.gone:
            what = f"{len(units)} tests" if len(units) > 1 else f"the test {name_of(units[0])}"
            yield WeakeningFinding("tests.file_deleted", pair.path, None, f"The file with {what} is deleted.")
        else:
            yield from (_gone_one(pair, unit) for unit in units)


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _inside_gone(unit: Unit, gone: set[int]) -> bool:
    """One finding is enough for a test and the subtests inside it."""
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


def _gone_one(pair: FilePair, unit: Unit) -> WeakeningFinding:
    name = name_of(unit)
    line = commented(pair, unit.text.split("\n")[:COMMENT_LINES])
    if line is not None:
        return WeakeningFinding("tests.commented_out", pair.path, line, f"The test {name} is commented out.")
    could = unit.leaf.lower() in pair.new_names
    hidden = next((one for one in pair.new_units if one.kind != "test" and _hides(one, unit)), None) if could else None
    if hidden is not None:
        message = f"The test {name} is still there as {hidden.leaf}, where no runner finds it."
        return WeakeningFinding("tests.renamed_away", pair.path, hidden.line, message)
    return WeakeningFinding("tests.removed", pair.path, None, f"The test {name} is removed.")


def _hides(new: Unit, old: Unit) -> bool:
    if not old.leaf or old.leaf.lower() not in new.leaf.lower():
        return False
    return new.names == old.names or bool(set(old.lines) & set(new.lines))


def commented(pair: FilePair, lines: Sequence[str]) -> int | None:
    """The head's line at which one of the lines that say something is in a comment that the base had not."""
    wanted = [
        squeeze(line)
        for line in lines
        if re.search(r"\b(?:def|func|fn|void|it|test|describe|expect|assert)|assert", line)
    ]
    for number, bare in pair.new_comments if wanted else ():
        if any(text_likeness(bare, one, SAME_COMMENT) for one in wanted):
            return number
    return None
