"""The JSON Schemas of a ChangeSet: version 1, version 2, and the smaller one a model answers in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding

Schema = dict[str, Any]

MODEL_SCHEMA_NAME = "cadence_change_set"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_MODES = ["add", "modify", "delete"]
_SHA = {"type": ["string", "null"], "pattern": "^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$"}
_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}


def _object(properties: Schema, required: list[str]) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


def change_set_schema(version: Literal[1, 2] = 2) -> Schema:
    """JSON Schema (draft 2020-12) of the ChangeSet a person or another agent hands in."""
    edit: Schema = {
        "path": {"type": "string", "minLength": 1},
        "mode": {"enum": _MODES},
        "after": _TEXT_OR_NULL,
        "before_sha": _SHA,
    }
    whole: Schema = {
        "version": {"const": version},
        "message": _TEXT,
        "author": _TEXT_OR_NULL,
        "meta": {"type": ["object", "null"]},
    }
    if version == 2:
        whole["base"] = _SHA
        count = {"type": ["integer", "null"], "minimum": 1}
        pair = _object({"old": _TEXT, "new": _TEXT, "count": count}, ["old", "new"])
        edit |= {
            "replace": {"type": ["array", "null"], "items": pair},
            "rename_from": _TEXT_OR_NULL,
            "executable": {"type": ["boolean", "null"]},
            "after_base64": _TEXT_OR_NULL,
            "removes": {"type": ["array", "null"], "items": _TEXT},
        }
    whole["edits"] = {"type": "array", "items": _object(edit, ["path", "mode"])}
    required = ["message", "edits"] if version == 1 else ["version", "message", "edits"]
    title = f"Cadence ChangeSet, version {version}"
    return {"$schema": _DIALECT, "title": title, **_object(whole, required)}


def model_schema() -> Schema:
    """What a model is asked for; fits strict structured outputs and a tool's parameters.

    Strict mode wants every property required, `additionalProperties: false` and optional values as nullable
    (OpenAI's guide on structured outputs). Author, meta, base and hashes are absent: they are ours to fill.
    """
    # https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
    pair = {"old": _TEXT, "new": _TEXT, "count": {"type": ["integer", "null"]}}
    edit: Schema = {
        "path": _TEXT,
        "mode": {"type": "string", "enum": _MODES},
        "after": _TEXT_OR_NULL,
        "replace": {"type": ["array", "null"], "items": _object(pair, list(pair))},
        "rename_from": _TEXT_OR_NULL,
        "executable": {"type": ["boolean", "null"]},
        "removes": {"type": ["array", "null"], "items": _TEXT},
    }
    whole: Schema = {
        "summary": _TEXT,
        "plan": _TEXT,
        "message": _TEXT,
        "edits": {"type": "array", "items": _object(edit, list(edit))},
    }
    return _object(whole, list(whole))


def schema_findings(value: object, schema: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Everything in which a JSON value differs from a schema, as `contract.*` findings in document order."""
    validator = Draft202012Validator(schema)
    errors = sorted(validator.iter_errors(value), key=lambda e: [str(p) for p in e.absolute_path])
    return tuple(_finding(e) for e in errors)


def _finding(error: ValidationError) -> Finding:
    where = list(error.absolute_path)
    edit = where[1] if len(where) > 1 and where[0] == "edits" and isinstance(where[1], int) else None
    code = {"additionalProperties": "contract.unknown_key", "required": "contract.missing_key"}.get(
        str(error.validator), "contract.invalid"
    )
    # The commonest fault has a code of its own, because its remedy is to choose a mode and not to add any key.
    if error.validator == "required" and edit is not None and error.message.startswith("'mode'"):
        code = "contract.missing_mode"
    place = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in where).lstrip(".") or "the ChangeSet"
    return make_finding(code, f"{place}: {error.message[:300]}", edit=edit)
