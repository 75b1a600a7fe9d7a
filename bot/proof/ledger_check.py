"""Holds a run's rows in the ledger's tables against its chain: what people are shown must be what was chained.

The chain is checked by itself (chain.py); here it is believed. Fields that an entry does not tell are not compared, so
chains of earlier versions stay good.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.core.names import RunId, sha256
from bot.ledger.chain import ChainEntry, canonical, chain_faults, time_text
from bot.ledger.ledger import Ledger
from bot.ledger.runs import CHAINED_BY_DIGEST
from bot.proof.checklist import Check, failed, note, ok
from bot.proof.statements import document_digest

CODE = "proof.ledger"
Rows = dict[str, dict[str, Any]]
"""The rows of one table by what names them."""


def ledger_checks(ledger: Ledger, run_id: RunId) -> list[Check]:
    """One failure for each table that says something else than the chain, or that it holds everywhere."""
    entries = ledger.chain_of(run_id)
    if chain_faults(run_id, entries, ()):
        return []  # A broken chain has a failure of its own, and says nothing about tables.
    if not entries or entries[0].kind != "start":
        return [note(CODE, "the run began before chains existed: its tables cannot be compared with one")]
    try:
        told = chained(entries)
        there = ledger.rows_of(run_id, list(told["changesets"]))
        faults = [f"{table}: {fault}" for table in told if (fault := _fault(told[table], _keyed(table, there[table])))]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [failed(CODE, f"a record cannot be read ({type(error).__name__}: {error})")]
    if faults:
        return [failed(CODE, fault) for fault in faults]
    count = sum(len(rows) for rows in told.values())
    return [ok(CODE, f"{count} rows of {len(told)} tables are what the chain says")]


def chained(entries: Sequence[ChainEntry]) -> dict[str, Rows]:
    """What the tables have to hold by a chain's entries, in order."""
    tables: dict[str, Rows] = {name: {} for name in ("transitions", "decisions", "effects", "model_calls")}
    tables |= {name: {} for name in ("changesets", "findings", "verdicts")} | {"runs": {"run": {}}}
    for entry in entries:
        body = json.loads(entry.body)
        if entry.kind in ("start", "fields", "transition"):
            _run(tables["runs"]["run"], entry.kind, body)
        if entry.kind in ("intent", "outcome"):
            _effect(tables["effects"].setdefault(str(body["id"]), {}), entry.kind, body)
        elif entry.kind == "changeset":
            tables["changesets"][body["digest"]] = {"content": body["digest"]}
        elif entry.kind in _TABLES:
            rows = tables[_TABLES[entry.kind]]
            rows[_name(_TABLES[entry.kind], body, len(rows) + 1)] = {**body, "at": entry.at}
    return tables


_TABLES = {
    "transition": "transitions",
    "decision": "decisions",
    "model": "model_calls",
    "findings": "findings",
    "verdict": "verdicts",
}
"""The tables whose rows stand in one entry each."""
_OWN = frozenset({"approved_digest", "asked_digest", "blueprint_digest", "changeset_digest"})
"""Fields of a run that are digests themselves; other digests of a start speak of texts that were read again since."""


def _run(row: dict[str, Any], kind: str, body: Mapping[str, Any]) -> None:
    """A run's row is its start, with what was written over it."""
    if kind == "transition":
        row["state"] = body["to"]
    elif kind == "fields":
        row |= body
    else:
        row |= {name: value for name, value in body.items() if not name.endswith("_digest") or name in _OWN}


def _effect(row: dict[str, Any], kind: str, body: Mapping[str, Any]) -> None:
    """A repeated intent opens the effect again and leaves what the last try came to."""
    row |= {"kind": body["kind"], "natural_key": body["key"]}
    if kind == "intent":
        row |= {"attempts": body["attempt"], "state": "intended"}
        row.setdefault("error_code", None)
        row.setdefault("outcome", _content(None))
    else:
        row |= {"state": body["state"], "error_code": body["error"]}
        row["outcome"] = body["outcome_digest"] if "outcome_digest" in body else _content(body["outcome"])


def _keyed(table: str, rows: Sequence[Mapping[str, Any]]) -> Rows:
    """The rows as they are, named and spelled as the chain does."""
    found: Rows = {}
    for place, kept in enumerate(rows, 1):
        row = {name: time_text(value) if isinstance(value, datetime) else value for name, value in kept.items()}
        if table == "effects":
            row["outcome"] = _content(row["outcome"])
        elif table == "verdicts":
            verdict: Any = row["verdict"]
            row |= {"conclusion": verdict.get("conclusion"), "digest": _content(verdict)}
        elif table == "changesets":
            row["content"] = sha256(row["canonical"])
        elif table == "runs":
            row |= {f"{name}_digest": sha256(row[name]) for name in CHAINED_BY_DIGEST}
        found[_name(table, row, place)] = row
    return found


def _name(table: str, row: Mapping[str, Any], place: int) -> str:
    match table:
        case "runs":
            return "run"
        case "changesets":
            return str(row["digest"])
        case "verdicts":
            return _evidence(row)
        case "model_calls" | "findings":
            return str(place)
        case _:
            return str(row["id"])


def _fault(told: Rows, there: Rows) -> str:
    """The first thing in which a table and the chain differ; empty when they agree."""
    return next(_differences(told, there), "")


def _differences(told: Rows, there: Rows) -> Iterator[str]:
    for name, values in told.items():
        row = there.get(name)
        if row is None:
            yield f"{name} is in the chain and not in the table"
            continue
        wrong = [field for field in values if canonical(row.get(field)) != canonical(values[field])]
        if wrong:
            yield f"{name} has another {wrong[0]} than the chain"
    for name in there.keys() - told.keys():
        yield f"{name} is in the table and not in the chain"


def _evidence(row: Mapping[str, Any]) -> str:
    return f"{row['kind']} {row['head']} {row['merge_base']} {row['policy']} {row['attempt']}"


def _content(value: Any) -> str:
    return "" if value is None else document_digest(value)
