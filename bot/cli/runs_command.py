"""`cadence runs` and `cadence runs show`: what the ledger records of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.ledger.ledger import Ledger

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    group = typer.Typer(help="List the runs in the ledger, or show one.", invoke_without_command=True)
    group.callback()(runs)
    group.command("show")(show)
    app.add_typer(group, name="runs")


def runs(
    context: typer.Context,
    as_json: Json = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 30,
) -> None:
    """List runs, newest first; `cadence runs show ID` shows one run's timeline."""
    # The callback of a group runs before its subcommand too:
    # https://typer.tiangolo.com/tutorial/commands/context/
    if context.invoked_subcommand is not None:
        return
    from bot.cli.runs_text import holds, runs_json, runs_table
    from bot.ledger.open import LedgerMissing

    try:
        ledger = _ledger()
    except LedgerMissing as error:
        # A new installation has no database before the first start. A list of nothing is not a failure.
        typer.echo("[]" if as_json else f"No runs yet. {error.message}")
        return
    found = ledger.runs(limit=limit)
    typer.echo(runs_json(ledger, found) if as_json else runs_table(found, holds(ledger, found)), nl=False)


def show(
    run: Annotated[str, typer.Argument(help="A run's id, or the beginning of it.")], as_json: Json = False
) -> None:
    """Show everything recorded of a run: deliveries, states, effects, model calls, decisions, and its cost."""
    from bot.cli.runs_text import find_run, run_json, run_timeline

    ledger = _ledger()
    entry = find_run(ledger, run)
    if entry is None:
        typer.echo(f"cadence: run.unknown: no run begins with {run!r}. `cadence runs` lists them.", err=True)
        raise typer.Exit(1)
    typer.echo(run_json(ledger, entry) if as_json else run_timeline(ledger, entry), nl=False)


def _ledger() -> Ledger:
    from bot.ledger.open import open_ledger
    from bot.settings import Settings

    return open_ledger(Settings.load())
