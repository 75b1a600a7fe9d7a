"""The JSON Schemas that Cadence publishes, by name: what the command prints and docs/schemas/ holds. Pure."""

from __future__ import annotations

import json
from typing import Any

from bot.changeset.json_schemas import change_set_schema, model_schema
from bot.config.schema import config_schema


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by its file name without `.json`."""
    return {
        "changeset-1": change_set_schema(1),
        "changeset-2": change_set_schema(2),
        "changeset-model": model_schema(),
        "config": config_schema(),
    }


def schema_text(name: str) -> str:
    """One schema as it is printed and committed. Raises KeyError for an unknown name."""
    return json.dumps(schemas()[name], indent=2, ensure_ascii=False) + "\n"
