"""Methods and up-to-date bases: what the repository's config asks, what GitHub's settings and rules allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from tests.journeys.world import FILES, OWNER, World

S = RunState


def configured(make_world: Callable[..., World], merge: str) -> World:
    text = f"version: 1\nmerge: {{{merge}}}\n"
    return make_world(files={**FILES, ".github/cadence.yml": text})


def ready(world: World) -> int:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    return issue


def parents(world: World) -> tuple[str, ...]:
    return tuple(world.github.world.bare(world.repo.state).info(world.repo.tip() or "").parents)


def message(world: World) -> str:
    return world.github.world.bare(world.repo.state).info(world.repo.tip() or "").message


@pytest.mark.parametrize("method", ["squash", "merge", "rebase"])
def test_the_configured_method_is_used(make_world: Callable[..., World], method: str) -> None:
    world = configured(make_world, f"method: {method}")
    base = world.repo.tip()
    issue = ready(world)
    head = world.pull().head_sha
    world.later()
    world.must_be_merged(issue)
    assert parents(world) == ((base, head) if method == "merge" else (base,))
    if method == "rebase":
        assert message(world) == world.github.world.bare(world.repo.state).info(head).message
    else:
        assert message(world).startswith("[Cadence] ") and f"Cadence-Run: {world.run(issue).run_id}" in message(world)


def test_a_method_that_the_repository_does_not_allow_is_found_before_a_model_is_paid(world: World) -> None:
    world.repo.configure(allow_squash_merge=False)
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED
    assert "merge.method" in world.status(issue) and "allowed: merge, rebase" in world.status(issue)
    assert not world.model.requests and not world.repo.pulls()
    world.repo.configure(allow_squash_merge=True)
    world.comment(issue, "/cadence replan", by=OWNER)
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_a_method_does_not_matter_where_a_person_merges(make_world: Callable[..., World]) -> None:
    world = configured(make_world, "auto: false")
    world.repo.configure(allow_squash_merge=False)
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.GATED


def test_a_method_that_the_repository_does_not_allow_blocks(world: World) -> None:
    issue = ready(world)
    world.repo.configure(allow_squash_merge=False)
    world.later()
    assert world.gate_codes(issue) == ["merge.method"]
    shown = world.checks(CHECK_GATE)[-1].summary or ""
    assert "allowed: merge, rebase" in shown and "Merges when `merge.method` is one of: merge, rebase." in shown
    world.repo.configure(allow_squash_merge=True)
    world.sweep()
    world.must_be_merged(issue)


RULES = [
    ("rebase", {"type": "pull_request", "parameters": {"allowed_merge_methods": ["squash"]}}, "merge.method"),
    ("merge", {"type": "required_linear_history"}, "merge.method"),
    ("merge", {"type": "required_signatures"}, "rule.required_signatures"),
]


@pytest.mark.parametrize(("method", "rule", "code"), RULES)
def test_a_method_that_a_rule_does_not_allow_is_found_before_a_model_is_paid(
    make_world: Callable[..., World], method: str, rule: dict[str, Any], code: str
) -> None:
    world = configured(make_world, f"method: {method}")
    world.repo.add_ruleset([rule])
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED and code in world.status(issue)
    assert not world.model.requests


@pytest.mark.parametrize(("method", "rule", "code"), RULES)
def test_a_method_that_a_rule_does_not_allow_blocks(
    make_world: Callable[..., World], method: str, rule: dict[str, Any], code: str
) -> None:
    world = configured(make_world, f"method: {method}")
    issue = ready(world)
    world.repo.add_ruleset([rule])
    world.clock.advance(301)
    world.later()
    assert world.gate_codes(issue) == [code]
    assert world.pull().merged_at is None
    settings = "version: 1\nmerge: {method: squash, up_to_date: never}\n"
    world.repo.push_commit({".github/cadence.yml": settings}, by=OWNER)
    world.settle()
    world.later()
    world.later()
    assert world.end_state(issue) is S.MERGED, "the policy is read from the base at the time of the decision"


def test_up_to_date_never_merges_a_head_behind_its_base(make_world: Callable[..., World]) -> None:
    world = configured(make_world, "up_to_date: never")
    issue = ready(world)
    head = world.pull().head_sha
    world.repo.push_commit({"other.py": "y = 2\n"}, by=OWNER)
    world.settle()
    world.later()
    world.must_be_merged(issue)
    assert world.pull().head_sha == head, "nothing was rebuilt"
    assert world.repo.read_file("other.py") == b"y = 2\n"


@pytest.mark.parametrize("strict", [True, False])
def test_up_to_date_rules_asks_what_the_rule_asks(make_world: Callable[..., World], strict: bool) -> None:
    world = configured(make_world, "up_to_date: rules")
    wanted = {"required_status_checks": [{"context": "tests"}], "strict_required_status_checks_policy": strict}
    world.repo.add_ruleset([{"type": "required_status_checks", "parameters": wanted}])
    issue = ready(world)
    head = world.pull().head_sha
    world.repo.push_commit({"other.py": "y = 2\n"}, by=OWNER)
    world.settle()
    world.later()
    if strict:
        assert world.pull().head_sha != head and world.pull().merged_at is None, "rebuilt, and CI runs again"
        world.ci()
        world.later()
    world.must_be_merged(issue)
    assert (world.pull().head_sha == head) is not strict


def test_up_to_date_rules_holds_to_a_classic_rule_that_it_cannot_read(make_world: Callable[..., World]) -> None:
    world = configured(make_world, "up_to_date: rules")
    world.repo.protect_branch("main", checks=["tests"], strict=True)
    issue = ready(world)
    head = world.pull().head_sha
    world.repo.push_commit({"other.py": "y = 2\n"}, by=OWNER)
    world.settle()
    world.later()
    assert world.pull().head_sha != head and world.pull().merged_at is None
    world.ci()
    world.later()
    world.must_be_merged(issue)
