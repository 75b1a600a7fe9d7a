"""What a decision rests on: ChangeSets, findings, verdicts, decisions, and when a head or check was first seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.changeset.model import ChangeSet
from bot.core.findings import Finding
from bot.core.names import BaseSha, Digest, HeadSha, IssueNumber, RepositoryId, RunId, sha256
from bot.ledger.chained import CHANGESET, DECISION, FINDINGS, VERDICT, record
from bot.ledger.database import Store, insert_once
from bot.ledger.entries import DecisionEntry, verdict_from_json, verdict_to_json
from bot.ledger.tables import changesets, decisions, findings, runs, sightings, transitions, verdicts
from bot.review.review_kinds import ReviewKind, Verdict


class Evidence(Store):
    """The part of the ledger that a merge can be checked against. `_now` is given by the ledger."""

    _now: Callable[[], datetime]

    def save_changeset(self, run_id: RunId, change_set: ChangeSet) -> Digest:
        """Keep a ChangeSet by the digest of its canonical JSON."""
        digest = change_set.digest()
        row = {"digest": digest, "run_id": run_id, "at": self._now(), "canonical": change_set.canonical_json()}
        with self._engine.begin() as connection:
            record(connection, CHANGESET, row)
        return digest

    def changeset(self, digest: str) -> ChangeSet | None:
        """The ChangeSet of that digest."""
        row = self._one(sa.select(changesets.c.canonical).where(changesets.c.digest == digest))
        return None if row is None else ChangeSet.model_validate_json(row["canonical"])

    def changeset_text(self, digest: str) -> str | None:
        """The canonical JSON kept under that digest, as it is."""
        row = self._one(sa.select(changesets.c.canonical).where(changesets.c.digest == digest))
        return None if row is None else str(row["canonical"])

    def record_findings(self, run_id: RunId, attempt: int, found: Sequence[Finding]) -> None:
        """Keep the findings on one attempt's ChangeSet."""
        rows = [finding.as_dict() for finding in found]
        with self._engine.begin() as connection:
            row = {"run_id": run_id, "attempt": attempt, "at": self._now(), "findings": rows}
            record(connection, FINDINGS, row)

    def findings_of(self, run_id: RunId) -> list[dict[str, Any]]:
        """Every attempt's findings, oldest first: attempt, at, findings."""
        return self._all(sa.select(findings).where(findings.c.run_id == run_id).order_by(findings.c.id))

    def save_verdict(self, run_id: RunId, verdict: Verdict) -> None:
        """Keep a verdict under its evidence key; the first one of a key stays. The run must exist."""
        row = self._one(sa.select(runs.c.repository_id, runs.c.issue).where(runs.c.run_id == run_id))
        assert row is not None
        key = verdict.key
        values: dict[str, Any] = {
            "run_id": run_id, "repository_id": row["repository_id"], "issue": row["issue"], "kind": verdict.kind.value,
            "head": key.head, "merge_base": key.merge_base, "policy": key.policy, "attempt": key.attempt,
            "at": self._now(), "verdict": verdict_to_json(verdict),
        }  # fmt: skip
        with self._engine.begin() as connection:
            record(connection, VERDICT, values)

    def verdicts_for(self, run_id: RunId) -> list[Verdict]:
        """Every verdict of a run, oldest first."""
        return self._verdicts(verdicts.c.run_id == run_id)

    def verdicts_for_issue(self, repository_id: RepositoryId, issue: IssueNumber) -> list[Verdict]:
        """Every verdict of the newest run of an issue: those of an older run do not count any more."""
        newest = (
            sa.select(runs.c.run_id)
            .join(transitions, transitions.c.run_id == runs.c.run_id)
            .where(runs.c.repository_id == repository_id, runs.c.issue == issue)
            .group_by(runs.c.run_id)
            .order_by(sa.func.min(transitions.c.id).desc())
            .limit(1)
            .scalar_subquery()
        )
        return self._verdicts(verdicts.c.run_id == newest)

    def newest_verdict(
        self, run_id: RunId, kind: ReviewKind, head: HeadSha, merge_base: BaseSha, policy: Digest
    ) -> Verdict | None:
        """The run's newest attempt of a kind on exactly that key."""
        found = self._verdicts(
            verdicts.c.run_id == run_id,
            verdicts.c.kind == kind.value,
            verdicts.c.head == head,
            verdicts.c.merge_base == merge_base,
            verdicts.c.policy == policy,
        )
        return max(found, key=lambda verdict: verdict.key.attempt, default=None)

    def _verdicts(self, *conditions: sa.ColumnElement[bool]) -> list[Verdict]:
        rows = self._all(sa.select(verdicts.c.verdict).where(*conditions).order_by(verdicts.c.id))
        return [verdict_from_json(row["verdict"]) for row in rows]

    def record_decision(
        self,
        run_id: RunId,
        *,
        pull: int,
        head: str,
        outcome: str,
        reasons: Sequence[dict[str, str]],
        now: datetime,
        matter: str = "",
    ) -> tuple[int, bool]:
        """Keep a decision unless it equals the run's newest; returns its id and whether it is new.

        `matter` is the digest of what the decision was based on, or empty: the same answer on a new basis is new.
        """
        decided = [pull, head, outcome, list(reasons), *([matter] if matter else [])]
        digest = sha256(json.dumps(decided, sort_keys=True))
        newest = self._one(
            sa.select(decisions.c.id, decisions.c.digest)
            .where(decisions.c.run_id == run_id)
            .order_by(decisions.c.id.desc())
            .limit(1)
        )
        if newest is not None and newest["digest"] == digest:
            return int(newest["id"]), False
        with self._engine.begin() as connection:
            row = {"run_id": run_id, "at": now, "pull": pull, "head": head, "outcome": outcome}
            made = record(connection, DECISION, row | {"reasons": list(reasons), "digest": digest})
            return int(made or 0), True

    def decisions_of(self, run_id: RunId) -> list[DecisionEntry]:
        """Every decision of a run, oldest first."""
        query = sa.select(decisions).where(decisions.c.run_id == run_id).order_by(decisions.c.id)
        return self._entries(DecisionEntry, query)

    def newest_decision(self, run_id: RunId) -> DecisionEntry | None:
        """The run's newest decision."""
        found = self.decisions_of(run_id)
        return found[-1] if found else None

    def see_head(self, repository_id: RepositoryId, head: HeadSha, now: datetime) -> datetime:
        """When a head was first seen, pushed by us or read from GitHub; `now` if this is the first time."""
        return self._see(repository_id, head, "", now)

    def was_seen(self, repository_id: RepositoryId, head: HeadSha) -> bool:
        """Whether a head was ever pushed by a run, or read from its pull request."""
        key = (sightings.c.repository_id == repository_id, sightings.c.head == head, sightings.c.name == "")
        return self._one(sa.select(sightings.c.first_seen).where(*key)) is not None

    def see_check(self, repository_id: RepositoryId, head: HeadSha, name: str, now: datetime) -> datetime:
        """When a check name was first seen on a head; `now` if this is the first time."""
        return self._see(repository_id, head, name[:250], now)

    def _see(self, repository_id: RepositoryId, head: str, name: str, now: datetime) -> datetime:
        key = (sightings.c.repository_id == repository_id, sightings.c.head == head, sightings.c.name == name)
        row = self._one(sa.select(sightings.c.first_seen).where(*key))
        if row is None:
            values = {"repository_id": repository_id, "head": head, "name": name, "first_seen": now}
            with self._engine.begin() as connection:
                insert_once(connection, sightings, values)
            row = self._one(sa.select(sightings.c.first_seen).where(*key))
        assert row is not None
        seen: datetime = row["first_seen"]
        return seen
