"""What `cadence selftest planner` prints: tables for people, JSON for scripts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bot.plan.selftest.score import GROUPINGS, Figures, Result, TaskOutcome, codes, divided, figures
from bot.plan.selftest.tasks import Task

_HEAD = ("tasks", "done", "repaired", "near", "wrong", "format", "refused", "none", "answers", "in", "out", "US $", "s")
SHOWN_FAILURES = 40


def list_text(tasks: Sequence[Task], *, as_json: bool) -> str:
    """Every task with its title, and how many there are by language."""
    if as_json:
        rows = [
            {"task": t.name, "operator": t.operator, "language": t.language, "title": t.title, "blueprint": t.body}
            for t in tasks
        ]
        return json.dumps({"tasks": rows}, indent=2, ensure_ascii=False)
    width = max(len(task.name) for task in tasks)
    counted = Counter(task.language for task in tasks)
    lines = [f"{task.name.ljust(width)}  {task.title.rpartition(' (')[0]}" for task in tasks]
    by_language = ", ".join(f"{count} {language}" for language, count in counted.items())
    return "\n".join([*lines, "", f"{len(tasks)} tasks: {by_language}"])


def planner_text(outcomes: Sequence[TaskOutcome], total: int, seed: int, misjudged: Sequence[str] | None) -> str:
    """The figures of all tasks, then by operator, language, form and operation, the codes, and what failed."""
    whole = figures("all", outcomes)
    share = f"{100 * whole.format_share:.1f} % of {whole.answered} answered tasks"
    lines = [f"{_models(outcomes)}: {len(outcomes)} of {total} tasks, seed {seed}", ""]
    groups = [("", [whole]), *((by, list(divided(outcomes, by))) for by in GROUPINGS)]
    for by, rows in groups:
        lines += [*_table(by, rows), ""]
    lines.append(f"refused because of the form of the answer: {whole.results[Result.FORMAT]}, {share}")
    for code, (seen, ended) in codes(outcomes).items():
        lines.append(f"  {code}: in {seen} tasks, {ended} of them refused with it")
    failed = [o for o in outcomes if o.result is not Result.DONE]
    lines += ["", *(f"{o.result}: {o.task} {o.code} {o.why[:160]}".rstrip() for o in failed[:SHOWN_FAILURES])]
    if len(failed) > SHOWN_FAILURES:
        lines.append(f"and {len(failed) - SHOWN_FAILURES} more; --json lists all")
    if misjudged is not None:
        lines += ["", f"scored as scripted: {len(outcomes) - len(misjudged)} of {len(outcomes)}", *misjudged]
    return "\n".join(lines).rstrip()


def planner_json(outcomes: Sequence[TaskOutcome], total: int, seed: int, misjudged: Sequence[str] | None) -> str:
    """The same for scripts, with every outcome."""
    return json.dumps(planner_data(outcomes, total, seed, misjudged), indent=2, ensure_ascii=False)


def planner_data(
    outcomes: Sequence[TaskOutcome], total: int, seed: int, misjudged: Sequence[str] | None
) -> dict[str, Any]:
    """What `planner_json` prints, as JSON data."""
    data: dict[str, Any] = {
        "model": _models(outcomes),
        "seed": seed,
        "tasks": total,
        "all": _figures(figures("all", outcomes)),
        "codes": {code: {"tasks": seen, "refused": ended} for code, (seen, ended) in codes(outcomes).items()},
    }
    data |= {by: {row.group: _figures(row) for row in divided(outcomes, by)} for by in GROUPINGS}
    data["outcomes"] = [asdict(outcome) for outcome in outcomes]
    if misjudged is not None:
        data["misjudged"] = list(misjudged)
    return data


def _figures(row: Figures) -> dict[str, Any]:
    data = asdict(row)
    del data["group"]
    data["results"] = {result.value: count for result, count in row.results.items()}
    return {**data, "format_share": round(row.format_share, 4)}


def _models(outcomes: Sequence[TaskOutcome]) -> str:
    """The models that answered, the most frequent first: a server may change the model behind a name."""
    return ", ".join(name for name, _ in Counter(o.model for o in outcomes if o.model).most_common()) or "no model"


def _table(by: str, rows: Sequence[Figures]) -> list[str]:
    cells = [(by, *_HEAD), *(_row(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in cells]


def _row(row: Figures) -> tuple[str, ...]:
    counts = (row.results[result] for result in list(Result)[1:])
    done = row.results[Result.DONE]
    cost = "-" if row.cost is None else f"{row.cost:.4f}"
    figures = (row.tasks, done, row.repaired, *counts, row.attempts, row.input_tokens, row.output_tokens)
    return (row.group, *map(str, figures), cost, f"{row.seconds:.1f}")
