"""Checks a proof against a repository, without a network: computes every statement of the manifest again."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from bot.config.load import LoadedConfig, read_config
from bot.config.model import RepoConfig
from bot.core.errors import CadenceError
from bot.core.globs import matching
from bot.core.json_types import JsonDict
from bot.core.names import CONFIG_PATH, CommitSha, sha256
from bot.ledger.chain import canonical, chain_faults
from bot.proof.bundle import Bundle
from bot.proof.checklist import Check, failed, note, ok
from bot.proof.rebuild import Rebuilder
from bot.proof.statements import document_digest
from bot.review.diff import Diff, read_diff
from bot.review.review_kinds import ReviewKind

if TYPE_CHECKING:
    from bot.git_store.bare_repository import BareRepository

IsSigned = Callable[[str, str, str], bool]
"""(public key, signature, text): whether the signature is that key's on exactly this text (signing.is_signed)."""
KeyId = Callable[[str], str]
"""The id of a public key (signing.key_id)."""
# The conclusions that satisfy a required check:
# https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
_PASSING = ("success", "skipped", "neutral")


def verify(
    bundle: Bundle,
    repository: BareRepository,
    commit: CommitSha,
    *,
    is_signed: IsSigned,
    key_id: KeyId,
    trusted: Collection[str] | None,
) -> list[Check]:
    """Check everything that a proof states about a merge commit; a failure does not end the checks.

    `trusted` are ids of keys that the reader has from elsewhere; None leaves that comparison to the reader. Writes
    objects into `repository`, and moves no ref.
    """
    # Commits are rebuilt before the other checks read them: after a squash the head branch is often deleted, and its
    # commits can no longer be fetched.
    remaking = Rebuilder(bundle, repository, commit)
    stages: tuple[tuple[str, Callable[[], Iterator[Check]]], ...] = (
        ("proof.signature", lambda: _signatures(bundle, is_signed, key_id, trusted)),
        ("proof.digest", lambda: _digest(bundle)),
        ("proof.chain", lambda: _chain(bundle)),
        ("proof.rebuild", remaking.rebuild),
        ("proof.commit", remaking.merge_commit),
        ("proof.trailer", remaking.trailer),
        ("proof.tree", remaking.merged),
        ("proof.policy", lambda: _policy(bundle, repository)),
        ("proof.evidence", lambda: _evidence(bundle, repository)),
        ("proof.ci", lambda: _ci(bundle, repository)),
    )
    return [check for code, stage in stages for check in _guarded(code, stage)]


def _guarded(code: str, stage: Callable[[], Iterator[Check]]) -> list[Check]:
    """A stage's checks; what cannot be read is a failure of that stage."""
    found: list[Check] = []
    try:
        found.extend(stage())
    except CadenceError as error:
        found.append(failed(code, error.message))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        found.append(failed(code, f"this part of the proof cannot be read ({type(error).__name__}: {error})"))
    return found


def _signatures(bundle: Bundle, is_signed: IsSigned, key_id: KeyId, trusted: Collection[str] | None) -> Iterator[Check]:
    code, key = "proof.signature", bundle.public_key
    signed = (
        ("manifest", bundle.manifest, bundle.manifest_signature),
        ("seal", bundle.seal, bundle.seal_signature),
    )
    wrong = [name for name, document, signature in signed if not is_signed(key, signature, canonical(document))]
    for name in wrong:
        yield failed(code, f"the {name} does not carry the signature of the key in the proof")
    name = key_id(key)
    if trusted is not None and name not in trusted:
        yield failed(code, f"the key {name} is not one that you trust")
    elif not wrong:
        yield ok(code, f"manifest and seal are signed by the key {name}")
    if trusted is None:
        text = f"compare the key's id {name} with /.well-known/cadence-keys.json of the service"
        yield note("proof.key", text, if_key=name)


def _digest(bundle: Bundle) -> Iterator[Check]:
    code, digest = "proof.digest", document_digest(bundle.manifest)
    if bundle.seal["manifest"] != digest or bundle.seal["run"] != bundle.manifest["run"]:
        yield failed(code, f"the manifest's digest is {digest}, the seal names {bundle.seal['manifest']}")
    else:
        yield ok(code, f"the seal names this manifest, sha256:{digest}")


def _chain(bundle: Bundle) -> Iterator[Check]:
    """The chain is whole, reaches both signed heads, and has an entry for everything that the manifest names."""
    code, manifest = "proof.chain", bundle.manifest
    faults = chain_faults(manifest["run"], bundle.chain, bundle.heads())
    for fault in faults[:5]:
        yield failed(code, fault.text)
    if faults:
        return
    known: set[tuple[str, str]] = set()
    for entry in bundle.chain:
        body = json.loads(entry.body)
        if isinstance(body, dict):
            known.add((entry.kind, str(body.get("id") if entry.kind == "decision" else body.get("digest"))))
    named = [("verdict", receipt["verdict"]) for receipt in manifest["receipts"]]
    named += [("changeset", digest) for digest in manifest["changesets"]]
    named += [("decision", str(manifest["decision"]["id"])), ("manifest", document_digest(manifest))]
    lost = [f"{kind} {name[:12]}" for kind, name in named if (kind, name) not in known]
    if lost:
        yield failed(code, f"the chain has no record of {', '.join(lost)}")
    else:
        yield ok(
            code,
            f"{len(bundle.chain)} entries, none changed or missing; the last signed one is {bundle.heads()[1].seq}",
        )


def _policy_at_base(bundle: Bundle, repository: BareRepository) -> LoadedConfig:
    return read_config(repository.read_file(CommitSha(bundle.manifest["base"]["tip"]), CONFIG_PATH))


def _policy(bundle: Bundle, repository: BareRepository) -> Iterator[Check]:
    code, policy = "proof.policy", _policy_at_base(bundle, repository)
    where = f"{CONFIG_PATH} at {bundle.manifest['base']['tip']}"
    if policy.digest != bundle.manifest["policy"]:
        yield failed(code, f"{where} has the digest {policy.digest}, but the merge was decided with a different file")
    elif policy.config is None:
        yield failed(code, f"{where} cannot be used: {policy.error}")
    else:
        yield ok(code, f"decided with {where}" if policy.present else f"decided with the defaults: there is no {where}")


def _evidence(bundle: Bundle, repository: BareRepository) -> Iterator[Check]:
    """Both reviews approved exactly this head, and what they read is the whole diff that was merged."""
    code, manifest = "proof.evidence", bundle.manifest
    filed = {document_digest(verdict): verdict for verdict in bundle.verdicts}
    receipts = manifest["receipts"]
    if sorted(one["kind"] for one in receipts) != sorted(kind.value for kind in ReviewKind):
        yield failed(code, "there is not exactly one receipt of each review")
    if filed.keys() != {one["verdict"] for one in receipts}:
        yield failed(code, "the verdicts in the proof are not those that the receipts name")
    diff = repository.diff(CommitSha(manifest["merge_base"]), CommitSha(manifest["head"]))
    policy = _policy_at_base(bundle, repository).config or RepoConfig()
    for receipt in receipts:
        wrong = _wrong_receipt(receipt, filed.get(receipt["verdict"]), manifest, sha256(diff))
        wrong = wrong or _unread(receipt["receipt"], read_diff(diff), policy.review.unreviewable.allow)
        if wrong:
            yield failed(code, f"{receipt['kind']}: {wrong}")
            continue
        read = receipt["receipt"]
        origin = f", carried over from the identical diff {read['origin']}" if read.get("origin") else ""
        model = read.get("model_answered") or "a model that did not give its name"
        amount = f"{read.get('hunks', 'all')} hunk(s) of {len(read.get('files', ()))} file(s)"
        yield ok(code, f"{receipt['kind']} approved this head ({model}, {amount}){origin}")


def _wrong_receipt(receipt: JsonDict, verdict: JsonDict | None, manifest: JsonDict, diff: str) -> str:
    key = receipt["key"]
    judged = {name: manifest[name] for name in ("head", "merge_base", "policy")}
    if {name: key[name] for name in judged} != judged:
        return f"it is for {key['head']} on {key['merge_base']}, not for what was merged"
    if receipt["conclusion"] != "approve":
        return f"it concluded {receipt['conclusion']}"
    if receipt["receipt"].get("diff_digest") != diff:
        return "the diff it read is not the diff that was merged"
    # A receipt that does not say how much was read counts as nothing read.
    covered = receipt["receipt"].get("coverage", 0.0)
    if covered < 1.0:
        return f"it read only {covered:.0%} of the changed lines"
    shown = {name: receipt[name] for name in ("kind", "key", "conclusion", "code", "receipt")}
    if verdict is not None and {name: verdict.get(name) for name in shown} != shown:
        return "its receipt is not the one of the verdict that it names"
    return ""


def _unread(read: JsonDict, diff: Diff, allowed: Sequence[str]) -> str:
    """The part of the merged diff that a receipt does not list as read; empty if it lists everything."""
    given, left_out = set(read["files"]), set(read["unread"]) - set(read["files"])
    for file in diff.files:
        if file.path not in given | left_out:
            return f"it does not say that it read {file.path}"
        if file.path in left_out and not matching(allowed, file.path):
            return f"it did not read {file.path}, and `review.unreviewable` does not list that file"
    hunks = sum(len(file.hunks) for file in diff.files if file.path not in set(read["unread"]))
    return f"it read {read['hunks']} hunk(s) of {hunks}" if read["hunks"] < hunks else ""


def _ci(bundle: Bundle, repository: BareRepository) -> Iterator[Check]:
    code, rows = "proof.ci", bundle.manifest["ci"]
    bad = [row for row in rows if row["conclusion"] not in _PASSING]
    config = _policy_at_base(bundle, repository).config
    needed = config is None or config.merge.require_ci
    named = ", ".join(f"{row['name']} {row['conclusion']} (app {row['app']}, {row['id']})" for row in rows)
    if bad:
        yield failed(code, f"{bad[0]['name']} ended as {bad[0]['conclusion']}")
    elif needed and not any(row["conclusion"] == "success" for row in rows):
        yield failed(code, "the manifest names no successful CI check, and the config asks for one")
    else:
        yield ok(code, named or "none: `merge.require_ci` is false")
