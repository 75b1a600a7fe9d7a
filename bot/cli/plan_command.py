"""`cadence plan`: plans an issue on a repository of this machine, without GitHub."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.core.errors import CadenceError, WrongUse

if TYPE_CHECKING:
    from bot.cli.local_planning import LocalPlanning
    from bot.cli.plan_text import PlanOutcome


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("plan")(plan)


def plan(
    issue: Annotated[
        str, typer.Option(metavar="FILE|-", help="The issue in Markdown: its title on the first line, its text below.")
    ],
    repo: Annotated[
        Path, typer.Option(help="The repository.  [default: the one of the current folder]", show_default=False)
    ] = Path(),
    apply: Annotated[bool, typer.Option("--apply", help="Write the change into the work tree.")] = False,
    show_prompt: Annotated[
        bool, typer.Option("--show-prompt", help="Print what the model would get, and ask nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    export_context: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what a model would see of the repository, as JSON.")
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(min=1_000, metavar="N", help="Tokens of the repository to show.  [default: as configured]"),
    ] = None,
    base: Annotated[str, typer.Option(metavar="REV", help="The commit to plan on.")] = "HEAD",
) -> None:
    """Plan an issue on a local repository, and show the ChangeSet, the diff and the price.

    Nothing is changed without --apply, which refuses files with changes of your own. The only server that is asked is
    the model's (OPENAI_API_KEY, OPENAI_BASE_URL). Without a key, --show-prompt and --export-context work, and issues
    that contain their own ChangeSet.

    Exit codes: 0 planned, 1 refused or failed, 2 wrong use, 130 stopped by Ctrl-C.
    """
    from bot.cli.issue_file import read_issue
    from bot.cli.local_planning import open_planning

    if apply and show_prompt:
        raise WrongUse("--show-prompt asks no model, so there is nothing to --apply.", remedy="Give only one of them.")
    title, body = read_issue(issue)
    try:
        with open_planning(repo, base, title, body, budget=budget) as planning:
            if export_context is not None:
                _export(planning, export_context)
            if show_prompt:
                _print_prompt(planning, as_json=as_json)
            else:
                _plan(planning, apply=apply, as_json=as_json)
    except KeyboardInterrupt:
        # Typer would end the command without a word.
        typer.echo("cadence: stopped.", err=True)
        raise typer.Exit(130) from None


def _plan(planning: LocalPlanning, *, apply: bool, as_json: bool) -> None:
    from bot.cli.plan_text import outcome_json, print_outcome, refusal_json

    if apply:
        planning.must_have_work_tree()
    try:
        outcome = planning.outcome()
        if apply:
            outcome = _applied(planning, outcome)
    except CadenceError as error:
        if not as_json:
            planning.tell_context()
            raise
        typer.echo(refusal_json(error, planning.shown, planning.model.totals), nl=False)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(outcome_json(outcome), nl=False)
    else:
        print_outcome(outcome)


def _applied(planning: LocalPlanning, outcome: PlanOutcome) -> PlanOutcome:
    with _without_interrupt():
        return replace(outcome, applied_to=str(planning.apply(outcome.planned)))


def _print_prompt(planning: LocalPlanning, *, as_json: bool) -> None:
    from bot.cli.plan_text import prompt_json, prompt_text

    prompt = planning.question()
    typer.echo(prompt_json(prompt) if as_json else prompt_text(prompt), nl=False)


def _export(planning: LocalPlanning, file: Path) -> None:
    from bot.cli.plan_text import exported

    text = exported(planning.context())
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WrongUse(f"{file} cannot be written: {error.strerror}.") from None


@contextmanager
def _without_interrupt() -> Iterator[None]:
    """Ctrl-C has no effect inside, so that the files are written all or not at all."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
