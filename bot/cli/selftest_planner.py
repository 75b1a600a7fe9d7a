"""`cadence selftest planner`: how often a model restores a known edit through the whole planner, and how it fails."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from bot.core.errors import CadenceError, WrongUse
from bot.llm.model import ModelKind
from bot.plan.request import Form

if TYPE_CHECKING:
    from bot.llm.model import LanguageModel
    from bot.plan.selftest.score import TaskOutcome
    from bot.plan.selftest.tasks import Task
    from bot.settings import Settings

INTERRUPTED = 130
"""The exit code of a command that Ctrl-C ended: 128 and the number of the signal."""


def planner(
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="The model to ask, instead of the configured one.")
    ] = None,
    scripted: Annotated[
        bool, typer.Option("--scripted", help="Ask a scripted model with known mistakes; needs no key.")
    ] = False,
    form: Annotated[Form, typer.Option(help="How the model is asked to answer: blocks of text, or JSON.")] = "text",
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N tasks.")] = None,
    language: Annotated[str | None, typer.Option(help="Only samples in this language.")] = None,
    operator: Annotated[str | None, typer.Option(help="Only tasks of this operator.")] = None,
    seed: Annotated[int, typer.Option(help="Which of the possible edits are undone.")] = 1,
    only_list: Annotated[bool, typer.Option("--list", help="Print the tasks and ask nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Undo known edits of sample repositories, and count how many of them the model restores exactly.

    Asks the configured model (OPENAI_API_KEY, OPENAI_BASE_URL, CADENCE_MODEL_PLAN) at least once for each task, more
    than 300 times without --limit. Nothing is stored. Ctrl-C ends it and prints the figures so far.

    Exit codes: 0 measured, 1 no usable answers or a scripted mistake that was misjudged, 2 wrong use, 130 interrupted.
    """
    from bot.cli.selftest_planner_text import list_text, planner_json, planner_text
    from bot.plan.selftest.score import Result

    tasks = _tasks(seed, language, operator, limit)
    if only_list:
        typer.echo(list_text(tasks, as_json=as_json))
        return
    outcomes: list[TaskOutcome] = []
    ended: KeyboardInterrupt | CadenceError | None = None
    try:
        _run(tasks, outcomes, model, form, scripted=scripted)
    except (KeyboardInterrupt, CadenceError) as error:
        ended = error
    wrong = _misjudged(tasks, outcomes) if scripted else None
    show = planner_json if as_json else planner_text
    # What was measured before a spent quota was paid for as well.
    if outcomes or ended is None:
        typer.echo(show(outcomes, len(tasks), seed, wrong))
    if ended is not None:
        typer.echo(f"ended after {len(outcomes)} of {len(tasks)} tasks", err=True)
        if isinstance(ended, CadenceError):
            raise ended
        raise typer.Exit(INTERRUPTED)
    usable = any(outcome.result is not Result.UNANSWERED for outcome in outcomes)
    raise typer.Exit(1 if wrong or not usable else 0)


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


def _run(tasks: Sequence[Task], outcomes: list[TaskOutcome], name: str | None, form: Form, *, scripted: bool) -> None:
    """Ask about every task; each outcome is added to `outcomes` at once, with a line of progress."""
    from bot.core.clock import SystemClock
    from bot.effects.perform import Effects
    from bot.llm.prices import Prices
    from bot.plan.selftest.runner import PlannerSelfTest
    from bot.review.selftest.memory import MemoryEffects
    from bot.settings import Settings

    clock = SystemClock()
    settings = None if scripted else Settings.load()
    model = _model(settings, name, tasks)
    # Nothing is written on GitHub, so no write has to wait.
    effects = Effects(MemoryEffects(), clock, write_interval_ms=0)
    try:
        prices = settings.prices() if settings else Prices()
        test = PlannerSelfTest(model, effects, clock, prices, "json" if scripted else form)
        for outcome in test.run(tasks):
            outcomes.append(outcome)
            said = f" {outcome.code}" if outcome.code else ""
            # Progress goes to standard error, so that --json prints only JSON.
            typer.echo(f"{len(outcomes)}/{len(tasks)}  {outcome.result}{said}  {outcome.task}", err=True)
            sys.stderr.flush()
    finally:
        close = getattr(model, "close", None)
        if close is not None:
            close()


def _model(settings: Settings | None, name: str | None, tasks: Sequence[Task]) -> LanguageModel:
    from bot.cli.selftest_model import configured_model
    from bot.plan.selftest.scripted import ScriptedPlanner

    if settings is None:
        return ScriptedPlanner(tasks)
    kinds = (ModelKind.EXPLORE, ModelKind.PLAN)
    return configured_model(
        settings, name, kinds, instead=" --scripted needs no key and measures the self test itself."
    )


def _misjudged(tasks: Sequence[Task], outcomes: Sequence[TaskOutcome]) -> list[str]:
    from bot.plan.selftest.scripted import misjudged

    return misjudged(tasks, outcomes)
