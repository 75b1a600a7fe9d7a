"""A run's history in words: one row for each delivery, transition, effect, model call, findings, verdict, decision."""

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
_SHOWN_OUTCOME = ("number", "pull", "id", "sha", "conclusion", "url")
"""Fields of an effect's outcome by which a person finds it on GitHub."""


def rows(ledger: Ledger, query: sa.Select[Any]) -> list[dict[str, Any]]:
    """A query's rows, in a connection that only reads."""
    with ledger.engine.execution_options(reading=True).connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def run_ids(ledger: Ledger, prefix: str) -> list[RunId]:
    """The ids of all runs that begin so, in their order."""
    column = tables.runs.c.run_id
    # Escaped, because `_` and `%` of a person's text are wildcards of LIKE.
    query = sa.select(column).where(column.startswith(prefix, autoescape=True)).order_by(column)
    return [RunId(str(row["run_id"])) for row in rows(ledger, query)]


def deliveries(ledger: Ledger, run_id: RunId) -> list[dict[str, Any]]:
    """The deliveries that concerned a run, oldest first, without their payloads, which may be large."""
    wanted = ("guid", "event", "action", "received_at", "status", "reason", "attempts")
    columns = [tables.inbox.c[name] for name in wanted]
    query = (
        sa.select(*columns)
        .where(tables.inbox.c.run_id == run_id)
        .order_by(tables.inbox.c.received_at, tables.inbox.c.guid)
    )
    return rows(ledger, query)


def verdicts(ledger: Ledger, run_id: RunId) -> list[tuple[datetime, dict[str, Any]]]:
    """(when it was stored, the verdict as JSON data) of a run, oldest first."""
    query = (
        sa.select(tables.verdicts.c.at, tables.verdicts.c.verdict)
        .where(tables.verdicts.c.run_id == run_id)
        .order_by(tables.verdicts.c.id)
    )
    return [(row["at"], row["verdict"]) for row in rows(ledger, query)]


def timeline(ledger: Ledger, run_id: RunId) -> list[TimelineRow]:
    """Everything recorded of a run, oldest first, in words for a person; `detail` may have several lines."""
    shown = [_delivery_row(one) for one in deliveries(ledger, run_id)]
    shown += [_transition_row(one) for one in ledger.transitions(run_id)]
    shown += [_effect_row(one) for one in ledger.effects_of(run_id)]
    shown += [_model_row(one) for one in ledger.model_calls_of(run_id)]
    shown += [
        TimelineRow(one["at"], "findings", f"attempt {one['attempt']}", _lines(_finding(x) for x in one["findings"]))
        for one in ledger.findings_of(run_id)
    ]
    shown += [_verdict_row(at, verdict) for at, verdict in verdicts(ledger, run_id)]
    shown += [
        TimelineRow(
            one.at,
            "decision",
            f"{one.outcome} #{one.pull} at {one.head[:12]}",
            _lines(f"{reason['code']}: {reason.get('text', '')}" for reason in one.reasons),
        )
        for one in ledger.decisions_of(run_id)
    ]
    return sorted(shown, key=lambda row: row.at)


def _delivery_row(one: dict[str, Any]) -> TimelineRow:
    detail = ", ".join(filter(None, (one["reason"], f"attempt {one['attempts']}" if one["attempts"] > 1 else "")))
    return TimelineRow(one["received_at"], "delivery", f"{one['event']} {one['action']}".strip(), detail)


def _transition_row(one: TransitionEntry) -> TimelineRow:
    who = f"by {one.by}" if one.by not in ("", "cadence") else ""
    return TimelineRow(one.at, "state", one.to, ", ".join(part for part in (one.reason, who) if part))


def _effect_row(one: EffectEntry) -> TimelineRow:
    outcome = {name: str(value) for name, value in (one.outcome or {}).items() if value is not None}
    known = ("", one.natural_key.rpartition(":")[2])
    parts = [
        one.natural_key,
        *(f"{name} {outcome[name]}" for name in _SHOWN_OUTCOME if outcome.get(name, "") not in known),
    ]
    parts += [f"attempt {one.attempts}"] if one.attempts > 1 else []
    if one.state == "intended":
        parts.append("its outcome is not known yet" + (f", last time {one.error_code}" if one.error_code else ""))
    elif one.error_code:
        parts.append(one.error_code)
    short = _SHA.sub(lambda sha: sha[0][:12], ", ".join(parts))
    return TimelineRow(one.intended_at, "effect", f"{one.kind} {one.state}", short)


def _model_row(one: ModelCallEntry) -> TimelineRow:
    parts = [
        one.model_answered or f"{one.model_asked} (no answer)",
        f"{one.input_tokens:,} + {one.output_tokens:,} tokens",
        f"{one.duration_ms / 1000:.1f} s",
    ]
    parts += [] if one.cost is None else [f"cost {one.cost:.4f}"]
    parts += ["a recorded answer"] if one.recorded else []
    return TimelineRow(one.at, "model", f"{one.kind} {one.outcome}", ", ".join(parts))


def _finding(one: dict[str, Any]) -> str:
    where = one.get("path") or ""
    return ": ".join(str(part) for part in (one.get("code"), where, one.get("message")) if part)


def _verdict_row(at: datetime, verdict: dict[str, Any]) -> TimelineRow:
    key, receipt = verdict["key"], verdict["receipt"]
    parts = [f"{verdict['code']} at {key['head'][:12]}, attempt {key['attempt']}", verdict["summary"]]
    if receipt.get("recorded"):
        parts.append("from a recorded answer")
    if receipt.get("origin"):
        parts.append(f"carried over from {receipt['origin']}")
    parts += [
        f"{one['severity']}: {one['path'] or ''}{':' + str(one['line']) if one.get('line') else ''} {one['message']}"
        for one in verdict["findings"]
    ]
    return TimelineRow(at, "verdict", f"{verdict['kind']} {verdict['conclusion']}", _lines(parts))


def _lines(parts: Iterable[str]) -> str:
    """A single part goes on the line it belongs to, several go on lines below it."""
    lines = [" ".join(part.split()) for part in parts if part]
    return lines[0] if len(lines) == 1 else "".join(f"\n{part}" for part in lines)
