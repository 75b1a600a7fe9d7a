"""Lines end at \\n and \\r\\n, as git and GitHub count them, and at nothing else that Python takes for a line end."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet, Edit
from bot.config.load import load_config
from bot.config.yaml_text import read_yaml
from bot.core.errors import ConfigInvalid
from bot.core.text_content import lines_of
from bot.weakening.gate import check_findings
from tests.fakes.dict_tree import DictTree, changes

ODD = ("\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r")
"""Characters at which `str.splitlines` ends a line and git does not."""


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_lines_are_those_that_git_counts(odd: str) -> None:
    assert lines_of(f"a{odd}b\nc\r\nd") == [f"a{odd}b", "c", "d"]


@pytest.mark.parametrize(("text", "lines"), [("", []), ("\n", [""]), ("a", ["a"]), ("a\n\n", ["a", ""])])
def test_a_line_end_ends_a_line_and_starts_none(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines


def _token() -> str:
    return "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"


@pytest.mark.parametrize("odd", ODD, ids=ascii)
def test_a_secret_is_shown_on_the_line_that_people_see(odd: str) -> None:
    text = f'x = 1 # {odd}\ntoken = "{_token()}"\n'
    base, head = {"app.py": "x = 0\n"}, {"app.py": text}
    found = check_findings(DictTree(base), DictTree(head), changes(base, head), GuardConfig())
    assert {one.line for one in found if one.code == "secret.token"} == {2}


@pytest.mark.parametrize("odd", ODD, ids=ascii)
@pytest.mark.parametrize(
    ("path", "after", "code"),
    [
        ("app.py", "x = 1 # {odd}\ny = (\n", "syntax.python"),
        ("app.yml", "x: 'a{odd}b'\ny: [1\n", "syntax.yaml"),
        ("app.js", "const x = 1 // {odd}\nconst y = (\n", "syntax.javascript"),
        ("app.md", "one {odd}\n<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n", "loss.conflict"),
        ("app.ts", "a() /* {odd} */\n// ... rest of the file unchanged ...\n", "loss.elision"),
    ],
)
def test_every_guard_names_the_line_that_people_see(odd: str, path: str, after: str, code: str) -> None:
    if (path, odd) in {("app.yml", "\f"), ("app.yml", "\v"), ("app.yml", "\x1c"), ("app.yml", "\x1d"),
                       ("app.yml", "\x1e")}:  # fmt: skip
        pytest.skip("YAML has no such character")
    if path == "app.js" and odd in "\r\u2028\u2029":
        pytest.skip("ends the comment in JavaScript, and leaves the line number as it is")
    text = after.replace("{odd}", odd)
    assert _lines(path, after.replace("{odd}", "x"), code)
    assert _lines(path, text, code) == _lines(path, after.replace("{odd}", "x"), code)


def _lines(path: str, text: str, code: str) -> set[int | None]:
    change_set = ChangeSet(message="m", edits=(Edit(path=path, mode="add", after=text),))
    found = check(change_set, DictTree({"README.md": "x\n"}), GuardConfig()).findings
    return {one.line for one in found if one.code == code}


@pytest.mark.parametrize("odd", ["\r", "\x85", "\u2028", "\u2029"], ids=ascii)
def test_a_mistake_of_the_configuration_is_shown_on_the_line_that_people_see(odd: str) -> None:
    with pytest.raises(ConfigInvalid) as unknown:
        load_config(f"version: 1 # {odd}\ntrigger:\n  lable: x\n")
    assert "line 3, column 3" in unknown.value.details[0]
    assert read_yaml(f"a: 1 # {odd}\nb: 2\n")[1][("b",)] == (2, 1)


def test_no_code_counts_the_lines_of_a_file_in_pythons_way() -> None:
    """`str.splitlines` on a file's text is the fault; what is left speaks of texts that Cadence makes itself."""
    ours = {"bot/git_store/git_errors.py", "bot/cli/runs_text.py", "bot/core/text_content.py"}
    found: set[str] = set()
    for path in sorted(Path("bot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr == "splitlines":
                found.add(path.as_posix())
    assert {path for path in found - ours if not path.startswith("bot/sandbox/")} == set()
