"""The finding of a protected path says what the change weakens there."""

from __future__ import annotations

import pytest

from bot.changeset.guards.guard_config import GuardConfig
from bot.weakening.gate import check_findings
from tests.fakes.dict_tree import DictTree, changes

CONFIG = GuardConfig(protected=(".github/**", "tests/contract/**", "pyproject.toml"))
WORKFLOW = ".github/workflows/ci.yml"
CI = """on: [push, pull_request]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - run: pytest tests
      - run: mypy .
"""
TEST = "def test_total():\n    assert total([1, 2]) == 3\n"


def messages(before: dict[str, str], after: dict[str, str], renames: dict[str, str] | None = None) -> dict[str, str]:
    """The message of the finding of each protected path."""
    found = check_findings(DictTree(before), DictTree(after), changes(before, after, renames), CONFIG)
    return {one.path or "": one.message for one in found if one.code.startswith("protected.")}


@pytest.mark.parametrize(
    ("path", "before", "after", "weaker"),
    [
        (WORKFLOW, CI, CI.replace("      - run: mypy .\n", ""), "`test` no longer runs `mypy .`"),
        (WORKFLOW, CI, CI.replace("pytest tests", "pytest tests || true"), "no longer counts (|| true)"),
        (WORKFLOW, CI, CI.replace("[push, pull_request]", "workflow_dispatch"), "no longer runs"),
        (WORKFLOW, CI, CI.replace("    steps", "    if: false\n    steps"), "The job `test` never runs any more"),
        ("tests/contract/test_a.py", TEST, TEST.replace("    assert", "    return\n    assert"), "test_total"),
        (
            "pyproject.toml",
            "[tool.coverage.report]\nfail_under = 90\n",
            "[tool.coverage.report]\nfail_under = 10\n",
            "was 90 and is 10",
        ),
    ],
    ids=["step", "forgiven", "trigger", "off", "test", "threshold"],
)
def test_what_got_weaker_is_said_with_the_path(path: str, before: str, after: str, weaker: str) -> None:
    said = messages({path: before}, {path: after})[path]
    assert said.startswith(f"{path} is protected (")
    assert weaker in said.partition("; weaker there: ")[2]


def test_all_of_it_is_said() -> None:
    after = CI.replace("      - run: mypy .\n", "").replace("pytest tests", "pytest tests || true")
    said = messages({WORKFLOW: CI}, {WORKFLOW: after})[WORKFLOW]
    assert "mypy" in said
    assert "|| true" in said


def test_both_paths_of_a_moved_file_say_it() -> None:
    moved = ".github/workflows/checks.yml"
    said = messages({WORKFLOW: CI}, {moved: CI.replace("      - run: mypy .\n", "")}, {WORKFLOW: moved})
    assert said.keys() == {WORKFLOW, moved}
    assert all("weaker there: `test` no longer runs `mypy .`" in one for one in said.values())


def test_a_change_that_weakens_nothing_there_says_only_the_path() -> None:
    before = {WORKFLOW: CI, "tests/test_a.py": TEST}
    after = {WORKFLOW: CI.replace("ubuntu-latest", "ubuntu-24.04"), "tests/test_a.py": "x = 1\n"}
    assert "weaker there" not in messages(before, after)[WORKFLOW]
