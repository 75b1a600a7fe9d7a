"""The price first, the receipt after: said before the first paid call, and beside what was used in the end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from bot.cli.runs_text import run_json, run_timeline
from bot.core.states import RunState
from bot.sandbox.model.script import Reply, Rule
from tests.journeys.test_crashes import crash_once
from tests.journeys.world import BODY, FILES, GOOD, World, verdict

S = RunState
OUTCOME = r"\$0\.\d+; the estimate was \$0\.\d+ to \$0\.\d+ \([\d.]+ times its middle\)"
PRICED = {"CADENCE_MODEL_PRICES": "scripted-1=1/10"}
NO_MATCH = {**GOOD, "edits": [{**GOOD["edits"][0], "replace": [{"old": "nowhere", "new": "x", "count": None}]}]}


def expected(status: str) -> str:
    found = re.search(r"\| expected \| (.+) \|", status)
    return found.group(1) if found else ""


def watched(world: World, issue: list[int]) -> list[str]:
    """The status comment as it was when the planner's question came."""
    seen: list[str] = []

    def answer(_asked: Any) -> Reply:
        seen.extend(one.body for one in world.repo.issue(issue[0]).comments if "cadence:status" in one.body)
        return Reply(json.dumps(GOOD))

    world.model.add(Rule("change_set", answer))
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    return seen


def test_the_comment_says_the_price_before_the_first_question_and_the_pull_request_what_it_cost(
    make_world: Callable[..., World],
) -> None:
    world = make_world(**PRICED)
    seen = watched(world, [1])
    issue = world.label_blueprint()
    assert issue == 1 and len(seen) == 1
    line = expected(seen[0])
    assert re.fullmatch(
        r"\$0\.\d+ to \$0\.\d+ \([\d,]+ to [\d,]+ tokens\), \d+ s to \d+ min, \d to \d files; "
        r"no runs here yet, so from default figures",
        line,
    ), line
    body = world.pull().issue.body or ""
    for phase in ("plan", "reasoning review", "efficiency review", "in all"):
        assert re.search(rf"^\| {phase} \| [\d,]+ \| [\d,]+ \| \$0\.\d+ \| \d+ s \|$", body, re.M), phase
    assert re.search(OUTCOME, body)
    (kept,) = world.ledger.estimates_of(world.run(issue).run_id)
    counts = world.ledger.counts(world.run(issue).run_id)
    assert kept.used_cost == pytest.approx(counts.cost) and kept.used_tokens == counts.input_tokens + (
        counts.output_tokens
    )
    assert (kept.changed_files, kept.changed_lines) == (2, 4)
    assert kept.error == pytest.approx((kept.used_cost or 0) / (kept.cost or 1))
    world.ci()
    world.later()
    world.must_be_merged(issue)
    status = world.status(issue)
    assert re.search(rf"\| cost up to the pull request \| {OUTCOME} \|", status)
    assert "| in all | " in status and not expected(status)


def test_the_next_run_is_estimated_from_the_one_before(make_world: Callable[..., World]) -> None:
    world = make_world(**PRICED)
    world.script_all()
    first = world.label_blueprint()
    assert world.state(first) is S.GATED
    second = world.label_blueprint("Another")
    kept = world.ledger.estimates_of(world.run(second).run_id)[0]
    assert (kept.runs_here, kept.runs_elsewhere) == (1, 0)
    assert "Basis of the estimate: from 1 earlier run here and default figures." in (world.pull().issue.body or "")


def test_without_a_price_tokens_are_estimated_and_a_receipt_names_no_money(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    kept = world.ledger.estimates_of(world.run(issue).run_id)[0]
    assert (
        kept.cost is None
        and kept.used_cost is None
        and kept.error == pytest.approx((kept.used_tokens or 0) / kept.tokens)
    )
    body = world.pull().issue.body or ""
    assert "$" not in body and "| no price |" in body and "tokens; the estimate was " in body


def test_a_repaired_plan_counts_its_attempts(make_world: Callable[..., World]) -> None:
    world = make_world(**PRICED)
    world.script("change_set", NO_MATCH, times=1)
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.GATED
    assert "| plan (2 attempts) |" in (world.pull().issue.body or "")


def test_a_given_change_set_is_expected_to_cost_its_reviews_alone(make_world: Callable[..., World]) -> None:
    world = make_world(**PRICED)
    world.script_all()
    edits = [{"path": "notes.md", "mode": "add", "after": "A note.\n"}]
    block = json.dumps({"message": "Add a note", "edits": edits})
    issue = world.label_blueprint(body=f"{BODY}\n\n```json cadence\n{block}\n```\n")
    assert world.state(issue) is S.GATED and not world.asked("change_set")
    kept = world.ledger.estimates_of(world.run(issue).run_id)[0]
    assert not kept.planned and (kept.files_low, kept.files_high) == (1, 1)
    body = world.pull().issue.body or ""
    assert "| plan" not in body and "| reasoning review |" in body


def test_without_a_model_nothing_is_estimated(make_world: Callable[..., World]) -> None:
    world = make_world(key=False)
    block = json.dumps({"message": "Add a note", "edits": [{"path": "n.md", "mode": "add", "after": "A note.\n"}]})
    issue = world.label_blueprint(body=f"{BODY}\n\n```json cadence\n{block}\n```\n")
    assert not world.ledger.estimates_of(world.run(issue).run_id) and not expected(world.status(issue))
    assert "### Cost" not in (world.pull().issue.body or "")


def test_a_retry_is_an_attempt_with_an_estimate_of_its_own(make_world: Callable[..., World]) -> None:
    world = make_world(**PRICED)
    world.script("change_set", NO_MATCH, times=2)
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED
    refused = world.status(issue)
    assert expected(refused) and "| plan (2 attempts) |" in refused
    world.comment(issue, "/cadence retry")
    assert world.state(issue) is S.GATED
    first, second = world.ledger.estimates_of(world.run(issue).run_id)
    assert (first.attempt, second.attempt, first.ended_at) == (1, 2, None) and second.used_tokens
    whole = world.ledger.counts(world.run(issue).run_id)
    assert second.used_tokens < whole.input_tokens + whole.output_tokens


def test_an_odd_history_never_stops_a_run(make_world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(**PRICED)
    world.script_all()

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr("bot.flow.building.estimating.estimate", broken)
    issue = world.label_blueprint()
    assert world.state(issue) is S.GATED and not expected(world.status(issue))
    assert "| in all |" in (world.pull().issue.body or "")


def test_runs_show_tells_both_and_json_holds_them(make_world: Callable[..., World]) -> None:
    world = make_world(**PRICED)
    world.script_all()
    run = world.run(world.label_blueprint())
    text = run_timeline(world.ledger, run, width=160)
    assert re.search(r"^expected +\$0\.\d+ to", text, re.M) and re.search(
        r"^outcome +\$0\.\d+; the estimate was \$", text, re.M
    )
    assert re.search(r"^plan +[\d,]+ in, [\d,]+ out, \$0", text, re.M)
    data = json.loads(run_json(world.ledger, run))
    assert [one["phase"] for one in data["phases"]] == ["explore", "plan", "reasoning", "efficiency"]
    assert data["estimates"][0]["error"] and data["estimates"][0]["cost_low"]


def test_after_a_crash_the_first_estimate_stays(make_world: Callable[..., World]) -> None:
    world = make_world(**PRICED)
    world.script_all()
    first = world.label_blueprint()
    fired = crash_once(world, "POST", "/comments", "after")
    second = world.label_blueprint("Another")
    world.sweep()
    world.later()
    assert fired and world.state(first) is world.state(second) is S.GATED
    (kept,) = world.ledger.estimates_of(world.run(second).run_id)
    moves = world.ledger.transitions(world.run(second).run_id)
    planning = next(move.at for move in moves if move.to == S.PLANNING)
    assert kept.at >= planning and kept.runs_here == 1 and kept.ended_at is not None
    world.must_be_quiet()


def test_an_approval_makes_no_second_estimate_and_its_wait_is_no_work(make_world: Callable[..., World]) -> None:
    world = make_world(files={**FILES, ".github/cadence.yml": "version: 1\nplan: {approval: required}\n"}, **PRICED)
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.WAITING_APPROVAL and expected(world.status(issue))
    world.later(3600)
    world.comment(issue, "/cadence go")
    assert world.state(issue) is S.GATED
    (kept,) = world.ledger.estimates_of(world.run(issue).run_id)
    assert kept.used_cost and kept.used_seconds is not None and kept.used_seconds < 60
