"""`cadence runs` and `cadence runs show`: what the ledger records of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.ledger.entries import RunEntry
    from bot.ledger.ledger import Ledger
    from bot.publish.context_section import MovedBase
    from bot.settings import Settings

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
    """Show everything recorded of a run: deliveries, states, effects, model calls, decisions, and its cost.

    Also the files that the model was shown, and which of them changed since, as far as this machine's mirror knows.
    """
    from bot.cli.runs_text import known_run, run_json, run_timeline
    from bot.settings import Settings

    settings = Settings.load()
    ledger = _ledger(settings)
    entry = known_run(ledger, run)
    moved = _moved_base(settings, ledger, entry)
    typer.echo(run_json(ledger, entry, moved=moved) if as_json else run_timeline(ledger, entry, moved=moved), nl=False)


def _moved_base(settings: Settings, ledger: Ledger, entry: RunEntry) -> MovedBase | None:
    """The base now, by this machine's mirror, with the shown files that differ there; None where it is the same.

    A merged run is compared with the base that it was last built on: its merge changes the files itself.
    """
    from bot.core.names import CommitSha
    from bot.git_store.store import GitStore
    from bot.plan.shown_files import changed_files
    from bot.publish.context_section import MovedBase

    contexts = ledger.contexts_of(entry.run_id)
    if not contexts:
        return None
    git = GitStore(settings.data_dir / "mirrors", web=settings.github_url)
    try:
        mirror = git.mirror(entry.repository_id)
        tip = None if entry.merge_sha else mirror.tip(entry.base_branch)
        now = tip or CommitSha(entry.base_sha)
        if now == contexts[-1].base or not mirror.has(now):
            return None
        return MovedBase(now, changed_files(contexts[-1].shown(), mirror.tree(now)))
    finally:
        git.close()


def _ledger(settings: Settings | None = None) -> Ledger:
    from bot.ledger.open import open_ledger
    from bot.settings import Settings

    return open_ledger(settings or Settings.load())
