"""Proofs of merges: the signed documents, the keys that signed them, and how a proof is found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.core.errors import CadenceError
from bot.core.names import RunId, sha256
from bot.ledger.chain_store import Chains, append
from bot.ledger.columns import row_of
from bot.ledger.database import insert_once
from bot.ledger.entries import ProofEntry, SigningKey
from bot.ledger.signed_documents import signed_document
from bot.ledger.tables import proofs, signing_keys, verdicts

LEAST_PREFIX = 7
"""The fewest characters of a commit's id by which it can be found."""


class Proofs(Chains):
    """The ledger's proofs of merges. The ledger sets `_now`."""

    _now: Callable[[], datetime]

    def save_proof(self, proof: ProofEntry) -> ProofEntry:
        """Keep a signed manifest before its merge. Returns the decision's proof: the first one that was kept."""
        with self._engine.begin() as connection:
            if insert_once(connection, proofs, row_of(proof)) is not None:
                body = {"digest": proof.digest, "decision": proof.decision_id, "key": proof.key_id}
                append(connection, proof.run_id, "manifest", proof.at, body)
        kept = self.proof_for_decision(proof.run_id, proof.decision_id)
        assert kept is not None
        return kept

    def seal_proof(self, digest: str, *, seal: str, signature: str, merge_sha: str) -> None:
        """Add the seal after the merge, unless the proof has one."""
        now = self._now()
        values = {"seal": seal, "seal_signature": signature, "merge_sha": merge_sha, "sealed_at": now}
        with self._engine.begin() as connection:
            done = connection.execute(
                sa.update(proofs).where(proofs.c.digest == digest, proofs.c.seal == "").values(**values)
            )
            if done.rowcount:
                run_id = connection.execute(sa.select(proofs.c.run_id).where(proofs.c.digest == digest)).scalar_one()
                body = {"manifest": digest, "digest": sha256(seal), "merge_commit": merge_sha}
                append(connection, run_id, "seal", now, body)

    def proof_for_decision(self, run_id: RunId, decision_id: int) -> ProofEntry | None:
        """The proof made for a decision."""
        return self._proof(proofs.c.run_id == run_id, proofs.c.decision_id == decision_id)

    def proofs_for_head(self, run_id: RunId, head: str) -> list[ProofEntry]:
        """The proofs a run made for a head, newest first."""
        query = sa.select(proofs).where(proofs.c.run_id == run_id, proofs.c.head == head)
        return self._entries(ProofEntry, query.order_by(proofs.c.decision_id.desc()))

    def proof_by_digest(self, digest: str) -> ProofEntry | None:
        """The proof whose manifest has that digest."""
        return self._proof(proofs.c.digest == digest)

    def proof_of_run(self, run_id: RunId) -> ProofEntry | None:
        """The sealed proof of a merged run."""
        return self._proof(proofs.c.run_id == run_id, proofs.c.seal != "")

    def proof_of_merge(self, commit: str) -> ProofEntry | None:
        """The proof of a merge commit, found by its id or the first characters of it.

        Raises CadenceError `commit.ambiguous` when several merges begin with it, `commit.short` for too few characters.
        """
        if len(commit) < LEAST_PREFIX:
            raise CadenceError(
                f"{commit!r} is too short for a commit's id",
                code="commit.short",
                remedy="Give at least seven characters.",
            )
        query = sa.select(proofs).where(proofs.c.merge_sha.startswith(commit, autoescape=True)).limit(2)
        found = self._entries(ProofEntry, query)
        if len(found) > 1:
            raise CadenceError(
                f"several merge commits begin with {commit}", code="commit.ambiguous", remedy="Give more of the id."
            )
        return found[0] if found else None

    @staticmethod
    def manifest_of(proof: ProofEntry) -> dict[str, Any]:
        """The manifest as data. Raises CadenceError `proof.bundle` when the ledger's text was changed."""
        return signed_document(proof.manifest, "manifest")

    def filed_verdict(self, run_id: RunId, kind: str, key: dict[str, Any]) -> dict[str, Any] | None:
        """A run's verdict of exactly that kind and evidence key, as JSON data; None when there is none."""
        row = self._one(
            sa.select(verdicts.c.verdict).where(
                verdicts.c.run_id == run_id,
                verdicts.c.kind == kind,
                *(verdicts.c[name] == key[name] for name in ("head", "merge_base", "policy", "attempt")),
            )
        )
        return None if row is None else dict(row["verdict"])

    def record_signing_key(self, key_id: str, public_key: str) -> None:
        """Keep the public half of a key that signs proofs: it is needed as long as its proofs are checked."""
        values = {"key_id": key_id, "public_key": public_key, "first_used_at": self._now()}
        with self._engine.begin() as connection:
            insert_once(connection, signing_keys, values)

    def signing_keys(self) -> list[SigningKey]:
        """Every key that signed proofs of this ledger, oldest first."""
        query = sa.select(signing_keys).order_by(signing_keys.c.first_used_at, signing_keys.c.key_id)
        return self._entries(SigningKey, query)

    def _proof(self, *conditions: sa.ColumnElement[bool]) -> ProofEntry | None:
        query = sa.select(proofs).where(*conditions).order_by(proofs.c.decision_id.desc())
        return self._entry(ProofEntry, query.limit(1))
