"""Checks that prove nothing: skipped, neutral, waiting for a person, or never reported."""

import pytest

from bot.core.names import CHECK_GATE
from tests.journeys.world import FILES, World


def require(world: World, name: str) -> None:
    wanted = {"required_status_checks": [{"context": name}], "strict_required_status_checks_policy": False}
    world.repo.add_ruleset([{"type": "required_status_checks", "parameters": wanted}])


def said(world: World) -> str:
    return str(world.checks(CHECK_GATE)[-1].summary)


@pytest.mark.parametrize("conclusion", ["skipped", "neutral"])
def test_a_required_check_that_did_not_run_is_no_proof(world: World, conclusion: str) -> None:
    require(world, "tests")
    world.script_all()
    issue = world.label_blueprint()
    world.ci(conclusion, "tests")
    world.ci("success", "lint")
    world.later()
    assert world.pull().merged_at is None
    assert world.gate_codes(issue) == ["ci.skipped"]
    assert "`ci.allow_skipped`" in said(world)


def test_a_required_check_that_is_listed_may_be_skipped(make_world: object) -> None:
    text = "version: 1\nci: {allow_skipped: [deploy]}\nafter_merge: {watch: 0}\n"
    world: World = make_world(files={**FILES, ".github/cadence.yml": text})  # type: ignore[operator]
    require(world, "deploy")
    world.script_all()
    issue = world.label_blueprint()
    world.ci("skipped", "deploy")
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_a_check_that_waits_for_a_person_says_who(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci("action_required", "preview")
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]
    assert "A person with write access opens the check" in said(world)


def test_a_required_name_that_never_reports_shows_the_similar_names(world: World) -> None:
    require(world, "test")
    world.script_all()
    issue = world.label_blueprint()
    world.ci("success", "test (3.12)")
    world.ci("success", "Tests")
    world.ci("success", "deploy")
    world.later()
    assert world.gate_codes(issue) == ["ci.pending"]
    assert "Similar names did report: `Tests`, `test (3.12)`." in said(world)
    assert "correct the name in the rule" in said(world)
