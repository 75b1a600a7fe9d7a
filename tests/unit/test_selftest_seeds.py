"""The packaged seeds: whole, distinct, balanced, and what git itself would make of them."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bot.changeset.files_tree import FilesTree
from bot.plan.blueprint import read_blueprint
from bot.review.diff import read_diff
from bot.review.review_kinds import ReviewKind
from bot.review.selftest.changes import git_diff
from bot.review.selftest.packaged import packaged_seeds
from bot.review.selftest.seeds import read_case

SEEDS = packaged_seeds()
R, E = ReviewKind.REASONING, ReviewKind.EFFICIENCY
KINDS = {
    R: {
        "wrong comparison", "swallowed error", "unmet acceptance line", "test that cannot fail", "removed test",
        "content lost", "security", "injected instruction",
    },
    E: {"quadratic loop", "needless dependency", "duplicated helper", "dead code", "injected instruction"},
}  # fmt: skip


@pytest.mark.parametrize("kind", ReviewKind)
def test_every_kind_of_defect_is_planted_and_there_are_as_many_clean_changes(kind: ReviewKind) -> None:
    mine = [seed for seed in SEEDS if kind in seed.reviewers]
    assert {seed.defect for seed in mine if not seed.clean} == KINDS[kind]
    assert sum(seed.clean for seed in mine) >= sum(not seed.clean for seed in mine)


def test_no_two_seeds_ask_the_same_question() -> None:
    assert len({(seed.blueprint, seed.plan, seed.diff) for seed in SEEDS}) == len(SEEDS)
    assert [name for name, times in Counter(seed.name for seed in SEEDS).items() if times > 1] == []


def test_instructions_are_injected_into_diff_blueprint_and_plan() -> None:
    plain = {seed.name.partition(":")[0]: seed for seed in SEEDS if seed.name.endswith(": as asked")}
    where = set()
    for seed in SEEDS:
        clean = plain[seed.name.partition(":")[0]]
        if seed.defect == "injected instruction":
            told = {"blueprint": seed.blueprint != clean.blueprint, "plan": seed.plan != clean.plan}
            where |= {part for part, differs in told.items() if differs}
            where |= {"diff"} if re.search(r"^\+.*approve", seed.diff, re.IGNORECASE | re.MULTILINE) else set()
            assert seed.paths and seed.diff != clean.diff, "there is a defect behind the instruction"
    assert where == {"blueprint", "plan", "diff"}


def test_acceptance_lines_are_read_where_the_blueprint_has_them() -> None:
    pages = next(seed for seed in SEEDS if seed.name == "pages: as asked")
    assert len(read_blueprint(pages.title, pages.blueprint).acceptance) == 4


def test_git_makes_the_planted_files_of_the_diffs(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    befores = {f"{number}/{path}": text for number, seed in enumerate(SEEDS) for path, text in seed.before.items()}
    afters = {f"{number}/{path}": text for number, seed in enumerate(SEEDS) for path, text in seed.after.items()}
    for path, text in befores.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    subprocess.run(["git", "apply", "-"], input=git_diff(befores, afters).encode(), cwd=tmp_path, check=True)
    for number, seed in enumerate(SEEDS):
        room = tmp_path / str(number)
        found = {file.name: file.read_text("utf-8") for file in room.iterdir()}
        assert found == dict(seed.after), seed.name


def test_a_diff_reads_back_with_added_changed_and_removed_files() -> None:
    before = {"a.py": "one\ntwo\nthree\n", "gone.py": "x\n"}
    after = {"a.py": "one\n2\nthree\n", "new.py": "y\n"}
    diff = read_diff(git_diff(before, after))
    assert [(file.path, file.status) for file in diff.files] == [
        ("a.py", "modified"), ("gone.py", "deleted"), ("new.py", "added"),
    ]  # fmt: skip
    assert diff.places == {("a.py", "-", 2), ("a.py", "+", 2), ("gone.py", "-", 1), ("new.py", "+", 1)}


def test_the_tree_reads_as_git_would() -> None:
    tree = FilesTree({"b.txt": "hello\n", "a.txt": ""})
    assert [entry.path for entry in tree.files()] == ["a.txt", "b.txt"]
    entry = tree.entry("b.txt")
    assert entry is not None and entry.sha == "ce013625030ba8dba906f756967f9e9ca394464a" and entry.size == 6
    assert tree.read("b.txt") == b"hello\n" and tree.entry("c.txt") is None
    with pytest.raises(KeyError):
        tree.read("c.txt")


CASE: dict[str, Any] = {
    "title": "t",
    "blueprint": "b\n",
    "plan": "p\n",
    "base": {"a.py": "x = 1\n"},
    "change": {"a.py": "x = 2\n"},
}
EDIT = {"path": "a.py", "old": "x = 2", "new": "x = 3"}
DEFECT = {"name": "d", "kind": "k", "reviewer": "reasoning", "edits": [EDIT], "paths": ["a.py"]}
WRONG = [
    ({"extra": 1}, "unknown keys extra"),
    ({"change": {"a.py": "x = 1\n"}}, "nothing changes"),
    ({"change": {"a.py": "x = 2"}}, "does not end with a newline"),
    ({"defects": [{**DEFECT, "path": "a.py"}]}, "unknown keys path"),
    ({"defects": [{**DEFECT, "edits": [{**EDIT, "old": "y"}]}]}, "does not occur exactly once"),
    ({"defects": [{**DEFECT, "paths": ["b.py"]}]}, "b.py does not change"),
    ({"defects": [{**DEFECT, "reviewer": "other"}]}, "other"),
    ({"clean": [{"name": "c", "edits": [], "paths": []}]}, "unknown keys paths"),
]


@pytest.mark.parametrize(("change", "said"), WRONG, ids=[said for _, said in WRONG])
def test_a_case_that_is_not_what_it_seems_is_refused(change: dict[str, Any], said: str) -> None:
    assert [seed.clean for seed in read_case("c", {**CASE, "defects": [DEFECT]})] == [True, False]
    with pytest.raises(ValueError, match=said):
        read_case("c", {**CASE, **change})
