"""docs/codes-shown.md names a test for every reason code.

What is held here, without running anything: every documented code has exactly one row, and nothing else has; the row's
test file and function exist; the file writes the code down in a string that is not a docstring (for the codes made at
run
time: one of their kind); and the counts at the top are those of the rows. This does not prove that the test still
makes Cadence give the code. `make test` does: it records the codes of its own run and compares every row with them
(`python -m tests.shown RECORD --check`).
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.shown.__main__ import faults
from tests.shown.births import BIRTHPLACES, BOT
from tests.shown.naming import ROOT, named, test_file
from tests.shown.page import PAGE, Shown, choice, kind_of, not_shown, page, read_rows, shortened, undocumented
from tests.shown.registry import every_code

TEXT = (ROOT / PAGE).read_text("utf-8")
ROWS = list(read_rows(TEXT))


def test_every_documented_code_has_one_row_and_nothing_else_has_one() -> None:
    listed = Counter(row.code for row in ROWS)
    assert set(listed) == set(every_code()), "run `make codes-shown`; a code that nothing shows needs a test"
    assert set(listed.values()) == {1}
    assert len(ROWS) == sum(line.startswith("| `") for line in TEXT.splitlines()), "a row that cannot be read"


def fault_of(row: Shown) -> str | None:
    path, _, name = row.test.partition("::")
    function = name.partition("[")[0]
    if not (ROOT / path).is_file():
        return f"{row.code}: there is no {path}"
    if not function.startswith("test_") or function not in test_file(path).functions:
        return f"{row.code}: {path} has no {function}"
    if not test_file(path).names(row.code):
        return f"{row.code}: {path} does not name it any more"
    return None if row.kind == kind_of(row.test) else f"{row.code}: {row.test} is a {kind_of(row.test)}"


def test_every_row_names_a_test_that_exists_and_writes_the_code_down() -> None:
    assert not [fault for row in ROWS if (fault := fault_of(row))], "run `make codes-shown`"


def test_a_row_with_a_fault_is_seen() -> None:
    row = ROWS[0]
    path = row.test.partition("::")[0]
    assert "there is no" in (fault_of(row._replace(test="tests/unit/test_gone.py::test_x")) or "")
    assert "has no test_gone" in (fault_of(row._replace(test=f"{path}::test_gone")) or "")
    assert "does not name it" in (fault_of(row._replace(code="never.written" + ".down")) or "")
    assert "is a" in (fault_of(row._replace(kind="no kind")) or "")


def test_the_files_that_only_pass_codes_on_exist() -> None:
    assert [name for place in BIRTHPLACES for name in place.home if not (BOT / name).is_file()] == []


def test_the_counts_are_those_of_the_rows() -> None:
    counted = next(line for line in TEXT.splitlines() if line.startswith("| all |"))
    numbers = [int(cell) for cell in counted.strip("| ").split(" | ")[1:]]
    assert numbers[0] == sum(numbers[1:]) == len(ROWS)
    assert sorted(numbers[1:]) == sorted(Counter(row.kind for row in ROWS).values())


def test_names_and_machines_do_not_stand_in_the_rows() -> None:
    assert "/tmp" not in TEXT and str(ROOT) not in TEXT
    assert max(len(row.test) for row in ROWS) < 200


@pytest.mark.parametrize(
    ("code", "string", "counts"),
    [
        ("ci.none", "ci.none", True),
        ("ci.none", "expect: block ci.none", True),
        ("ci.none", "ci.none_at_all", False),
        ("ci.none", "the.ci.none", False),
        ("syntax.java", "syntax.javascript", False),
        ("hold", "hold", True),
        ("hold", "`hold`", True),
        ("hold", "hold the door", False),
        ("internal", "^internal: ", True),
        ("unread.<fact>", "unread.checks", True),
        ("unread.<fact>", "unread", False),
        ("rule.<type>", "`rule.max_file_size`", True),
        ("rule.<type>", "rule.code_owner", False),
    ],
)
def test_when_a_string_names_a_code(code: str, string: str, counts: bool) -> None:
    assert named(code, [string]) is counts


THIS = "tests/architecture/test_codes_shown.py"
RECORD = {
    f"{THIS}::test_when_a_string_names_a_code[ci.none-ci.none-True]": ["ci.none", "rule.max_file_size"],
    f"{THIS}::test_names": ["ci.none"],
}


def test_of_two_tests_that_gave_a_code_the_one_that_names_it_is_shown() -> None:
    assert choice("ci.none", set(RECORD)) == f"{THIS}::test_when_a_string_names_a_code[ci.none-ci.none-True]"
    assert choice("never.written" + ".down", set(RECORD)) is None
    assert shortened(f"{THIS}::test[{'x|' * 50}]") == f"{THIS}::test[{'x_' * 30}...]"


def test_a_page_is_held_against_a_run() -> None:
    made = page(RECORD)
    assert "| `ci.none` | table or unit test |" in made and "`rule.<type>`" in made
    assert not [one for one in faults(made, RECORD) if "was not given" in one]
    assert any("`ci.none` was not given in" in one for one in faults(made, {f"{THIS}::test_names": ["hold"]}))
    assert "ci.failed" in not_shown(made) and "ci.none" not in not_shown(made)
    assert undocumented({"t": ["never.documented"]}) == {"never.documented": "t"}
    assert undocumented({"t": ["unread.x", "rule.<id>=mine", "ci.none"]}) == {}
