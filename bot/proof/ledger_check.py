"""Compares a run's rows in the ledger with its hash chain: `cadence runs` must show what the chain records.

Whether the chain itself is whole is checked elsewhere (chain.py); here it is taken as true. A field that an entry does
not hold is not compared, so a chain that an earlier version wrote still passes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.core.names import RunId
from bot.ledger.chain import ChainEntry, canonical, chain_faults
from bot.ledger.chained import CHAINED, EFFECT, RUN_FIELDS, run_facts
from bot.ledger.ledger import Ledger
from bot.proof.checklist import Check, failed, note, ok

CODE = "proof.ledger"
Rows = dict[str, dict[str, Any]]
"""The rows of one table by their names (`Chained.name`)."""


def ledger_checks(ledger: Ledger, run_id: RunId) -> list[Check]:
    """One failure for each table that differs from the chain, or one line that all of them agree with it.

    Empty for a broken chain, which has a failure of its own; a note for a run that began before chains existed.
    """
    entries = ledger.chain_of(run_id)
    if chain_faults(run_id, entries, ()):
        return []
    if not entries or entries[0].kind != "start":
        return [note(CODE, "the run began before chains existed: its tables cannot be compared with one")]
    try:
        expected = expected_rows(entries)
        found = _found_rows(ledger.rows_of(run_id, list(expected["changesets"])))
        faults = [
            f"{table}: {fault}"
            for table, rows in expected.items()
            if (fault := next(_differences(rows, found[table]), ""))
        ]
    # What a person changed in the database can have any shape. Which field cannot be read does not matter.
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return [failed(CODE, f"a record cannot be read ({type(error).__name__}: {error})")]
    if faults:
        return [failed(CODE, fault) for fault in faults]
    count = sum(len(rows) for rows in expected.values())
    return [ok(CODE, f"{count} rows of {len(expected)} tables are what the chain says")]


def expected_rows(entries: Sequence[ChainEntry]) -> dict[str, Rows]:
    """By table, the facts that its rows must have after a chain's entries, applied in order.

    Raises KeyError, TypeError or ValueError for a body without a field that its kind has.
    """
    run: dict[str, Any] = {}
    tables: dict[str, Rows] = {what.table.name: {} for what in CHAINED} | {"runs": {"run": run}}
    effects, by_kind = tables[EFFECT.table.name], {what.kind: what for what in CHAINED if what is not EFFECT}
    for entry in entries:
        body = json.loads(entry.body)
        if entry.kind == "start":
            # Digests of texts are left out: the title and the body are read again, and written over, while a run waits.
            run |= {name: value for name, value in body.items() if not name.endswith("_digest") or name in RUN_FIELDS}
        elif entry.kind == "fields":
            run |= body
        elif entry.kind == "transition":
            run["state"] = body["to"]
        if entry.kind in ("intent", "outcome"):
            _apply_effect(effects.setdefault(str(body["id"]), {}), entry.kind, body)
        elif what := by_kind.get(entry.kind):
            rows = tables[what.table.name]
            # The row of a repeated entry may be of an earlier time.
            time = {} if what.repeated else {"at": entry.at}
            rows[what.name(body, len(rows) + 1)] = body | time
    return tables


def _apply_effect(row: dict[str, Any], kind: str, body: Mapping[str, Any]) -> None:
    """An intent that is repeated opens the effect again and keeps the outcome of the attempt before it."""
    if kind == "intent":
        for name in ("error", "outcome"):
            if name not in row and f"{name}_digest" not in row:
                row[name] = None
        row["state"] = "intended"
    else:
        row.pop("outcome", None)
        row.pop("outcome_digest", None)
    row |= body


def _found_rows(tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Rows]:
    found: dict[str, Rows] = {"runs": {}}
    for row in tables["runs"]:
        found["runs"]["run"] = dict(row) | run_facts(row)
    for what in CHAINED:
        rows = enumerate(tables[what.table.name], start=1)
        found[what.table.name] = {what.name(row, place): what.comparable(row) for place, row in rows}
    return found


def _differences(expected: Rows, found: Rows) -> Iterator[str]:
    for name, facts in expected.items():
        row = found.get(name)
        if row is None:
            yield f"{name} is in the chain and not in the table"
            continue
        wrong = [field for field in facts if canonical(row.get(field)) != canonical(facts[field])]
        if wrong:
            yield f"{name} has another {wrong[0]} than the chain"
    for name in found.keys() - expected.keys():
        yield f"{name} is in the table and not in the chain"
