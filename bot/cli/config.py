"""`cadence config check`: what a repository's `.github/cadence.yml` means, before it is merged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.core.errors import WrongUse
from bot.core.names import CONFIG_PATH

if TYPE_CHECKING:
    from bot.gate.config_tests import ConfigReport


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    config = typer.Typer(help="A repository's .github/cadence.yml.", no_args_is_help=True)
    # A group of one command would otherwise swallow the command's name.
    config.callback()(_group)
    config.command("check")(check)
    app.add_typer(config, name="config")


def _group() -> None:
    """A repository's .github/cadence.yml."""


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to check.")] = Path(CONFIG_PATH),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Check the file and run the policy tests in it.

    Every mistake is named with its line, column and what is allowed. Exit codes: 0 fine, 1 mistakes or failing tests,
    2 wrong use.
    """
    from bot.gate.config_tests import report_on

    try:
        content = file.read_bytes()
    except OSError as error:
        raise WrongUse(f"{file}: {error.strerror}.", remedy="Name a file that can be read.") from None
    report = report_on(content)
    typer.echo(_json(file, report) if as_json else _text(file, report))
    raise typer.Exit(1 if report.faults else 0)


def _json(file: Path, report: ConfigReport) -> str:
    shown = {
        "file": str(file),
        "valid": report.valid,
        "mistakes": [{"line": one.line, "column": one.column, "message": one.text} for one in report.mistakes],
        "notes": [{"line": one.line, "column": one.column, "message": one.text} for one in report.notes],
        "tests": [
            {
                "name": one.name,
                "number": one.number,
                "line": one.line,
                "column": one.column,
                "expected": one.expected,
                "decided": one.decided,
                "passed": one.passed,
            }
            for one in report.outcomes
        ],
    }
    return json.dumps(shown, indent=2, ensure_ascii=False)


def _text(file: Path, report: ConfigReport) -> str:
    """One line for each fault and note, as compilers write them, then the sum."""
    rows = [f"{file}:{one.line}:{one.column}: {one.text}" for one in (*report.faults, *report.notes)]
    return "\n".join([*rows, report.summary])
