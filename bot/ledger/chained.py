"""Which facts of the ledger's rows go into a run's hash chain; used to write entries and to compare rows with them.

A row and its chain entry are written in one transaction (`record`). `proof/ledger_check.py` reads the same descriptions
to find a row that is not what its entry says. The bodies are hashed and signed, so a name in them never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.core.names import sha256
from bot.ledger.chain import canonical, time_text
from bot.ledger.chain_store import append
from bot.ledger.database import insert_once
from bot.ledger.entries import ModelCallEntry
from bot.ledger.tables import changesets, contexts, decisions, effects, findings, model_calls, transitions, verdicts

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chained:
    """Rows of `table`, each of which one chain entry of `kind` describes with the facts in `body`.

    A fact is a column, or what `facts` computes from a row. `key` are the columns that name a row; without them its
    place in the order of insertion does. `repeated`: a row that is there already is described again in the chain.
    """

    table: sa.Table
    kind: str
    body: tuple[str, ...]
    key: tuple[str, ...] = ()
    facts: Callable[[Row], dict[str, Any]] = lambda _: {}
    repeated: bool = False

    def body_of(self, row: Row) -> dict[str, Any]:
        """What the chain's entry says of a row."""
        known = {**row, **self.facts(row)}
        return {name: known[name] for name in self.body}

    def comparable(self, row: Row) -> dict[str, Any]:
        """A row from the database with every fact that an entry may hold, times as the chain spells them."""
        spelt = {name: time_text(value) if isinstance(value, datetime) else value for name, value in row.items()}
        return spelt | self.facts(row)

    def name(self, row: Row, place: int) -> str:
        """The name of a row or of an entry's body; `place` counts from 1 within the table."""
        return " ".join(str(row[column]) for column in self.key) or str(place)


def record(connection: sa.Connection, what: Chained, row: dict[str, Any]) -> Any | None:
    """Insert a row and describe it in its run's chain, in the caller's transaction.

    Returns the row's key; None, and no chain entry, when a row with its unique key is there. A row outside a run has no
    chain.
    """
    key = insert_once(connection, what.table, row)
    if row["run_id"] is not None and (key is not None or what.repeated):
        append(connection, row["run_id"], what.kind, row["at"], what.body_of({"id": key, **row}))
    return key


def _effect_facts(row: Row) -> dict[str, Any]:
    digest = None if row["outcome"] is None else sha256(canonical(row["outcome"]))
    return {
        "key": row["natural_key"],
        "attempt": row["attempts"],
        "error": row["error_code"],
        "outcome": row["outcome"],
        "outcome_digest": digest,
    }


def effect_outcome(row: Row) -> dict[str, Any]:
    """The body of an effect's `outcome` entry."""
    # A model's answer may be long and is in the ledger anyway: its digest is enough to find that it was changed.
    outcome = "outcome_digest" if row["kind"] == "model.call" and row["outcome"] is not None else "outcome"
    known = {**row, **_effect_facts(row)}
    return {name: known[name] for name in ("id", "kind", "key", "state", "error", outcome)}


TRANSITION = Chained(transitions, "transition", ("id", "came_from", "to", "reason", "by"), key=("id",))
DECISION = Chained(decisions, "decision", ("id", "pull", "head", "outcome", "reasons", "digest"), key=("id",))
EFFECT = Chained(effects, "intent", ("id", "kind", "key", "attempt"), key=("id",), facts=_effect_facts)
MODEL_CALL = Chained(
    model_calls, "model", tuple(f.name for f in fields(ModelCallEntry) if f.name not in ("run_id", "at"))
)
CHANGESET = Chained(
    changesets,
    "changeset",
    ("digest",),
    key=("digest",),
    facts=lambda row: {"digest": sha256(row["canonical"])},
    # Two runs may have the same ChangeSet, and so may two attempts of one run: each says so in its chain.
    repeated=True,
)
FINDINGS = Chained(findings, "findings", ("attempt", "findings"))
CONTEXT = Chained(
    contexts,
    "context",
    ("base", "budget", "used_tokens", "shown_digest"),
    # The list of files may be long and is in the ledger anyway: its digest is enough to find that it was changed.
    facts=lambda row: {"shown_digest": sha256(canonical({"files": row["files"], "left_out": row["left_out"]}))},
)
_EVIDENCE_KEY = ("kind", "head", "merge_base", "policy", "attempt")
VERDICT = Chained(
    verdicts,
    "verdict",
    (*_EVIDENCE_KEY, "conclusion", "digest"),
    key=_EVIDENCE_KEY,
    facts=lambda row: {"conclusion": row["verdict"].get("conclusion"), "digest": sha256(canonical(row["verdict"]))},
)
CHAINED = (TRANSITION, DECISION, EFFECT, MODEL_CALL, CHANGESET, FINDINGS, VERDICT, CONTEXT)
"""Every table whose rows the chain describes, but for `runs`."""

RUN_FIELDS = frozenset(
    {
        "approved_by",
        "approved_diff",
        "approved_digest",
        "asked_digest",
        "asked_reviews",
        "base_branch",
        "base_sha",
        "blueprint_digest",
    }
    | {"changeset_digest", "head_sha", "issue", "merge_sha", "pull", "started_by", "text_trusted"}
)
"""Fields of a run whose every value is in its chain: what was asked, approved, built and merged."""
_RUN_TEXTS = ("body", "guidance", "plan", "summary", "title")


def run_facts(values: Row) -> dict[str, Any]:
    """What the chain says of these fields of a run: values of RUN_FIELDS, and of long texts the sha256."""
    facts = {name: value for name, value in values.items() if name in RUN_FIELDS}
    return facts | {f"{name}_digest": sha256(values[name]) for name in _RUN_TEXTS if name in values}


def run_start(values: Row) -> dict[str, Any]:
    """The body of a run's `start` entry, of a whole row of `runs`."""
    facts = run_facts({name: values[name] for name in (*RUN_FIELDS, "title", "body")})
    return facts | {name: values[name] for name in ("cause", "repository", "repository_id")}
