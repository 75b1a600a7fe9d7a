"""A run's history in words: one row for each delivery, move, effect, model call, finding, verdict and decision."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.core.names import RunId
from bot.ledger import tables
from bot.ledger.entries import EffectEntry, ModelCallEntry, TimelineRow, TransitionEntry
from bot.ledger.ledger import Ledger

_SHA = re.compile(r"\b[0-9a-f]{40}\b")
_TOLD = ("number", "pull", "id", "sha", "conclusion", "url")
"""Fields of an effect's outcome that say where it can be looked at."""


def rows(ledger: Ledger, query: sa.Select[Any]) -> list[dict[str, Any]]:
    """A query's rows."""
    with ledger.engine.execution_options(reading=True).connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def deliveries(ledger: Ledger, run_id: RunId) -> list[dict[str, Any]]:
    """The deliveries that concerned a run, without their payloads."""
    wanted = ("guid", "event", "action", "received_at", "status", "reason", "attempts")
    columns = [tables.inbox.c[name] for name in wanted]
    query = (
        sa.select(*columns)
        .where(tables.inbox.c.run_id == run_id)
        .order_by(tables.inbox.c.received_at, tables.inbox.c.guid)
    )
    return rows(ledger, query)


def verdicts(ledger: Ledger, run_id: RunId) -> list[tuple[datetime, dict[str, Any]]]:
    """(when it was filed, the verdict as JSON data) of a run, oldest first."""
    query = (
        sa.select(tables.verdicts.c.at, tables.verdicts.c.verdict)
        .where(tables.verdicts.c.run_id == run_id)
        .order_by(tables.verdicts.c.id)
    )
    return [(row["at"], row["verdict"]) for row in rows(ledger, query)]


def timeline(ledger: Ledger, run_id: RunId) -> list[TimelineRow]:
    """Everything recorded of a run in the order of time, in words for a person; `detail` may have several lines."""
    told = [_delivery_row(one) for one in deliveries(ledger, run_id)]
    told += [_move_row(one) for one in ledger.transitions(run_id)]
    told += [_effect_row(one) for one in ledger.effects_of(run_id)]
    told += [_model_row(one) for one in ledger.model_calls_of(run_id)]
    told += [
        TimelineRow(one["at"], "findings", f"attempt {one['attempt']}", _lines(_finding(x) for x in one["findings"]))
        for one in ledger.findings_of(run_id)
    ]
    told += [_verdict_row(at, verdict) for at, verdict in verdicts(ledger, run_id)]
    told += [
        TimelineRow(
            one.at,
            "decision",
            f"{one.outcome} #{one.pull} at {one.head[:12]}",
            _lines(f"{reason['code']}: {reason.get('text', '')}" for reason in one.reasons),
        )
        for one in ledger.decisions_of(run_id)
    ]
    return sorted(told, key=lambda row: row.at)


def _delivery_row(one: dict[str, Any]) -> TimelineRow:
    detail = ", ".join(filter(None, (one["reason"], f"attempt {one['attempts']}" if one["attempts"] > 1 else "")))
    return TimelineRow(one["received_at"], "delivery", f"{one['event']} {one['action']}".strip(), detail)


def _move_row(one: TransitionEntry) -> TimelineRow:
    who = f"by {one.by}" if one.by not in ("", "cadence") else ""
    return TimelineRow(one.at, "state", one.to, ", ".join(part for part in (one.reason, who) if part))


def _effect_row(one: EffectEntry) -> TimelineRow:
    outcome = {name: str(value) for name, value in (one.outcome or {}).items() if value is not None}
    known = ("", one.natural_key.rpartition(":")[2])
    told = [one.natural_key, *(f"{name} {outcome[name]}" for name in _TOLD if outcome.get(name, "") not in known)]
    told += [f"attempt {one.attempts}"] if one.attempts > 1 else []
    if one.state == "intended":
        told.append("its outcome is not known yet" + (f", last time {one.error_code}" if one.error_code else ""))
    elif one.error_code:
        told.append(one.error_code)
    short = _SHA.sub(lambda sha: sha[0][:12], ", ".join(told))
    return TimelineRow(one.intended_at, "effect", f"{one.kind} {one.state}", short)


def _model_row(one: ModelCallEntry) -> TimelineRow:
    told = [
        one.model_answered or f"{one.model_asked} (no answer)",
        f"{one.input_tokens:,} + {one.output_tokens:,} tokens",
        f"{one.duration_ms / 1000:.1f} s",
    ]
    told += [] if one.cost is None else [f"cost {one.cost:.4f}"]
    told += ["a recorded answer"] if one.recorded else []
    return TimelineRow(one.at, "model", f"{one.kind} {one.outcome}", ", ".join(told))


def _finding(one: dict[str, Any]) -> str:
    where = one.get("path") or ""
    return ": ".join(str(part) for part in (one.get("code"), where, one.get("message")) if part)


def _verdict_row(at: datetime, verdict: dict[str, Any]) -> TimelineRow:
    key, receipt = verdict["key"], verdict["receipt"]
    told = [f"{verdict['code']} at {key['head'][:12]}, attempt {key['attempt']}", verdict["summary"]]
    if receipt.get("recorded"):
        told.append("from a recorded answer")
    if receipt.get("origin"):
        told.append(f"carried over from {receipt['origin']}")
    told += [
        f"{one['severity']}: {one['path'] or ''}{':' + str(one['line']) if one.get('line') else ''} {one['message']}"
        for one in verdict["findings"]
    ]
    return TimelineRow(at, "verdict", f"{verdict['kind']} {verdict['conclusion']}", _lines(told))


def _lines(parts: Iterable[str]) -> str:
    """One part on the line it belongs to, several below it."""
    told = [" ".join(part.split()) for part in parts if part]
    return told[0] if len(told) == 1 else "".join(f"\n{part}" for part in told)
