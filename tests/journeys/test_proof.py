"""A merge leaves a proof that a stranger can check, and that no changed byte gets past."""

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.core.names import CHECK_GATE, sha256
from bot.core.states import RunState
from bot.ledger.chain import canonical
from bot.proof.bundle import read_bundle
from bot.sandbox.github.bare import Bare
from tests.journeys.world import OWNER, WRITER, World

S = RunState
Run = Callable[..., Any]

CHANGED = (
    "update chain set body = replace(body, '{}', '{}') where seq = (select min(seq) from chain where kind = 'verdict')"
)


@pytest.fixture
def cadence(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line, on the world's ledger and mirrors."""
    settings = [name for name in os.environ if name.startswith(("CADENCE_", "OPENAI_"))]
    for name in [name for name in settings if not name.startswith(("CADENCE_TEST_", "CADENCE_CONTRACT"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CADENCE_DATA_DIR", str(world.settings.data_dir))
    monkeypatch.chdir(tmp_path)
    return lambda *args: CliRunner().invoke(app, [str(one) for one in args])


def merged(world: World, **config: str) -> str:
    """The main job, to the merge commit's id."""
    if config:
        lines = "".join(f"  {key}: {value}\n" for key, value in config.items())
        world.repo.push_commit({".github/cadence.yml": f"version: 1\nmerge:\n{lines}"}, by=OWNER)
        world.settle()
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.must_be_merged(issue)
    return world.run(issue).merge_sha


def failures(done: Any) -> set[str]:
    """The codes of what failed, from the JSON answer."""
    told = json.loads(done.stdout)
    assert told["proven"] is (done.exit_code == 0)
    return {check["code"] for check in told["checks"] if check["state"] == "failed"}


def codes(done: Any, state: str) -> set[str]:
    return {check["code"] for check in json.loads(done.stdout)["checks"] if check["state"] == state}


def repository(world: World) -> Bare:
    return Bare(world.repo.state.path)


def ledger_file(world: World) -> Path:
    return world.settings.data_dir / "cadence.sqlite"


def rewrite(world: World, statement: str, *values: Any) -> None:
    """Somebody with a hand in the database."""
    with sqlite3.connect(ledger_file(world)) as connection:
        assert connection.execute(statement, values).rowcount == 1


@pytest.mark.parametrize("method", ["squash", "merge", "rebase"])
def test_a_merge_by_any_method_is_proven(world: World, cadence: Run, tmp_path: Path, method: str) -> None:
    commit = merged(world, method=method)
    told = cadence("verify", commit)
    assert told.exit_code == 0, told.stdout
    assert "The proof holds." in told.stdout
    out = tmp_path / "proof.json"
    assert cadence("export", commit[:10], "--out", out).exit_code == 0
    keys = tmp_path / "keys.json"
    keys.write_text(world.client.get("/.well-known/cadence-keys.json").text)
    clone = repository(world).path
    offline = cadence("verify", commit, "--manifest", out, "--repo", clone, "--keys", keys, "--json")
    assert failures(offline) == set()
    notes = {"proof.trailer"} if method == "rebase" else set()
    assert codes(offline, "note") == notes and json.loads(offline.stdout)["if_key"] is None
    doubtful = cadence("verify", commit, "--manifest", out, "--repo", clone)
    key = world.services.signer.key_id
    assert doubtful.exit_code == 0
    assert doubtful.stdout.endswith(f"The proof holds, if the key {key} is the one you know.\n")


def test_the_digest_stands_in_the_gate_the_commit_and_the_status(world: World) -> None:
    commit = merged(world)
    proof = world.ledger.proof_of_merge(commit)
    assert proof is not None
    gate = world.checks(CHECK_GATE)[-1]
    assert f"`sha256:{proof.digest}`" in gate.summary
    assert f"Cadence-Proof: sha256:{proof.digest}" in repository(world).info(commit).message.splitlines()
    assert f"sha256:{proof.digest}" in world.status(1)
    shown = (gate.text or "").split("```json\n", 1)[1].split("\n```", 1)[0]
    assert sha256(shown) == proof.digest, "the pull request itself carries the manifest"


def test_one_byte_in_manifest_ledger_or_tree_are_three_different_failures(world: World, cadence: Run) -> None:
    commit = merged(world)
    clone = repository(world)

    honest = clone.info(commit)
    tree = clone.write_files(commit, {"greet.py": (clone.read(commit, "greet.py") or b"").replace(b"!", b"?")})
    people = {"author": honest.author, "committer": honest.committer, "date": honest.date}
    forged = clone.commit_tree(tree, honest.parents, honest.message, **people)
    in_tree = failures(cadence("verify", forged, "--repo", clone.path, "--json"))
    assert "proof.tree" in in_tree and not in_tree & {"proof.signature", "proof.chain"}

    world.ledger.close()
    rewrite(
        world,
        CHANGED.format("approve", "approvf"),
    )
    in_ledger = failures(cadence("verify", commit, "--json"))
    assert in_ledger == {"proof.chain"}
    rewrite(
        world,
        CHANGED.format("approvf", "approve"),
    )

    rewrite(world, 'update proofs set manifest = replace(manifest, \'"started_by":"olive"\', \'"started_by":"olivf"\')')
    in_manifest = failures(cadence("verify", commit, "--json"))
    assert {"proof.signature", "proof.digest", "proof.trailer"} <= in_manifest
    assert not in_manifest & {"proof.tree", "proof.rebuild"}


TAMPERED = (
    ("delete from chain where seq = 20", "proof.chain"),
    ("update chain set at = replace(at, '2026', '2025') where seq = 5", "proof.chain"),
    ("update changesets set canonical = replace(canonical, 'Hello', 'Hallo')", "proof.rebuild"),
    (
        "update verdicts set verdict = replace(verdict, 'Does what', 'Does not') where kind = 'reasoning'",
        "proof.evidence",
    ),
    ("update proofs set seal = replace(seal, '\"base_moved\":false', '\"base_moved\":true')", "proof.signature"),
    # Keys and signatures are random, so any one digit may be absent: the first is changed.
    (
        "update proofs set manifest_signature ="
        " (case when substr(manifest_signature, 1, 1) = '0' then '1' else '0' end) || substr(manifest_signature, 2)",
        "proof.signature",
    ),
    ("update proofs set manifest = substr(manifest, 2)", "proof.bundle"),
    ("update proofs set manifest = replace(manifest, 'changesets', 'changesetz')", "proof.bundle"),
    (
        "update signing_keys set public_key = (case when substr(public_key, 1, 1) = '0' then '1' else '0' end)"
        " || substr(public_key, 2)",
        "proof.signature",
    ),
    ("delete from chain where seq > 55", "proof.chain"),
    ("delete from chain where seq = (select max(seq) from chain)", "proof.ledger"),
    ("update transitions set reason = 'because' where id = 3", "proof.ledger"),
    ("update transitions set at = replace(at, '2026', '2025') where id = 2", "proof.ledger"),
    ("delete from transitions where id = 4", "proof.ledger"),
    (
        "insert into transitions select 900, run_id, at, came_from, \"to\", reason, 'mallory' from transitions limit 1",
        "proof.ledger",
    ),
    ("update decisions set outcome = 'merge' where outcome = 'wait'", "proof.ledger"),
    ("update decisions set reasons = '[]' where id = (select min(id) from decisions)", "proof.ledger"),
    ("update effects set state = 'found' where kind = 'merge'", "proof.ledger"),
    ("update effects set outcome = replace(outcome, '1', '2') where kind = 'pull.open'", "proof.ledger"),
    ("update model_calls set input_tokens = 1 where id = 2", "proof.ledger"),
    ("delete from model_calls where id = 1", "proof.ledger"),
    ("update runs set approved_by = 'mallory'", "proof.ledger"),
    ("update runs set plan = 'another'", "proof.ledger"),
    ("update runs set state = 'stopped'", "proof.ledger"),
    ("update verdicts set attempt = 2 where kind = 'efficiency'", "proof.ledger"),
    ("update changesets set canonical = replace(canonical, 'Politer', 'Ruder')", "proof.ledger"),
)


def test_whatever_is_changed_in_the_ledger_is_found(world: World, cadence: Run, tmp_path: Path) -> None:
    commit = merged(world)
    world.ledger.close()
    honest = sqlite3.connect(tmp_path / "honest.sqlite")
    with sqlite3.connect(ledger_file(world)) as connection:
        connection.backup(honest)
    for statement, code in TAMPERED:
        with sqlite3.connect(ledger_file(world)) as connection:
            honest.backup(connection)
            assert connection.execute(statement).rowcount > 0, statement
        found = failures(cadence("verify", commit, "--json"))
        assert code in found, statement
    honest.close()


def test_no_byte_of_the_exported_file_can_change(world: World, cadence: Run, tmp_path: Path) -> None:
    commit = merged(world)
    honest = cadence("export", commit).stdout_bytes
    out, clone = tmp_path / "proof.json", repository(world).path
    named: set[str] = set()
    for place in range(7, len(honest), max(1, len(honest) // 40)):
        changed = bytes([honest[place] ^ 1])
        out.write_bytes(honest[:place] + changed + honest[place + 1 :])
        done = cadence("verify", commit, "--manifest", out, "--repo", clone, "--json")
        assert done.exit_code == 1, f"byte {place}: {honest[place - 40 : place + 20]!r}"
        named |= failures(done)
    assert named and all(code.startswith("proof.") for code in named)


def test_a_stolen_name_does_not_make_a_key_ours(world: World, cadence: Run, tmp_path: Path) -> None:
    """Everything signed again with another key holds together in itself, and is not ours."""
    from bot.core.signing import kept_key

    commit = merged(world)
    data = json.loads(cadence("export", commit).stdout)
    other = kept_key(tmp_path / "elsewhere")
    data["public_key"] = other.public_key
    for name in ("manifest", "seal"):
        data[f"{name}_signature"] = other.sign(canonical(data[name]))
    out, keys = tmp_path / "proof.json", tmp_path / "keys.json"
    out.write_text(canonical(data) + "\n")
    keys.write_text(world.client.get("/.well-known/cadence-keys.json").text)
    clone = repository(world).path
    alone = cadence("verify", commit, "--manifest", out, "--repo", clone, "--json")
    assert failures(alone) == set() and "proof.key" in codes(alone, "note"), "the reader is told to compare the key"
    assert failures(cadence("verify", commit, "--manifest", out, "--repo", clone, "--keys", keys, "--json")) == {
        "proof.signature"
    }


def _ours(data: Any) -> Any:
    return data["manifest"]["commits"][0]


def _judged(data: Any, *where: str, **values: Any) -> None:
    """A verdict that says something else, and a receipt that goes with it."""
    receipt, verdict = data["manifest"]["receipts"][0], data["verdicts"][0]
    for shown in (receipt, verdict):
        for name in where:
            shown = shown[name]
        shown.update(values)
    receipt["verdict"] = sha256(canonical(verdict))


def _claimed(data: Any, *without: str) -> None:
    """A receipt that leaves something unsaid."""
    for name in without:
        del data["verdicts"][0]["receipt"][name]
        del data["manifest"]["receipts"][0]["receipt"][name]
    _judged(data)


FALSE_CLAIMS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "another base": ("proof.rebuild", lambda d: d["manifest"].update(merge_base=d["seal"]["merge_commit"])),
    "another parent": ("proof.rebuild", lambda d: _ours(d).update(parent=d["seal"]["merge_commit"])),
    "another message": ("proof.rebuild", lambda d: _ours(d).update(message="x")),
    "another date": ("proof.rebuild", lambda d: _ours(d).update(date=1)),
    "another author": ("proof.rebuild", lambda d: _ours(d)["author"].update(name="x")),
    "a commit too few": ("proof.rebuild", lambda d: d["manifest"].update(commits=[])),
    "no changeset": ("proof.rebuild", lambda d: d.update(changesets=[])),
    "another changeset": (
        "proof.rebuild",
        lambda d: d.update(changesets=[d["changesets"][0].replace("Hello", "Hallo")]),
    ),
    "a commit nobody has": (
        "proof.rebuild",
        lambda d: d["manifest"]["commits"].append({"sha": "1" * 40, "parents": []}),
    ),
    "another method": ("proof.commit", lambda d: d["manifest"].update(method="merge")),
    "another merge": ("proof.commit", lambda d: d["seal"].update(merge_commit="2" * 40)),
    "another onto": ("proof.commit", lambda d: d["seal"].update(onto="2" * 40)),
    "other parents": ("proof.commit", lambda d: d["seal"].update(parents=[])),
    "a base that moved": ("proof.commit", lambda d: d["seal"].update(base_moved=True)),
    "another tree": ("proof.tree", lambda d: d["seal"].update(tree="2" * 40)),
    "another policy": ("proof.policy", lambda d: d["manifest"].update(policy="3" * 64)),
    "another tip": ("proof.policy", lambda d: d["manifest"]["base"].update(tip="2" * 40)),
    "no CI": ("proof.ci", lambda d: d["manifest"].update(ci=[])),
    "red CI": ("proof.ci", lambda d: d["manifest"]["ci"][0].update(conclusion="failure")),
    "skipped CI alone": ("proof.ci", lambda d: d["manifest"]["ci"][0].update(conclusion="skipped")),
    "one review": ("proof.evidence", lambda d: d["manifest"]["receipts"].pop()),
    "one review twice": ("proof.evidence", lambda d: d["manifest"]["receipts"][1].update(kind="reasoning")),
    "a rejection": ("proof.evidence", lambda d: _judged(d, conclusion="reject")),
    "a review of another head": ("proof.evidence", lambda d: _judged(d, "key", head="1" * 40)),
    "a review under another policy": ("proof.evidence", lambda d: _judged(d, "key", policy="1" * 64)),
    "a review of another diff": ("proof.evidence", lambda d: _judged(d, "receipt", diff_digest="4" * 64)),
    "a review of a part": ("proof.evidence", lambda d: _judged(d, "receipt", coverage=0.5)),
    "a review that does not say how much it read": ("proof.evidence", lambda d: _claimed(d, "coverage")),
    "a review that names fewer files": ("proof.evidence", lambda d: _judged(d, "receipt", files=["greet.py"])),
    "a review that leaves a file out": (
        "proof.evidence",
        lambda d: _judged(d, "receipt", files=["greet.py"], unread=["test_greet.py"]),
    ),
    "a review of fewer hunks": ("proof.evidence", lambda d: _judged(d, "receipt", hunks=1)),
    "a nicer receipt": ("proof.evidence", lambda d: d["manifest"]["receipts"][0]["receipt"].update(files=["x"])),
    "another verdict": ("proof.evidence", lambda d: d["verdicts"][0].update(summary="x")),
    "no verdicts": ("proof.evidence", lambda d: d.update(verdicts=[])),
    "a decision nobody made": ("proof.chain", lambda d: d["manifest"]["decision"].update(id=999)),
    "another run": ("proof.chain", lambda d: (d["manifest"].update(run="x"), d["seal"].update(run="x"))),
    "another run in the seal": ("proof.digest", lambda d: d["seal"].update(run="x")),
    "a later head": ("proof.chain", lambda d: d["seal"]["chain"].update(seq=10_000)),
    "no chain": ("proof.chain", lambda d: d.update(chain=[])),
}


def test_a_false_claim_under_our_own_key_is_found(world: World, cadence: Run, tmp_path: Path) -> None:
    """Even who holds the key cannot prove what the repository does not bear out."""
    commit = merged(world)
    honest, clone, out = cadence("export", commit).stdout, repository(world).path, tmp_path / "proof.json"
    for claim, (code, make) in FALSE_CLAIMS.items():
        data = json.loads(honest)
        make(data)
        data["seal"]["manifest"] = sha256(canonical(data["manifest"]))
        for name in ("manifest", "seal"):
            data[f"{name}_signature"] = world.services.signer.sign(canonical(data[name]))
        out.write_text(canonical(data) + "\n")
        found = failures(cadence("verify", commit, "--manifest", out, "--repo", clone, "--json"))
        assert code in found, f"{claim}: {found}"
        assert "proof.signature" not in found, claim


def test_a_persons_commit_on_our_branch_is_recorded_by_its_id(world: World, cadence: Run, tmp_path: Path) -> None:
    world.script_all()
    issue = world.label_blueprint()
    pushed = world.repo.push_commit({"extra.py": "x = 1\n"}, by=WRITER, branch=f"cadence/issue-{issue}")
    world.settle()
    world.ci()
    world.later()
    world.must_be_merged(issue)
    commit = world.run(issue).merge_sha
    out = tmp_path / "proof.json"
    cadence("export", commit, "--out", out)
    rows = read_bundle(out.read_bytes()).manifest["commits"]
    assert [("changeset" in row, row["sha"]) for row in rows][1] == (False, pushed)
    assert rows[0]["changeset"] == world.run(issue).changeset_digest
    done = cadence("verify", commit, "--manifest", out, "--repo", repository(world).path, "--json")
    assert failures(done) == set()
    assert failures(cadence("verify", commit, "--json")) == set(), "the mirror keeps the merged head"


def test_a_base_that_moved_is_told_and_the_tree_still_follows(world: World, cadence: Run) -> None:
    policy = "version: 1\nmerge: {up_to_date: never}\n"
    world.repo.push_commit({".github/cadence.yml": policy}, by=OWNER)
    world.settle()
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    moved: list[str] = []

    def strike(fault: Any) -> None:
        if fault.method == "PUT" and fault.route.endswith("/merge") and fault.phase == "before" and not moved:
            moved.append(world.repo.push_commit({"other.py": "y = 2\n"}, by=OWNER))

    world.github.on_request(strike)
    world.later()
    assert world.end_state(issue) is S.MERGED and moved
    done = cadence("verify", world.run(issue).merge_sha, "--json")
    assert failures(done) == set()
    assert "base.moved" in codes(done, "note")


def test_a_merge_by_a_persons_hand_has_no_proof(world: World, cadence: Run) -> None:
    world.script_all()
    issue = world.label_blueprint()
    commit = world.repo.merge_pull(world.pull().number, by=OWNER, method="squash")
    world.later()
    assert world.end_state(issue) is S.MERGED
    assert world.ledger.proof_of_merge(commit) is None
    done = cadence("verify", commit)
    assert done.exit_code == 1 and "proof.missing" in str(done.exception)


def test_the_proof_of_a_merge_that_was_answered_by_silence_is_sealed(world: World, cadence: Run) -> None:
    """The answer to the merge is lost: what is found afterwards is sealed like any other."""
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    lost: list[bool] = []

    def strike(fault: Any) -> Any:
        if fault.method == "PUT" and fault.route.endswith("/merge") and fault.phase == "after" and not lost:
            lost.append(True)
            return 502, {"message": "Bad Gateway"}
        return None

    world.github.on_request(strike)
    world.later()
    world.sweep()
    assert lost and world.end_state(issue) is S.MERGED
    assert failures(cadence("verify", world.run(issue).merge_sha, "--json")) == set()


def test_the_same_decision_asked_again_keeps_its_proof(world: World) -> None:
    """GitHub refuses the merge once: the second try is the same decision, with the digest the gate shows already."""
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    refused: list[bool] = []

    def strike(fault: Any) -> Any:
        if fault.method == "PUT" and fault.route.endswith("/merge") and fault.phase == "before" and not refused:
            refused.append(True)
            return 502, {"message": "Bad Gateway"}
        return None

    world.github.on_request(strike)
    world.later()
    world.sweep()
    world.later()
    run = world.run(issue)
    assert refused and world.end_state(issue) is S.MERGED
    proof = world.ledger.proof_of_run(run.run_id)
    assert proof is not None
    assert f"sha256:{proof.digest}" in world.checks(CHECK_GATE)[-1].summary
    assert f"sha256:{proof.digest}" in repository(world).info(run.merge_sha).message


def test_purging_leaves_the_chain_and_the_proof(world: World, cadence: Run) -> None:
    commit = merged(world)
    world.clock.advance(400 * 86_400)
    world.services.ledger.purge(world.clock.now())
    assert world.ledger.deliveries(100) == []
    assert failures(cadence("verify", commit, "--json")) == set()


def test_wrong_use_is_told(world: World, cadence: Run, tmp_path: Path) -> None:
    commit = merged(world)
    assert cadence("verify", "no-commit").exit_code == 2
    assert cadence("verify", commit, "--manifest", tmp_path / "absent.json").exit_code == 2
    out = tmp_path / "proof.json"
    out.write_text("{}\n")
    told = cadence("verify", commit, "--manifest", out, "--repo", repository(world).path)
    assert told.exit_code == 1 and "✗ proof.bundle" in told.stdout
    elsewhere = cadence("verify", commit, "--manifest", out, "--repo", tmp_path)
    assert "proof.repository" in str(elsewhere.exception)
    assert cadence("export", commit, "--out", tmp_path / "no" / "such" / "directory.json").exit_code == 2


def test_the_private_key_is_for_the_service_alone(world: World) -> None:
    merged(world)
    path = world.settings.data_dir / "signing.pem"
    assert path.stat().st_mode & 0o777 == 0o600
    secret = path.read_text().splitlines()[1]
    shown = world.client.get("/.well-known/cadence-keys.json").text + (world.checks(CHECK_GATE)[-1].text or "")
    assert secret not in shown
    assert secret not in ledger_file(world).read_bytes().decode("latin-1")
