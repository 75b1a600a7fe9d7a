"""The rules of cadence.yml against a diff and the tree that results."""

from __future__ import annotations

from typing import Any

import pytest

from bot.changeset.tree import MODE_SYMLINK
from bot.config.model import ForbidRule, MaxLinesRule, RequireRule, Rule
from bot.review.diff import Diff, read_diff
from bot.review.review_kinds import ReviewKind
from bot.review.rules import MOST_PER_RULE, broken_rules, rules_of
from tests.fakes.memory_tree import MemoryTree


def added(path: str, *lines: str, removed: tuple[str, ...] = ()) -> Diff:
    body = "".join(f"-{line}\n" for line in removed) + "".join(f"+{line}\n" for line in lines)
    return read_diff(
        f"diff --git a/{path} b/{path}\nindex 1111111..2222222 100644\n--- a/{path}\n+++ b/{path}\n"
        f"@@ -5,{len(removed)} +5,{len(lines)} @@\n{body}"
    )


def forbid(pattern: str = r"eval\(", **rest: Any) -> ForbidRule:
    return ForbidRule(id="no-eval", type="forbid", pattern=pattern, **rest)


def require(pattern: str, *paths: str, message: str = "") -> RequireRule:
    return RequireRule(id="changelog", type="require", pattern=pattern, paths=paths, message=message)


def most(value: int, message: str = "") -> MaxLinesRule:
    return MaxLinesRule(id="small", type="max_lines", value=value, message=message)


def broken(rule: Rule, diff: Diff, files: dict[str, str] | None = None) -> list[tuple[str | None, int | None, str]]:
    found = broken_rules([rule], diff, MemoryTree(files or {}))  # type: ignore[arg-type]
    assert all(one.rule == rule.id and one.severity == "error" for one in found)
    return [(one.path, one.line, one.message) for one in found]


def test_forbidden_lines_are_named_where_they_stand() -> None:
    diff = added("src/a.py", "x = 1", "y = eval(x)", "z = eval(y)")
    assert broken(forbid(message="no eval"), diff) == [("src/a.py", 6, "no eval"), ("src/a.py", 7, "no eval")]
    assert broken(forbid(), diff)[0][2] == r"matches `eval\(`, which is forbidden here"


@pytest.mark.parametrize(
    ("diff", "rule"),
    [
        (added("src/a.py", "x = 1"), forbid()),
        (added("src/a.py", "x = 1", removed=("y = eval(x)",)), forbid()),
        (added("docs/a.md", "eval(x)"), forbid(paths=("src/**",))),
        (added("src/a.py", "EVAL(x)"), forbid()),
        (added("src/a.py", "x"), forbid(pattern="^$")),
    ],
)
def test_what_a_forbidding_rule_lets_pass(diff: Diff, rule: ForbidRule) -> None:
    assert broken(rule, diff) == []


def test_a_rule_that_is_broken_everywhere_is_not_listed_without_end() -> None:
    assert len(broken(forbid("x"), added("a.py", *["x"] * 100))) == MOST_PER_RULE


BACKTRACKS = "(a+)+b"


@pytest.mark.timeout(20)
def test_a_pattern_that_would_backtrack_for_ever_answers_all_the_same() -> None:
    diff = added("src/a.py", "a" * 40, "a" * 40 + "b")
    assert [line for _, line, _ in broken(forbid(BACKTRACKS), diff)] == [6]
    files = {"a.txt": "a" * 5000, "b.txt": "a" * 5000 + "b"}
    assert [path for path, _, _ in broken(require(BACKTRACKS, "*.txt"), diff, files)] == ["a.txt"]


LARGE = "a[ab]{900}c|b[ab]{900}d|c[ab]{900}e|d[ab]{900}f"


def test_what_is_too_long_to_be_searched_breaks_either_kind_of_rule() -> None:
    endless = "b" * 1_600_000
    (one,) = broken(forbid(LARGE, message="not this"), added("a.py", "x", endless))
    assert one[:2] == ("a.py", 6) and "too long to be searched" in one[2]
    (one,) = broken(require(LARGE, "a.txt"), added("a.py", "x"), {"a.txt": endless})
    assert one[:2] == ("a.txt", None) and "too long to be searched" in one[2]


CHANGELOG = {"CHANGELOG.md": "# Log\n\n## 1.0\n", "docs/a.md": "text\n", "docs/b.md": "## here\n"}


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        (require("^## ", "CHANGELOG.md"), []),
        (require("^## 2", "CHANGELOG.md"), [("CHANGELOG.md", None, "must have `^## 2`")]),
        (require("^## 2", "CHANGELOG.md", message="say so"), [("CHANGELOG.md", None, "must have `^## 2`: say so")]),
        (require("^## ", "HISTORY.md"), [(None, None, "no file matches `HISTORY.md`, and one must have `^## `")]),
        (require("^## ", "docs/*.md"), [("docs/a.md", None, "must have `^## `")]),
        (
            require("^## ", "CHANGELOG.md", "none/**"),
            [(None, None, "no file matches `none/**`, and one must have `^## `")],
        ),
    ],
)
def test_what_every_matching_file_must_hold(rule: RequireRule, found: list[Any]) -> None:
    assert broken(rule, added("a.py", "x"), CHANGELOG) == found


def test_a_link_of_that_name_is_no_file() -> None:
    tree = MemoryTree({"CHANGELOG.md": "## 1\n"}, {"CHANGELOG.md": MODE_SYMLINK})
    (one,) = broken_rules([require("^## ", "CHANGELOG.md")], added("a.py", "x"), tree)
    assert "no file matches" in one.message


def test_bytes_that_are_no_text_are_searched_all_the_same() -> None:
    tree = MemoryTree({"a.txt": b"\xff\n## 1\n"})
    assert broken_rules([require("^## ", "a.txt")], added("a.py", "x"), tree) == ()


def test_the_size_counts_both_sides() -> None:
    diff = added("a.py", "x", "y", removed=("z",))
    assert broken(most(3), diff) == []
    assert broken(most(2, "split it"), diff) == [(None, None, "the change touches 3 lines; 2 are allowed: split it")]


def test_each_review_answers_for_its_own_rules() -> None:
    rules = (forbid(), require("x", "y"), most(3))
    assert rules_of(ReviewKind.REASONING, rules) == rules[:2]
    assert rules_of(ReviewKind.EFFICIENCY, rules) == rules[2:]
