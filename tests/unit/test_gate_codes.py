"""The registry of the gate's codes: nothing the code can say is missing from it, and nothing in it is never said."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from bot.core.codes.lookup import CODES, code_entry
from bot.core.codes.reason_code import WRITER
from bot.core.codes.weakened import WEAKENED
from bot.core.errors import HeadMoved, NotMergeable, UnknownOutcome
from bot.gate.reasons import reason

GATE = Path(__file__).resolve().parents[2] / "bot" / "gate"
ANSWERS = {error.code for error in (HeadMoved, NotMergeable, UnknownOutcome)}
PASSED_ON = {"review.unread", "review.uncovered", "plan.scope", "merge.forbidden"}
"""Given by the reviewer, by the look at people's commits or by GitHub at the merge, and passed on as they are."""


def said() -> set[str]:
    """Every code written down in the gate's modules, a family by its name in the registry."""
    found = set()
    for path in sorted(GATE.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
            if called not in ("block", "wait", "note") or not isinstance(node, ast.Call):
                continue
            for part in ast.walk(node.args[0]):
                if isinstance(part, ast.JoinedStr):
                    found.add(code_entry(ast.literal_eval(part.values[0])).code)
                elif isinstance(part, ast.Constant):
                    found.add(str(part.value))
    return {code for code in found if not code.endswith(".")}


def test_every_code_that_is_said_is_described_and_every_description_is_said() -> None:
    ours = {code for code, row in CODES.items() if row.kinds} - {row.code for row in WEAKENED}
    assert said() | ANSWERS | PASSED_ON | {"unread.<fact>"} == ours


def test_codes_of_a_changeset_are_questions_in_commits_that_people_pushed() -> None:
    asked = code_entry("secret.token")
    assert (asked.who, asked.kinds, asked.severity) == (WRITER, ("wait",), None) and asked.when
    assert code_entry("size").next_step == code_entry("tests.skip").next_step
    for other in ("contract.invalid", "usage"):
        with pytest.raises(KeyError):
            code_entry(other)


def test_families_and_strangers() -> None:
    assert code_entry("rule.max_file_size").code == "rule.<type>"
    assert code_entry("rule.code_owner").code == "rule.code_owner"
    assert code_entry("unread.checks").code == "unread.<fact>"
    with pytest.raises(KeyError):
        reason("made.up", "Nobody knows this.")
