"""`cadence selftest planner`: how often a model restores a known edit through the whole planner, and how it fails."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.core.errors import CadenceError, WrongUse
from bot.llm.model import ModelKind
from bot.plan.answer_form import FORMS, Form

if TYPE_CHECKING:
    from bot.llm.model import LanguageModel
    from bot.plan.selftest.score import TaskOutcome
    from bot.plan.selftest.tasks import Task
    from bot.settings import Settings

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended: 128 and the number of the signal."""
_ASKED = (ModelKind.EXPLORE, ModelKind.PLAN)


def planner(
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The model to ask, instead of the configured one.")
    ] = None,
    scripted: Annotated[
        bool, typer.Option("--scripted", help="Ask a scripted model with known mistakes; needs no key.")
    ] = False,
    form: Annotated[
        Literal["text", "json", "both"],
        typer.Option(help="How the model is asked to answer: blocks of text, JSON, or both to keep the better one."),
    ] = "text",
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N tasks.")] = None,
    language: Annotated[str | None, typer.Option(help="Only samples in this language.")] = None,
    operator: Annotated[str | None, typer.Option(help="Only tasks of this operator.")] = None,
    seed: Annotated[int, typer.Option(help="Which of the possible edits are undone.")] = 1,
    only_list: Annotated[bool, typer.Option("--list", help="Print the tasks and ask nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Undo known edits of sample repositories, and count how many of them the model restores exactly.

    Asks the configured model (OPENAI_API_KEY, OPENAI_BASE_URL, CADENCE_MODEL_PLAN) at least once for each task, more
    than 300 times without --limit, and twice that with --form both. That keeps the better form in CADENCE_DATA_DIR once
    30 tasks are answered in both; nothing else is stored. Ctrl-C ends it and prints the figures so far.

    Exit codes: 0 measured, 1 no usable answers or a scripted mistake that was misjudged, 2 wrong use, 130 interrupted.
    """
    from bot.cli.selftest_planner_text import list_text
    from bot.plan.selftest.score import Result

    tasks = _tasks(seed, language, operator, limit)
    if only_list:
        typer.echo(list_text(tasks, as_json=as_json))
        return
    settings = None if scripted else _settings(model)
    outcomes: dict[Form, list[TaskOutcome]] = {one: [] for one in FORMS if form in (one, "both")}
    ended: KeyboardInterrupt | CadenceError | None = None
    try:
        _run(tasks, outcomes, settings)
    except (KeyboardInterrupt, CadenceError) as error:
        ended = error
    wrong = {one: _misjudged(tasks, rows, one) for one, rows in outcomes.items()} if scripted else None
    count = sum(map(len, outcomes.values()))
    # What was measured before a spent quota was paid for as well.
    if count or ended is None:
        is_chosen = language is not None or operator is not None
        typer.echo(_told(tasks, outcomes, wrong, seed, settings, is_chosen=is_chosen, as_json=as_json))
    if ended is not None:
        typer.echo(f"ended after {count} of {len(tasks) * len(outcomes)} tasks", err=True)
        if isinstance(ended, CadenceError):
            raise ended
        raise typer.Exit(INTERRUPTED)
    usable = any(outcome.result is not Result.UNANSWERED for rows in outcomes.values() for outcome in rows)
    raise typer.Exit(1 if (wrong and any(wrong.values())) or not usable else 0)


def _told(
    tasks: Sequence[Task],
    outcomes: Mapping[Form, Sequence[TaskOutcome]],
    wrong: Mapping[Form, Sequence[str]] | None,
    seed: int,
    settings: Settings | None,
    *,
    is_chosen: bool,
    as_json: bool,
) -> str:
    """What is printed. Of two forms, the better one is kept first, if enough was measured."""
    from bot.cli.selftest_forms import forms_json, forms_text, kept
    from bot.cli.selftest_planner_text import planner_json, planner_text
    from bot.core.clock import SystemClock
    from bot.plan.selftest.forms import compared_forms

    if len(outcomes) == 1:
        ((form, rows),) = outcomes.items()
        show = planner_json if as_json else planner_text
        return show(rows, len(tasks), seed, wrong[form] if wrong is not None else None)
    measured = compared_forms(outcomes, SystemClock().now().isoformat(timespec="seconds"))
    why_not = kept(measured, settings, is_chosen=is_chosen)
    return (forms_json if as_json else forms_text)(outcomes, len(tasks), seed, wrong, measured, why_not)


def _settings(name: str | None) -> Settings:
    """The settings, with another model for plans where one is named."""
    from bot.settings import Settings

    settings = Settings.load()
    return settings if name is None else settings.model_copy(update={f"model_{kind}": name for kind in _ASKED})


def _tasks(seed: int, language: str | None, operator: str | None, limit: int | None) -> Sequence[Task]:
    """The tasks that the options choose. Raises WrongUse for a name that is unknown, or when no task is left."""
    from bot.plan.selftest.packaged import packaged_tasks
    from bot.plan.selftest.samples import LANGUAGES
    from bot.plan.selftest.tasks import OPERATORS

    for option, given, known in (("--language", language, LANGUAGES), ("--operator", operator, tuple(OPERATORS))):
        if given is not None and given not in known:
            raise WrongUse(f"{option} {given} is unknown.", remedy=f"Use one of: {', '.join(known)}.")
    chosen = [
        task for task in packaged_tasks(seed) if language in (None, task.language) and operator in (None, task.operator)
    ]
    if not chosen:
        raise WrongUse(f"There is no task for {operator} in {language}.", remedy="See --list for what there is.")
    return chosen[:limit]


def _run(tasks: Sequence[Task], outcomes: Mapping[Form, list[TaskOutcome]], settings: Settings | None) -> None:
    """Ask about every task in each form; each outcome is added at once, with a line of progress.

    `settings` None: the scripted model is asked.
    """
    from bot.core.clock import SystemClock
    from bot.effects.perform import Effects
    from bot.llm.prices import Prices
    from bot.plan.selftest.runner import PlannerSelfTest
    from bot.review.selftest.memory import MemoryEffects

    clock = SystemClock()
    model = _model(settings, tasks)
    # Nothing is written on GitHub, so no write has to wait.
    effects = Effects(MemoryEffects(), clock, write_interval_ms=0)
    prices = settings.prices() if settings else Prices()
    count, total = 0, len(tasks) * len(outcomes)
    try:
        tests = {form: PlannerSelfTest(model, effects, clock, prices, form) for form in outcomes}
        # Task by task and not form by form, so that what was measured before an end can be compared.
        for task in tasks:
            for form, test in tests.items():
                (outcome,) = test.run([task])
                outcomes[form].append(outcome)
                count += 1
                said = f" {outcome.code}" if outcome.code else ""
                named = f"  {form}" if len(tests) > 1 else ""
                # Progress goes to standard error, so that --json prints only JSON.
                typer.echo(f"{count}/{total}  {outcome.result}{said}  {outcome.task}{named}", err=True)
                sys.stderr.flush()
    finally:
        model.close()


def _model(settings: Settings | None, tasks: Sequence[Task]) -> LanguageModel:
    from bot.cli.selftest_model import configured_model
    from bot.plan.selftest.scripted import ScriptedPlanner

    if settings is None:
        return ScriptedPlanner(tasks)
    return configured_model(
        settings, None, _ASKED, instead=" --scripted needs no key and measures the self test itself."
    )


def _misjudged(tasks: Sequence[Task], outcomes: Sequence[TaskOutcome], form: Form) -> list[str]:
    from bot.plan.selftest.scripted import misjudged

    return misjudged(tasks, outcomes, form)
