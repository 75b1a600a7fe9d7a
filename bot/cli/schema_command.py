"""`cadence schema`: the JSON Schemas of what people, agents and models write."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer


class SchemaVersion(StrEnum):
    """Which format of a ChangeSet: version 1, version 2, or the smaller one that a model answers in."""

    ONE = "1"
    TWO = "2"
    MODEL = "model"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    schemas = typer.Typer(help="Print JSON Schemas.", no_args_is_help=True)
    schemas.command("changeset")(changeset)
    schemas.command("config")(config)
    app.add_typer(schemas, name="schema")


def changeset(
    version: Annotated[
        SchemaVersion, typer.Option(help="Version 1, version 2, or the format that a model answers in.")
    ] = SchemaVersion.TWO,
) -> None:
    """The JSON Schema of a ChangeSet."""
    from bot.cli.published_schemas import schema_text

    typer.echo(schema_text(f"changeset-{version.value}"), nl=False)


def config() -> None:
    """The JSON Schema of .github/cadence.yml."""
    from bot.cli.published_schemas import schema_text

    typer.echo(schema_text("config"), nl=False)
