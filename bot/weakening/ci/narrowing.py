"""The same command before and after: fewer tests selected, fewer paths, a lower limit, a strict flag gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.weakening.ci.commands import checks_of, kinds, limits, strict_flags
from bot.weakening.ci.config import Config
from bot.weakening.ci.flags import loosened, selectors, targets_of
from bot.weakening.ci.steps import Job
from bot.weakening.model import WeakeningFinding
from bot.weakening.thresholds import SAME_COMMAND, SAME_PROGRAM


def fewer_tests(
    old: Job, new: Job, config: Config, selected: frozenset[str], everywhere: Sequence[str]
) -> Iterator[WeakeningFinding]:
    """A test runner's command that selects less, or looks into less, than the same command before.

    `selected`: the selections of all commands of the base; `everywhere`: all commands of the head.
    """
    known, kept = set(old.lines), set(new.lines)
    for line in new.lines:
        if line in known or "test" not in kinds(checks_of(line)):
            continue
        was = _predecessor(line, old.lines) or _same_runner(line, old.lines)
        if was is None or was in kept:
            continue
        more = fewer_selected(was, line)
        if more and more not in selected:
            message = f"`{line[:80]}` runs fewer tests than before ({more})."
            yield WeakeningFinding("ci.tests_narrowed", config.path, config.line(line[:40]), message)
            continue
        lost = _fewer_targets(was, line, everywhere)
        if lost:
            message = f"`{line[:80]}` no longer runs what `{lost}` held."
            yield WeakeningFinding("ci.tests_narrowed", config.path, config.line(line[:40]), message)


def fewer_selected(was: str, now: str) -> str:
    """A selection that a command makes and its predecessor did not; a value that changed is not a new selection."""
    before = selectors(was)
    flags = [re.split(r"[=\s]", one, maxsplit=1)[0] for one in before]
    for one in selectors(now):
        flag = re.split(r"[=\s]", one, maxsplit=1)[0]
        if one in before:
            continue
        if flag not in flags or flag in ("--ignore", "--deselect", "--exclude", "--skip"):
            return one
        # `-k "not slow"` → `-k "not slow and not net"` leaves out more; another expression may not.
        wider = next((text for text in before if text.startswith(flag)), "")
        if " not " in one and one.count(" not ") > wider.count(" not ") and " or " not in one:
            return one
    return ""


def _fewer_targets(was: str, now: str, everywhere: Sequence[str]) -> str:
    """A path that the runner looked into and no command looks into now; "all" where it looked into everything."""
    before, after = targets_of(was), targets_of(now)
    wide = {"", ".", "./...", "...", "./"}
    if not after or before == after:
        return ""
    others = [target for line in everywhere if line != now for target in targets_of(line)]
    if not before or set(before) & wide:
        narrow = [one for one in after if one.strip("./") not in ("", "tests", "test", "spec") and one not in wide]
        return (
            "all"
            if narrow and len(narrow) == len(after) and not others and ("/" in narrow[0] or "." in narrow[0])
            else ""
        )
    kept = [*after, *others]
    lost = [
        one
        for one in before
        if not any(one == two or one.startswith(two.rstrip("/.") + "/") or two in wide for two in kept)
    ]
    narrower = [one for one in lost if any(two.startswith(one.rstrip("/.") + "/") for two in after)]
    return lost[0] if narrower or (lost and len(after) < len(before)) else ""


# `pytest` → `uv run pytest`: hardly a word in common, and the same tool.
def _same_runner(line: str, lines: list[str]) -> str | None:
    """The only old command with the same kind and tool of check."""
    same = [one for one in lines if checks_of(one) & checks_of(line)]
    return same[0] if len(same) == 1 else None


def weaker_flags(old: Job, new: Job, config: Config) -> Iterator[WeakeningFinding]:
    """The same command with a weaker threshold or without a flag that made it strict."""
    for line in new.lines:
        if line in old.lines or not checks_of(line):
            continue
        was = _predecessor(line, old.lines)
        if was is None:
            continue
        before, after = dict(limits(was)), dict(limits(line))
        for flag, amount in before.items():
            now = after.get(flag)
            # A maximum is weaker when it rises, everything else when it falls.
            lower_is_weaker = not flag.startswith(("max", "line-length"))
            if (now is None and lower_is_weaker) or (
                now is not None and (now < amount if lower_is_weaker else now > amount)
            ):
                became = "gone" if now is None else f"{now:g}"
                yield WeakeningFinding(
                    "ci.threshold", config.path, config.line(line[:30]), f"`--{flag}` was {amount:g} and is {became}."
                )
        for flag in loosened(was, line):
            message = f"`{line[:60]}` lets more pass than before ({flag})."
            yield WeakeningFinding("ci.lint_relaxed", config.path, config.line(line[:30]), message)
        lost = [word for word in _named(was) if word not in _named(line)]
        fresh = [word for word in _named(line) if word not in _named(was)]
        if lost and fresh and lost[0] in (".", "./...", "./") and "test" not in kinds(checks_of(line)):
            # `ruff check .` → `ruff check docs`
            message = f"`{line[:60]}` no longer looks into everything."
            yield WeakeningFinding("ci.lint_relaxed", config.path, config.line(line[:30]), message)
        for flag in sorted(strict_flags(was) - strict_flags(line)):
            if _named(was.replace(flag, "")) == _named(line):
                yield WeakeningFinding(
                    "ci.lint_relaxed",
                    config.path,
                    config.line(line[:30]),
                    f"`{flag}` is no longer given to `{line[:60]}`.",
                )


def _named(line: str) -> list[str]:
    """The words of a command without its switches: its program and what it looks into."""
    return [word for word in line.split() if not word.startswith("-")]


def _predecessor(line: str, lines: list[str]) -> str | None:
    """The old command with most words in common; the same first word counts for more."""
    words = set(line.split())
    best, share = None, SAME_COMMAND
    for one in lines:
        other = set(one.split())
        common = len(words & other) / max(1, len(words | other))
        if common and one.split()[0] == line.split()[0]:
            common += SAME_PROGRAM
        if common > share:
            best, share = one, common
    return best
