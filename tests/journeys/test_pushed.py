"""People's commits on Cadence's pull request are merged, unless they weaken, leak or leave the approved plan."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from tests.journeys.world import FILES, GOOD, WRITER, World, edit, plan

S = RunState
CONFIG = ".github/cadence.yml"
TESTS = FILES["test_greet.py"].replace('"Hello Ada"', '"Hello Ada!"')
SKIPPED = "import pytest\n\n" + TESTS.replace("def test_greet", '@pytest.mark.skip(reason="later")\ndef test_greet')
BINDING = {**FILES, CONFIG: FILES[CONFIG] + "plan: {approval: required}\n"}


def opened(world: World) -> int:
    world.script_all()
    return world.label_blueprint()


def push(world: World, issue: int, **files: str) -> str:
    """A writer's commit on the run's branch, with green CI, judged as far as it can be."""
    named = {name.replace("__", "/"): text for name, text in files.items()}
    return finish(world, world.repo.push_commit(named, by=WRITER, branch=f"cadence/issue-{issue}"))


def finish(world: World, head: str) -> str:
    world.settle()
    world.ci(head=head)
    world.later()
    return head


def gate(world: World) -> str:
    return world.checks(CHECK_GATE)[-1].summary or ""


def test_a_harmless_commit_of_a_writer_is_merged_without_a_question(world: World) -> None:
    issue = opened(world)
    push(world, issue, **{"more.py": "x = 1\n"})
    world.must_be_merged(issue)


def test_a_test_that_is_skipped_by_hand_waits_for_a_named_person(world: World) -> None:
    issue = opened(world)
    push(world, issue, **{"test_greet.py": SKIPPED})
    assert world.gate_codes(issue) == ["tests.skip"] and world.state(issue) is S.GATED
    assert "`test_greet.py" in gate(world) or "test_greet.py:" in gate(world)
    assert "/cadence go" in gate(world) and "Merges when a person approves what was pushed." in gate(world)
    world.comment(issue, "/cadence go")
    world.later()
    world.must_be_merged(issue)
    run = world.run(issue)
    assert run.approved_by == WRITER
    proof = world.ledger.proof_of_run(run.run_id)
    assert proof is not None
    assert world.ledger.manifest_of(proof)["approval"] == {
        "by": WRITER, "text": run.approved_digest, "diff": "", "pushed": run.approved_pushed,
    }  # fmt: skip


def test_an_approval_speaks_of_one_diff(world: World) -> None:
    issue = opened(world)
    world.comment(issue, "/cadence go")
    push(world, issue, **{"test_greet.py": SKIPPED})
    assert world.gate_codes(issue) == ["tests.skip"]
    world.clock.advance(5)
    world.comment(issue, "/cadence go 123456789abc")
    assert world.gate_codes(issue) == ["tests.skip"] and "is what was pushed" in world.bot_comments(issue)[-1]
    push(world, issue, **{"test_greet.py": SKIPPED + "\n\n\ndef test_nothing() -> None:\n    pass\n"})
    waiting = gate(world).partition("/cadence go ")[2][:12]
    push(world, issue, **{"greet.py": 'def greet(name: str) -> str:\n    return f"Hello {name}!"\n'})
    world.comment(issue, f"/cadence go {waiting}")
    assert "tests.skip" in world.gate_codes(issue), "another diff than the approved one"
    world.comment(issue, f"/cadence go {gate(world).partition('/cadence go ')[2][:12]}")
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_an_outsiders_go_counts_for_nothing(world: World) -> None:
    issue = opened(world)
    push(world, issue, **{"test_greet.py": SKIPPED})
    world.comment(issue, "/cadence go", by="oscar")
    world.later()
    assert world.gate_codes(issue) == ["tests.skip"]


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        (".github/workflows/ci.yml", "on: push\njobs: {}\n", "protected.workflow"),
        ("settings.py", 'AWS = "AKIA' + 'IOSFODNN7EXAMPLF"\nGITHUB = "ghp_' + "a1B2" * 9 + '"\n', "secret.token"),
    ],
)
def test_pipelines_and_secrets_ask_as_well(world: World, path: str, text: str, code: str) -> None:
    issue = opened(world)
    finish(world, world.repo.push_commit({path: text}, by=WRITER, branch=f"cadence/issue-{issue}"))
    assert code in world.gate_codes(issue)
    assert "a1B2a1B2" not in gate(world)


def test_what_was_approved_before_the_push_is_not_asked_again(world: World) -> None:
    change = plan(*GOOD["edits"][:1], edit("test_greet.py", after=SKIPPED))
    world.script_all(change)
    issue = world.label_blueprint()
    assert world.state(issue) is S.WAITING_APPROVAL
    world.comment(issue, "/cadence go")
    push(world, issue, **{"more.py": "x = 1\n"})
    world.must_be_merged(issue)


def test_a_binding_plan_has_a_scope(make_world: Callable[..., World]) -> None:
    world = make_world(files=BINDING)
    issue = opened(world)
    world.comment(issue, "/cadence go")
    push(world, issue, **{"greet.py": 'def greet(name: str) -> str:\n    return f"Hello {name}!"\n'})
    world.must_be_merged(issue)


def test_files_outside_a_binding_plan_wait_for_an_approval(make_world: Callable[..., World]) -> None:
    world = make_world(files=BINDING)
    issue = opened(world)
    world.comment(issue, "/cadence go")
    push(world, issue, **{"extra.py": "x = 1\n"})
    assert world.gate_codes(issue) == ["plan.scope"] and "extra.py: the approved plan" in gate(world)
    world.comment(issue, "/cadence go")
    world.later()
    world.must_be_merged(issue)


def test_a_plan_that_has_to_be_approved_only_now_waits(world: World) -> None:
    issue = opened(world)
    world.repo.push_commit({CONFIG: BINDING[CONFIG] + "merge: {up_to_date: never}\n"}, by=WRITER)
    world.settle()
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["plan.unapproved"]
    world.comment(issue, "/cadence go")
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_a_policy_broken_on_the_pull_request_blocks_until_it_is_mended(world: World) -> None:
    issue = opened(world)
    finish(
        world,
        world.repo.push_commit(
            {CONFIG: "version: 1\nmerge: {auto: maybe}\n"}, by=WRITER, branch=f"cadence/issue-{issue}"
        ),
    )
    assert world.gate_codes(issue) == ["config.invalid", "protected.config"]
    assert "The pull request's own .github/cadence.yml" in gate(world)
    finish(world, world.repo.push_commit({CONFIG: FILES[CONFIG]}, by=WRITER, branch=f"cadence/issue-{issue}"))
    world.must_be_merged(issue)
