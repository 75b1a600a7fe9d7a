"""GraphQL as GitHub's schema has it: Cadence's queries, the sandbox's answers, and the sandbox's part of the schema."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    build_schema,
    execute,
    is_introspection_type,
    is_required_argument,
    parse,
    validate,
)

from bot.sandbox.github.graphql_nodes import schema as sandbox_schema
from tests.contract.sent_routes import sent
from tests.contract.traffic import CADENCE, Exchange, Traffic, by_class

pytestmark = pytest.mark.timeout(1800)


def operation_name(query: str) -> str:
    """The name of the (only) operation of a document, else its beginning."""
    (found,) = (part for part in parse(query).definitions if isinstance(part, OperationDefinitionNode))
    return found.name.value if found.name else query[:60]


def asked(traffic: Traffic) -> Iterator[tuple[Exchange, str, dict[str, Any]]]:
    """What was asked: (exchange, document, variables)."""
    for one in traffic.exchanges:
        if one.is_graphql:
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
    seen = {query for one, query, _ in asked(traffic) if one.agent == CADENCE and not one.injected}
    missing = sorted(name for name, query in sent().queries.items() if query not in seen)
    assert not missing, f"no journey makes Cadence send {missing}"


def test_every_variable_and_every_answer_fits_the_schema(
    traffic: Traffic, github_schema: GraphQLSchema, counted: Callable[[str], None]
) -> None:
    """The answer is executed again against GitHub's schema: its values must come out as they went in.

    What a test's own client asks may be wrong on purpose; then there is no data to judge.
    """
    faults, checked = [], 0
    for one, query, variables in asked(traffic):
        answer = json.loads(one.answer)
        if not one.injected and one.status == 200 and answer.get("data") and not answer.get("errors"):
            checked += 1
            found = answer_faults(github_schema, query, variables, answer["data"])
            faults += [(operation_name(query), fault, one.test) for fault in found]
    counted(f"{checked} GraphQL queries and answers")
    assert checked > 100
    assert not faults, by_class(faults)


def answer_faults(schema: GraphQLSchema, query: str, variables: dict[str, Any], data: Any) -> Iterator[str]:
    """What in an answer's data breaks the schema: missing, null, unknown or of the wrong type."""
    done = execute(
        schema,
        parse(query),
        root_value=data,
        variable_values=variables,
        field_resolver=_given,
        type_resolver=_fitting,
    )
    assert isinstance(done, ExecutionResult)
    yield from (f"{_where(error.path)}: {error.message}" for error in done.errors or ())
    if not done.errors and done.data != data:
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
    faults = list(schema_faults(sandbox_schema(), github_schema))
    assert not faults, "\n".join(faults)


def schema_faults(part: GraphQLSchema, whole: GraphQLSchema) -> Iterator[str]:
    """What in a schema the whole does not have, or has otherwise."""
    for name, ours in part.type_map.items():
        theirs = whole.type_map.get(name)
        if is_introspection_type(ours):
            continue
        if type(theirs) is not type(ours):
            yield f"{name} is a {type(theirs).__name__}, not a {type(ours).__name__}"
        elif isinstance(ours, GraphQLEnumType) and isinstance(theirs, GraphQLEnumType):
            yield from (f"{name}.{value} does not exist" for value in set(ours.values) - set(theirs.values))
        elif isinstance(ours, GraphQLUnionType) and isinstance(theirs, GraphQLUnionType):
            names = {one.name for one in theirs.types}
            yield from (f"{name} is never a {one.name}" for one in ours.types if one.name not in names)
        elif isinstance(ours, GraphQLObjectType | GraphQLInterfaceType):
            yield from _field_faults(ours, theirs)


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


WHOLE = """
enum State { OPEN CLOSED }
union Thing = Issue | User
interface Node { id: ID! }
type User implements Node { id: ID! login: String! }
type Issue implements Node { id: ID! state: State! author: User labels(first: Int, in: String!): [String!]! }
type Query { issue(number: Int!): Issue thing: Thing }
"""


def test_a_schema_that_strays_is_seen() -> None:
    strayed = WHOLE.replace("OPEN CLOSED", "OPEN SHUT").replace("login: String!", "login: String name: String")
    strayed = strayed.replace("(first: Int, in: String!)", "(first: Int!)").replace("Issue | User", "Issue | Query")
    assert not list(schema_faults(build_schema(WHOLE), build_schema(WHOLE)))
    assert sorted(schema_faults(build_schema(strayed), build_schema(WHOLE))) == [
        "Issue.labels lacks the required in",
        "Issue.labels(first: Int!) is Int",
        "State.SHUT does not exist",
        "Thing is never a Query",
        "User.login is String!, not String",
        "User.name does not exist",
    ]


def test_an_answer_that_strays_is_seen() -> None:
    query = """query One($n: Int!) {
      issue(number: $n) { state by: author { __typename login } }
      thing { ... on User { login } }
    }"""
    good = {"issue": {"state": "OPEN", "by": {"__typename": "User", "login": "ada"}}, "thing": {"login": "ada"}}

    def faults(data: Any, variables: dict[str, Any] | None = None) -> list[str]:
        return list(answer_faults(build_schema(WHOLE), query, variables or {"n": 1}, data))

    assert not faults(good)
    assert not faults({**good, "issue": None})
    assert "cannot represent" in faults({**good, "issue": {**good["issue"], "state": "SHUT"}})[0]
    assert "non-nullable" in faults({**good, "issue": {"by": None}})[0]
    assert faults({**good, "issue": {**good["issue"], "number": 1}}) == [
        "the answer has other fields than were asked for"
    ]
    assert faults(good, {"n": "one"})
