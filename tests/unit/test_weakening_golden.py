"""The golden rows of tests/samples/weakening: what each change must be asked about, and what must stay silent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.weakening.gate import weakening_findings
from tests.fakes.dict_tree import DictTree, changes

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "weakening"


def rows() -> Iterator[tuple[str, str, dict[str, str], dict[str, str]]]:
    """(id, expected codes, files before, files after) of every row."""
    for file in sorted(SAMPLES.glob("*.txt")):
        for block in re.split(r"(?m)^== ", file.read_text("utf-8"))[1:]:
            head, _, rest = block.partition("\n")
            name, _, expected = head.rpartition(": ")
            before: dict[str, str] = {}
            after: dict[str, str] = {}
            for side, path, text in re.findall(r"(?ms)^--- (base|head|both) (\S+)\n(.*?)(?=^--- |\Z)", rest):
                if side in ("base", "both"):
                    before[path] = text
                if side in ("head", "both"):
                    after[path] = text
            yield f"{file.stem}: {name}", expected, before, after


ROWS = list(rows())


@pytest.mark.parametrize(("name", "expected", "before", "after"), ROWS, ids=[row[0] for row in ROWS])
def test_golden(name: str, expected: str, before: dict[str, str], after: dict[str, str]) -> None:
    found = weakening_findings(DictTree(before), DictTree(after), changes(before, after, {}))
    codes = {one.code for one in found}
    if expected == "silent":
        assert codes == set(), [one.message for one in found]
    elif "*" in expected:
        code, count = expected.split("*")
        assert [one.code for one in found] == [code] * int(count)
    else:
        assert codes & set(expected.split(" | "))


ROWS_WANTED = (
    "tests.assertion_swallowed",
    "tests.assertion_unreachable",
    "tests.assertion_unawaited",
    "tests.not_collected",
    "tests.shadowed",
    "tests.runner_hook",
    "ci.condition",
    "ci.tests_narrowed",
    "ci.gate_narrowed",
    "ci.unreadable",
)


@pytest.mark.parametrize("code", ROWS_WANTED)
def test_each_of_these_codes_has_a_golden_row(code: str) -> None:
    assert [name for name, expected, _, _ in ROWS if code in expected.replace("*", " | ").split(" | ")]
