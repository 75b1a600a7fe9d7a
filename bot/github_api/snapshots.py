"""The two reads of one look at a pull request: everything about it in one query, and the rules of its base branch."""

from __future__ import annotations

from typing import Any

from bot.core.errors import NotFound, Unavailable
from bot.core.names import BaseSha, CommitSha, HeadSha, IssueNumber, PullNumber, RepositoryId
from bot.github_api.branch_rules import BranchRuleCalls
from bot.github_api.commit_checks import ROLLUP, SUITES, CommitCheckCalls, CommitChecks
from bot.github_api.issues import login_of, nodes
from bot.github_api.records import Aftermath, AppIdentity, BranchRules, CheckState, PullReading, PullRecord
from bot.github_api.repository import RepositoryLink

READING = (
    """
query Reading(
  $owner: String!, $name: String!, $number: Int!, $issue: Int!, $after: String, $suitesAfter: String
) {
  repository(owner: $owner, name: $name) {
    mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed deleteBranchOnMerge
    issue(number: $issue) { state labels(first: 100) { nodes { name } } }
    pullRequest(number: $number) {
      number state merged isDraft isInMergeQueue mergeable title body url reviewDecision
      author { __typename login }
      headRefName headRefOid headRepository { databaseId }
      baseRefName baseRefOid
      baseRef { target { ... on Commit { ...rollup } } }
      mergeCommit { oid }
      labels(first: 100) { nodes { name } }
      commits(last: 1) { nodes { commit { ...rollup ...suites } } }
      reviewThreads(first: 100) { nodes { isResolved } pageInfo { hasNextPage } }
      latestOpinionatedReviews(first: 100, writersOnly: true) { nodes { state } pageInfo { hasNextPage } }
    }
  }
}
"""
    + ROLLUP
    + SUITES
)

METHODS = """
query Methods($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) { mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed }
}
"""
"""REST tells these settings only to a token that may write contents."""

AFTERMATH = """
query Aftermath($owner: String!, $name: String!, $number: Int!, $issue: Int!, $branch: String!) {
  repository(owner: $owner, name: $name) {
    issue(number: $issue) { state }
    ref(qualifiedName: $branch) { target { oid } }
    pullRequest(number: $number) { merged baseRefName mergeCommit { oid } }
  }
}
"""

_METHODS = {"mergeCommitAllowed": "merge", "squashMergeAllowed": "squash", "rebaseMergeAllowed": "rebase"}


class SnapshotCalls:
    """What the gate reads of one repository."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity) -> None:
        self._link = link
        self._identity = identity
        self._commits = CommitCheckCalls(link, identity.app_id)

    def read(self, pull: PullNumber, issue: IssueNumber) -> PullReading:
        """The pull request, its issue, the checks on its head and on its base's tip, and the merge settings.

        Raises NotFound when the pull request or the issue is not there any more, Unavailable when GitHub's answer
        speaks of two heads at once (it lags behind a push for a moment).
        """
        data = self._link.graphql(READING, number=int(pull), issue=int(issue), after=None, suitesAfter=None)
        found = data.get("pullRequest")
        if found is None:
            raise NotFound(f"pull request #{pull} does not exist, or is not visible to this installation")
        record = _pull(found)
        head = nodes(found["commits"])
        commit = head[-1]["commit"] if head else {}
        if record.state == "open" and commit.get("oid") != record.head:
            raise Unavailable(f"GitHub tells two heads of pull request #{pull}", remedy="Cadence reads it again.")
        tip = ((found.get("baseRef") or {}).get("target")) or None
        issue_data = data.get("issue")
        reported = self._commits.whole(commit) if record.state == "open" else CommitChecks((), ())
        return PullReading(
            pull=record,
            review_decision=_decision(found),
            checks=reported.checks,
            base_tip=BaseSha(CommitSha(str(tip["oid"]))) if tip else None,
            base_checks=self._commits.rollup(tip) if tip else None,
            issue_open=issue_data["state"] == "OPEN" if issue_data else None,
            issue_labels=frozenset(str(n["name"]) for n in nodes(issue_data["labels"])) if issue_data else None,
            repository_methods=_methods(data),
            delete_branch_on_merge=bool(data.get("deleteBranchOnMerge")),
            open_conversations=_open_conversations(found.get("reviewThreads")),
            queued=bool(found.get("isInMergeQueue")),
            suites=reported.suites,
        )

    def merge_methods(self) -> frozenset[str]:
        """The merge methods that the repository's settings allow: of `merge`, `squash` and `rebase`."""
        return _methods(self._link.graphql(METHODS))

    def aftermath(self, pull: PullNumber, issue: IssueNumber, branch: str) -> Aftermath:
        """What is left to do after a merge. Raises NotFound when the pull request or the issue is gone."""
        ref = f"refs/heads/{branch}"
        data = self._link.graphql(AFTERMATH, number=int(pull), issue=int(issue), branch=ref)
        found, tip, told = data.get("pullRequest") or {}, data.get("ref"), data.get("issue")
        commit = (found.get("mergeCommit") or {}).get("oid")
        return Aftermath(
            merged=bool(found.get("merged")),
            merge_commit=CommitSha(str(commit)) if commit else None,
            base_branch=str(found.get("baseRefName") or ""),
            branch_tip=CommitSha(str(tip["target"]["oid"])) if tip and tip.get("target") else None,
            issue_open=told["state"] == "OPEN" if told else None,
        )

    def commit_checks(self, commit: CommitSha) -> tuple[CheckState, ...]:
        """Every check run and status of a commit; none for one that GitHub does not know."""
        found = self._commits.of(commit)
        return found.checks if found else ()

    def rules(self, branch: str) -> BranchRules:
        """What rulesets and classic protection ask of a branch (see branch_rules.py)."""
        return BranchRuleCalls(self._link, self._identity).rules(branch)


def _decision(found: dict[str, Any]) -> str | None:
    """GitHub's own decision, and a writer's request for changes.

    Where no rule asks for reviews, GitHub decides nothing (`reviewDecision` is null), whatever people say. Raises
    Unavailable when it cannot be told whether anybody objects.
    """
    opinions = found.get("latestOpinionatedReviews")
    if any(node["state"] == "CHANGES_REQUESTED" for node in nodes(opinions)):
        return "changes_requested"
    if opinions is None:
        raise Unavailable("GitHub does not tell the reviews of the pull request", remedy="Cadence reads them again.")
    if (opinions.get("pageInfo") or {}).get("hasNextPage"):
        raise Unavailable("the pull request has more reviews than can be read", code="github.too_many", retry=False)
    return (found.get("reviewDecision") or "").lower() or None


def _methods(data: dict[str, Any]) -> frozenset[str]:
    return frozenset(word for field, word in _METHODS.items() if data.get(field))


def _open_conversations(threads: dict[str, Any] | None) -> int | None:
    """How many review threads are unresolved; at least one is told for certain, none only from a whole list."""
    if threads is None:
        return None
    found = sum(not node["isResolved"] for node in nodes(threads))
    return found if found or not (threads.get("pageInfo") or {}).get("hasNextPage") else None


def _pull(data: dict[str, Any]) -> PullRecord:
    author = data.get("author")
    merged = bool(data["merged"])
    repository = data.get("headRepository") or {}
    commit = (data.get("mergeCommit") or {}).get("oid")
    return PullRecord(
        number=PullNumber(int(data["number"])),
        state="closed" if merged else str(data["state"]).lower(),
        merged=merged,
        draft=bool(data["isDraft"]),
        head_branch=str(data["headRefName"]),
        head=HeadSha(CommitSha(str(data["headRefOid"]))),
        head_repository_id=RepositoryId(int(repository["databaseId"])) if repository.get("databaseId") else None,
        base_branch=str(data["baseRefName"]),
        base=BaseSha(CommitSha(str(data["baseRefOid"]))),
        author=login_of(author),
        author_is_bot=bool(author and author.get("__typename") == "Bot"),
        body=str(data.get("body") or ""),
        title=str(data.get("title") or ""),
        html_url=str(data["url"]),
        merge_commit=CommitSha(str(commit)) if merged and commit else None,
        mergeable={"MERGEABLE": True, "CONFLICTING": False}.get(str(data["mergeable"])),
        labels=tuple(str(node["name"]) for node in nodes(data.get("labels"))),
    )
