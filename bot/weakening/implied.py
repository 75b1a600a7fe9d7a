"""Checks that are gone and that the test still makes: in other words, by a wider comparison, or by running at all."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.weakening.model import Assertion
from bot.weakening.strength import Level, identity, level
from bot.weakening.thresholds import STILL_RUNS, WIDE_VALUES
from bot.weakening.units import Unit

_LITERAL = re.compile(r"\"[^\"]*\"|\d[\w.]*|[A-Za-z_]\w*")
_VALUE = re.compile(r"\"[^\"]*\"|(?<![\w.])\d[\w.]*")
_COMMON = frozenset(
    {"assert", "assertEqual", "self", "expect", "toEqual", "toBe", "t", "assert_eq", "equal", "Equal", "assertEquals"}
)
_INDEX = re.compile(r"(?<=[\w)\]])\[-?\d+\]")


_CALLEE = re.compile(r"^[\w.:]+!?(?=\()")


def absorber(check: Assertion, absorbing: Iterable[Assertion]) -> Assertion | None:
    """A new check that says all that the old one stated: `a == 1`, `b == 2` → `(a, b) == (1, 2)`."""
    bare = _INDEX.sub("", check.text)
    words = set(_LITERAL.findall(_CALLEE.sub("", bare))) - _COMMON
    if not words:
        return None
    for one in absorbing:
        if len(one.text) > len(bare) and words <= set(_LITERAL.findall(one.text)):
            return one
    return None


def not_implied(
    lost: list[Assertion],
    pairs: list[tuple[Assertion, Assertion]],
    fresh: list[Assertion],
    after: list[Assertion],
) -> list[Assertion]:
    """Without the checks that a comparison with the whole value makes anyway."""
    come = [*fresh, *(now for _, now in pairs)]
    if any("napshot" in check.text for check in come) or _wide(lost, come):
        return []
    same = [subject for subject in map(identity, come) if subject]
    lost = [check for check in lost if not any(re.search(rf"\b{re.escape(one)}\b", check.source) for one in same)]
    whole = any("napshot" in check.text or "assert_data_eq" in check.text for check in after)
    whole = whole or any(level(was) < level(now) is Level.EXACT for was, now in pairs)
    if whole or any(level(now) is Level.EXACT for now in fresh):
        return [check for check in lost if level(check) not in (Level.PART, Level.PRESENCE)]
    return lost


def _wide(lost: list[Assertion], fresh: list[Assertion]) -> bool:
    """Whether one new exact comparison holds many more values than all that is lost together."""
    values = len({value for check in lost for value in _VALUE.findall(check.text)})
    widest = max((len(set(_VALUE.findall(one.text))) for one in fresh if level(one) is Level.EXACT), default=0)
    return widest >= WIDE_VALUES and widest > values


_NO_ERROR = re.compile(
    r"(?:not_?to|to_?not)raise_error|nothing_raised|[dD]oesNotThrow|\.not\.toThrow|doesNotReject|NotPanics\(|NotThrow"
)
_WORD = re.compile(r"[A-Za-z_]\w{2,}")


def runs_still(check: Assertion, new: Unit) -> bool:
    """`does not raise` stated of code that the test runs still: an error fails it anyway."""
    if not _NO_ERROR.search(check.text):
        return False
    words = {
        word for word in _WORD.findall(check.source) if not re.search(r"expect|raise|error|hrow|assert|not", word, re.I)
    }
    return bool(words) and sum(word in new.text for word in words) / len(words) >= STILL_RUNS


_RAISES = re.compile(
    r"(?:should_panic|raises|warns|assertRaises\w*|assertWarns\w*|assertThrows|toThrow\w*|raise_error|throws)\W"
)


def raised_instead(check: Assertion, fresh: Iterable[Assertion]) -> bool:
    """What was read off a caught error, or off a run that had failed, where the error itself is now demanded."""
    about = re.search(r"exception|exit_code|\berr\b|error|isinstance|panic|is_err|thread_result", check.source)
    return bool(about) and any(_RAISES.search(one.text) and _VALUE.search(one.text) for one in fresh)


_ANY_ORDER = re.compile(
    r"ElementsMatch|assertCountEqual|contain_exactly|match_array|InAnyOrder|containsExactlyElementsIn"
)


def sorted_before(old: Unit, new: Unit, now: Assertion) -> bool:
    """A comparison in any order, where the values were sorted first and no longer are."""
    return bool(_ANY_ORDER.search(now.text)) and _sorts(old) > _sorts(new)


def _sorts(unit: Unit) -> int:
    return len(re.findall(r"sort", unit.text, re.IGNORECASE))


_GO_ERROR = re.compile(r"^err!=nil$|^(?:require|assert)\.NoError\(t,err\)$")
_ASSIGNED = re.compile(r"\berr\s*:?=")
_DISCARDED = re.compile(r"(?<!\w)_\s*:?=")


def fewer_calls(lost: list[Assertion], old: Unit, new: Unit) -> list[Assertion]:
    """Go's `if err != nil` after calls that are gone themselves; with an error that is now discarded, it is a loss."""
    if len(_DISCARDED.findall(new.text)) > len(_DISCARDED.findall(old.text)):
        return lost
    room = len(_ASSIGNED.findall(old.text)) - len(_ASSIGNED.findall(new.text))
    kept = []
    for check in lost:
        if room > 0 and _GO_ERROR.match(check.text):
            room -= 1
        else:
            kept.append(check)
    return kept


def repeated(check: Assertion, before: list[Assertion], after: list[Assertion]) -> bool:
    """The second of two equal checks in a row, of which one stays."""
    twice = any(one is check and before[at - 1].text == check.text for at, one in enumerate(before) if at > 0)
    twice = twice or any(one is check and before[at + 1].text == check.text for at, one in enumerate(before[:-1]))
    return twice and any(one.text == check.text for one in after)
