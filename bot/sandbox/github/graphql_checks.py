"""GraphQL objects of checks: check runs, check suites with their workflow runs, and commit statuses."""

from __future__ import annotations

import zlib
from typing import Any

from bot.core.json_types import JsonDict
from bot.sandbox.github import merge_rules, suites
from bot.sandbox.github.accounts import node_id, stamp
from bot.sandbox.github.graphql_nodes import Reader, Refusal, Resolver, actor, connection, lazy, node
from bot.sandbox.github.state import CheckRun, CheckSuite, Repository, Status


def _required(repo: Repository, name: str, app_id: int | None) -> Resolver:
    def resolve(_info: Any, **args: Any) -> bool:
        issue = repo.issues.get(args.get("pullRequestNumber") or 0)
        if issue is None or issue.pull is None:
            raise Refusal("UNPROCESSABLE", "Either `pullRequestId` or `pullRequestNumber` must be provided.")
        asked = merge_rules.requirements(repo, issue.pull.base_ref).checks
        return any(want == name and (pin in (None, -1) or pin == app_id) for want, pin in asked)

    return resolve


def check_run_node(reader: Reader, run: CheckRun) -> JsonDict:
    """A check run, with the suite that holds it."""
    url = f"{reader.web(run.repository)}/runs/{run.id}"
    return node(
        "CheckRun",
        "CR",
        run,
        externalId=run.external_id or None,
        detailsUrl=run.details_url or f"{reader.world.site.web}/apps/{run.app.slug}",
        url=url,
        permalink=url,
        checkSuite=lazy(lambda: suite_node(reader, run.repository.suites[run.suite_id])),
        isRequired=_required(run.repository, run.name, run.app.id),
    )


def suite_node(reader: Reader, made: CheckSuite) -> JsonDict:
    """A check suite; its workflow run needs `actions: read`."""
    status, conclusion = suites.state_of(made)
    return node(
        "CheckSuite",
        "CS",
        made,
        status=status.upper(),
        conclusion=conclusion.upper() if conclusion else None,
        app=node("App", "A", made.app, name=made.app.slug),
        workflowRun=lazy(lambda: _workflow_run(reader, made)),
        checkRuns=lambda _info, **args: _suite_runs(reader, made, args),
    )


def _suite_runs(reader: Reader, made: CheckSuite, args: JsonDict) -> JsonDict:
    """The check runs of a suite; without `checkType: ALL` those that a newer one of the name hides are left out."""
    every = (args.pop("filterBy", None) or {}).get("checkType") == "ALL"
    runs = suites.runs_of(made) if every else suites.newest_of(made)
    return connection("checkRuns", [check_run_node(reader, run) for run in runs], args)


def _workflow_run(reader: Reader, made: CheckSuite) -> JsonDict | None:
    reader.require("actions=read")
    if made.workflow is None:
        return None
    name, event = made.workflow
    number = zlib.crc32(name.encode()) & 0x7FFFFFFF
    workflow = {"id": node_id("W", number), "databaseId": number, "name": name}
    first = next(one for one in made.repository.suites.values() if one.run_id == made.run_id)
    return {
        "id": node_id("WFR", made.run_id),
        "databaseId": made.run_id,
        "event": event,
        "createdAt": stamp(first.created_at),
        "workflow": workflow,
    }


def status_node(reader: Reader, made: Status) -> JsonDict:
    """A commit status."""
    required = _required(made.repository, made.context, None)
    return node("StatusContext", "SC", made, creator=actor(reader, made.creator), isRequired=required)
