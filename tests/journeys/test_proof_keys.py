"""The signing key changes during a merge: manifest and seal are signed with one key, or there is no seal."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.core.signing import KEY_FILE
from bot.core.states import RunState
from tests.fakes.inline_engine import Crash
from tests.journeys.world import World


def restart_with_another_key(world: World) -> None:
    before = world.services.signer.key_id
    (world.settings.data_dir / KEY_FILE).unlink()
    world.start_cadence()
    assert world.services.signer.key_id != before


def die_and_change_the_key(world: World, method: str, route: str) -> list[bool]:
    """Die right after the first such request, before its outcome is written; come back with another key."""
    seen: list[bool] = []
    died: list[bool] = []
    settle = world.ledger.settle

    def watch(fault: Any) -> None:
        if fault.phase == "after" and fault.method == method and fault.route.endswith(route):
            seen.append(True)

    def dying_settle(*args: Any, **rest: Any) -> None:
        if seen and not died:
            died.append(True)
            dying = world.engine
            restart_with_another_key(world)
            # What the dead process had in hand is taken over by the one that started after it.
            dying.flow = world.engine.flow
            raise Crash
        settle(*args, **rest)

    world.github.on_request(watch)
    world.ledger.settle = dying_settle  # type: ignore[method-assign]
    return died


def verified(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, commit: str) -> Any:
    for name in [name for name in os.environ if name.startswith(("CADENCE_", "OPENAI_"))]:
        if not name.startswith(("CADENCE_TEST_", "CADENCE_CONTRACT")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CADENCE_DATA_DIR", str(world.settings.data_dir))
    monkeypatch.chdir(tmp_path)
    return CliRunner().invoke(app, ["verify", commit, "--json"])


def test_a_merge_is_not_sealed_with_another_key_than_its_manifest(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.script_all()
    died = die_and_change_the_key(world, "PUT", "/merge")
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.sweep()
    world.later()
    assert died and world.state(issue) is RunState.MERGED
    run = world.run(issue)
    (proof,) = world.ledger.proofs_for_head(run.run_id, run.head_sha)
    assert proof.key_id != world.services.signer.key_id
    assert proof.seal == "", "the seal would carry another key's signature than the manifest"
    assert "sha256:" not in world.status(issue), "no proof is promised"
    done = verified(world, tmp_path, monkeypatch, run.merge_sha)
    assert done.exit_code == 1 and "proof.missing" in f"{done.output} {done.exception}"


def test_a_decision_of_before_the_key_changed_is_decided_again(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    refused: list[bool] = []

    def hold_back(fault: Any) -> tuple[int, object] | None:
        if fault.phase == "before" and fault.method == "PUT" and fault.route.endswith("/merge"):
            refused.append(True)
            return 405, {"message": "Base branch was modified. Review and try the merge again."}
        return None

    let_go = world.github.on_request(hold_back)
    world.later()
    assert refused
    let_go()
    restart_with_another_key(world)
    world.sweep()
    world.later()
    run = world.run(issue)
    assert run.state is RunState.MERGED
    sealed = world.ledger.proof_of_run(run.run_id)
    assert sealed is not None and sealed.key_id == world.services.signer.key_id
    done = verified(world, tmp_path, monkeypatch, run.merge_sha)
    checks = {one["code"]: one["state"] for one in json.loads(done.stdout)["checks"]}
    assert checks["proof.signature"] == "ok", done.stdout
    assert done.exit_code == 0
