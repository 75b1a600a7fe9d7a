"""The deterministic rules of `.github/cadence.yml`, held against a diff and the tree that results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeReader
from bot.config.model import ForbidRule, MaxLinesRule, RequireRule, Rule
from bot.core.globs import matching
from bot.core.patterns import Pattern, TextTooLong, compiled
from bot.review.diff import Diff
from bot.review.kinds import FindingSeverity, ReviewFinding, ReviewKind

MOST_PER_RULE = 20
"""Findings of one rule that are listed; a rule that is broken more often is broken all the same."""

_UNSEARCHED = "too long to be searched, so the rule cannot be checked"


def rules_of(kind: ReviewKind, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that a review answers for: what the text says is the reasoning's, how much of it the efficiency's."""
    return tuple(rule for rule in rules if isinstance(rule, MaxLinesRule) == (kind is ReviewKind.EFFICIENCY))


def broken_rules(rules: Sequence[Rule], diff: Diff, tree: TreeReader) -> tuple[ReviewFinding, ...]:
    """Everything in which the change breaks the rules; every finding rejects, and names its rule."""
    found: list[ReviewFinding] = []
    for rule in rules:
        match rule:
            case ForbidRule():
                broken = list(_forbidden(rule, diff))
            case RequireRule():
                broken = list(_required(rule, tree))
            case MaxLinesRule():
                broken = list(_too_long(rule, diff))
        found += broken[:MOST_PER_RULE]
    return tuple(found)


def _forbidden(rule: ForbidRule, diff: Diff) -> Iterator[ReviewFinding]:
    pattern = compiled(rule.pattern)
    for file in diff.files:
        if not matching(rule.paths, file.path):
            continue
        for added in file.added:
            found = _found(pattern, added.text)
            if found is None:
                yield _finding(rule, f"{_UNSEARCHED} `{rule.pattern}`", path=file.path, line=added.line)
            elif found:
                text = rule.message or f"matches `{rule.pattern}`, which is forbidden here"
                yield _finding(rule, text, path=file.path, line=added.line)


def _required(rule: RequireRule, tree: TreeReader) -> Iterator[ReviewFinding]:
    pattern = compiled(f"(?m){rule.pattern}")
    wanted = f"`{rule.pattern}`" + (f": {rule.message}" if rule.message else "")
    files = [entry.path for entry in tree.files() if entry.mode in (MODE_FILE, MODE_EXECUTABLE)]
    for glob in rule.paths:
        paths = [path for path in files if matching((glob,), path)]
        if not paths:
            yield _finding(rule, f"no file is at `{glob}`, and it has to hold {wanted}")
        for path in paths:
            found = _found(pattern, tree.read(path).decode("utf-8", "replace"))
            if found is None:
                yield _finding(rule, f"{_UNSEARCHED} {wanted}", path=path)
            elif not found:
                yield _finding(rule, f"must hold {wanted}", path=path)


def _found(pattern: Pattern, text: str) -> bool | None:
    """Whether the text holds a match; None when it was not searched, which breaks either kind of rule."""
    try:
        return pattern.found_in(text)
    except TextTooLong:
        return None


def _too_long(rule: MaxLinesRule, diff: Diff) -> Iterator[ReviewFinding]:
    lines = diff.added + diff.removed
    if lines > rule.value:
        text = f"the change touches {lines} lines; {rule.value} are allowed" + (
            f": {rule.message}" if rule.message else ""
        )
        yield _finding(rule, text)


def _finding(rule: Rule, message: str, *, path: str | None = None, line: int | None = None) -> ReviewFinding:
    return ReviewFinding(FindingSeverity.ERROR, message, path, line, rule=rule.id)
