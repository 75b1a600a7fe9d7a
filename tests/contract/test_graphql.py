"""GraphQL as GitHub's schema has it: Cadence's queries, the sandbox's answers, and the sandbox's part of the schema."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    execute,
    is_introspection_type,
    is_required_argument,
    parse,
    validate,
)

from bot.sandbox.graphql_api import schema as sandbox_schema
from tests.contract.sent_routes import sent
from tests.contract.traffic import CADENCE, Exchange, Traffic, by_class

pytestmark = pytest.mark.timeout(1800)


def operation_name(query: str) -> str:
    """The name of the (only) operation of a document."""
    return next(str(part.name.value) for part in parse(query).definitions if part.kind == "operation_definition")  # type: ignore[attr-defined]


def asked(traffic: Traffic) -> Iterator[tuple[Exchange, str, dict[str, Any]]]:
    """Cadence's queries: (exchange, document, variables)."""
    for one in traffic.exchanges:
        if one.is_graphql and one.agent == CADENCE:
            body = json.loads(one.request)
            yield one, body["query"], body.get("variables") or {}


def test_every_query_of_cadence_fits_the_schema(github_schema: GraphQLSchema) -> None:
    faults = [
        (name, error.message, "")
        for name, query in sent().queries.items()
        for error in validate(github_schema, parse(query))
    ]
    assert len(sent().queries) >= 3
    assert not faults, by_class(faults)


def test_every_query_of_cadence_was_sent(traffic: Traffic) -> None:
    seen = {query for _, query, _ in asked(traffic)}
    missing = sorted(name for name, query in sent().queries.items() if query not in seen)
    assert not missing, f"no journey makes Cadence send {missing}"


def test_every_variable_and_every_answer_fits_the_schema(traffic: Traffic, github_schema: GraphQLSchema) -> None:
    """The answer is executed again against GitHub's schema: its values must come out as they went in."""
    faults, checked = [], 0
    for one, query, variables in asked(traffic):
        if one.injected:
            continue
        answer = json.loads(one.answer)
        if one.status == 200 and answer.get("data"):
            checked += 1
            name = operation_name(query)
            faults += [(name, fault, one.test) for fault in answer_faults(github_schema, query, variables, answer)]
    print(f"{checked} answers")
    assert checked > 100
    assert not faults, by_class(faults)


def answer_faults(schema: GraphQLSchema, query: str, variables: dict[str, Any], answer: Any) -> Iterator[str]:
    """What in an answer's data breaks the schema: missing, null, unknown or of the wrong type."""
    if answer.get("errors"):
        return  # its nulls are explained by the errors beside them
    done = execute(
        schema,
        parse(query),
        root_value=answer["data"],
        variable_values=variables,
        field_resolver=_given,
        type_resolver=_fitting,
    )
    assert not hasattr(done, "__await__")
    yield from (f"{_where(error.path)}: {error.message}" for error in done.errors or ())  # type: ignore[union-attr]
    if not done.errors and done.data != answer["data"]:  # type: ignore[union-attr]
        yield "the answer has other fields than were asked for"


def _given(source: Any, info: GraphQLResolveInfo, **_arguments: Any) -> Any:
    return source.get(info.path.key) if isinstance(source, dict) else None


def _fitting(value: Any, info: GraphQLResolveInfo, abstract: GraphQLAbstractType) -> str | None:
    """The type an answer names, else the first that has all its fields."""
    if "__typename" in value:
        return str(value["__typename"])
    for one in info.schema.get_possible_types(abstract):
        if set(value) <= set(one.fields):
            return one.name
    return None


def _where(path: Any) -> str:
    return "".join("[]" if isinstance(key, int) else f".{key}" for key in path or ())


def test_the_sandboxs_schema_is_a_part_of_githubs(github_schema: GraphQLSchema) -> None:
    faults: list[str] = []
    for name, ours in sandbox_schema().type_map.items():
        if is_introspection_type(ours):
            continue
        theirs = github_schema.type_map.get(name)
        if type(theirs) is not type(ours):
            faults.append(f"{name} is a {type(theirs).__name__}, not a {type(ours).__name__}")
        elif isinstance(ours, GraphQLEnumType):
            faults += [f"{name}.{value}" for value in set(ours.values) - set(theirs.values)]  # type: ignore[union-attr]
        elif isinstance(ours, GraphQLUnionType):
            names = {one.name for one in theirs.types}  # type: ignore[union-attr]
            faults += [f"{name} is no {one.name}" for one in ours.types if one.name not in names]
        elif isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
            faults += list(_field_faults(ours, theirs))
    assert not faults, "\n".join(faults)


def _field_faults(ours: Any, theirs: Any) -> Iterator[str]:
    implemented = {one.name for one in theirs.interfaces}
    yield from (f"{ours.name} is no {one.name}" for one in ours.interfaces if one.name not in implemented)
    for name, field in ours.fields.items():
        other = theirs.fields.get(name)
        if other is None:
            yield f"{ours.name}.{name} does not exist"
            continue
        if str(field.type) != str(other.type):
            yield f"{ours.name}.{name} is {other.type}, not {field.type}"
        for argument, given in field.args.items():
            known = other.args.get(argument)
            if known is None or str(known.type) != str(given.type) or known.default_value != given.default_value:
                yield f"{ours.name}.{name}({argument}: {given.type}) is {known and known.type}"
        for argument, known in other.args.items():
            if is_required_argument(known) and argument not in field.args:
                yield f"{ours.name}.{name} lacks the required {argument}"
