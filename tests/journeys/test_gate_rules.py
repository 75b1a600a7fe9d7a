"""What GitHub's own rules ask, seen in the gate's answer, and merged once it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from tests.journeys.world import FILES, OUTSIDER, OWNER, WRITER, World

S = RunState
TOO_LARGE = {"type": "max_file_size", "parameters": {"max_file_size": 5}}


def of_pulls(**asked: Any) -> dict[str, Any]:
    return {"type": "pull_request", "parameters": {"required_approving_review_count": 0, **asked}}


def ready(world: World) -> int:
    """A blueprint of which everything but the rules is done."""
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    return issue


def remark(world: World) -> list[dict[str, Any]]:
    return [{"path": "greet.py", "line": 3, "side": "RIGHT", "body": "Why this?"}]


def test_open_conversations_are_waited_for(world: World) -> None:
    world.repo.add_ruleset([of_pulls(required_review_thread_resolution=True)])
    world.script_all()
    issue = world.label_blueprint()
    number = world.pull().number
    world.repo.submit_review(number, by=WRITER, event="COMMENT", body="One question.", comments=remark(world))
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["rule.conversations"]
    shown = world.checks(CHECK_GATE)[-1]
    assert shown.summary and "Merges when every conversation is resolved." in shown.summary
    world.repo.resolve_conversations(number, by=WRITER)
    world.settle()
    assert world.end_state(issue) is S.MERGED


@pytest.mark.parametrize("event", ["APPROVE", "REQUEST_CHANGES"])
def test_a_review_that_is_begun_and_not_submitted_says_nothing(world: World, event: str) -> None:
    world.repo.add_ruleset([of_pulls(required_approving_review_count=1)])
    world.script_all()
    issue = world.label_blueprint()
    number = world.pull().number
    world.repo.begin_review(number, by=WRITER, comments=remark(world))
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["approval.missing"]
    assert "requested changes" not in (world.checks(CHECK_GATE)[-1].summary or "")
    world.repo.submit_review(number, by=WRITER, event=event, body="There.")
    world.later()
    assert (world.state(issue) is S.MERGED) is (event == "APPROVE")
    assert ("requested changes" in (world.checks(CHECK_GATE)[-1].summary or "")) is (event == "REQUEST_CHANGES")


def test_a_request_for_changes_is_heard_where_no_rule_asks_for_reviews(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    number = world.pull().number
    world.repo.submit_review(number, by=WRITER, event="REQUEST_CHANGES", body="Not like this.")
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["approval.missing"]
    assert "A reviewer requested changes." in (world.checks(CHECK_GATE)[-1].summary or "")
    world.repo.submit_review(number, by=WRITER, event="APPROVE")
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_an_outsiders_request_for_changes_holds_nothing_up(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.repo.submit_review(world.pull().number, by=OUTSIDER, event="REQUEST_CHANGES", body="I object.")
    world.ci()
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_a_code_owner_has_to_approve(make_world: Callable[..., World]) -> None:
    world = make_world(files={**FILES, "CODEOWNERS": f"greet.py @{OWNER}\n"})
    world.repo.add_ruleset([of_pulls(require_code_owner_review=True)])
    issue = ready(world)
    assert world.gate_codes(issue) == ["rule.code_owner"]
    world.repo.submit_review(world.pull().number, by=WRITER)
    world.settle()
    assert world.gate_codes(issue) == ["rule.code_owner"], "a writer who owns nothing is no code owner"
    world.repo.submit_review(world.pull().number, by=OWNER)
    world.settle()
    assert world.end_state(issue) is S.MERGED


def test_required_approvals_of_a_ruleset_and_of_classic_protection(world: World) -> None:
    world.repo.add_ruleset([of_pulls(required_approving_review_count=1)])
    world.repo.protect_branch("main", checks=["tests"], approvals=2)
    issue = ready(world)
    assert world.gate_codes(issue) == ["approval.missing"]
    world.repo.submit_review(world.pull().number, by=WRITER)
    world.settle()
    assert world.gate_codes(issue) == ["approval.missing"], "GitHub itself counts what this App cannot read"
    world.repo.submit_review(world.pull().number, by=OWNER)
    world.settle()
    assert world.end_state(issue) is S.MERGED


@pytest.mark.parametrize("may_read", [True, False])
def test_classic_protection_is_read_whole_only_with_the_permission(
    make_world: Callable[..., World], may_read: bool
) -> None:
    world = make_world(permissions={"administration": "read"} if may_read else {})
    world.repo.protect_branch("main", checks=["tests"], strict=True, conversations=True)
    world.script_all()
    issue = world.label_blueprint()
    number = world.pull().number
    world.repo.submit_review(number, by=WRITER, event="COMMENT", body="One question.", comments=remark(world))
    world.ci()
    world.later()
    assert world.pull().merged_at is None
    if may_read:
        assert world.gate_codes(issue) == ["rule.conversations"]
    else:
        assert world.gate_codes(issue) == ["merge.refused"], "what cannot be read is GitHub's to refuse"
        assert (
            "conversation must be resolved" in world.ledger.newest_decision(world.run(issue).run_id).reasons[0]["text"]
        )  # type: ignore[union-attr]
    world.repo.resolve_conversations(number, by=WRITER)
    world.settle()
    assert world.end_state(issue) is S.MERGED


def test_push_restrictions_are_told_before_the_merge(make_world: Callable[..., World]) -> None:
    world = make_world(permissions={"administration": "read"})
    world.repo.protect_branch("main", checks=["tests"], push_apps=[world.ci_app])
    issue = ready(world)
    assert world.gate_codes(issue) == ["rule.restrictions"]
    world.repo.protect_branch("main", checks=["tests"], push_apps=[world.app])
    world.later(600)
    world.sweep()
    assert world.end_state(issue) is S.MERGED


def test_a_branch_that_only_bypassers_may_update(world: World) -> None:
    world.repo.add_ruleset([{"type": "update"}])
    issue = ready(world)
    assert world.gate_codes(issue) == ["rule.update"]
    world.repo.state.rulesets.clear()
    world.repo.add_ruleset([{"type": "update"}], bypass=[world.app])
    world.later(600)
    world.sweep()
    assert world.end_state(issue) is S.MERGED


def test_a_rule_that_is_not_checked_here_is_shown_and_left_to_github(world: World) -> None:
    world.repo.add_ruleset([TOO_LARGE])
    issue = ready(world)
    assert world.end_state(issue) is S.MERGED
    assert "`rule.max_file_size`" in (world.checks(CHECK_GATE)[-1].summary or "")


def test_a_rule_that_is_not_checked_here_and_that_we_could_bypass_blocks(world: World) -> None:
    world.repo.add_ruleset([TOO_LARGE], bypass=[world.app])
    issue = ready(world)
    assert world.gate_codes(issue) == ["rule.unreadable"]
    assert world.pull().merged_at is None


def test_why_ends_with_the_same_sentence_as_the_check(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci(None, "lint")
    world.ci()
    world.later()
    world.comment(issue, "/cadence why")
    sentence = "Merges when `lint` passes."
    assert sentence in world.bot_comments(issue)[-1]
    assert sentence in (world.checks(CHECK_GATE)[-1].summary or "")
