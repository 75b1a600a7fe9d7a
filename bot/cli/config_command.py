"""`cadence config check`: checks a repository's `.github/cadence.yml` before it is merged."""

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
    config = typer.Typer(help="Check a repository's .github/cadence.yml.", no_args_is_help=True)
    # Typer makes a group with one command and no callback into that command, and then `check` would be an argument:
    # https://typer.tiangolo.com/tutorial/commands/one-or-multiple/
    config.callback()(_group)
    config.command("check")(check)
    app.add_typer(config, name="config")


def _group() -> None:
    """Check a repository's .github/cadence.yml."""


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to check.")] = Path(CONFIG_PATH),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Check the file and run the tests in it.

    Names every mistake with its line, its column and what is allowed. Exit codes: 0 fine, 1 mistakes or failing tests,
    2 wrong use.
    """
    from bot.gate.config_tests import report_on

    try:
        # As bytes: text that is not UTF-8 is one of the mistakes that the report names.
        content = file.read_bytes()
    except OSError as error:
        raise WrongUse(
            f"{file} cannot be read: {error.strerror}.", remedy="Give the path of a file that can be read."
        ) from None
    report = report_on(content)
    typer.echo(_json(file, report) if as_json else _text(file, report))
    raise typer.Exit(1 if report.faults else 0)


def _json(file: Path, report: ConfigReport) -> str:
    shown = {
        "file": str(file),
        "valid": report.valid,
        "mistakes": [{"line": it.line, "column": it.column, "message": it.text} for it in report.mistakes],
        "notes": [{"line": it.line, "column": it.column, "message": it.text} for it in report.notes],
        "tests": [
            {
                "name": test.name,
                "number": test.number,
                "line": test.line,
                "column": test.column,
                "expected": test.expected,
                "decided": test.decided,
                "passed": test.passed,
            }
            for test in report.outcomes
        ],
    }
    return json.dumps(shown, indent=2, ensure_ascii=False)


def _text(file: Path, report: ConfigReport) -> str:
    """One line for each fault and note, in the form of compilers, so that editors can jump to it; then a summary."""
    rows = [f"{file}:{it.line}:{it.column}: {it.text}" for it in (*report.faults, *report.notes)]
    return "\n".join([*rows, f"{file}: {report.summary}"])
