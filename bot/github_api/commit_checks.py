"""Every check run, commit status and check suite of one commit, as GitHub's GraphQL and REST APIs tell them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.errors import Unavailable
from bot.core.names import AppId, CommitSha
from bot.github_api.issues import nodes, parse_time
from bot.github_api.records import CheckState, SuiteState
from bot.github_api.repository import RepositoryLink
from bot.github_api.workflow_jobs import jobs_of, runs_of_suite

MOST_ROUNDS = 20
"""Of a hundred check runs and statuses, or fifty suites; a longer list counts as not read."""

ROLLUP = """
fragment rollup on Commit {
  oid
  statusCheckRollup {
    contexts(first: 100, after: $after) {
      nodes {
        __typename
        ... on CheckRun {
          databaseId name status conclusion externalId detailsUrl permalink startedAt completedAt
          checkSuite { id app { databaseId slug } workflowRun { databaseId event workflow { databaseId } } }
        }
        ... on StatusContext { context state targetUrl createdAt }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}
"""

# `checkType: ALL` counts the check runs that a newer one of the same name in the suite hides, as the rollup does.
SUITES = """
fragment suites on Commit {
  checkSuites(first: 50, after: $suitesAfter) {
    nodes {
      id databaseId status conclusion createdAt
      app { databaseId slug }
      workflowRun { databaseId event workflow { databaseId name } }
      checkRuns(first: 1, filterBy: {checkType: ALL}) { totalCount }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

MORE = (
    """
query More($owner: String!, $name: String!, $oid: GitObjectID!, $after: String) {
  repository(owner: $owner, name: $name) { object(oid: $oid) { ... on Commit { ...rollup } } }
}
"""
    + ROLLUP
)

MORE_SUITES = (
    """
query MoreSuites($owner: String!, $name: String!, $oid: GitObjectID!, $suitesAfter: String) {
  repository(owner: $owner, name: $name) { object(oid: $oid) { ... on Commit { ...suites } } }
}
"""
    + SUITES
)

COMMIT = (
    """
query CommitChecks($owner: String!, $name: String!, $oid: GitObjectID!, $after: String, $suitesAfter: String) {
  repository(owner: $owner, name: $name) { object(oid: $oid) { ... on Commit { ...rollup ...suites } } }
}
"""
    + ROLLUP
    + SUITES
)

_STATUS_WORDS = {"SUCCESS": "success", "FAILURE": "failure", "ERROR": "failure"}
_AGAIN = "Cadence reads them again."
_PASSES = frozenset({"success", "skipped", "neutral"})


@dataclass(frozen=True, slots=True)
class CommitChecks:
    """What is reported on one commit: check runs and statuses, and the suites that hold the check runs.

    `suites` is None where GitHub did not tell them.
    """

    checks: tuple[CheckState, ...]
    suites: tuple[SuiteState, ...] | None


class CommitCheckCalls:
    """Reads the checks of commits of one repository."""

    def __init__(self, link: RepositoryLink, app_id: AppId) -> None:
        self._link = link
        self._app_id = app_id

    def of(self, commit: CommitSha) -> CommitChecks | None:
        """Everything reported on a commit; None for one that GitHub does not know."""
        found = self._link.graphql(COMMIT, oid=commit, after=None, suitesAfter=None).get("object")
        return self.whole(found) if found else None

    def rollup(self, commit: Mapping[str, Any]) -> tuple[CheckState, ...]:
        """The check runs and statuses of a commit that was read with the fragment `rollup`, all pages and Apps.

        Of several check runs of one name in one suite GitHub shows the newest alone. Raises Unavailable for a list
        without end.
        """
        oid, found = commit.get("oid"), []
        for _ in range(MOST_ROUNDS):
            contexts = (commit.get("statusCheckRollup") or {}).get("contexts") or {}
            found += [_context(node) for node in nodes(contexts)]
            page = contexts.get("pageInfo") or {}
            if not page.get("hasNextPage"):
                return tuple(found)
            commit = self._link.graphql(MORE, oid=oid, after=page["endCursor"]).get("object") or {}
        raise _too_many(oid, "checks")

    def whole(self, commit: Mapping[str, Any]) -> CommitChecks:
        """The same with the suites and with the check runs that the rollup hides.

        The commit was read with the fragments `rollup` and `suites`. Asks for the jobs of a workflow run, or the check
        runs of a suite, only where the rollup does not show all of them. Raises Unavailable for a list without end.
        """
        checks = list(self.rollup(commit))
        if commit.get("checkSuites") is None:
            return CommitChecks(tuple(checks), None)
        suites = list(self._suites(commit))
        for number, suite in enumerate(suites):
            shown = [check for check in checks if _in(check, suite)]
            if suite.app_id == self._app_id or not _is_judged(suite, suites) or _is_plain(suite, shown, suites):
                continue
            held, suites[number] = self._held(suite, shown)
            checks = [check for check in checks if not _in(check, suite)] + held
        return CommitChecks(tuple(checks), tuple(suites))

    def _suites(self, commit: Mapping[str, Any]) -> Iterator[SuiteState]:
        oid = commit.get("oid")
        for _ in range(MOST_ROUNDS):
            listed = commit.get("checkSuites")
            if listed is None:
                raise Unavailable(f"GitHub does not tell all check suites of commit {oid}", remedy=_AGAIN)
            yield from (self._suite(node) for node in nodes(listed))
            page = listed.get("pageInfo") or {}
            if not page.get("hasNextPage"):
                return
            commit = self._link.graphql(MORE_SUITES, oid=oid, suitesAfter=page["endCursor"]).get("object") or {}
        raise _too_many(oid, "check suites")

    def _suite(self, node: Mapping[str, Any]) -> SuiteState:
        app, run = node.get("app") or {}, node.get("workflowRun")
        status = str(node["status"]).lower()
        workflow, number = _workflow(run)
        return SuiteState(
            id=str(node["id"]),
            app_id=AppId(int(app["databaseId"])) if app.get("databaseId") else None,
            app_slug=str(app.get("slug") or ""),
            status=status,
            # A completed suite without a conclusion proves nothing, as with a check run.
            conclusion=str(node.get("conclusion") or "stale").lower() if status == "completed" else None,
            check_runs=int((node.get("checkRuns") or {}).get("totalCount") or 0),
            created_at=parse_time(node["createdAt"]) if node.get("createdAt") else None,
            workflow=workflow,
            workflow_run=number,
            name=str(((run or {}).get("workflow") or {}).get("name") or "without a name") if run else "",
            event=str((run or {}).get("event") or ""),
            url=f"{self._link.web}/actions/runs/{number}" if number else "",
            database_id=int(node.get("databaseId") or 0),
        )

    def _held(self, suite: SuiteState, shown: Sequence[CheckState]) -> tuple[list[CheckState], SuiteState]:
        """Every check run of a suite that counts, and the suite: not completed where GitHub does not list them."""
        if suite.workflow:
            held = jobs_of(self._link, suite, shown) if suite.workflow_run else None
        else:
            held = runs_of_suite(self._link, suite) if suite.database_id else None
        if held is None:
            return list(shown), replace(suite, conclusion=None, status="queued")
        return held, suite


def _in(check: CheckState, suite: SuiteState) -> bool:
    """Whether a check run is in a suite, or in the suite of another attempt of the same workflow run."""
    same_run = bool(suite.workflow_run) and check.workflow_run == suite.workflow_run
    return same_run or (bool(suite.id) and check.suite == suite.id)


def _is_judged(suite: SuiteState, suites: Sequence[SuiteState]) -> bool:
    """Whether its check runs decide anything: it is completed, holds some or should, and no newer run replaced it."""
    if suite.conclusion is None:
        return False  # It is pending, whatever its check runs say.
    if not suite.workflow:
        return suite.check_runs > 0
    if suite.check_runs == 0 and suite.conclusion not in _PASSES:
        return False  # `startup_failure`, or not approved: there is no job to read.
    return suite.age_key == max(one.age_key for one in suites if one.workflow == suite.workflow)


def _is_plain(suite: SuiteState, shown: Sequence[CheckState], suites: Sequence[SuiteState]) -> bool:
    """Whether the rollup shows every check run that the suite ever held, so that nothing can be hidden.

    A job that ran again is another check run: of its suite, which then holds more than are shown, or of another suite
    of the same workflow run.
    """
    if not suite.workflow:
        return len(shown) == suite.check_runs
    if suite.conclusion not in _PASSES and all(one.conclusion in _PASSES for one in shown):
        return False
    attempts = [one for one in suites if suite.workflow_run and one.workflow_run == suite.workflow_run]
    names = {check.name for check in shown}
    return len(attempts) <= 1 and len(names) == len(shown) == suite.check_runs > 0


def _too_many(oid: object, what: str) -> Unavailable:
    return Unavailable(f"commit {oid} has more {what} than can be read", code="github.too_many", retry=False)


def _context(node: Mapping[str, Any]) -> CheckState:
    if node["__typename"] == "StatusContext":
        made = parse_time(node["createdAt"]) if node.get("createdAt") else None
        return CheckState(
            name=str(node["context"]),
            app_id=None,
            app_slug="",
            conclusion=_STATUS_WORDS.get(str(node["state"])),
            url=str(node.get("targetUrl") or ""),
            started_at=made,
            completed_at=made,
        )
    suite = node.get("checkSuite") or {}
    app = suite.get("app") or {}
    done = node["status"] == "COMPLETED"
    workflow, number = _workflow(suite.get("workflowRun"))
    return CheckState(
        name=str(node["name"]),
        app_id=AppId(int(app["databaseId"])) if app.get("databaseId") else None,
        app_slug=str(app.get("slug") or ""),
        # A finished run without a conclusion proves nothing; GitHub's own word for such a one is `stale`.
        conclusion=str(node.get("conclusion") or "stale").lower() if done else None,
        external_id=str(node.get("externalId") or ""),
        url=str(node.get("permalink") or node.get("detailsUrl") or ""),
        started_at=parse_time(node["startedAt"]) if node.get("startedAt") else None,
        database_id=int(node.get("databaseId") or 0),
        workflow=workflow,
        completed_at=parse_time(node["completedAt"]) if node.get("completedAt") else None,
        suite=str(suite.get("id") or ""),
        workflow_run=number,
    )


def _workflow(run: Mapping[str, Any] | None) -> tuple[str, int]:
    """The key of a run's workflow and event, and the run's id; nothing for every App but GitHub Actions."""
    if not run:
        return "", 0
    return f"{(run.get('workflow') or {}).get('databaseId')}/{run.get('event')}", int(run.get("databaseId") or 0)
