"""A base with a merge queue: Cadence enters it, answers for its groups, and leaves it before anything is stopped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.core.names import CHECK_EFFICIENCY, CHECK_GATE, CHECK_REASONING, HOLD_LABEL, OWN_CHECKS
from bot.core.states import RunState
from tests.journeys import world as worlds
from tests.journeys.test_gate_last_look import in_the_last_second
from tests.journeys.world import OWNER, WRITER, World

S = RunState
GROUP_EVENTS = [*worlds.EVENTS, "merge_group"]


@pytest.fixture
def make_queue(make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> Callable[[str], World]:
    monkeypatch.setattr(worlds, "EVENTS", GROUP_EVENTS)

    def make(method: str) -> World:
        made = make_world(permissions={"merge_queues": "read"})
        made.repo.add_ruleset([{"type": "merge_queue", "parameters": {"merge_method": method}}, required("tests")])
        return made

    return make


@pytest.fixture
def world(make_queue: Callable[[str], World]) -> World:
    return make_queue("SQUASH")


def required(*names: str) -> dict[str, Any]:
    checks = [{"context": name} for name in names]
    return {"type": "required_status_checks", "parameters": {"required_status_checks": checks}}


def enter(world: World) -> int:
    """A blueprint whose pull request has come into the queue."""
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    return issue


def queue(world: World) -> list[Any]:
    return world.repo.queue()


def by_hand(world: World) -> int:
    """A person's pull request, green and in the queue."""
    world.repo.push_commit({"mine.py": "z = 3\n"}, by=WRITER, branch="feature")
    number = world.repo.open_pull(by=WRITER, title="By hand", head="feature")
    world.settle()
    world.ci(head=world.repo.pull(number).head_sha)
    world.repo.enqueue(number, by=OWNER)
    world.settle()
    return number


def test_it_enters_the_queue_and_is_merged_by_it(world: World) -> None:
    issue = enter(world)
    (entry,) = queue(world)
    assert entry.pull.number == world.pull().number and entry.enqueuer.login == world.app.bot_login
    assert world.gate_codes(issue) == ["rule.merge_queue"] and world.state(issue) is S.GATED
    gate = world.checks(CHECK_GATE)[-1]
    assert gate.conclusion == "success" and "merge queue" in (gate.title or "")
    group = entry.group_sha
    world.ci("success", head=group)
    world.later()
    assert world.end_state(issue) is S.MERGED
    assert world.repo.tip() == group == world.pull().merge_commit_sha
    assert world.repo.tip(f"cadence/issue-{issue}") is None
    assert b"!" in (world.repo.read_file("greet.py") or b"")
    world.must_be_quiet()


@pytest.mark.parametrize("method", ["SQUASH", "MERGE", "REBASE"])
def test_a_merge_by_the_queue_is_proven(make_queue: Callable[[str], World], tmp_path: Path, method: str) -> None:
    world = make_queue(method)
    number = by_hand(world)
    enter(world)
    for entry in queue(world):
        world.ci("success", head=entry.group_sha)
    world.later()
    assert world.repo.pull(number).merged_at is not None
    commit = world.pull().merge_commit_sha
    told = verified(world, tmp_path, commit)
    assert told.exit_code == 0, told.stdout
    states = {(one["code"], one["state"]) for one in json.loads(told.stdout)["checks"]}
    assert {("proof.tree", "ok"), ("proof.commit", "ok"), ("proof.trailer", "note"), ("base.moved", "note")} <= states


def test_a_head_that_was_taken_out_and_merged_by_hand_has_no_proof(world: World, tmp_path: Path) -> None:
    enter(world)
    number = world.pull().number
    world.repo.label(number, HOLD_LABEL, by=WRITER)
    world.settle()
    world.repo.unlabel(number, HOLD_LABEL, by=WRITER)
    world.github.pause_hooks()
    (ruleset,) = world.repo.state.rulesets
    world.repo.state.rulesets.remove(ruleset)
    commit = world.repo.merge_pull(number, by=OWNER, method="squash")
    world.github.resume_hooks()
    world.later()
    told = verified(world, tmp_path, commit)
    assert told.exit_code == 1 and getattr(told.exception, "code", "") == "proof.missing"


def verified(world: World, tmp_path: Path, commit: str) -> Any:
    """`cadence verify` with a file that `cadence export` wrote where the ledger has a proof."""
    where = {"CADENCE_DATA_DIR": str(world.settings.data_dir)}
    out = tmp_path / "proof.json"
    exported = CliRunner().invoke(app, ["export", commit, "--out", str(out)], env=where)
    if exported.exit_code:
        return exported
    bare = str(world.repo.state.path)
    return CliRunner().invoke(app, ["verify", commit, "--manifest", str(out), "--repo", bare, "--json"], env=where)


def test_our_required_checks_are_reported_on_the_group(world: World) -> None:
    world.repo.add_ruleset([required(*OWN_CHECKS)])
    issue = enter(world)
    (entry,) = queue(world)
    for name in OWN_CHECKS:
        assert [run.conclusion for run in world.checks(name, entry.group_sha)] == ["success"], name
    assert f"#{entry.pull.number}" in (world.checks(CHECK_REASONING, entry.group_sha)[-1].summary or "")
    world.ci("success", head=entry.group_sha)
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_a_group_with_an_entry_of_ours_that_may_not_merge_any_more_is_red(world: World) -> None:
    world.repo.add_ruleset([required(CHECK_GATE)])
    by_hand(world)
    issue = enter(world)
    first, second = queue(world)
    green = second.group_sha
    assert [run.conclusion for run in world.checks(CHECK_GATE, green)] == ["success"]
    world.github.world.hooks.drop(lambda one: one.action == "labeled")
    world.repo.label(world.pull().number, HOLD_LABEL, by=WRITER)
    world.github.world.hooks.pause()
    world.repo.create_check_run(world.ci_app, name="tests", head_sha=first.group_sha, conclusion="failure")
    (again,) = queue(world)
    group = again.group_sha
    world.github.world.hooks.resume()
    world.settle()
    assert group != green and again.pull is second.pull, "built again without the one before it"
    assert [run.conclusion for run in world.checks(CHECK_GATE, group)] == ["failure"]
    assert "Waiting for a person: held" in (world.checks(CHECK_GATE, group)[-1].summary or "")
    world.later()
    assert world.repo.pull(second.pull.number).merged_at is None and not queue(world)
    assert world.gate_codes(issue) == ["hold", "queue.left"]


def test_a_group_of_other_peoples_pull_requests_never_waits_on_us(world: World) -> None:
    world.repo.add_ruleset([required(CHECK_GATE, CHECK_EFFICIENCY)])
    number = by_hand(world)
    (entry,) = queue(world)
    for name in (CHECK_GATE, CHECK_EFFICIENCY):
        assert [run.conclusion for run in world.checks(name, entry.group_sha)] == ["skipped"]
    world.ci("success", head=entry.group_sha)
    assert world.repo.pull(number).merged_at is not None


def test_an_entry_of_ours_behind_another_is_tested_on_top_of_it(world: World) -> None:
    world.repo.add_ruleset([required(CHECK_GATE)])
    number = by_hand(world)
    issue = enter(world)
    first, second = queue(world)
    assert (first.pull.number, second.base_sha) == (number, first.group_sha)
    assert [run.conclusion for run in world.checks(CHECK_GATE, second.group_sha)] == ["success"]
    groups = (first.group_sha, second.group_sha)
    for group in groups:
        world.ci("success", head=group)
    world.later()
    assert world.end_state(issue) is S.MERGED and world.repo.pull(number).merged_at is not None
    assert world.repo.tip() == groups[1]


def test_a_failing_entry_ahead_of_ours_takes_nothing_of_ours_with_it(world: World) -> None:
    number = by_hand(world)
    issue = enter(world)
    first, second = queue(world)
    tested_on_first = second.group_sha
    world.ci("success", head=tested_on_first)
    world.ci("failure", head=first.group_sha)
    world.later()
    assert world.repo.pull(number).merged_at is None
    (ours,) = queue(world)
    assert ours.pull.number == world.run(issue).pull and ours.group_sha != tested_on_first
    assert world.state(issue) is S.GATED, "what was tested on top of the failing entry proves nothing"
    world.ci("success", head=ours.group_sha)
    world.later()
    assert world.end_state(issue) is S.MERGED
    assert world.repo.read_file("mine.py") is None


def test_a_hold_takes_it_out_first_and_resuming_puts_it_back(world: World) -> None:
    issue = enter(world)
    group = queue(world)[0].group_sha
    world.repo.label(world.pull().number, HOLD_LABEL, by=WRITER)
    world.settle()
    assert not queue(world) and world.gate_codes(issue) == ["hold"]
    world.ci("success", head=group)
    world.later()
    assert world.pull().merged_at is None
    world.repo.unlabel(world.pull().number, HOLD_LABEL, by=WRITER)
    world.settle()
    (entry,) = queue(world)
    world.ci("success", head=entry.group_sha)
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_a_stop_takes_it_out_before_the_run_ends(world: World) -> None:
    issue = enter(world)
    group = queue(world)[0].group_sha
    world.repo.unlabel(issue, "blueprint", by=OWNER)
    world.settle()
    assert world.state(issue) is S.STOPPED and not queue(world)
    world.ci("success", head=group)
    world.later()
    assert world.pull().merged_at is None


def test_a_failed_group_is_not_put_back_again_and_again(world: World) -> None:
    issue = enter(world)
    world.ci("failure", head=queue(world)[0].group_sha)
    world.later()
    world.sweep()
    assert not queue(world) and world.gate_codes(issue) == ["queue.left"]
    world.repo.enqueue(world.pull().number, by=OWNER)
    world.settle()
    assert world.gate_codes(issue) == ["rule.merge_queue"]
    world.ci("success", head=queue(world)[0].group_sha)
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_a_push_in_the_moment_of_entering_is_not_queued_unseen(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    done: list[str] = []

    def strike(fault: Any) -> None:
        asked = str((fault.request or {}).get("query", "")) if isinstance(fault.request, dict) else ""
        if fault.route == "/graphql" and "mutation Enqueue" in asked and fault.phase == "before" and not done:
            done.append(world.repo.push_commit({"late.py": "x = 1\n"}, by=WRITER, branch=f"cadence/issue-{issue}"))

    world.github.on_request(strike)
    world.later()
    assert done and not queue(world) and world.pull().head_sha == done[0]
    world.ci()
    world.later()
    assert queue(world)[0].head_sha == done[0], "judged again, then queued"


def test_a_lost_answer_to_entering_is_looked_for_and_not_repeated(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    lost: list[int] = []

    def lose(fault: Any) -> tuple[int, Any] | None:
        asked = str((fault.request or {}).get("query", "")) if isinstance(fault.request, dict) else ""
        if "mutation Enqueue" in asked and fault.phase == "after" and not lost:
            lost.append(1)
            return 502, {"message": "Bad Gateway"}
        return None

    world.github.on_request(lose)
    world.later()
    assert lost and len(queue(world)) == 1
    world.ci("success", head=queue(world)[0].group_sha)
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_a_hold_between_the_green_check_and_the_entry_keeps_it_out(
    make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worlds, "EVENTS", GROUP_EVENTS)
    world = make_world(permissions={"merge_queues": "read"}, CADENCE_WRITE_INTERVAL_MS="1000")
    world.repo.add_ruleset([{"type": "merge_queue", "parameters": {"merge_method": "SQUASH"}}, required("tests")])
    world.script_all()
    issue = world.label_blueprint()
    seen = in_the_last_second(world, lambda: world.repo.label(world.pull().number, HOLD_LABEL, by=OWNER))
    world.ci()
    world.later()
    assert seen and queue(world) == []
    assert world.gate_codes(issue) == ["hold"]
    assert world.checks(CHECK_GATE)[-1].conclusion is None


def test_an_edited_text_takes_it_out_of_the_queue(world: World) -> None:
    issue = enter(world)
    assert len(queue(world)) == 1
    world.repo.edit_body(issue, "Do something else.", by=OWNER)
    world.settle()
    assert queue(world) == []
    assert "blueprint.edited" in world.gate_codes(issue)
    assert world.checks(CHECK_GATE)[-1].conclusion != "success"
