"""What `cadence runs` prints: a table of runs, one run's timeline, and the same as JSON for scripts."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.context_text import context_table
from bot.core.errors import CadenceError
from bot.core.names import RunId
from bot.core.states import TERMINAL, RunState
from bot.ledger.entries import Counts, ModelCallEntry, RunEntry, SteeringEntry, TimelineRow
from bot.ledger.ledger import Ledger
from bot.ledger.run_history import deliveries, run_ids, timeline, verdicts
from bot.publish.context_section import MovedBase
from bot.publish.cost_text import expected_text, outcome_text, receipt_lines

MOST_NAMED = 10
"""How many runs are named when the beginning of an id fits several."""
_PLAIN_WIDTH = 120
_SHOWN_FIELDS = (
    "issue", "state", "repository", "repository_id", "pull", "reason", "started_by", "created_at", "updated_at",
    "branch", "base_branch", "base_sha", "head_sha", "merge_sha",
)  # fmt: skip
"""Fields of a run in the JSON of every list of runs, in this order."""


def find_run(ledger: Ledger, prefix: str) -> RunEntry | None:
    """The run with that id, or the only one whose id begins with it; None when there is none.

    Raises CadenceError `run.ambiguous`, which lists them, when several ids begin with it.
    """
    # A whole id wins even where another one begins with it.
    exact = ledger.run(RunId(prefix))
    if exact is not None or not prefix:
        return exact
    found = run_ids(ledger, prefix)
    if len(found) <= 1:
        return ledger.run(found[0]) if found else None
    named = "\n".join(f"  {_run_in_a_line(ledger.run(one))}" for one in found[:MOST_NAMED])
    more = f"\n  and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    raise CadenceError(
        f"{len(found)} runs begin with {_clean(prefix)}; give more of the id:\n{named}{more}", code="run.ambiguous"
    )


def holds(ledger: Ledger, found: Iterable[RunEntry]) -> dict[RunId, SteeringEntry]:
    """The hold of each unfinished run that has one. A run that has no pull request yet is held too."""
    unfinished = [run for run in found if run.state not in TERMINAL and not run.merge_sha]
    asked = ((run.run_id, ledger.steering(run.repository_id, run.issue)) for run in unfinished)
    return {run_id: entry for run_id, entry in asked if entry.held_by}


def known_run(ledger: Ledger, prefix: str) -> RunEntry:
    """The same, where there has to be one. Raises CadenceError `run.unknown`."""
    entry = find_run(ledger, prefix)
    if entry is None:
        raise CadenceError(f"no run begins with {prefix!r}.", code="run.unknown", remedy="`cadence runs` lists them.")
    return entry


def runs_table(
    found: Sequence[RunEntry], held: Mapping[RunId, SteeringEntry] | None = None, *, width: int | None = None
) -> str:
    """Runs as a table of plain text, in the order given, with who holds them and why.

    `held` is what `holds` gave. `width` is in columns: by default the terminal's.
    """
    if not found:
        return "No runs yet. A run starts when a person labels an issue.\n"
    heads = ("run", "state", "issue", "pull", "updated (UTC)")
    shown = [tuple(_clean(cell) for cell in _cells(run, (held or {}).get(run.run_id))) for run in found]
    widths = [max(len(cell) for cell in cells) for cells in zip(*shown, strict=True)][: len(heads)]
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for head, cells in zip(heads, widths, strict=True):
        table.add_column(head, no_wrap=True, min_width=cells)
    table.add_column("why", overflow="fold", min_width=20)
    for row in shown:
        # As Text: rich reads square brackets in a plain string as markup.
        # https://rich.readthedocs.io/en/stable/markup.html
        table.add_row(*(Text(cell) for cell in row))
    # At least as wide as the cells, even if the terminal breaks the line: a cell that is cut cannot be copied.
    return _plain(table, width, least=sum(widths) + 3 * len(heads) + 30)


def runs_json(ledger: Ledger, found: Sequence[RunEntry]) -> str:
    """Runs as a JSON list, in the order given, each with what it has spent."""
    held = holds(ledger, found)
    return _json(
        [
            _run_data(run) | {"held": held_data(held.get(run.run_id)), "totals": asdict(ledger.counts(run.run_id))}
            for run in found
        ]
    )


def held_data(held: SteeringEntry | None) -> dict[str, Any] | None:
    """Who set a hold, why and when, for JSON; None without a hold."""
    if held is None or not held.held_by:
        return None
    return {"by": held.held_by, "reason": held.held_reason, "at": held.held_at}


def run_timeline(ledger: Ledger, entry: RunEntry, *, moved: MovedBase | None = None, width: int | None = None) -> str:
    """One run from its first delivery to its end, what its plan was made from, and what it cost. Times are UTC.

    `moved` is the base now, where it is another commit. `width` is in columns: by default the terminal's.
    """
    history = timeline(ledger, entry.run_id)
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for _ in ("time", "since the start", "kind"):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    begun = history[0].at if history else entry.created_at
    day = None
    for row in history:
        if row.at.date() != day:
            day = row.at.date()
            table.add_row(Text(f"{day}"))
        text = f"{row.what}: {row.detail}" if row.what and row.detail else row.what or row.detail
        since = "" if row.at <= begun else f"+{_duration((row.at - begun).total_seconds())}"
        table.add_row(f"{row.at:%H:%M:%S}", Text(since, justify="right"), row.kind, Text(_clean(text, lines=True)))
    held = holds(ledger, [entry]).get(entry.run_id)
    head = _plain(_pairs(_header(entry, history, held)), width)
    totals = _totals(ledger.counts(entry.run_id), ledger.model_calls_of(entry.run_id))
    foot = _plain(_pairs([*_costs(ledger, entry), *totals]), width)
    return f"{head}\n{_plain(table, width)}\n{_context(ledger, entry, moved, width)}in all\n{foot}"


def _context(ledger: Ledger, entry: RunEntry, moved: MovedBase | None, width: int | None) -> str:
    contexts = ledger.contexts_of(entry.run_id)
    if not contexts:
        return ""
    newest = contexts[-1]
    head = f"shown to the model: {newest.used_tokens:,} of {newest.budget:,} tokens, from the base {newest.base[:12]}"
    lines = [f"{head}, for the last of {len(contexts)} plans" if len(contexts) > 1 else head]
    if moved is not None:
        changed = ", ".join(_clean(path) for path in moved.changed) or "none of these files"
        lines.append(f"  the base is now {moved.commit[:12]}; changed in between: {changed}")
    return "\n".join([*lines, context_table(newest.shown(), newest.missing(), width=width)]) + "\n"


def run_json(ledger: Ledger, entry: RunEntry, *, moved: MovedBase | None = None) -> str:
    """Everything recorded of one run as a JSON object; lists are oldest first. `moved`: see `run_timeline`."""
    run_id = entry.run_id
    return _json(
        _run_data(entry)
        | {
            "held": held_data(holds(ledger, [entry]).get(entry.run_id)),
            "title": entry.title,
            "summary": entry.summary,
            "cause": entry.cause,
            "approved_by": entry.approved_by,
            "digests": {
                "blueprint": entry.blueprint_digest,
                "changeset": entry.changeset_digest,
                "approved_text": entry.approved_digest,
                "approved_diff": entry.approved_diff,
            },
            "deliveries": deliveries(ledger, run_id),
            "transitions": [asdict(one) for one in ledger.transitions(run_id)],
            "effects": [asdict(one) for one in ledger.effects_of(run_id)],
            "model_calls": [asdict(one) for one in ledger.model_calls_of(run_id)],
            "contexts": [asdict(one) for one in ledger.contexts_of(run_id)],
            "base_moved": None if moved is None else asdict(moved),
            "findings": ledger.findings_of(run_id),
            "verdicts": [{"at": at, **verdict} for at, verdict in verdicts(ledger, run_id)],
            "decisions": [asdict(one) for one in ledger.decisions_of(run_id)],
            "estimates": [asdict(one) for one in ledger.estimates_of(run_id)],
            "phases": [asdict(one) for one in ledger.phases_of(run_id)],
            "totals": asdict(ledger.counts(run_id)),
        }
    )


# -- the words ------------------------------------------------------------------------------------------------------
def _header(entry: RunEntry, history: Sequence[TimelineRow], held: SteeringEntry | None) -> list[tuple[str, str]]:
    pairs = [
        ("run", entry.run_id),
        ("issue", f"{entry.repository}#{entry.issue} {entry.title}"),
        ("state", f"{entry.state}: {entry.reason}" if entry.reason else str(entry.state)),
        ("started", f"{entry.created_at:%Y-%m-%d %H:%M:%S} UTC by {entry.started_by or 'no one'} ({entry.cause})"),
    ]
    pairs += [("hold", held.hold_text())] if held is not None else []
    if history and history[-1].at > history[0].at:
        pairs.append(("took", _duration((history[-1].at - history[0].at).total_seconds())))
    pairs += [("approved by", entry.approved_by)] if entry.approved_by else []
    if entry.pull:
        pairs.append(("pull request", f"#{entry.pull} {entry.branch} -> {entry.base_branch}".rstrip(" ->")))
    pairs += [("head", f"{entry.head_sha} on {entry.base_sha[:12]}")] if entry.head_sha else []
    pairs += [("merged as", entry.merge_sha)] if entry.merge_sha else []
    return pairs


def _costs(ledger: Ledger, entry: RunEntry) -> list[tuple[str, str]]:
    """What each attempt was expected to use, its outcome, and what each phase used."""
    pairs = []
    for one in ledger.estimates_of(entry.run_id):
        pairs.append(("expected", expected_text(one)))
        pairs += [("outcome", outcome)] if (outcome := outcome_text(one)) else []
    return pairs + receipt_lines(ledger.phases_of(entry.run_id))


def _totals(counts: Counts, calls: Iterable[ModelCallEntry]) -> list[tuple[str, str]]:
    recorded = sum(one.recorded for one in calls)
    kind = f" ({recorded} answered by a recording)" if recorded else ""
    return [
        ("GitHub API calls", f"{counts.github_calls:,}"),
        ("content-creating", f"{counts.content_creating:,}"),
        ("model calls", f"{counts.model_calls:,}{kind}"),
        ("tokens", f"{counts.input_tokens:,} in, {counts.output_tokens:,} out"),
        ("cost", "unknown: a model has no price" if counts.cost is None else f"${counts.cost:.4f}"),
    ]


def _cells(run: RunEntry, held: SteeringEntry | None) -> tuple[str, ...]:
    pull = f"#{run.pull}" if run.pull else "-"
    when = f"{run.updated_at:%Y-%m-%d %H:%M:%S}"
    why = run.reason
    if held is not None and run.state is not RunState.HELD:
        # Not at the gate yet: the state says what goes on, and the hold will keep the merge back.
        why = f"hold {held.hold_text()}" + (f"; {run.reason}" if run.reason else "")
    return (run.run_id, run.state, f"{run.repository}#{run.issue}", pull, when, _cut(why, 160))


def _run_in_a_line(run: RunEntry | None) -> str:
    return "" if run is None else f"{run.run_id}  {_clean(run.repository)}#{run.issue}  {run.state}"


def _run_data(run: RunEntry) -> dict[str, Any]:
    return {"run": run.run_id} | {name: getattr(run, name) for name in _SHOWN_FIELDS}


# -- the layout -----------------------------------------------------------------------------------------------------
def _pairs(pairs: Iterable[tuple[str, str]]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, min_width=16)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(name, Text(_clean(value)))
    return table


def _plain(table: Table, width: int | None, *, least: int = 60) -> str:
    """The table without colours and without white space at line ends, for pipes and logs too."""
    # A pipe has no width, so the default applies:
    # https://docs.python.org/3/library/shutil.html#shutil.get_terminal_size
    columns = width or shutil.get_terminal_size((_PLAIN_WIDTH, 40)).columns
    # For old Windows consoles rich draws other lines; scripts need the same text everywhere.
    console = Console(file=io.StringIO(), width=max(columns, least), color_system=None, legacy_windows=False)
    with console.capture() as captured:
        console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _clean(text: str, *, lines: bool = False) -> str:
    """Text that other people wrote, without characters that control a terminal or reverse the text's direction."""
    kept = text if lines else " ".join(text.split())
    return "".join(one if one.isprintable() or (lines and one == "\n") else "\N{REPLACEMENT CHARACTER}" for one in kept)


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1].rstrip() + "…"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def _json(data: Any) -> str:
    # `isoformat` raises TypeError for anything but a date, so that no unknown type is printed by accident.
    return json.dumps(data, indent=2, default=datetime.isoformat) + "\n"
