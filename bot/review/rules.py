"""Checks the rules of `.github/cadence.yml` on a diff and on the tree after it. Deterministic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.changeset.tree import MODE_EXECUTABLE, MODE_FILE, TreeReader
from bot.config.model import ForbidRule, MaxLinesRule, RequireRule, Rule
from bot.core.globs import matching
from bot.core.patterns import Pattern, TextTooLong, compiled
from bot.review.diff import Diff
from bot.review.review_kinds import FindingSeverity, ReviewFinding, ReviewKind

MOST_PER_RULE = 20
"""Findings listed for one rule; one is enough to reject."""

_UNSEARCHED = "too long to be searched, so the rule cannot be checked"


def rules_of(kind: ReviewKind, rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules that a kind of review checks: `max_lines` belongs to efficiency, every other rule to reasoning."""
    # Each rule belongs to one review, so that a broken one is not reported twice.
    return tuple(rule for rule in rules if isinstance(rule, MaxLinesRule) == (kind is ReviewKind.EFFICIENCY))


def broken_rules(rules: Sequence[Rule], diff: Diff, tree: TreeReader) -> tuple[ReviewFinding, ...]:
    """A finding for each place where the change breaks a rule; each one rejects the change and names its rule.

    `tree` is the tree after the change.
    """
    findings: list[ReviewFinding] = []
    for rule in rules:
        match rule:
            case ForbidRule():
                broken = list(_forbidden(rule, diff))
            case RequireRule():
                broken = list(_required(rule, tree))
            case MaxLinesRule():
                broken = list(_too_many_lines(rule, diff))
        # Cut for each rule, so that one rule with many matches does not hide the others.
        findings += broken[:MOST_PER_RULE]
    return tuple(findings)


def _forbidden(rule: ForbidRule, diff: Diff) -> Iterator[ReviewFinding]:
    pattern = compiled(rule.pattern)
    for file in diff.files:
        if not matching(rule.paths, file.path):
            continue
        for added in file.added:
            matches = _matches(pattern, added.text)
            if matches is None:
                yield _finding(rule, f"{_UNSEARCHED} `{rule.pattern}`", path=file.path, line=added.line)
            elif matches:
                text = rule.message or f"matches `{rule.pattern}`, which is forbidden here"
                yield _finding(rule, text, path=file.path, line=added.line)


def _required(rule: RequireRule, tree: TreeReader) -> Iterator[ReviewFinding]:
    # `(?m)`: `^` and `$` match at every line of the file: https://github.com/google/re2/wiki/Syntax
    pattern = compiled(f"(?m){rule.pattern}")
    wanted = f"`{rule.pattern}`" + (f": {rule.message}" if rule.message else "")
    # The whole tree and not only changed files, because deleting a file can break the rule.
    files = [entry.path for entry in tree.files() if entry.mode in (MODE_FILE, MODE_EXECUTABLE)]
    for glob in rule.paths:
        paths = [path for path in files if matching((glob,), path)]
        if not paths:
            yield _finding(rule, f"no file matches `{glob}`, and one must have {wanted}")
        for path in paths:
            matches = _matches(pattern, tree.read(path).decode("utf-8", "replace"))
            if matches is None:
                yield _finding(rule, f"{_UNSEARCHED} {wanted}", path=path)
            elif not matches:
                yield _finding(rule, f"must have {wanted}", path=path)


def _matches(pattern: Pattern, text: str) -> bool | None:
    """Whether the text has a match; None when it is too long to search, which counts as breaking the rule."""
    try:
        return pattern.found_in(text)
    except TextTooLong:
        return None


def _too_many_lines(rule: MaxLinesRule, diff: Diff) -> Iterator[ReviewFinding]:
    lines = diff.added + diff.removed
    if lines > rule.value:
        text = f"the change touches {lines} lines; {rule.value} are allowed" + (
            f": {rule.message}" if rule.message else ""
        )
        yield _finding(rule, text)


def _finding(rule: Rule, message: str, *, path: str | None = None, line: int | None = None) -> ReviewFinding:
    return ReviewFinding(FindingSeverity.ERROR, message, path, line, rule=rule.id)
