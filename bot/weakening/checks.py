"""The checks of one test before and after: what was dropped, what demands less, what runs only sometimes."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bot.weakening.implied import (
    absorber,
    fewer_calls,
    not_implied,
    raised_instead,
    repeated,
    runs_still,
    sorted_before,
)
from bot.weakening.likeness import text_likeness
from bot.weakening.model import Assertion
from bot.weakening.strength import Level, fewer_items, level, lost_await, normalisers, tolerances, wildcards
from bot.weakening.thresholds import (
    MOST_PAIRS,
    PAIRED_CHECKS,
    POSITION,
    SAME_CHECK,
    SMALLEST_TOLERANCE,
    WEAKER_CHECKS,
)
from bot.weakening.units import Unit


@dataclass(frozen=True, slots=True)
class Loss:
    """One way in which a test checks less: `old` is what was there, `new` what is there now, None when nothing is."""

    code: str
    old: Assertion
    new: Assertion | None
    why: str


def losses(
    old: Unit,
    new: Unit,
    moved_away: Callable[[Assertion], bool],
    explained: Callable[[Assertion], bool],
    weights: Mapping[str, int],
) -> Iterator[Loss]:
    """Compare two bodies.

    `moved_away`: the check is added elsewhere; `explained`: what it names left the product; `weights`: how many checks
    a call of a helper makes.
    """
    before, after = old.body.asserts, new.body.asserts
    gone, come, kept = _cancel(before, after)
    yield from _guarded(kept, come)
    yield from (
        Loss(*_DEAD["floating"][:1], was, now, _DEAD["floating"][1]) for was, now in kept if lost_await(was, now)
    )
    gone, died = _died(gone, come, old, new)
    yield from died
    gone = [check for check in gone if not moved_away(check)]
    pairs, alone, fresh = _pair(gone, come)
    for was, now in pairs:
        if "async" in new.header and now.text == was.text.replace("await", "", 1) != was.text:
            yield Loss("tests.assertion_unawaited", was, now, "a promise is always true")
        elif not sorted_before(old, new, now):
            yield from _weaker(was, now)
    come_now = [*fresh, *(now for _, now in pairs)]
    lost = []
    for check in alone:
        into = absorber(check, come_now)
        if into is None:
            lost.append(check)
        elif level(check) is Level.EXACT and level(into) is Level.CLOSE:
            yield Loss("tests.assertion_loosened", check, into, "exact equality became closeness")
    lost = fewer_calls(not_implied(lost, pairs, fresh, after), old, new)
    lost = [check for check in lost if not _said(check, old, new, come_now)]
    # `fail()` after what should have thrown, or for an error that should not come, is how others check.
    lost = [check for check in lost if not _FAIL.match(check.text)]
    room = _room(fresh, [*kept, *pairs], come_now, weights)
    if _more_often(before, after) or (after and len(new.body.rows) > len(old.body.rows)):
        room = len(lost)
    unexplained = [check for check in lost if not explained(check)]
    for check in unexplained[: max(0, len(lost) - room)]:
        yield Loss("tests.assertion_removed", check, None, "")


def _room(
    fresh: list[Assertion],
    stayed: list[tuple[Assertion, Assertion]],
    come: list[Assertion],
    weights: Mapping[str, int],
) -> int:
    """How many lost checks the new ones make up for: a call of a helper for as many as it makes, and a check that ran
    in one branch, or never, and now always runs, for one of the other branch."""
    wider = sum(len(now.conditions) < len(was.conditions) for was, now in stayed)
    return len(fresh) + sum(_weight(check, weights) - 1 for check in come) + wider


def _more_often(before: list[Assertion], after: list[Assertion]) -> bool:
    """Whether more checks are in loops, or one in more of them: it makes as many checks as there are items."""
    loops, now = [check.loop for check in before], [check.loop for check in after]
    return sum(map(bool, now)) > sum(map(bool, loops)) or max(now, default=0) > max(loops, default=0)


_DEAD = {
    "swallowed": ("tests.assertion_swallowed", "its failure is caught and goes no further"),
    "unreachable": ("tests.assertion_unreachable", "it never runs"),
    "floating": ("tests.assertion_unawaited", "nothing waits for it, so its failure comes too late"),
    "vacuous": ("tests.assertion_loosened", "cannot fail any more"),
}
"""What is stated of a check that is still written and can no longer fail the test, by the reason."""


def _died(gone: list[Assertion], come: list[Assertion], old: Unit, new: Unit) -> tuple[list[Assertion], list[Loss]]:
    """What is gone but for the checks that are still written and cannot fail the test any more, and those as losses."""
    had = Counter(check.text for check in old.body.dead)
    fresh = [check for check in new.body.dead if had[check.text] == 0 or had.subtract([check.text])]
    left, found = [], []
    for check in gone:
        twin = next((one for one in fresh if one.text == check.text), None)
        twin = twin or _likest(check, fresh, come)
        if twin is None:
            left.append(check)
            continue
        fresh.remove(twin)
        code, why = _DEAD[twin.dead]
        found.append(Loss(code, check, twin, why))
    return left, found


def _likest(check: Assertion, dead: list[Assertion], come: list[Assertion]) -> Assertion | None:
    """The check that cannot fail and replaced another one, unless one that can fail is more like it."""
    best = max(dead, key=lambda one: text_likeness(check.text, one.text), default=None)
    if best is None:
        return None
    near = text_likeness(check.text, best.text)
    if max((text_likeness(check.text, one.text) for one in come), default=0.0) > near:
        return None
    if best.dead == "vacuous" and len(come) == 0:
        return best
    return best if near >= PAIRED_CHECKS or _same_subject(check, best) else None


_FAIL = re.compile(
    r"^(?:[\w.]+\.)?(?:fail|ifError|error)\(|^(?:debug_)?assert!\(false|^(?:[\w.]+\.)?assert(?:True)?\((?:\"[^\"]*\",)?(?:[Ff]alse|0)\b"
    r"|^(?:False|0)$|^(?:panic|unreachable)!\("
)


_NO_ERROR = re.compile(
    r"\b(?:err|error|e)\)?(?:\.(?:to\.)?(?:not\.)?(?:be\.)?(?:toBe\w*|null|undefined|exist)|,(?:null|undefined)\b|\)$)"
)


def _said(check: Assertion, old: Unit, new: Unit, come: list[Assertion]) -> bool:
    """Whether the test makes the check still, without those words."""
    if re.search(r"\.plan\(\d+\)$", check.text) and new.holds_units > old.holds_units:
        return True
    if "await" in new.text and "await" not in old.text and _NO_ERROR.search(check.text):
        return True  # An awaited promise throws what a callback was given.
    # https://bats-core.readthedocs.io/en/stable/writing-tests.html#run-test-other-commands
    status = re.search(r"status\"?(?:-eq|==?)(\d+)", check.text)
    if status and re.search(rf"\brun -{status[1]}\b", new.text):
        return True
    return runs_still(check, new) or raised_instead(check, come) or repeated(check, old.body.asserts, new.body.asserts)


def _guarded(kept: list[tuple[Assertion, Assertion]], come: list[Assertion]) -> Iterator[Loss]:
    """Checks that stayed the same and are now in a branch; with the same check in the other branch they still run."""
    if any(check.conditions for check in come):
        return
    for was, now in kept:
        if len(now.conditions) > len(was.conditions) and not was.conditions and not now.loop and _guards(now):
            yield Loss("tests.assertion_guarded", was, now, f"runs only if {now.conditions[-1][:60]}")


def _weight(check: Assertion, weights: Mapping[str, int]) -> int:
    hit = re.match(r"^(?:[\w.]+[.:])?(\w+)!?\(", check.text)
    return max(weights.get(hit[1], 1) if hit else 1, check.text.count(").expect("))


def _guards(check: Assertion) -> bool:
    return not re.match(r"except|catch|switch|with|.*(?:raises|warns|throws)", check.conditions[-1], re.IGNORECASE)


def _cancel(
    before: list[Assertion], after: list[Assertion]
) -> tuple[list[Assertion], list[Assertion], list[tuple[Assertion, Assertion]]]:
    """What is gone, what has come, and what stayed the same (with its conditions where they stayed, too)."""
    left: dict[str, list[Assertion]] = defaultdict(list)
    for check in after:
        left[check.text].append(check)
    gone, kept, stayed = [], [], set()
    for check in before:
        same = left[check.text]
        if not same:
            gone.append(check)
            continue
        twin = next((one for one in same if one.conditions == check.conditions), same[0])
        same.remove(twin)
        stayed.add(id(twin))
        kept.append((check, twin))
    return gone, [check for check in after if id(check) not in stayed], kept


def _pair(
    gone: list[Assertion], come: list[Assertion]
) -> tuple[list[tuple[Assertion, Assertion]], list[Assertion], list[Assertion]]:
    """The most alike first; what resembles nothing stays alone."""
    if len(gone) * len(come) > MOST_PAIRS:
        return list(zip(gone, come, strict=False)), gone[len(come) :], come[len(gone) :]
    scored = sorted(
        (
            (text_likeness(a.text, b.text, PAIRED_CHECKS) - POSITION * abs(i - j), i, j)
            for i, a in enumerate(gone)
            for j, b in enumerate(come)
        ),
        reverse=True,
    )
    old_used: set[int] = set()
    new_used: set[int] = set()
    pairs = []
    for score, i, j in scored:
        if score < PAIRED_CHECKS:
            break
        if i not in old_used and j not in new_used:
            old_used.add(i)
            new_used.add(j)
            pairs.append((gone[i], come[j]))
    alone = [one for i, one in enumerate(gone) if i not in old_used]
    return pairs, alone, [one for j, one in enumerate(come) if j not in new_used]


def _weaker(was: Assertion, now: Assertion) -> Iterator[Loss]:
    if wildcards(now) > wildcards(was):
        yield Loss("tests.assertion_loosened", was, now, "a value was demanded, and now any will do")
        return
    if fewer_items(was, now):
        yield Loss("tests.assertion_loosened", was, now, "all items had to pass, and now one is enough")
        return
    # https://doc.rust-lang.org/std/macro.debug_assert.html: not in a build with optimisations.
    if now.text.startswith("debug_assert") and now.text.removeprefix("debug_") == was.text:
        yield Loss("tests.assertion_loosened", was, now, "it runs in debug builds only")
        return
    raised = _raised(was, now)
    if raised:
        yield Loss("tests.tolerance_raised", was, now, raised)
        return
    demanded, demands = level(was), level(now)
    alike = text_likeness(was.text, now.text)
    if _same_size(was, now):
        return
    if demands is not Level.UNKNOWN and demands < demanded and (alike >= WEAKER_CHECKS or _same_subject(was, now)):
        yield Loss("tests.assertion_loosened", was, now, f"{_WORDS[demanded]} became {_WORDS[demands]}")
    elif normalisers(now) > normalisers(was) and alike >= SAME_CHECK and demanded >= Level.PART:
        yield Loss("tests.assertion_loosened", was, now, "what is compared is first made alike")
    elif _message_dropped(was, now):
        yield Loss("tests.assertion_loosened", was, now, "the expected message is no longer checked")


_WORDS = {
    Level.EXACT: "an exact comparison",
    Level.CLOSE: "closeness",
    Level.PART: "a partial comparison",
    Level.PRESENCE: "presence",
    Level.UNKNOWN: "something",
}


def _same_size(was: Assertion, now: Assertion) -> bool:
    """`len(x) == 2` stated as `hasSize(2)`."""
    sized = re.search(r"\blen\(|\.length\b|\.size\(|\.count\b|\.len\(|\.Len\(", was.text)
    return bool(sized and re.search(r"hasSize|toHaveLength|HaveLen|\bLen\(|lengthOf|isEmpty|Empty\(", now.text))


def _same_subject(was: Assertion, now: Assertion) -> bool:
    """Whether the first compared expression is the same in both."""
    one, two = _subject(was.text), _subject(now.text)
    return bool(one) and len(one) > 2 and (one == two or one in two)


def _subject(text: str) -> str:
    hit = re.match(r"^(?:[\w.]*(?:assert|expect)[\w.!]*\()?(?:t,|not)?(?P<subject>[^,=<>!]+)", text)
    return hit["subject"].rstrip(")").removesuffix(".to") if hit else ""


def _raised(was: Assertion, now: Assertion) -> str:
    old, new = tolerances(was), tolerances(now)
    for key, (amount, unit) in new.items():
        if key in old:
            before, before_unit = old[key]
            if unit == before_unit and amount > before * 1.0000001:
                return f"{key} {before:g} → {amount:g}{' ' + unit if unit else ''}"
    if not old and new and level(was) is Level.CLOSE and level(now) is Level.CLOSE:
        key, (amount, _) = next(iter(new.items()))
        if amount > SMALLEST_TOLERANCE:
            return f"{key} {amount:g} is new"
    return ""


def _message_dropped(was: Assertion, now: Assertion) -> bool:
    """`raises(E, match=…)` → `raises(E)`, `toThrow("…")` → `toThrow()`."""
    for stated in (r"match=", r"toThrow(?:Error)?\([^)]", r"rejects\.toThrow\([^)]", r"assertRaisesRegexp?\("):
        if (
            re.search(stated, was.text)
            and not re.search(stated, now.text)
            and re.search(r"raises|toThrow|assertRaises", now.text)
        ):
            return True
    one, two = _RAISED.search(was.text), _RAISED.search(now.text)
    return one is not None and two is not None and not _ANY_ERROR.search(one[0]) and bool(_ANY_ERROR.search(two[0]))


_RAISED = re.compile(
    r"(?:\braises\(|assertRaises\(|assertThrows\(|raise_error(?=[\s(A-Z{]|$)\(?|should\.raise\(?|assert_raises\(?|toThrow(?:Error)?\()"
    r"(?:[\w.:]*)"
)
_ANY_ERROR = re.compile(r"(?:\(|raise|raise_error|raises)(?:Base|Standard)?(?:Exception|Throwable|Error)?(?:\.class)?$")
"""Any error at all, where one of a kind was demanded."""
