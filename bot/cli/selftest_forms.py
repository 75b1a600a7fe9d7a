"""What `cadence selftest planner --form both` adds: the comparison of the two forms, and keeping the better one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bot.cli.selftest_planner_text import planner_data, planner_text
from bot.plan.measured_form import MeasuredForm, keep_form
from bot.plan.selftest.forms import LEAST_TASKS

if TYPE_CHECKING:
    from bot.plan.answer_form import Form
    from bot.plan.selftest.score import TaskOutcome
    from bot.settings import Settings


def kept(measured: MeasuredForm, settings: Settings | None, *, is_chosen: bool) -> str:
    """Keep the better form for the planning model; why it is not kept, "" where it is.

    `settings` None: no model was asked. `is_chosen`: the tasks are those of one language or operator only.
    """
    if settings is None:
        return "no plans are asked of the scripted model"
    if is_chosen:
        return "tasks of one language or operator say nothing about the others"
    if measured.tasks < LEAST_TASKS:
        return f"{LEAST_TASKS} tasks have to be answered in both forms, and {measured.tasks} were"
    try:
        keep_form(settings, settings.data_dir, measured)
    except OSError as error:
        return f"CADENCE_DATA_DIR cannot be written: {error.strerror}"
    return ""


def forms_text(
    outcomes: Mapping[Form, Sequence[TaskOutcome]],
    total: int,
    seed: int,
    misjudged: Mapping[Form, Sequence[str]] | None,
    measured: MeasuredForm,
    why_not: str,
) -> str:
    """The figures of each form, one form after the other, and the comparison."""
    parts = [
        f"The form {form}\n\n{planner_text(rows, total, seed, misjudged[form] if misjudged is not None else None)}"
        for form, rows in outcomes.items()
    ]
    lines = [f"Both forms, on the {measured.tasks} tasks that were answered in both:"]
    lines += [
        f"  {form}: {one.format_refusals} refused because of the form, {one.done} done, {one.tokens:,} tokens"
        for form, one in measured.figures.items()
    ]
    end = f"not kept, because {why_not}" if why_not else "kept: from now on plans of this model are asked for in it"
    return "\n\n".join([*parts, "\n".join([*lines, f"better: {measured.form}; {end}"])])


def forms_json(
    outcomes: Mapping[Form, Sequence[TaskOutcome]],
    total: int,
    seed: int,
    misjudged: Mapping[Form, Sequence[str]] | None,
    measured: MeasuredForm,
    why_not: str,
) -> str:
    """The same for scripts."""
    data: dict[str, Any] = {
        "forms": {
            form: planner_data(rows, total, seed, misjudged[form] if misjudged is not None else None)
            for form, rows in outcomes.items()
        },
        "compared": {
            "tasks": measured.tasks,
            **{form: asdict(one) for form, one in measured.figures.items()},
            "better": measured.form,
        },
        "kept": not why_not,
        "why_not": why_not,
    }
    return json.dumps(data, indent=2, ensure_ascii=False)
