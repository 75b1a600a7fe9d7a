"""The JSON Schema of the repository's configuration: complete, closed, described, and of one mind with the reader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from bot.config.load import load_config
from bot.config.schema import config_schema
from bot.core.errors import ConfigInvalid
from bot.web.schemas import schemas_blueprint

SCHEMA = config_schema()


def objects(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        if "properties" in node:
            yield path, node
        for key, value in node.items():
            if key != "default":
                yield from objects(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from objects(value, f"{path}/{index}")


def test_it_is_a_schema_that_stands_alone() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert "$ref" not in str(SCHEMA)
    assert SCHEMA["title"].startswith("Cadence configuration")


def test_every_object_is_closed_and_every_key_described() -> None:
    found = dict(objects(SCHEMA))
    assert len(found) > 15
    for path, node in found.items():
        assert node["additionalProperties"] is False, path
        for key, value in node["properties"].items():
            assert value.get("description", "").strip(), f"{path}: {key}"


def test_the_types_of_rules_are_one_of_their_own_shapes() -> None:
    shapes = SCHEMA["properties"]["review"]["properties"]["rules"]["items"]["oneOf"]
    assert [shape["properties"]["type"]["const"] for shape in shapes] == ["forbid", "require", "max_lines"]


FILES: list[dict[str, Any]] = [
    {},
    {"version": 1, "merge": {"method": "rebase"}},
    {"tests": [{"given": {"mergeable": "unknown", "checks": {"a": "missing"}}, "expect": "wait ci.pending draft"}]},
    {"review": {"rules": [{"id": "a", "type": "max_lines", "value": 3}]}},
    {"version": 2},
    {"pausd": True},
    {"ci": {"settle": -1}},
    {"merge": {"method": "octopus"}},
    {"review": {"rules": [{"id": "a", "type": "max_lines", "pattern": "x"}]}},
    {"review": {"rules": [{"id": "a", "type": "other"}]}},
    {"tests": [{"expect": "block"}]},
    {"tests": [{"given": {"drafft": True}, "expect": "merge"}]},
    {"tests": [{"given": {"checks": {"a": "odd"}}, "expect": "merge"}]},
]


@pytest.mark.parametrize("data", FILES, ids=str)
def test_an_editor_and_the_reader_agree(data: dict[str, Any]) -> None:
    try:
        load_config(json.dumps(data))
        usable = True
    except ConfigInvalid:
        usable = False
    assert Draft202012Validator(SCHEMA).is_valid(data) is usable
    assert usable is (FILES.index(data) < 4)


def test_it_is_served_to_editors() -> None:
    web = Flask("web")
    web.register_blueprint(schemas_blueprint())
    answer = web.test_client().get("/schemas/cadence.json")
    assert answer.status_code == 200
    assert answer.mimetype == "application/schema+json"
    assert answer.get_json(force=True) == SCHEMA
