"""What happens when a review, a rule or a missing model is in the way."""

import json
from collections.abc import Callable

import pytest

from bot.core.names import CHECK_EFFICIENCY, CHECK_GATE, CHECK_REASONING
from bot.core.states import RunState
from bot.sandbox.model.script import Reply, Rule, answer, prose
from tests.journeys.world import FILES, GOOD, World, edit, plan, verdict

S = RunState
CONFIG = ".github/cadence.yml"
BARE = {"verdict": "approve", "summary": "Fine.", "findings": [], "acceptance": []}


def finding(line: int | None, message: str = "wrong word", **rest: object) -> dict[str, object]:
    return {"severity": "error", "path": "greet.py", "line": line, "message": message, "suggestion": None, **rest}


def test_a_rejecting_review_keeps_the_pull_request_open_and_says_where(world: World) -> None:
    world.script("change_set", GOOD)
    world.script("reasoning", verdict("reject", "It shouts.", finding(3), finding(99, "far outside the diff")))
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    world.ci()
    world.later()

    assert world.state(issue) is S.GATED
    assert world.pull().merged_at is None
    assert [c.conclusion for c in world.checks(CHECK_REASONING)] == ["failure"]
    assert [c.conclusion for c in world.checks(CHECK_EFFICIENCY)] == ["success"]
    assert world.checks(CHECK_GATE)[-1].conclusion == "action_required"
    assert world.gate_codes(issue) == ["review.rejected"]
    (rejecting,) = [r for r in world.pull().reviews if "rejects" in r.body]
    assert rejecting.state == "COMMENTED"
    assert [(c.path, c.line) for c in rejecting.comments] == [("greet.py", 3)]
    assert "far outside the diff" in rejecting.body
    world.must_be_quiet()


def test_a_verdict_that_cannot_be_read_never_passes(world: World) -> None:
    world.script("change_set", GOOD)
    world.script("reasoning", prose("Looks good to me!"))
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["review.unreadable"]
    assert world.checks(CHECK_REASONING)[-1].conclusion == "action_required"
    assert world.pull().merged_at is None


LIMIT = "You have reached your usage limit. Upgrade your plan or try again later."


@pytest.mark.parametrize(
    "reply",
    [
        prose(LIMIT),
        prose(f'{{"error": {{"type": "usage_limit_reached", "message": "{LIMIT}"}}}}'),
        answer({**BARE, "verdict": "reject", "summary": LIMIT, "findings": []}),
        answer({**BARE, "verdict": "approve", "summary": LIMIT, "first_word": "", "last_word": ""}),
        answer({**BARE, "verdict": "reject", "findings": [{"severity": "error", "path": None, "line": None,
                "message": LIMIT, "suggestion": None}]}),
    ],
)  # fmt: skip
def test_a_models_limit_is_no_finding(world: World, reply: Reply) -> None:
    """A proxy answers 200 with the words of its limit; nobody has read the change, so nothing was found in it."""
    world.script("change_set", GOOD)
    world.script("reasoning", reply)
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert world.gate_codes(issue) in (["review.unreadable"], ["review.unread"])
    assert world.checks(CHECK_REASONING)[-1].conclusion == "action_required"
    assert not any("rejects" in review.body or review.comments for review in world.pull().reviews)
    assert world.pull().merged_at is None


def test_a_rerun_of_an_unreadable_review_asks_again_and_may_merge(world: World) -> None:
    world.script("change_set", GOOD)
    world.script("reasoning", prose("Looks good to me!"), times=2)
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.repo.rerequest_check_run(world.checks(CHECK_REASONING)[-1], by="will")
    world.later()
    assert [c.conclusion for c in world.checks(CHECK_REASONING)] == ["action_required", "success"]
    assert len(world.checks(CHECK_EFFICIENCY)) == 1, "only the re-run check is judged again"
    assert world.end_state(issue) is S.MERGED


def test_without_a_model_a_blueprint_with_its_own_change_is_published_and_left_to_people(
    make_world: Callable[..., World],
) -> None:
    world = make_world(key=False)
    change = '{"message": "Politer", "edits": [{"path": "NEWS.md", "mode": "add", "after": "News\\n"}]}'
    block = f"```json cadence\n{change}\n```"
    issue = world.label_blueprint(body=f"Add a news file.\n\n{block}")
    world.ci()
    world.later()
    assert world.state(issue) is S.GATED
    assert world.gate_codes(issue) == ["model.absent", "model.absent"]
    assert world.checks(CHECK_REASONING)[-1].conclusion == "action_required"
    world.repo.merge_pull(world.pull().number, by="will", method="squash")
    world.settle()
    assert world.end_state(issue) is S.MERGED
    assert world.repo.issue(issue).state == "closed"


def test_without_a_model_and_without_a_change_the_refusal_says_what_to_do(make_world: Callable[..., World]) -> None:
    world = make_world(key=False)
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED
    assert "model.absent" in world.status(issue)
    assert "OPENAI_API_KEY" in world.status(issue)
    assert not world.repo.pulls()


def test_a_rule_of_the_repository_rejects_whatever_the_model_says(make_world: Callable[..., World]) -> None:
    rules = (
        "version: 1\nreview:\n  rules:\n    - {id: no-eval, type: forbid, pattern: 'eval\\(', message: never eval}\n"
        "    - {id: news, type: require, pattern: '^# ', paths: [NEWS.md]}\n"
        "    - {id: small, type: max_lines, value: 1}\n"
    )
    world = make_world(files={**FILES, CONFIG: rules})
    world.script_all(plan(edit("greet.py", replace=[{"old": '"Hello " + name', "new": "eval(name)", "count": None}])))
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["review.rejected", "review.rejected"]
    reasoning, efficiency = (next(c for c in world.checks(name)) for name in (CHECK_REASONING, CHECK_EFFICIENCY))
    assert "no-eval" in reasoning.summary and "`news`" in reasoning.summary
    assert [(a["path"], a["start_line"]) for a in reasoning.annotations] == [("greet.py", 3)]
    assert "small" in efficiency.summary
    assert world.pull().merged_at is None


def test_an_unknown_rule_type_is_shown_with_file_and_line_and_nothing_is_planned(
    make_world: Callable[..., World],
) -> None:
    world = make_world(files={**FILES, CONFIG: "version: 1\nreview:\n  rules:\n    - {id: x, type: forbit}\n"})
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED
    assert "config.invalid" in world.status(issue)
    assert "line 4" in world.status(issue) and "forbit" in world.status(issue)
    assert ".github/cadence.yml" in world.status(issue)
    assert not world.model.requests


def test_a_policy_that_breaks_after_the_review_blocks_the_merge(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.repo.push_commit({CONFIG: "version: 1\nmerge: {auto: maybe}\n"}, by="olive")
    world.settle()
    world.ci()
    world.later()
    assert "config.invalid" in world.gate_codes(issue)
    assert world.pull().merged_at is None


def test_a_server_that_cuts_the_question_in_silence_is_found_out(world: World) -> None:
    world.script("change_set", GOOD)
    world.script("efficiency", verdict())
    world.model.add(Rule("reasoning", answer({**BARE, "first_word": "lost", "last_word": "lost"})))
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["review.unread"]
    assert world.pull().merged_at is None


def test_a_server_that_counts_far_fewer_tokens_has_not_read_the_question(world: World) -> None:
    world.model.count = lambda _text: 7
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["review.unread", "review.unread"]


def test_a_binary_file_is_not_passed_unread_unless_the_policy_says_so(make_world: Callable[..., World]) -> None:
    change = {"path": "logo.png", "mode": "add", "after_base64": "iVBORw0KGgoAAAAA"}
    block = json.dumps({"version": 2, "message": "Logo", "edits": [change]})
    body = f"Add a logo.\n\n```json cadence\n{block}\n```\n"
    allow = "version: 1\nreview: {unreviewable: {allow: ['*.png']}}\n"
    for config, codes in ((None, ["review.uncovered"] * 2), (allow, [])):
        world = make_world(files={**FILES, CONFIG: config} if config else FILES)
        world.script_all()
        issue = world.label_blueprint(body=body)
        world.ci()
        world.later()
        assert world.gate_codes(issue) == codes
        assert "logo.png" in world.pull().reviews[0].body
        assert (world.end_state(issue) is S.MERGED) is not bool(codes)


def test_a_long_change_is_read_in_parts_and_the_receipt_says_so(world: World) -> None:
    lines = "".join(f"line {number} of a long page, with some words in it to read\n" for number in range(3000))
    world.script_all(plan(edit("LONG.md", "add", after=lines)))
    issue = world.label_blueprint()
    assert len(world.asked("reasoning")) > 1
    review_body = world.pull().reviews[0].body
    assert "100% of the changed lines" in review_body and "parts" in review_body
    assert all(len(review.body) < 65_536 for review in world.pull().reviews)
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_an_acceptance_line_that_is_not_met_rejects_even_an_approval(world: World) -> None:
    world.script("change_set", GOOD)
    unmet = {"number": 1, "text": "it", "answer": "no", "evidence": [{"path": "greet.py", "line": 3}]}
    world.script("reasoning", {**verdict(), "acceptance": [unmet]})
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["review.rejected"]
    assert "❌ no" in world.checks(CHECK_REASONING)[-1].summary
    assert "`greet.py:3`" in world.checks(CHECK_REASONING)[-1].summary


def test_the_efficiency_review_is_not_told_what_the_planner_thinks(world: World) -> None:
    world.script_all()
    world.label_blueprint()
    assert "Change greet and its test." in world.asked("reasoning")[0]
    assert "Change greet and its test." not in world.asked("efficiency")[0]
    assert "cyclomatic complexity" in world.asked("efficiency")[0]
