"""`cadence doctor`: whether what is configured works, and what to do about what does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.cli.doctor_lines import Line
    from bot.core.clock import Clock
    from bot.settings import Settings

    Part = Callable[[Settings, Clock], Iterator[Line]]
    """One part of the installation; it gives its lines as they are found."""


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Check the configured models: server, key, answers in JSON, tools, streaming, token counts and price.

    Asks each model about seven short questions, which cost a fraction of a cent. How each has to be asked is kept in
    CADENCE_DATA_DIR for the service. Exit codes: 0 everything works, 1 something does not, 2 wrong settings.
    """
    from bot.cli.doctor_lines import as_json as json_of
    from bot.cli.doctor_lines import as_text, passed, printable
    from bot.core.clock import SystemClock
    from bot.settings import Settings

    settings, clock = Settings.load(), SystemClock()
    lines: list[Line] = []
    for part in _parts():
        for line in part(settings, clock):
            if not as_json:
                new = not lines or lines[-1].subject != line.subject
                typer.echo(
                    f"{printable(line.subject)}\n  {_indented(as_text(line))}"
                    if new
                    else f"  {_indented(as_text(line))}"
                )
            lines.append(line)
    if as_json:
        typer.echo(json_of(lines))
    raise typer.Exit(0 if passed(lines) else 1)


def _parts() -> tuple[Part, ...]:
    """What is checked, in this order."""
    from bot.cli.doctor_model import model_lines

    return (model_lines,)


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
