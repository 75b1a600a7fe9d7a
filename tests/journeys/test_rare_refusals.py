"""What seldom is in the way is told with its code like all else: of repositories, of GitHub, of our own record."""

import os
import sqlite3
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from bot.github_api import issues
from bot.sandbox.github.bare import Bare
from tests.fakes.inline_engine import Crash
from tests.journeys.world import BODY, OUTSIDER, OWNER, TITLE, WRITER, World

S = RunState


def labelled(world: World) -> int:
    """A labelled issue that Cadence has not heard of yet."""
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.repo.label(issue, "blueprint", by=OWNER)
    return issue


def no_commits(world: World) -> None:
    """GitHub keeps the default branch's name of a repository whose last branch is gone."""
    Bare(world.repo.state.path).git("update-ref", "-d", "refs/heads/main")


def test_an_archived_repository_is_left_alone(world: World) -> None:
    world.script_all()
    issue = labelled(world)
    world.repo.configure(archived=True)
    world.settle()
    world.later(3600)
    world.sweep()
    assert world.state(issue) is S.REFUSED
    assert world.run(issue).reason.startswith("repository.archived: ")
    assert not world.asked("change_set"), "no model is asked for what cannot be pushed"


def test_a_repository_without_a_commit_is_refused(world: World) -> None:
    world.script_all()
    issue = labelled(world)
    no_commits(world)
    world.settle()
    assert world.state(issue) is S.REFUSED
    assert "repository.empty" in world.status(issue) and "Push a first commit" in world.status(issue)


def test_a_head_without_a_common_past_needs_a_person(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    bare = Bare(world.repo.state.path)
    who = ("-c", "user.name=will", "-c", "user.email=will@example.org")
    orphan = bare.text(*who, "commit-tree", "main^{tree}", "-m", "From nowhere").strip()
    world.repo.move_branch(f"cadence/issue-{issue}", orphan, by=WRITER)
    world.ci()
    world.later()
    assert world.state(issue) is S.NEEDS_HUMAN
    assert "base.unrelated" in world.status(issue) and "replan --discard" in world.status(issue)
    assert world.pull().merged_at is None


def test_a_pull_request_that_a_person_closes_at_once_is_not_opened_again(world: World) -> None:
    world.script_all()
    settle, closed = world.ledger.settle, []

    def dying_settle(effect_id: int, state: str, *args: Any, **rest: Any) -> None:
        settle(effect_id, state, *args, **rest)
        if world.repo.pulls() and not closed:
            closed.append(world.pull().number)
            world.repo.close_pull(closed[0], by=OWNER)
            raise Crash

    world.ledger.settle = dying_settle  # type: ignore[method-assign]
    issue = world.label_blueprint()
    assert closed == [pull.number for pull in world.repo.pulls()]
    assert world.state(issue) is S.REFUSED
    assert "pull.closed" in world.status(issue)


def test_an_app_that_may_not_merge_hands_over_to_a_person(world: World) -> None:
    world.script_all()

    def forbid(fault: Any) -> tuple[int, object] | None:
        if fault.method == "PUT" and fault.route.endswith("/merge") and fault.phase == "before":
            return 403, {"message": "Resource not accessible by integration"}
        return None

    world.github.on_request(forbid)
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert world.state(issue) is S.NEEDS_HUMAN
    assert "merge.forbidden" in world.status(issue)
    assert world.pull().merged_at is None
    assert world.checks(CHECK_GATE)[-1].conclusion == "action_required", "it does not go on to say that it is merging"


def test_an_edit_history_that_does_not_end_waits_for_a_person(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issues, "MOST_ROUNDS", 1)
    world.script_all()
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.github.pause_hooks()
    for number in range(101):
        world.repo.edit_body(issue, f"{BODY} ({number})", by=OWNER)
    world.github.resume_hooks()
    world.repo.label(issue, "blueprint", by=OWNER)
    world.settle()
    assert world.state(issue) is S.WAITING_APPROVAL
    assert "blueprint.unreadable" in world.status(issue)
    assert not world.repo.pulls()


def test_the_diff_of_an_outsiders_text_waits_for_a_person(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint(author=OUTSIDER)
    assert world.state(issue) is S.WAITING_APPROVAL
    assert "approval.diff" in world.status(issue)
    assert not world.repo.pulls() and world.repo.tip(f"cadence/issue-{issue}") is None


def test_a_verdict_that_is_gone_from_the_ledger_makes_no_proof_and_no_merge(world: World) -> None:
    world.script_all()
    filed = world.ledger.filed_verdict

    def lost(run_id: Any, kind: str, key: dict[str, Any]) -> dict[str, Any] | None:
        with sqlite3.connect(world.settings.data_dir / "cadence.sqlite") as connection:
            connection.execute("delete from verdicts where kind = ?", (kind,))
        return filed(run_id, kind, key)

    world.ledger.filed_verdict = lost  # type: ignore[method-assign]
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert world.state(issue) is S.NEEDS_HUMAN
    assert "proof.incomplete" in world.status(issue)
    assert world.pull().merged_at is None


def test_a_commit_that_quotes_a_merge_which_never_was_is_not_proven(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.script_all()

    def refuse(fault: Any) -> tuple[int, object] | None:
        if fault.method == "PUT" and fault.route.endswith("/merge") and fault.phase == "before":
            return 405, {"message": "Required status check is expected."}
        return None

    world.github.on_request(refuse)
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["merge.refused"]
    (proof,) = world.ledger.proofs_for_head(world.run(issue).run_id, world.pull().head_sha)
    bare = Bare(world.repo.state.path)
    message = f"Merged, they say\n\nCadence-Proof: sha256:{proof.digest}"
    who = ("-c", "user.name=oscar", "-c", "user.email=oscar@example.org")
    forged = bare.text(*who, "commit-tree", "main^{tree}", "-p", "main", "-m", message).strip()
    settings = [name for name in os.environ if name.startswith(("CADENCE_", "OPENAI_"))]
    for name in [name for name in settings if not name.startswith(("CADENCE_TEST_", "CADENCE_CONTRACT"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CADENCE_DATA_DIR", str(world.settings.data_dir))
    done = CliRunner().invoke(app, ["verify", forged, "--repo", str(bare.path)])
    assert done.exit_code == 1 and "proof.unsealed" in f"{done.output} {done.exception}"
