"""docs/codes-shown.md: for every documented code one test in which the product gave it, chosen the same way always."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from tests.shown.naming import named, test_file
from tests.shown.registry import row_of, sections

PAGE = "docs/codes-shown.md"
KINDS = {"journeys": "journey", "adapters": "adapter test", "processes": "process test"}
TABLE = "table or unit test"
_ID_LIMIT = 60
_ROW = re.compile(r"^\| `(?P<code>[^`]+)` \| (?P<kind>[^|]+) \| `(?P<test>tests/[^`]+)` \|$", re.MULTILINE)

Record = Mapping[str, Sequence[str]]
"""The codes that were given, by the test's node id: what `pytest --record-codes` writes."""


class Shown(NamedTuple):
    """One row: a test, by its shortened node id, in which the code was given."""

    code: str
    kind: str
    test: str


def shortened(node: str) -> str:
    """A node id for the page: a long parameter is cut, and no character of it can break the table."""
    test, bracket, parameter = node.partition("[")
    if not bracket:
        return test
    plain = re.sub(r"[|`\\]|[^ -~]", "_", parameter.removesuffix("]"))
    return f"{test}[{plain if len(plain) <= _ID_LIMIT else plain[:_ID_LIMIT] + '...'}]"


def kind_of(node: str) -> str:
    """What kind of test a node id names, by its directory."""
    return KINDS.get(node.split("/")[1], TABLE)


def given_in(record: Record) -> dict[str, set[str]]:
    """The shortened node ids of the tests that gave each documented code."""
    tests: dict[str, set[str]] = {}
    for node, codes in record.items():
        for code in codes:
            row = row_of(code)
            if row is not None:
                tests.setdefault(row, set()).add(shortened(node))
    return tests


def undocumented(record: Record) -> dict[str, str]:
    """Codes that were given and stand in no table, each with one test that saw it."""
    return {code: node for node, codes in sorted(record.items()) for code in codes if row_of(code) is None}


def choice(code: str, tests: set[str]) -> str | None:
    """The test to show for a code, out of those that gave it; None when none of their files writes the code down.

    Journeys go before other tests, a test that names the code itself before one whose file does, then the shorter id.
    """
    ranked = [(_rank(code, test), len(test), test) for test in tests if test_file(test.partition("::")[0]).names(code)]
    return min(ranked)[2] if ranked else None


def _rank(code: str, test: str) -> int:
    path, _, name = test.partition("::")
    function, _, parameter = name.partition("[")
    itself = test_file(path).names(code, function) or named(code, parameter.removesuffix("]").split())
    journey = kind_of(test) == KINDS["journeys"]
    return (0 if itself else 3) if journey else 1 if itself else 2


def rows(record: Record) -> dict[str, list[Shown]]:
    """The rows of every section, in the registry's order; a code that nothing showed has none."""
    tests = given_in(record)
    made: dict[str, list[Shown]] = {}
    for title, codes in sections().items():
        chosen = ((code, choice(code, tests.get(code, set()))) for code in codes)
        made[title] = [Shown(code, kind_of(test), test) for code, test in chosen if test]
    return made


def page(record: Record) -> str:
    """The whole page."""
    shown = rows(record)
    parts = [
        "# Every reason code, shown",
        "<!-- Made by `make codes-shown`, which runs the test suite; write a test instead. -->",
        "One test for each code of [codes.md](codes.md): in a run of the suite Cadence itself gave the code while that "
        "test ran and passed, and the test's file writes the code down. Journeys go before other tests. "
        "`make test` holds every row against its own run.",
        _counts(shown),
    ]
    for title, listed in shown.items():
        table = [f"| `{one.code}` | {one.kind} | `{one.test}` |" for one in listed]
        parts += [f"## {title}", "\n".join(["| code | kind | test |", "| --- | --- | --- |", *table])]
    return "\n\n".join(parts) + "\n"


def _counts(shown: Mapping[str, Sequence[Shown]]) -> str:
    kinds = (*KINDS.values(), TABLE)
    used = [kind for kind in kinds if any(one.kind == kind for listed in shown.values() for one in listed)]
    lines = [["section", "codes", *used], ["---"] * (len(used) + 2)]
    for title, listed in shown.items():
        lines.append(_count_line(title, listed, used))
    lines.append(_count_line("all", [one for listed in shown.values() for one in listed], used))
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _count_line(title: str, listed: Sequence[Shown], kinds: Sequence[str]) -> list[str]:
    count = Counter(one.kind for one in listed)
    return [title, str(len(listed)), *(str(count[kind]) for kind in kinds)]


def read_rows(text: str) -> Iterator[Shown]:
    """The rows of a page."""
    for row in _ROW.finditer(text):
        yield Shown(row["code"], row["kind"], row["test"])


def untrue(text: str, record: Record) -> list[Shown]:
    """The rows of a page whose test did not give the code in the recorded run."""
    tests = given_in(record)
    return [row for row in read_rows(text) if row.test not in tests.get(row.code, set())]


def not_shown(text: str) -> list[str]:
    """Documented codes without a row."""
    listed = {row.code for row in read_rows(text)}
    return [code for codes in sections().values() for code in codes if code not in listed]
