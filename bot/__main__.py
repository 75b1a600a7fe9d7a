"""The command line: the commands that run the service or the demo, `check`, `runs`, and the groups of bot/cli."""

from __future__ import annotations

import atexit
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import __version__
from bot.cli import apply, config, explain, proof, schema, selftest
from bot.cli.failures import run_command

if TYPE_CHECKING:
    from bot.ledger.ledger import Ledger

app = typer.Typer(
    name="cadence",
    help="The coding agent whose merge you can check: plans, reviews and merges on GitHub, and leaves evidence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
runs_app = typer.Typer(help="List the runs in the ledger, or show one.", invoke_without_command=True)
app.add_typer(runs_app, name="runs")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cadence {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Exit codes: 0 fine, 1 refused or failed, 2 wrong use."""


@app.command()
def serve() -> None:
    """Run the service: the webhook receiver and a worker in one process. Settings: deploy/example.env."""
    _serve(web=True, worker=True)


@app.command()
def web() -> None:
    """Run only the webhook receiver; workers run elsewhere on the same database."""
    _serve(web=True, worker=False)


@app.command()
def worker() -> None:
    """Run only a worker; give each its own CADENCE_EXECUTOR_ID."""
    _serve(web=False, worker=True)


def _serve(*, web: bool, worker: bool) -> None:
    from bot.cli.serve import serve as run
    from bot.settings import Settings

    run(Settings.load(), web=web, worker=worker)


@app.command()
def demo(
    repo: Annotated[
        str | None, typer.Option(help="A git repository to work on: a path, a folder inside one, or a URL.")
    ] = None,
    blueprint: Annotated[Path | None, typer.Option(help="A Markdown file: the issue's title and text.")] = None,
    test_command: Annotated[
        str | None, typer.Option(help="The command that CI runs; guessed from the repository if not given.")
    ] = None,
    setup_command: Annotated[
        str | None, typer.Option(help="The command that prepares each checkout of CI; guessed if not given.")
    ] = None,
    patch: Annotated[
        Path | None, typer.Option(help="Write the result into this file instead of a branch of your repository.")
    ] = None,
    stay: Annotated[
        bool, typer.Option(help="Keep everything running afterwards, so that you can open the pages.")
    ] = False,
    plain: Annotated[bool, typer.Option(help="Plain lines instead of a live display.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that one story may take.")] = 600.0,
    keep: Annotated[Path | None, typer.Option(help="A directory to keep the data and the service's log in.")] = None,
) -> None:
    """Plan, review and merge a change on a built-in GitHub, CI and model. Needs no key and no network.

    With OPENAI_API_KEY (and OPENAI_BASE_URL) set, that model is asked instead of the built-in one.
    """
    from bot.sandbox.demo.extra import require_demo_extra

    require_demo_extra()
    from bot.sandbox.demo.options import DemoOptions
    from bot.sandbox.demo.run import run_demo

    options = DemoOptions(
        repo=repo,
        blueprint=blueprint,
        test_command=test_command,
        setup_command=setup_command,
        patch=patch,
        stay=stay,
        plain=plain,
        timeout=timeout,
        keep=keep,
    )
    raise typer.Exit(run_demo(options))


@app.command()
def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The embedded GitHub's port; 0 takes a free one.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="A directory to keep the data in.")] = None,
) -> None:
    """Start an embedded GitHub, CI and model alone, print the settings for `cadence serve`, and stay until Ctrl-C.

    For trying `cadence serve` and its settings without github.com: no key, no network.
    """
    from bot.sandbox.demo.extra import require_demo_extra

    require_demo_extra()
    from bot.sandbox.demo.standalone import run_sandbox

    raise typer.Exit(run_sandbox(port, keep))


@app.command()
def check(
    base: Annotated[str, typer.Option(help="The commit before the change.")],
    head: Annotated[str, typer.Option(help="The commit after the change.")],
    repo: Annotated[
        Path,
        typer.Option(
            help="A local repository, bare or not.  [default: the one of the current folder]", show_default=False
        ),
    ] = Path(),
    as_json: Json = False,
) -> None:
    """Check a change without a model: weakened tests and CI, secrets, protected paths, size.

    Exit codes: 0 clean, 1 findings that block, 2 wrong use.
    """
    from bot.cli.check import run_check

    text, code = run_check(repo, base, head, as_json=as_json)
    typer.echo(text, nl=False, err=code == 2)
    raise typer.Exit(code)


@runs_app.callback()
def runs(
    context: typer.Context,
    as_json: Json = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 30,
) -> None:
    """List runs, newest first; `cadence runs show ID` shows one run's timeline."""
    if context.invoked_subcommand is not None:
        return
    from bot.ledger.open import LedgerMissing
    from bot.ledger.show import runs_json, runs_table

    try:
        ledger = _ledger()
    except LedgerMissing as error:
        typer.echo("[]" if as_json else f"No runs yet. {error.message}")
        return
    found = ledger.runs(limit=limit)
    typer.echo(runs_json(ledger, found) if as_json else runs_table(found), nl=False)


@runs_app.command("show")
def show_run(
    run: Annotated[str, typer.Argument(help="A run's id, or the beginning of it.")], as_json: Json = False
) -> None:
    """Show everything recorded of a run: deliveries, states, effects, model calls, decisions, and its cost."""
    from bot.ledger.show import find_run, run_json, run_timeline

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


for group in (apply, config, explain, proof, schema, selftest):
    group.register(app)


def main() -> None:
    """Run the command. Every failure is printed in one line with its code, its cause and the next step."""
    # The interpreter ends with a collection over every object of every library: half a second of processor time, in
    # which nothing is freed that the end of the process does not free. https://docs.python.org/3/library/gc.html#gc.freeze
    atexit.register(gc.freeze)
    sys.exit(run_command(app))


if __name__ == "__main__":
    main()
