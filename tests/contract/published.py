"""GitHub's published OpenAPI descriptions, and what in a request, an answer or a delivery does not fit them.

The descriptions are read as they are: schemas are validated by openapi-schema-validator (3.0 for REST, 3.1 for
webhooks) with `$ref` resolved inside the description. Two things are added. `nullable: true` beside `enum`, `oneOf`,
`anyOf` or `allOf` lets null pass, which GitHub means by it. And a property that the schema does not know is a fault:
GitHub's schemas leave objects open, but a field that nobody described is either misspelt or invented.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from openapi_schema_validator import OAS30Validator, OAS31Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_BASE = "urn:published"
_BRANCHES = ("allOf", "anyOf", "oneOf")
GENERAL = frozenset({400, 401, 403, 404, 422, 429, 500, 502, 503})
"""Refusals that any endpoint may give (GitHub's page "Troubleshooting the REST API"), listed for few operations."""
REFUSED = ("errors", "status")
"""GitHub writes both into refusals of every kind, and describes them for some kinds only."""
GIVEN = ", given "
"""Stands before the value in a fault: what is before it is the same for all faults of a class."""

Pointer = tuple[str | int, ...]


def _null_passes(keyword: str) -> Any:
    checked = OAS30Validator.VALIDATORS[keyword]

    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if instance is None and schema.get("nullable") is True:
            return
        yield from checked(validator, value, instance, schema)

    return check


_OAS30 = extend(OAS30Validator, {name: _null_passes(name) for name in ("enum", *_BRANCHES)})


@dataclass(frozen=True)
class Correction:
    """One mistake of the published description: a place, what to read instead, and where it is seen to be one.

    `example` is GitHub's own example for the place; a test holds that it breaks the description uncorrected.
    """

    place: Pointer
    instead: Mapping[str, Any]
    example: Pointer


_INSTALLATIONS: Pointer = ("paths", "/app/installations", "get", "responses", "200", "content", "application/json")
CORRECTIONS = (
    # Each installation's account has to be a user AND an enterprise; GET /app/installations/{installation_id} has `or`.
    Correction(
        (*_INSTALLATIONS, "schema", "items"),
        {"$ref": "#/components/schemas/installation"},
        (*_INSTALLATIONS, "examples", "default", "value"),
    ),
)
"""For the REST API of github.com."""


@dataclass(frozen=True)
class Operation:
    """One operation of the description, and the values that the path gave for its parameters."""

    method: str
    template: str
    pointer: Pointer
    values: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


class Description:
    """One published description."""

    def __init__(self, path: Path, corrections: Iterable[Correction] = ()) -> None:
        self.document: dict[str, Any] = json.loads(path.read_text())
        for one in corrections:
            self.at(one.place[:-1])[1][one.place[-1]] = one.instead
        self._class = _OAS30 if self.document["openapi"].startswith("3.0") else OAS31Validator
        resource = DRAFT202012.create_resource(self.document)
        self._registry: Registry[Any] = Registry().with_resource(_BASE, resource)
        self._validators: dict[Pointer, Any] = {}

    # -- finding -----------------------------------------------------------------------------------------------

    def at(self, pointer: Pointer) -> tuple[Pointer, Any]:
        """What stands at a place, with every reference on the way followed: (where it really stands, it)."""
        found, place = self.document, ()
        for key in pointer:
            found, place = found[key], (*place, key)
            while isinstance(found, dict) and "$ref" in found:
                place = tuple(part.replace("~1", "/").replace("~0", "~") for part in found["$ref"][2:].split("/"))
                place, found = self.at(place)
        return place, found

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str]]:
        """Paths as patterns, those with more fixed parts first, as GitHub's own router must have them."""
        made = []
        for template, methods in self.document["paths"].items():
            names = self._many_segments(template, methods)

            def group(match: re.Match[str], names: frozenset[str] = names) -> str:
                return f"(?P<{match[1].replace('-', '_')}>{'.+' if match[1] in names else '[^/]+'})"

            pattern = re.sub(r"\\\{([\w-]+)\\\}", group, re.escape(template).replace(r"\-", "-"))
            made.append((re.compile(pattern), template))
        return sorted(made, key=lambda pair: (-len(re.sub(r"\{[^}]+\}", "", pair[1]).split("/")), pair[1].count("{")))

    def _many_segments(self, template: str, methods: Mapping[str, Any]) -> frozenset[str]:
        found = set()
        for method in methods:
            for parameter in self._parameters(("paths", template, method)):
                if parameter.get("x-multi-segment"):
                    found.add(parameter["name"])
        return frozenset(found)

    def _parameters(self, operation: Pointer) -> list[Any]:
        _, found = self.at(operation)
        count = len(found.get("parameters", ())) if isinstance(found, dict) else 0
        return [self.at((*operation, "parameters", number))[1] for number in range(count)]

    def operation(self, method: str, path: str) -> Operation | None:
        """The operation of a real path, or None."""
        for pattern, template in self._paths:
            match = pattern.fullmatch(path)
            if match and method.lower() in self.document["paths"][template]:
                return Operation(method, template, ("paths", template, method.lower()), match.groupdict())
        return None

    def has(self, method: str, route: str) -> bool:
        """Whether exactly this route is described, its parameters' names included."""
        return method.lower() in self.document["paths"].get(route, {})

    # -- judging -----------------------------------------------------------------------------------------------

    def request_faults(self, operation: Operation, query: str, body: str) -> Iterator[str]:
        """What in a request does not fit: path, query, body."""
        parameters = self._parameters(operation.pointer)
        for number, parameter in enumerate(parameters):
            place, _ = self.at((*operation.pointer, "parameters", number))
            given = operation.values if parameter["in"] == "path" else dict(parse_qsl(query, keep_blank_values=True))
            if parameter["name"] in given:
                value = self._read(given[parameter["name"]], (*place, "schema"))
                yield from self.value_faults(value, (*place, "schema"), f"{parameter['in']} {parameter['name']}")
            elif parameter.get("required") and parameter["in"] == "query":
                yield f"the query lacks {parameter['name']}"
        known = {one["name"] for one in parameters if one["in"] == "query"}
        yield from (f"query {name} is unknown" for name, _ in parse_qsl(query) if name not in known)
        yield from self._body_faults(operation, body)

    def _body_faults(self, operation: Operation, body: str) -> Iterator[str]:
        _, found = self.at(operation.pointer)
        if "requestBody" not in found:
            if body:
                yield "a body is sent, none is described"
            return
        place, described = self.at((*operation.pointer, "requestBody"))
        if not body:
            if described.get("required"):
                yield "the body is missing"
            return
        yield from self.value_faults(json.loads(body), (*place, "content", "application/json", "schema"), "body")

    def answer_faults(self, operation: Operation, status: int, mimetype: str, body: str) -> Iterator[str]:
        """What in an answer does not fit: status, content type, body."""
        _, found = self.at(operation.pointer)
        responses = found["responses"]
        place, described = (
            self.at((*operation.pointer, "responses", str(status))) if str(status) in responses else ((), {})
        )
        if status >= 400 and (status in GENERAL or described) and "content" not in described:
            yield from self.value_faults(
                json.loads(body), ("components", "schemas", "basic-error"), str(status), *REFUSED
            )
        elif not described:
            if status != 304:
                yield f"status {status} is not described"
        elif "content" not in described:
            if body:
                yield f"{status} has a body, none is described"
        elif mimetype not in described["content"]:
            yield f"{status} is {mimetype}, described are {', '.join(described['content'])}"
        else:
            also = REFUSED if status >= 400 else ()
            yield from self.value_faults(json.loads(body), (*place, "content", mimetype, "schema"), str(status), *also)

    def delivery_faults(self, event: str, payload: Mapping[str, Any]) -> Iterator[str]:
        """What in a webhook's payload does not fit."""
        action = str(payload.get("action", "")).replace("_", "-")
        name = f"{event.replace('_', '-')}-{action}".strip("-")
        if name not in self.document["webhooks"]:
            yield "is not described"
            return
        place, _ = self.at(("webhooks", name, "post", "requestBody"))
        yield from self.value_faults(payload, (*place, "content", "application/json", "schema"), "payload")

    def value_faults(self, value: Any, pointer: Pointer, what: str, *also: str) -> Iterator[str]:
        """What in a value does not fit the schema at a place; `also` are properties known besides."""
        place, schema = self.at(pointer)
        for error in self._validator(place).iter_errors(value):
            yield f"{what}{_place(error.absolute_path)}: {_said(error)}"
        for where in self._unknown(value, [(place, schema)], frozenset(also)):
            yield f"{what}{_place(where)}: is unknown"

    def _validator(self, place: Pointer) -> Any:
        if place not in self._validators:
            text = "/".join(str(key).replace("~", "~0").replace("/", "~1") for key in place)
            self._validators[place] = self._class(
                {"$ref": f"{_BASE}#/{text}"}, registry=self._registry, format_checker=self._class.FORMAT_CHECKER
            )
        return self._validators[place]

    def _read(self, text: str, pointer: Pointer) -> Any:
        """A parameter's text as the type its schema names."""
        _, schema = self.at(pointer)
        kind = schema.get("type")
        if kind == "integer" and text.lstrip("-").isdigit():
            return int(text)
        if kind == "boolean" and text in ("true", "false"):
            return text == "true"
        return text

    def _unknown(
        self, value: Any, schemas: list[tuple[Pointer, Any]], also: frozenset[str] = frozenset()
    ) -> Iterator[tuple[str | int, ...]]:
        """Places of properties that none of the schemas for a value knows."""
        if isinstance(value, list):
            items = [self.at((*place, "items")) for place, one in self._spread(schemas) if "items" in one]
            for number, item in enumerate(value):
                yield from ((number, *rest) for rest in (self._unknown(item, items) if items else ()))
        if not isinstance(value, dict):
            return
        known = [(place, one) for place, one in self._spread(schemas) if "properties" in one]
        free = not known or any(one.get("additionalProperties") for _, one in schemas)
        for name, inner in value.items():
            below = [self.at((*place, "properties", name)) for place, one in known if name in one["properties"]]
            if below:
                yield from ((name, *rest) for rest in self._unknown(inner, below))
            elif not free and name not in also:
                yield (name,)

    def _spread(self, schemas: list[tuple[Pointer, Any]]) -> Iterator[tuple[Pointer, Any]]:
        """Schemas with all their branches: a property that one branch knows is known."""
        for place, one in schemas:
            yield place, one
            for word in _BRANCHES:
                branches = [self.at((*place, word, number)) for number in range(len(one.get(word, ())))]
                yield from self._spread(branches)


def _place(path: Iterable[str | int]) -> str:
    return "".join("[]" if isinstance(key, int) else f".{key}" for key in path)


def _said(error: ValidationError) -> str:
    if error.validator == "required":
        return error.message
    return f"breaks {error.validator} {str(error.validator_value)[:120]}{GIVEN}{str(error.instance)[:60]!r}"
