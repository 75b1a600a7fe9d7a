"""A sample of `make fuzz`: random ChangeSets become exactly the tree they describe, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.builder import Builder
from tests.fuzz.change_sets import Case, cases, spoiled


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    made = Builder(tmp_path_factory.mktemp("builder"))
    yield made
    made.close()


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_a_change_set_becomes_exactly_the_tree_it_describes(builder: Builder, case: Case) -> None:
    builder.prove(case)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(case=spoiled())
def test_one_wrong_edit_refuses_all_of_them(builder: Builder, case: Case) -> None:
    builder.prove(case)
