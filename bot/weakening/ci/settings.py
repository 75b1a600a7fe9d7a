"""What the table of settings says about a change: the rows of ci/table.py applied to both sides of a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.weakening.ci.commands import strict_flags
from bot.weakening.ci.config import Config, Setting, Side, plain_key
from bot.weakening.ci.flags import selectors
from bot.weakening.ci.lists import LinterFiles, speaks_of
from bot.weakening.ci.table import TABLE, TEXTS, Direction, SettingRow
from bot.weakening.ci.texts import of_text, text_gone
from bot.weakening.model import WeakeningFinding

_TRUE = frozenset({"true", "yes", "1", "on"})
_FALSE = frozenset({"false", "no", "0", "off"})


@dataclass(frozen=True, slots=True)
class _Change:
    """What the rest of the change says: the lists of its linters, the switches that were on anywhere in the base, and
    whether a path is gone with it."""

    linters: LinterFiles
    lenient: frozenset[str]
    vanished: Callable[[str], bool]
    on: frozenset[str]
    """Keys that are on anywhere in the head."""


def setting_findings(
    sides: Sequence[Side], linters: LinterFiles, vanished: Callable[[str], bool]
) -> Iterator[WeakeningFinding]:
    """Every finding of the tables; `vanished` says whether a path is gone.

    A new file weakens nothing that was there, except by its switches, which may replace a default.
    """
    moved = Counter(_spelled(setting) for _, new in sides for setting in new.settings)
    moved.subtract(_spelled(setting) for old, _ in sides for setting in old.settings)
    change = _Change(linters, frozenset(_lenient(sides)), vanished, frozenset(_switches(sides)))
    for old, new in sides:
        if not new.text:
            continue
        before, after = ([(path_of(one), one) for one in side.settings] for side in (old, new))
        known: set[tuple[str, ...]] = set()
        for row in TABLE:
            if not row.files.search(new.path) or (row.stated and not old.text):
                continue
            was, now = ([one for path, one in paths if row.key.search(path)] for paths in (before, after))
            for setting, why in _of_row(row, was, now, old, change) if was != now else ():
                if _is_moved(setting, row, now, moved) or (row.tool == "linter" and setting.keys in known):
                    continue
                known.add(setting.keys)
                line = new.line(setting.value, setting.keys[-1]) if setting in now else new.line(setting.keys[-1])
                yield WeakeningFinding(row.code, new.path, line, f"`{setting.dotted}` {why} ({row.tool}).")
        if old.text:
            rows = [row for row in TEXTS if row.files.search(new.path)]
            yield from (found for row in rows if not row.gone for found in of_text(row, old, new))
            kept = "\n".join(side.text for _, side in sides)
            yield from (found for row in rows if row.gone for found in text_gone(row, old, new, kept))


def path_of(setting: Setting) -> str:
    """The key's path as the table spells it."""
    return ".".join(plain_key(key) for key in setting.keys)


def _spelled(setting: Setting) -> tuple[str, str]:
    return plain_key(setting.keys[-1]) if setting.keys else "", setting.value


def _lenient(sides: Sequence[Side]) -> Iterator[str]:
    """Keys that are on anywhere in the base, and words that are flags of a command there."""
    for old, _ in sides:
        yield from (plain_key(one.keys[-1]) for one in old.settings if one.keys and one.value.lower() in _TRUE)
        yield from (word.replace("-", "_") for word in re.findall(r"--([\w-]+)", old.text))


def _switches(sides: Sequence[Side]) -> Iterator[str]:
    for _, new in sides:
        yield from (plain_key(one.keys[-1]) for one in new.settings if one.keys and one.value.lower() in _TRUE)


def _is_moved(setting: Setting, row: SettingRow, now: Sequence[Setting], moved: Counter[tuple[str, str]]) -> bool:
    """Whether the value left another file as it came into this one, or came into another as it left this one."""
    if setting in now:
        return moved[_spelled(setting)] <= 0 and row.direction not in _NUMBERS
    return moved[_spelled(setting)] >= 0


_NUMBERS = frozenset({Direction.FALLS, Direction.RISES, Direction.SHRINKS, Direction.OFF})
Found = Iterator[tuple[Setting, str]]


def _of_row(
    row: SettingRow, before: Sequence[Setting], after: Sequence[Setting], old: Config, change: _Change
) -> Found:
    if not row.stated:
        yield from _WEAKER[row.direction](before, after, old, change)
        return
    known = {one.keys: one for one in before}
    for one in after:
        was = known.get(one.keys)
        if row.direction is Direction.ON:
            off = was is None or was.value.lower() in _FALSE
            new_here = plain_key(one.keys[-1]) not in change.lenient and not _IN_PIPELINE.intersection(one.keys)
            if off and one.value.lower() in _TRUE and new_here and speaks_of(old, one.dotted):
                yield one, f"is {one.value} now"
        elif was is not None and _is_weaker(row.direction, was, one, change):
            yield one, f"was {was.value} and is {one.value}"


def _is_weaker(direction: Direction, was: Setting, now: Setting, change: _Change) -> bool:
    if direction is Direction.OFF:
        return was.value.lower() in _TRUE and now.value.lower() in _FALSE
    one, two = _amount(was.value), _amount(now.value)
    if one is None or two is None or not (two < one if direction is Direction.FALLS else two > one):
        return False
    # The limit of a rule that the same change switches on was not kept before.
    words = set(plain_key(now.keys[-1]).split("_")) - {"max", "too", "many"}
    return not any(words & set(re.split(r"[-_]", rule)) for rule in change.linters.enabling)


_IN_PIPELINE = frozenset({"jobs", "steps", "strategy", "with", "testenv"})
"""Steps and jobs are compared as such, so that a new one that may fail is not counted here."""


def _is_on(value: str) -> bool:
    """Whether a switch is on, also where only the environment or a property puts it on."""
    return value.lower() in _TRUE or bool(re.search(r"[gG]etenv|process\.env|environ\b|(?:has|find)Property", value))


def _switched_on(before: Sequence[Setting], after: Sequence[Setting], old: Config, _change: _Change) -> Found:
    had = {one.keys for one in before if _is_on(one.value)}
    on = [one for one in after if _is_on(one.value)]
    for one in on:
        if one.keys in had or len(had) >= len(on) or (not old.text and "env" not in one.keys):
            continue
        if one.keys[0].startswith("testenv") and not any(was.keys[0] == one.keys[0] for was in old.settings):
            # A new environment that may fail takes nothing away.
            continue
        yield one, "is switched on"


def _switched_off(before: Sequence[Setting], after: Sequence[Setting], old: Config, _change: _Change) -> Found:
    now = {one.keys: one for one in after}
    was = {one.keys: one for one in before}
    for keys, one in was.items():
        if one.value.lower() in _TRUE or one.value.lower().startswith(("!!process.env", "process.env")):
            other = now.get(keys)
            if other is None and not any(later.value.lower() in _TRUE for later in after):
                yield one, f"was {one.value} and is gone"
            elif other is not None and other.value.lower() in _FALSE:
                yield other, f"was {one.value} and is {other.value}"
    for keys, one in now.items():
        if keys not in was and one.value.lower() in _FALSE and old.text:
            yield one, "is switched off"


def _amount(value: str) -> float | None:
    hit = re.fullmatch(r"\s*(-?\d+(?:[._]?\d+)*)\s*%?[a-zA-Z]{0,2}\s*", value)
    try:
        return float(hit[1].replace("_", "")) if hit else None
    except ValueError:
        return None


def _numbers(before: Sequence[Setting], after: Sequence[Setting], falls: bool) -> Found:
    now = {one.keys: one for one in after}
    for one in before:
        was, other = _amount(one.value), now.get(one.keys)
        if was is None:
            continue
        is_now = _amount(other.value) if other is not None else None
        if other is None and falls:
            if not any(later.keys[-1] == one.keys[-1] for later in after):
                yield one, f"was {one.value} and is gone"
        elif other is not None and is_now is not None and (is_now < was if falls else is_now > was):
            yield other, f"was {one.value} and is {other.value}"
    if not falls:
        known = {one.keys for one in before}
        yield from (
            (one, f"is {one.value} now")
            for one in after
            if one.keys not in known and (_amount(one.value) or 0) > 1 and before
        )


def _falls(before: Sequence[Setting], after: Sequence[Setting], old: Config, _change: _Change) -> Found:
    yield from _numbers(before, after, True)
    if not before and old.text:
        yield from (
            (one, "is 0, so that failures count for nothing")
            for one in after
            if "exit" in one.keys[-1].lower() and _amount(one.value) == 0
        )


def _rises(before: Sequence[Setting], after: Sequence[Setting], _old: Config, _change: _Change) -> Found:
    return _numbers(before, after, False)


def _items(settings: Sequence[Setting]) -> dict[str, Setting]:
    """Single items of lists, also of those that are one string."""
    found: dict[str, Setting] = {}
    for one in settings:
        # The alternatives of a regular expression are items, too (`(test|spec)\\.js$`).
        for item in re.split(r"[,\n|]\s*|\s+", one.value):
            if item.strip("\"'[]()"):
                found.setdefault(item.strip("\"'[]()"), one)
    return found


def _grows(before: Sequence[Setting], after: Sequence[Setting], old: Config, change: _Change) -> Found:
    had, has = _items(before), _items(after)
    fresh = [item for item in has if item not in had and not _brought(item, change.linters.added)]
    lost = [item for item in had if item not in has]
    if fresh and len(lost) < len(fresh) and old.text:
        yield has[fresh[0]], f"now leaves out {', '.join(fresh)[:100]}"


def _brought(item: str, added: frozenset[str]) -> bool:
    return "/" in item and "*" not in item and any(path.endswith(item.lstrip("./")) for path in added)


_VERSION = re.compile(r"^(?:py|python|node|ruby|go|rust|jdk|java)?[-{]*\d[\d.,{}]*$")
"""Dropping an old version from a list weakens nothing."""


def _covers(wide: str, narrow: str) -> bool:
    """Whether a pattern or folder takes in another one: `tests` takes in `tests/unit`, `**/*.js` `src/**/*.js`."""
    one, two = wide.strip("./").replace("<rootDir>", ""), narrow.strip("./").replace("<rootDir>", "")
    if one in ("", "*", "**") or (two.startswith((f"{one}/", one)) and len(one) <= len(two)):
        return True
    folder, glob, name = one.partition("**/")
    if glob and folder and two.startswith(folder) and two.rsplit(".", 1)[-1] == name.rsplit(".", 1)[-1]:
        return True
    return one.startswith("**/") and (two.endswith(one[3:]) or two.rsplit("/", 1)[-1] == one[3:])


# https://docs.pytest.org/en/stable/reference/reference.html#confval-python_classes
_DEFAULTS = {"python_files": "test_", "python_classes": "Test", "python_functions": "test"}
"""How the names begin that pytest collects where the settings name none."""


def _shrinks(before: Sequence[Setting], after: Sequence[Setting], old: Config, change: _Change) -> Found:
    had, has = _items(before), _items(after)
    if has and not before and old.text:
        key = plain_key(after[0].keys[-1])
        if key in _DEFAULTS and not any(item.startswith((_DEFAULTS[key], "*")) for item in has):
            yield after[0], f"no longer holds {_DEFAULTS[key]}*"
    if not has or not had:
        return
    lost = [item for item in had if item not in has and not any(_covers(one, item) for one in has)]
    lost = [item for item in lost if not _VERSION.match(item) and not change.vanished(item)]
    fresh = [item for item in has if item not in had]
    narrower = [item for item in lost if any(_covers(item, one) for one in fresh)]
    if lost and (len(fresh) < len(lost) or narrower):
        yield has[next(iter(has))], f"no longer holds {', '.join(lost)[:100]}"


def _appears(before: Sequence[Setting], after: Sequence[Setting], old: Config, _change: _Change) -> Found:
    known = {(one.keys, one.value) for one in before}
    fresh = [
        one
        for one in after
        if (one.keys, one.value) not in known
        and not _in_new_block(one, old)
        and one.value not in ("", "0", "0%", "false", "undefined")
    ]
    if fresh and len(after) > len(before) and old.text:
        yield fresh[0], f"is new: {fresh[0].value[:80]}"


def _in_new_block(setting: Setting, old: Config) -> bool:
    """Whether a Gradle setting belongs to a task that the base has not: it takes nothing from the others."""
    block = setting.keys[0]
    return ".gradle" in old.path and len(setting.keys) > 1 and not re.search(rf"\b{re.escape(block)}\b", old.text)


def _whole(settings: Sequence[Setting]) -> Iterator[tuple[Setting, str]]:
    """A list of words under one key is one command line."""
    lines: dict[tuple[str, ...], list[Setting]] = {}
    for one in settings:
        lines.setdefault(one.keys, []).append(one)
    for same in lines.values():
        words = (f"'{one.value}'" if " " in one.value and not one.value.startswith("-") else one.value for one in same)
        yield same[0], " ".join(words) if len(same) > 1 else same[0].value


def _flags(before: Sequence[Setting], after: Sequence[Setting], old: Config, change: _Change) -> Found:
    had = Counter(one for _, value in _whole(before) for one in selectors(value))
    for setting, stated in _whole(after):
        for flag in selectors(stated):
            if had[flag] > 0:
                had[flag] -= 1
            elif old.text or before:
                fresh = next((one for one in after if one.keys == setting.keys and one not in before), setting)
                yield fresh, f"now selects less: {flag[:80]}"
                return
    lost = strict_flags(" ".join(one.value for one in before)) - strict_flags(" ".join(one.value for one in after))
    missing = [flag for flag in sorted(lost) if plain_key(flag.strip("-")) not in change.on]
    if missing and after:
        yield after[0], f"no longer has {missing[0]}"


_WEAKER: dict[Direction, Callable[[Sequence[Setting], Sequence[Setting], Config, _Change], Found]] = {
    Direction.ON: _switched_on,
    Direction.OFF: _switched_off,
    Direction.FALLS: _falls,
    Direction.RISES: _rises,
    Direction.GROWS: _grows,
    Direction.SHRINKS: _shrinks,
    Direction.APPEARS: _appears,
    Direction.FLAGS: _flags,
}
