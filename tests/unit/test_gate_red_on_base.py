"""A check that fails on the base branch too is named as such: the change may not be the cause."""

from __future__ import annotations

from typing import Any

import pytest

from bot.gate.decide import Block
from tests.unit.test_gate_decide import check, look

RED = check("lint", "failure")


def reason(**changes: Any) -> Any:
    decision = look(**changes)
    assert isinstance(decision, Block)
    (found,) = [one for one in decision.reasons if one.code == "ci.failed"]
    return found


@pytest.mark.parametrize("conclusion", ["failure", "timed_out", "startup_failure"])
def test_a_check_that_fails_on_the_base_too_says_so(conclusion: str) -> None:
    found = reason(checks=(check(), RED), base_checks=(check(), check("lint", conclusion)))
    assert found.text.endswith("It fails on the base branch too, so this change may not be the cause.")
    assert found.next_step == "A person repairs `lint` on the base branch first."
    assert found.short == "lint failed, on the base too"


@pytest.mark.parametrize(
    "base",
    [None, (), (check(), check("lint")), (check(), check("lint", "cancelled")), (check(), check("other", "failure"))],
)
def test_a_check_that_fails_on_this_change_alone_does_not(base: Any) -> None:
    found = reason(checks=(check(), RED), **({} if base is None else {"base_checks": base}))
    assert "base branch" not in found.text and found.short == "lint failed"


def test_another_app_of_the_same_name_on_the_base_is_another_check() -> None:
    base = (check(), check("lint", "failure", app=None))
    assert "base branch" not in reason(checks=(check(), RED), base_checks=base).text
