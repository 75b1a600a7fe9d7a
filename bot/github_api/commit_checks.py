"""Every check run, commit status and check suite of one commit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.core.errors import Unavailable
from bot.core.names import AppId, CommitSha
from bot.github_api.json_fields import app_id_of, next_cursor, nodes, text_of, time_of
from bot.github_api.records import CheckState, SuiteState
from bot.github_api.repository import RepositoryLink
from bot.github_api.workflow_jobs import jobs_of, runs_of_suite

MOST_ROUNDS = 20
"""Pages of 100 check runs and statuses, or of 50 suites. A longer list raises Unavailable."""

# The rollup joins check runs (of Apps) and commit statuses (of anyone with push access), which REST keeps apart.
# https://docs.github.com/en/graphql/reference/objects#statuscheckrollup
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

# `checkType: ALL` also counts check runs that a newer one of the same name in the suite hides; the rollup leaves those
# out. https://docs.github.com/en/graphql/reference/objects#checksuite
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

# EXPECTED and PENDING are not in it: the status is unfinished.
# https://docs.github.com/en/graphql/reference/enums#statusstate
_STATUS_CONCLUSIONS = {"SUCCESS": "success", "FAILURE": "failure", "ERROR": "failure"}
# These conclusions satisfy a required check.
# https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/troubleshooting-required-status-checks
_PASSES = frozenset({"success", "skipped", "neutral"})


@dataclass(frozen=True, slots=True)
class CommitChecks:
    """The check runs and statuses of one commit, and the suites of the check runs (None: GitHub sent none)."""

    checks: tuple[CheckState, ...]
    suites: tuple[SuiteState, ...] | None


class CommitCheckCalls:
    """Reads the checks of commits of one repository."""

    def __init__(self, link: RepositoryLink, app_id: AppId) -> None:
        self._link = link
        self._app_id = app_id

    def of(self, commit: CommitSha) -> CommitChecks | None:
        """Everything reported on a commit, or None for a commit that GitHub does not know. Raises as `whole` does."""
        found = self._link.graphql(COMMIT, oid=commit, after=None, suitesAfter=None).get("object")
        return self.whole(found) if found else None

    def rollup(self, commit: Mapping[str, Any]) -> tuple[CheckState, ...]:
        """The check runs and statuses of a commit that was read with the fragment `rollup`, of all Apps, all pages.

        GitHub leaves out the older check runs of one name in one suite. Raises Unavailable after MOST_ROUNDS pages.
        """
        oid, found = commit.get("oid"), []
        for _ in range(MOST_ROUNDS):
            contexts = (commit.get("statusCheckRollup") or {}).get("contexts")
            found += [_context(node) for node in nodes(contexts)]
            after = next_cursor(contexts)
            if after is None:
                return tuple(found)
            commit = self._link.graphql(MORE, oid=oid, after=after).get("object") or {}
        raise _too_many(oid, "checks")

    def whole(self, commit: Mapping[str, Any]) -> CommitChecks:
        """As `rollup`, with the suites and with the check runs that the rollup leaves out.

        The commit was read with the fragments `rollup` and `suites`. Costs a further call only for a suite of which the
        rollup may not show every check run. Raises Unavailable after MOST_ROUNDS pages.
        """
        checks = list(self.rollup(commit))
        if commit.get("checkSuites") is None:
            return CommitChecks(tuple(checks), None)
        suites = list(self._suites(commit))
        for number, suite in enumerate(suites):
            shown = [check for check in checks if _in(check, suite)]
            # CheckCalls.find reads the App's own check runs, the hidden ones too.
            if suite.app_id == self._app_id or not _counts(suite, suites) or _is_fully_shown(suite, shown, suites):
                continue
            if suite.workflow:
                held = jobs_of(self._link, suite, shown) if suite.workflow_run else None
            else:
                held = runs_of_suite(self._link, suite) if suite.database_id else None
            if held is None:
                # Nothing is listed of a suite that should hold something: it is treated as not completed.
                suites[number] = replace(suite, conclusion=None, status="queued")
                held = list(shown)
            checks = [check for check in checks if not _in(check, suite)] + held
        return CommitChecks(tuple(checks), tuple(suites))

    def _suites(self, commit: Mapping[str, Any]) -> Iterator[SuiteState]:
        oid = commit.get("oid")
        for _ in range(MOST_ROUNDS):
            listed = commit.get("checkSuites")
            if listed is None:
                remedy = "Cadence reads them again."
                raise Unavailable(f"GitHub did not return all check suites of commit {oid}", remedy=remedy)
            yield from (self._suite(node) for node in nodes(listed))
            after = next_cursor(listed)
            if after is None:
                return
            commit = self._link.graphql(MORE_SUITES, oid=oid, suitesAfter=after).get("object") or {}
        raise _too_many(oid, "check suites")

    def _suite(self, node: Mapping[str, Any]) -> SuiteState:
        app, run = node.get("app") or {}, node.get("workflowRun") or {}
        status = str(node["status"]).lower()
        workflow, number = _workflow(run)
        return SuiteState(
            id=str(node["id"]),
            app_id=app_id_of(app.get("databaseId")),
            app_slug=text_of(app, "slug"),
            status=status,
            # A completed suite without a conclusion does not count as passing, as for a check run.
            conclusion=(text_of(node, "conclusion") or "stale").lower() if status == "completed" else None,
            check_runs=int((node.get("checkRuns") or {}).get("totalCount") or 0),
            created_at=time_of(node, "createdAt"),
            workflow=workflow,
            workflow_run=number,
            # The workflow is null when its file was deleted or may not be read.
            name=(text_of(run.get("workflow") or {}, "name") or "without a name") if run else "",
            event=text_of(run, "event"),
            url=f"{self._link.web}/actions/runs/{number}" if number else "",
            database_id=int(node.get("databaseId") or 0),
        )


def _in(check: CheckState, suite: SuiteState) -> bool:
    """Whether a check run is in a suite, or in the suite of another attempt of the same workflow run."""
    # GitHub may put a second attempt of a workflow run into another suite; both have the id of the run.
    same_run = bool(suite.workflow_run) and check.workflow_run == suite.workflow_run
    return same_run or (bool(suite.id) and check.suite == suite.id)


def _counts(suite: SuiteState, suites: Sequence[SuiteState]) -> bool:
    """Whether its check runs matter: it is completed, holds some or should, and no newer run replaced it."""
    # A suite that is not completed is pending, whatever its check runs say: with `needs:` the check runs of later jobs
    # do not exist yet. https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idneeds
    if suite.conclusion is None:
        return False
    if not suite.workflow:
        return suite.check_runs > 0
    # `startup_failure`, or a run that was not approved: there is no job to read, and the suite itself fails.
    if suite.check_runs == 0 and suite.conclusion not in _PASSES:
        return False
    return suite.age_key == max(other.age_key for other in suites if other.workflow == suite.workflow)


def _is_fully_shown(suite: SuiteState, shown: Sequence[CheckState], suites: Sequence[SuiteState]) -> bool:
    """Whether the rollup shows every check run that the suite ever held, so that none can be hidden."""
    if not suite.workflow:
        return len(shown) == suite.check_runs
    # The suite failed and every check run passes: the one that failed is not among those shown.
    if suite.conclusion not in _PASSES and all(check.conclusion in _PASSES for check in shown):
        return False
    # A job that ran again has a further check run: of this suite, which then holds more than are shown, or of another
    # suite of the same workflow run.
    attempts = [other for other in suites if suite.workflow_run and other.workflow_run == suite.workflow_run]
    names = {check.name for check in shown}
    return len(attempts) <= 1 and len(names) == len(shown) == suite.check_runs > 0


def _too_many(oid: object, what: str) -> Unavailable:
    return Unavailable(f"commit {oid} has more {what} than can be read", code="github.too_many", retry=False)


def _context(node: Mapping[str, Any]) -> CheckState:
    if node["__typename"] == "StatusContext":
        return CheckState(
            name=str(node["context"]),
            app_id=None,
            app_slug="",
            conclusion=_STATUS_CONCLUSIONS.get(str(node["state"])),
            url=text_of(node, "targetUrl"),
            # A commit status has no duration.
            started_at=time_of(node, "createdAt"),
            completed_at=time_of(node, "createdAt"),
        )
    suite = node.get("checkSuite") or {}
    app = suite.get("app") or {}
    workflow, number = _workflow(suite.get("workflowRun") or {})
    return CheckState(
        name=str(node["name"]),
        app_id=app_id_of(app.get("databaseId")),
        app_slug=text_of(app, "slug"),
        # A completed check run without a conclusion does not count as passing. `stale` is GitHub's own conclusion for
        # one that was not completed in time. https://docs.github.com/en/rest/checks/runs#create-a-check-run
        conclusion=(text_of(node, "conclusion") or "stale").lower() if node["status"] == "COMPLETED" else None,
        external_id=text_of(node, "externalId"),
        url=text_of(node, "permalink", "detailsUrl"),
        started_at=time_of(node, "startedAt"),
        database_id=int(node.get("databaseId") or 0),
        workflow=workflow,
        completed_at=time_of(node, "completedAt"),
        suite=text_of(suite, "id"),
        workflow_run=number,
    )


def _workflow(run: Mapping[str, Any]) -> tuple[str, int]:
    """The key of a workflow run's workflow and event, and the run's id; ("", 0) for an App other than Actions."""
    if not run:
        return "", 0
    # One workflow may run for several events on one commit (`push` and `pull_request`), and each counts.
    return f"{(run.get('workflow') or {}).get('databaseId')}/{run.get('event')}", int(run.get("databaseId") or 0)
