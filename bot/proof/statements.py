"""The two documents of a proof: the manifest, made before the merge, and the seal, made after it.

The manifest says what Cadence was about to merge and why. Its digest is in `cadence/gate` and, where the method
allows a message, in the merge commit. The seal says which commit it produced, on which parent, and names the manifest
by its digest. Both are canonical JSON (`chain.canonical`) and signed as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.core.json_types import JsonDict
from bot.core.names import BaseSha, CommitSha, Digest, HeadSha, sha256
from bot.github_api.records import CheckState
from bot.ledger.chain import ChainHead, canonical
from bot.ledger.entries import Counts, ModelCallEntry, RunEntry

VERSION = 1
THROUGH_QUEUE = "merge_queue"
MANIFEST, SEAL = "cadence/manifest", "cadence/seal"


@dataclass(frozen=True, slots=True)
class OwnCommit:
    """A commit that can be rebuilt with the same id from `parent`, a ChangeSet and these texts. `date` is Unix time."""

    sha: CommitSha
    parent: CommitSha
    changeset: Digest
    author_name: str
    author_email: str
    date: int
    message: str


@dataclass(frozen=True, slots=True)
class OtherCommit:
    """A commit of another author, or one that no ChangeSet makes: it is known by its id alone."""

    sha: CommitSha
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MergeInputs:
    """The change that is about to be merged, as git has it; `queue`: by the base's merge queue, which sets `method`."""

    base_branch: str
    base_tip: BaseSha
    merge_base: BaseSha
    head: HeadSha
    method: str
    queue: bool
    commits: tuple[OwnCommit | OtherCommit, ...]


def document_digest(document: Mapping[str, Any]) -> Digest:
    """sha256 of a document's canonical JSON: the name under which it is quoted."""
    return sha256(canonical(document))


def decision_inputs(
    run: RunEntry,
    judged: MergeInputs,
    *,
    server: str,
    config_digest: Digest,
    verdicts: Sequence[JsonDict],
    ci: Sequence[CheckState],
    notes: Sequence[str],
    passed: Sequence[str],
) -> JsonDict:
    """Everything a merge is decided upon, and nothing that changes automatically: equal inputs produce the same
    decision id.

    `verdicts` are verdicts as filed, `notes` codes of reasons that block nothing, `passed` what passed, both
    in the gate's words.
    """
    ours = [commit for commit in judged.commits if isinstance(commit, OwnCommit)]
    return {
        "document": MANIFEST,
        "version": VERSION,
        "repository": {"id": int(run.repository_id), "name": run.repository, "server": server},
        "issue": int(run.issue),
        "pull": int(run.pull or 0),
        "run": str(run.run_id),
        "cause": str(run.cause),
        "started_by": run.started_by,
        "approval": {
            "by": run.approved_by,
            "text": run.approved_digest,
            "diff": run.approved_diff,
            "pushed": run.approved_pushed,
        },
        "blueprint": {"digest": run.blueprint_digest, "trusted": run.text_trusted},
        "plan": {"digest": sha256(run.plan)},
        "changesets": list(dict.fromkeys(commit.changeset for commit in ours)),
        "base": {"branch": judged.base_branch, "tip": judged.base_tip},
        "merge_base": judged.merge_base,
        "head": judged.head,
        "commits": [_commit(commit) for commit in judged.commits],
        "method": judged.method,
        "through": THROUGH_QUEUE if judged.queue else "pull_request",
        "policy": config_digest,
        "receipts": [_receipt(verdict) for verdict in verdicts],
        "ci": [_ci(check) for check in sorted(ci, key=lambda c: (c.name, int(c.app_id or 0), c.database_id))],
        "decision": {"outcome": "merge", "notes": list(notes), "passed": list(passed)},
    }


def manifest(
    decided_upon: JsonDict,
    *,
    decision: int,
    at: str,
    software: str,
    chain: ChainHead,
    spent: Counts,
    calls: Sequence[ModelCallEntry],
) -> JsonDict:
    """The whole manifest: what was decided upon, and the facts of that time (`at`: ISO 8601, UTC)."""
    return {
        **decided_upon,
        "decision": {**decided_upon["decision"], "id": decision, "at": at},
        "software": software,
        "models": _models(calls),
        "spent": {**asdict(spent), "cost": None if spent.cost is None else f"{spent.cost:.6f}"},
        "chain": asdict(chain),
    }


def seal(
    *,
    manifest_digest: str,
    run: str,
    merge_commit: str,
    tree: str,
    parents: Sequence[str],
    onto: str,
    base_tip: str,
    at: str,
    chain: ChainHead,
) -> JsonDict:
    """The outcome of the merge. `onto` is the commit of the base that the change was merged onto."""
    return {
        "document": SEAL,
        "version": VERSION,
        "manifest": manifest_digest,
        "run": run,
        "merge_commit": merge_commit,
        "tree": tree,
        "parents": list(parents),
        "onto": onto,
        "base_moved": onto != base_tip,
        "sealed_at": at,
        "chain": asdict(chain),
    }


def _commit(commit: OwnCommit | OtherCommit) -> JsonDict:
    if isinstance(commit, OtherCommit):
        return {"sha": commit.sha, "parents": list(commit.parents)}
    return {
        "sha": commit.sha,
        "parent": commit.parent,
        "changeset": commit.changeset,
        "author": {"name": commit.author_name, "email": commit.author_email},
        "date": commit.date,
        "message": commit.message,
    }


def read_commit(data: Mapping[str, Any]) -> OwnCommit | OtherCommit:
    """The commit that a manifest's row means. Raises KeyError, TypeError or ValueError for a row of another shape."""
    if "changeset" not in data:
        return OtherCommit(CommitSha(str(data["sha"])), tuple(str(one) for one in data["parents"]))
    author = data["author"]
    return OwnCommit(
        sha=CommitSha(str(data["sha"])),
        parent=CommitSha(str(data["parent"])),
        changeset=Digest(str(data["changeset"])),
        author_name=str(author["name"]),
        author_email=str(author["email"]),
        date=int(data["date"]),
        message=str(data["message"]),
    )


def _receipt(filed: JsonDict) -> JsonDict:
    shown = {name: filed[name] for name in ("kind", "key", "conclusion", "code", "receipt")}
    return {**shown, "verdict": document_digest(filed)}


def _ci(check: CheckState) -> JsonDict:
    return {
        "name": check.name,
        "app": None if check.app_id is None else int(check.app_id),
        "conclusion": check.conclusion,
        "id": check.database_id,
        "url": check.url,
    }


def _models(calls: Sequence[ModelCallEntry]) -> list[JsonDict]:
    """Each different question once, in the order asked."""
    rows = [
        {
            "kind": call.kind,
            "asked": call.model_asked,
            "answered": call.model_answered,
            "prompt": call.prompt_digest,
            "outcome": call.outcome,
            "recorded": call.recorded,
        }
        for call in calls
    ]
    return list({canonical(row): row for row in rows}.values())
