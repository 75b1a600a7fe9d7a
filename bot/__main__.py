"""The entry of `cadence` and `python -m bot`: the application, to which each module of bot/cli adds its commands."""

from __future__ import annotations

import atexit
import gc
import sys
from typing import Annotated

import typer

from bot import __version__
from bot.cli import (
    apply_command,
    check_command,
    config_command,
    demo_command,
    doctor_command,
    explain_command,
    localize_command,
    plan_command,
    proof_command,
    replay_command,
    runs_command,
    schema_command,
    selftest_command,
    serve_command,
    stop_command,
)
from bot.cli.failures import run_command

app = typer.Typer(
    name="cadence",
    help="The coding agent whose merge you can check: plans, reviews and merges on GitHub, and leaves evidence.",
    no_args_is_help=True,
    add_completion=False,
    # `run_command` prints failures. Typer's own traceback shows local variables, and these may hold a secret:
    # https://typer.tiangolo.com/tutorial/exceptions/
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"cadence {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        # Eager, so that `--version` is answered before a missing command is reported:
        # https://typer.tiangolo.com/tutorial/options/version/
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Exit codes: 0 fine, 1 refused or failed, 2 wrong use."""


# `--help` lists the commands in this order, the most used ones first; groups come after all of them.
for group in (
    serve_command,
    demo_command,
    plan_command,
    doctor_command,
    check_command,
    runs_command,
    stop_command,
    apply_command,
    config_command,
    explain_command,
    localize_command,
    proof_command,
    replay_command,
    schema_command,
    selftest_command,
):
    group.register(app)


def main() -> None:
    """Run the command. Every failure is printed in one line with its code, its cause and the next step."""
    # The interpreter ends with a collection over every object of every library: half a second of processor time, in
    # which nothing is freed that the end of the process does not free. https://docs.python.org/3/library/gc.html#gc.freeze
    atexit.register(gc.freeze)
    sys.exit(run_command(app))


if __name__ == "__main__":
    main()
