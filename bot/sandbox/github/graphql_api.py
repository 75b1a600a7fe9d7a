"""`POST /graphql`: GitHub's schema cut to what is modelled, executed by graphql-core; all else fails loudly."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, execute_sync, parse, validate

from bot.core.json_types import JsonDict
from bot.sandbox.github import acts_pulls, merge_queue
from bot.sandbox.github.accounts import node_id, stamp
from bot.sandbox.github.answers import ApiError, RestAnswer
from bot.sandbox.github.graphql_code import queue_entry, repository_node
from bot.sandbox.github.graphql_nodes import Reader, Refusal, actor, schema
from bot.sandbox.github.routing import RestCall, Routes
from bot.sandbox.github.state import Pull

routes = Routes()


def _root(reader: Reader) -> JsonDict:
    def repository(_info: Any, owner: str, name: str, **_rest: Any) -> JsonDict:
        found = reader.world.repository(owner, name)
        if found is None or not reader.caller.sees(found):
            text = f"Could not resolve to a Repository with the name '{owner}/{name}'."
            raise Refusal("NOT_FOUND", text)
        return repository_node(reader, found)

    def node(_info: Any, id: str) -> JsonDict:
        raise Refusal("NOT_FOUND", f"Could not resolve to a node with the global id of '{id}'")

    def rate_limit(_info: Any, **_rest: Any) -> JsonDict:
        limit = reader.world.rate_limit
        return {"limit": limit, "cost": 1, "remaining": limit, "used": 0, "resetAt": stamp(reader.world.now())}

    def viewer(_info: Any) -> JsonDict | None:
        seen = actor(reader, reader.caller.actor)
        return {**seen, "__typename": "User", "login": reader.caller.actor.login} if seen else None

    return {"viewer": viewer, "repository": repository, "node": node, "rateLimit": rate_limit, **_mutations(reader)}


def _pull_of(reader: Reader, node: str) -> Pull:
    for repo in reader.world.repositories:
        for pull in repo.pulls():
            if node_id("PR", pull.id) == node and reader.caller.sees(repo):
                return pull
    raise Refusal("NOT_FOUND", f"Could not resolve to a node with the global id of '{node}'")


def _draft_mutation(reader: Reader, *, draft: bool) -> Callable[..., JsonDict]:
    """Convert to a draft, or mark ready for review."""

    def change(_info: Any, input: JsonDict) -> JsonDict:
        reader.require("pull_requests=write")
        pull = _pull_of(reader, input["pullRequestId"])
        if not pull.is_open:
            raise Refusal("UNPROCESSABLE", "Pull request is closed")
        acts_pulls.set_draft(reader.world, pull, draft, by=reader.caller.actor)
        return {"clientMutationId": None}

    return change


def _mutations(reader: Reader) -> JsonDict:
    """What changes the world by GraphQL: merge queues and drafts."""

    def enqueue(_info: Any, input: JsonDict) -> JsonDict:
        reader.require("contents=write,pull_requests=write")
        pull, expected = _pull_of(reader, input["pullRequestId"]), input.get("expectedHeadOid")
        try:
            made = merge_queue.enqueue(reader.world, pull, expected=expected, by=reader.caller.actor)
        except ApiError as error:
            raise Refusal("UNPROCESSABLE", error.message) from error
        still = merge_queue.entry_of(pull) is made
        return {"mergeQueueEntry": queue_entry(reader, made) if still else None}

    def dequeue(_info: Any, input: JsonDict) -> JsonDict:
        reader.require("contents=write,pull_requests=write")
        pull = _pull_of(reader, input["id"])
        try:
            merge_queue.dequeue(reader.world, pull, reason="MANUAL", by=reader.caller.actor)
        except ApiError as error:
            raise Refusal("UNPROCESSABLE", error.message) from error
        return {"mergeQueueEntry": None}

    return {
        "enqueuePullRequest": enqueue,
        "dequeuePullRequest": dequeue,
        "convertPullRequestToDraft": _draft_mutation(reader, draft=True),
        "markPullRequestReadyForReview": _draft_mutation(reader, draft=False),
    }


@lru_cache(maxsize=64)
def _checked(query: str) -> DocumentNode | list[GraphQLError]:
    """The parsed query, or what is wrong with it. Kept, because parsing takes longer than the answer."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return [error]
    return validate(schema(), document) or document


@routes.on("POST", "/graphql")
def execute(call: RestCall) -> RestAnswer:
    """Run one query. Errors come with status 200 in `errors`, each with GitHub's `type` where it has one."""
    query = call.body.get("query")
    if not isinstance(query, str):
        raise ApiError(400, "A query attribute must be specified and must be a string.")
    document = _checked(query)
    result = (
        ExecutionResult(None, document)
        if isinstance(document, list)
        else execute_sync(
            schema(),
            document,
            root_value=_root(Reader(call.world, call.caller)),
            variable_values=call.body.get("variables") or {},
            operation_name=call.body.get("operationName"),
        )
    )
    body: JsonDict = {}
    if result.data is not None:
        body["data"] = result.data
    if result.errors:
        body["errors"] = [_formatted(error) for error in result.errors]
        call.world.unmodelled.extend(
            f"POST /graphql: {error.message}" for error in result.errors if error.original_error is None
        )
    return RestAnswer(200, body)


def _formatted(error: GraphQLError) -> JsonDict:
    made: JsonDict = {"message": error.message}
    cause = error.original_error
    if isinstance(cause, Refusal):
        made["type"] = cause.kind
    elif cause is not None:
        raise cause
    if error.path:
        made["path"] = list(error.path)
    if error.locations:
        made["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
    return made
