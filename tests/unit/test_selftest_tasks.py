"""The planner self test's samples and tasks: what they are made of, and that each blueprint says enough."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from bot.plan.blueprint import read_blueprint
from bot.plan.selftest.mutation import lines_of_file
from bot.plan.selftest.packaged import packaged_samples, packaged_tasks
from bot.plan.selftest.samples import LANGUAGES
from bot.plan.selftest.tasks import EACH, OPERATORS, Task, tasks_of
from bot.syntax.languages import language_of
from bot.syntax.trees import first_error, parse_path

SAMPLES = {sample.name: sample for sample in packaged_samples()}
MISSING = {("default-dropped", "go"): 3, ("branch-removed", "python"): 1}
"""Samples without a task: Go has no default values, and `invoices` has no chain of branches."""


def test_three_samples_of_two_thousand_lines_for_each_language() -> None:
    assert Counter(sample.language for sample in SAMPLES.values()) == dict.fromkeys(LANGUAGES, 3)
    assert {name: sample.lines for name, sample in SAMPLES.items() if sample.lines < 2000} == {}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_source_file_of_a_sample_parses_and_every_file_ends_with_a_line_end(name: str) -> None:
    files = SAMPLES[name].files
    sources = [path for path in files if language_of(path)]
    assert len(sources) >= 10
    wrong = {path: first_error(root) for path in sources if (root := parse_path(files[path], path)) is not None}
    assert {path: error for path, error in wrong.items() if error} == {}
    assert [path for path, text in files.items() if not text.endswith("\n") or "\r" in text] == []
    assert any("test" in path for path in sources) and "README.md" in files


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if sample.language == "python"])
def test_the_own_tests_of_a_sample_in_python_pass(name: str, tmp_path: Path) -> None:
    for path, text in SAMPLES[name].files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "unittest", "discover", "-s", "tests", "-t", "."]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": "src"}, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"^Ran [5-9]\d tests", done.stderr, re.MULTILINE)


def test_the_names_that_a_sample_is_stored_under_are_undone() -> None:
    assert {path for path in SAMPLES["invoices"].files if path.endswith(".txt") or "dot-" in path} == set()
    assert {"pyproject.toml", "invoices/money.py", "README.md"} <= set(SAMPLES["invoices"].files)


def test_more_than_three_hundred_tasks_balanced_by_language_and_operator() -> None:
    assert len(packaged_tasks()) > 300
    counted = Counter((task.operator, task.language) for task in packaged_tasks())
    expected = {(o, la): 3 * EACH - EACH * MISSING.get((o, la), 0) for o in OPERATORS for la in LANGUAGES}
    assert counted == {pair: count for pair, count in expected.items() if count}
    assert len({task.title for task in packaged_tasks()}) == len(packaged_tasks())
    assert [task.number for task in packaged_tasks()] == list(range(len(packaged_tasks())))


def test_the_first_tasks_have_every_operator_and_language() -> None:
    first = packaged_tasks()[:60]
    assert {task.operator for task in first} == set(OPERATORS)
    assert set(Counter(task.language for task in first)) == set(LANGUAGES)
    assert max(Counter(task.language for task in first).values()) <= 22


def test_the_same_seed_gives_the_same_tasks_and_another_seed_others() -> None:
    few = [SAMPLES["shelf"]]

    def digest(seed: int) -> str:
        text = "\0".join(f"{task.title}\0{task.body}" for task in tasks_of(few, seed))
        return hashlib.sha256(text.encode()).hexdigest()

    assert digest(1) == digest(1) != digest(2)


def test_no_file_is_broken_without_the_edit() -> None:
    for seed in (1, 2):
        for task in packaged_tasks(seed):
            changed = {path: text for path, text in task.base.items() if task.wanted.get(path) != text}
            for path, text in changed.items():
                root = parse_path(text, path)
                assert root is None or first_error(root) is None, task.name
                assert not path.endswith(".py") or ast.parse(text), task.name


def test_a_task_undoes_something_and_its_blueprint_is_shown_whole() -> None:
    for task in packaged_tasks():
        assert task.base != task.wanted, task.name
        shown = read_blueprint(task.title, task.body)
        assert not shown.problems and shown.change_set_json is None, task.name
        assert shown.title == task.title and shown.text.split() == task.body.split(), task.name
        quoted = re.findall(r"(?ms)^(`{3,})\n(.*?)^\1$", task.body)
        assert all(text in shown.text for _, text in quoted), task.name


_EDIT = re.compile(
    r"(?ms)^In `(?P<path>[^`]+)`, (?P<after>directly after )?lines? (?P<first>\d+)(?: to (?P<last>\d+))?, which reads?"
    r"\n\n(?P<fence>`{3,})\n(?P<old>.*?)(?P=fence)\n\n"
    r"(?:must go\.|(?:insert|must be replaced by) exactly [^\n]+:\n\n(?P<inner>`{3,})\n(?P<new>.*?)(?P=inner)$)"
)
_START = re.compile(
    r"(?ms)^At the very start of `(?P<path>[^`]+)`, before its first line, insert exactly [^\n]+:\n\n"
    r"(`{3,})\n(?P<new>.*?)\2$"
)
_WHOLE = re.compile(
    r"(?ms)^The whole text of `(?P<path>[^`]+)`, which ends with a line end:\n\n(`{3,})\n(?P<new>.*?)\2$"
)


def followed(task: Task) -> Mapping[str, str]:
    """The tree that a reader gets who does exactly what the blueprint quotes."""
    files = dict(task.base)
    for found in _WHOLE.finditer(task.body):
        files[found["path"]] = found["new"]
    # From the last place of a file on, so that the numbers of the earlier lines stay right.
    for found in reversed(list(_EDIT.finditer(task.body))):
        lines = lines_of_file(files[found["path"]])
        first, last = int(found["first"]) - 1, int(found["last"] or found["first"])
        assert "".join(lines[first:last]) == found["old"], task.name
        new = lines_of_file(found["new"]) if found["new"] else []
        lines[last if found["after"] else first : last] = new
        files[found["path"]] = "".join(lines)
    for found in _START.finditer(task.body):
        files[found["path"]] = found["new"] + files[found["path"]]
    return files


def renamed(task: Task) -> Mapping[str, str]:
    old, new = re.findall(r"`(\S+)`", task.title)[:2]
    if task.operator == "file-renamed":
        return {**{path: text for path, text in task.base.items() if path != old}, new: task.base[old]}
    changed = {path: re.sub(rf"\b{re.escape(old)}\b", new, text) for path, text in task.base.items()}
    for path, count in re.findall(r"`(\S+)` \((\d+)\)", task.body):
        assert len(re.findall(rf"\b{re.escape(old)}\b", task.base[path])) == int(count), task.name
    return changed


def indented(task: Task) -> Mapping[str, str]:
    found = re.search(
        r"(?s)^In .*?`([^`]+)`, the following.*?\n```\n(.*?)```\n\nPut the line `(.*?)` before them", task.body
    )
    unit = re.search(r"indent each of them by (?:(one tab)|(\d+) spaces) more", task.body)
    assert found and unit, task.name
    path, flat, head = found.groups()
    assert task.base[path].count(flat) == 1, task.name
    outer = re.match(r"[ \t]*", flat)
    deeper = "\t" if unit[1] else " " * int(unit[2])
    lines = [f"{outer[0] if outer else ''}{head}\n"]
    lines += [deeper + line if line.strip() else line for line in lines_of_file(flat)]
    if "close the block" in task.body:
        lines.append(f"{outer[0] if outer else ''}}}\n")
    return {**task.base, path: task.base[path].replace(flat, "".join(lines))}


def moved(task: Task) -> Mapping[str, str]:
    path, name = re.findall(r"`(\S+)`", task.body)[:2]
    follower = re.search(r"directly before `(\w+)`", task.body)
    blank = {"No": 0, "One": 1, "Two": 2, "Three": 3}
    count = re.search(r"(\w+) blank lines? (?:is|are) between", task.body)
    assert follower and count, task.name
    lines = lines_of_file(task.base[path])
    start = top_of(lines, definition(lines, name))
    block = lines[start:]
    assert definition(block, name) >= 0
    rest = lines[:start]
    while not rest[-1].strip():
        rest.pop()
    at = top_of(rest, definition(rest, follower[1]))
    rest[at:at] = [*block, *["\n"] * blank[count[1]]]
    return {**task.base, path: "".join(rest)}


def definition(lines: list[str], name: str) -> int:
    heads = re.compile(rf"(?:export )?(?:async )?(?:def|function\*?|func(?: \([^)]*\))?) {re.escape(name)}\b")
    return next(at for at, line in enumerate(lines) if heads.match(line))


def top_of(lines: list[str], at: int) -> int:
    """Where the comments and decorators directly above a line begin."""
    while lines[at - 1].startswith(("//", "/*", " *", "#", "@")):
        at -= 1
    return at


@pytest.mark.parametrize("operator", OPERATORS)
def test_who_does_what_the_blueprint_says_gets_the_sample(operator: str) -> None:
    readers = {"file-renamed": renamed, "symbol-renamed": renamed, "block-unwrapped": indented, "function-moved": moved}
    of_operator = [task for task in packaged_tasks() if task.operator == operator]
    assert of_operator
    for task in of_operator:
        if operator == "file-left-over":
            (gone,) = set(task.base) - set(task.wanted)
            assert f"Delete the file `{gone}`" in task.body
            got: Mapping[str, str] = {path: text for path, text in task.base.items() if path != gone}
        else:
            got = readers.get(operator, followed)(task)
        differing = {path for path in {*got, *task.wanted} if got.get(path) != task.wanted.get(path)}
        assert differing == set(), task.name
