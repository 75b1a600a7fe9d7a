"""Plans that must not be applied, and models that do not answer as asked."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.core.states import RunState
from bot.sandbox.model.script import (
    Asked,
    Reply,
    ReplyFault,
    Rule,
    broken,
    empty,
    fenced,
    limited,
    prose,
    refusal,
    review,
    truncated,
    unsupported_format,
)
from tests.journeys.world import FILES, GOOD, World, edit, plan, verdict

S = RunState


def carried(*edits: dict[str, Any]) -> str:
    block = json.dumps({"version": 2, "message": "Change", "edits": list(edits)})
    return f"Please apply.\n\n```json cadence\n{block}\n```\n"


def with_a_symlink(world: World) -> None:
    """`link` on main, pointing out of the tree."""
    bare = world.github.world.bare(world.repo.state)
    blob = bare.text("hash-object", "-w", "--stdin", stdin=b"/tmp").strip()
    listing = bare.text("ls-tree", "HEAD").rstrip("\n") + f"\n120000 blob {blob}\tlink\n"
    tree = bare.text("mktree", stdin=listing.encode()).strip()
    who = ("-c", "user.name=olive", "-c", "user.email=olive@example.org")
    commit = bare.text(*who, "commit-tree", tree, "-p", "HEAD", "-m", "link").strip()
    world.repo.move_branch("main", commit, by="olive")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../x", "path.traversal"),
        ("/etc/passwd", "path.absolute"),
        (".git/hooks/post-checkout", "path.git"),
        ("sub/.GIT/config", "path.git"),
        ("git~1/config", "path.git"),
        ("link/inside.txt", "path.parent"),
        (".github/workflows/ci.yml", "protected.workflow"),
        (".github/cadence.yml", "protected.config"),
        ("a\\b.txt", "path.backslash"),
    ],
)
def test_a_change_set_that_leaves_its_bounds_is_refused_with_its_code(world: World, path: str, code: str) -> None:
    with_a_symlink(world)
    issue = world.label_blueprint(body=carried({"path": path, "mode": "add", "after": "x\n"}))
    assert world.state(issue) is S.REFUSED
    assert code in world.status(issue)
    assert not world.repo.pulls()
    assert world.repo.tip(f"cadence/issue-{issue}") is None


def test_a_symlink_itself_is_never_rewritten(world: World) -> None:
    with_a_symlink(world)
    issue = world.label_blueprint(body=carried({"path": "link", "mode": "modify", "after": "/etc\n"}))
    assert world.state(issue) is S.REFUSED
    assert "path.symlink" in world.status(issue)


@pytest.mark.parametrize(
    "reply",
    [
        prose("I would change greet.py so that it is polite."),
        truncated(GOOD),
        empty(),
        Reply('{"description": "polite", "changes": 3}'),
        refusal(),
    ],
    ids=["prose", "truncated", "nothing", "wrong shape", "refusal"],
)
def test_a_bad_first_answer_is_repaired_with_the_exact_error(world: World, reply: Reply) -> None:
    world.script("change_set", reply, times=1)
    world.script_all()
    issue = world.label_blueprint()
    if reply.refusal:
        assert world.state(issue) is S.REFUSED
        assert "model.refused" in world.status(issue)
        return
    assert world.state(issue) is S.GATED
    assert "Your answer was not applied" in world.asked("change_set")[-1]
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_fenced_json_is_taken_as_it_is(world: World) -> None:
    world.script("change_set", fenced(GOOD))
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.GATED
    assert len(world.asked("change_set")) == 1


def test_a_model_that_never_mends_its_answer_ends_in_a_plain_refusal(world: World) -> None:
    world.script("change_set", prose("No."))
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED
    assert "model.prose" in world.status(issue)
    assert "/cadence replan" in world.status(issue)
    assert len(world.asked("change_set")) == 2, "the same fault twice stops the loop"


def test_different_faults_are_repaired_twice_and_no_more(world: World) -> None:
    world.script("change_set", prose("No."), times=1)
    world.script("change_set", plan(edit("nowhere.py", after="x\n")), times=1)
    world.script("change_set", plan(edit("greet.py", replace=[{"old": "not there", "new": "x", "count": None}])))
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED
    assert "contract.replace_missing" in world.status(issue)
    assert len(world.asked("change_set")) == 3


def test_a_gutted_file_goes_back_with_its_code_and_the_mended_plan_merges(world: World) -> None:
    gutted = 'def greet(name: str) -> str:\n    # ... existing code unchanged ...\n    return f"Hello {name}!"\n'
    world.script("change_set", plan(edit("greet.py", after=gutted)), times=1)
    world.script_all()
    issue = world.label_blueprint()
    assert "loss.elision" in world.asked("change_set")[-1]
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_a_server_without_structured_outputs_is_asked_another_way(world: World) -> None:
    world.script("change_set", unsupported_format(GOOD))

    def judged(asked: Asked) -> Reply:
        return replace(review(verdict())(asked), fault=ReplyFault.UNSUPPORTED_FORMAT)

    world.model.add(Rule("reasoning", judged), Rule("efficiency", judged))
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.must_be_merged(issue)


@pytest.mark.parametrize("fault", [limited(7), broken()], ids=["429", "500"])
def test_a_model_that_is_busy_or_broken_is_asked_again_later(world: World, fault: Reply) -> None:
    world.script("change_set", fault, times=1)
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.WAITING_LIMIT
    assert ". Trying again" in world.status(issue)
    world.later(10)
    assert world.state(issue) is S.GATED
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_a_model_that_stays_broken_ends_at_a_person(world: World) -> None:
    world.script("change_set", broken())
    issue = world.label_blueprint()
    world.later(6 * 3600)
    assert world.state(issue) is S.NEEDS_HUMAN
    assert "model.unavailable" in world.status(issue)


def test_no_edits_is_an_answer_and_its_reason_is_shown(world: World) -> None:
    world.script("change_set", plan(summary="Nothing to do") | {"plan": "greet is polite already."})
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED
    assert "plan.empty" in world.status(issue)
    assert "polite already" in world.status(issue)


def test_the_change_that_merges_is_the_one_that_was_planned(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.must_be_merged(issue)
    assert world.repo.read_file("README.md") == FILES["README.md"].encode()
