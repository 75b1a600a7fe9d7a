"""What the gate reads: everything about a pull request in one query, and the rules of its base branch."""

from __future__ import annotations

from typing import Any

from bot.core.errors import NotFound, Unavailable
from bot.core.names import BaseSha, CommitSha, HeadSha, IssueNumber, PullNumber
from bot.github_api.branch_rules import BranchRuleCalls
from bot.github_api.commit_checks import ROLLUP, SUITES, CommitCheckCalls, CommitChecks
from bot.github_api.json_fields import login_of, nodes, text_of
from bot.github_api.records import Aftermath, AppIdentity, BranchRules, CheckState, PullReading, PullRecord
from bot.github_api.repository import RepositoryLink

# One query, so that the pull request, its checks and its issue are of one time; REST would need a call for each.
# https://docs.github.com/en/graphql/reference/objects#pullrequest
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
      headRefName headRefOid
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

# REST shows these settings only to a token that may write contents.
# https://docs.github.com/en/rest/repos/repos#get-a-repository
METHODS = """
query Methods($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) { mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed }
}
"""

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
    """The gate's reads of one repository."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity) -> None:
        self._link = link
        self._identity = identity
        self._commits = CommitCheckCalls(link, identity.app_id)

    def read(self, pull: PullNumber, issue: IssueNumber) -> PullReading:
        """The pull request, its issue, the checks on its head and on its base's tip, and the merge settings.

        Raises NotFound when the pull request or the issue is gone, Unavailable when GitHub's answer names two heads.
        """
        # A number that does not exist is an error of type NOT_FOUND for the whole query.
        data = self._link.graphql(READING, number=int(pull), issue=int(issue), after=None, suitesAfter=None)
        found = data.get("pullRequest")
        if found is None:
            raise NotFound(f"pull request #{pull} does not exist, or is not visible to this installation")
        record = _pull(found)
        head = nodes(found["commits"])
        commit = head[-1]["commit"] if head else {}
        # GitHub updates `headRefOid` and `commits` at different times, so they differ for seconds after a push. The
        # checks of one head must not be used for another. https://github.com/tanium/octobot/issues/315
        if record.state == "open" and commit.get("oid") != record.head:
            raise Unavailable(
                f"GitHub's answer names two heads of pull request #{pull}", remedy="Cadence reads it again."
            )
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
            open_conversations=_unresolved_threads(found.get("reviewThreads")),
            queued=bool(found.get("isInMergeQueue")),
            suites=reported.suites,
        )

    def merge_methods(self) -> frozenset[str]:
        """The merge methods that the repository's settings allow, of `merge`, `squash` and `rebase`."""
        return _methods(self._link.graphql(METHODS))

    def aftermath(self, pull: PullNumber, issue: IssueNumber, branch: str) -> Aftermath:
        """The state of the pull request, its branch and its issue after a merge. Raises NotFound."""
        ref = f"refs/heads/{branch}"
        data = self._link.graphql(AFTERMATH, number=int(pull), issue=int(issue), branch=ref)
        found, tip, linked = data.get("pullRequest") or {}, data.get("ref"), data.get("issue")
        commit = (found.get("mergeCommit") or {}).get("oid")
        return Aftermath(
            merged=bool(found.get("merged")),
            merge_commit=CommitSha(str(commit)) if commit else None,
            base_branch=str(found.get("baseRefName") or ""),
            # The repository's setting may have deleted the branch after the merge.
            branch_tip=CommitSha(str(tip["target"]["oid"])) if tip and tip.get("target") else None,
            issue_open=linked["state"] == "OPEN" if linked else None,
        )

    def commit_checks(self, commit: CommitSha) -> tuple[CheckState, ...]:
        """Every check run and status of a commit; empty for a commit that GitHub does not know."""
        found = self._commits.of(commit)
        return found.checks if found else ()

    def rules(self, branch: str) -> BranchRules:
        """What rulesets and classic protection require of a branch (see branch_rules.py)."""
        return BranchRuleCalls(self._link, self._identity).rules(branch)


def _decision(found: dict[str, Any]) -> str | None:
    """`changes_requested` when a person with write access asks for changes, else GitHub's `reviewDecision`.

    Raises Unavailable when the reviews are not all readable.
    """
    # `reviewDecision` is null where no rule requires reviews, even when a person with write access asks for changes.
    # https://docs.github.com/en/graphql/reference/objects#pullrequest
    opinions = found.get("latestOpinionatedReviews")
    if any(node["state"] == "CHANGES_REQUESTED" for node in nodes(opinions)):
        return "changes_requested"
    if opinions is None:
        raise Unavailable("GitHub did not return the reviews of the pull request", remedy="Cadence reads them again.")
    if (opinions.get("pageInfo") or {}).get("hasNextPage"):
        raise Unavailable("the pull request has more reviews than can be read", code="github.too_many", retry=False)
    return text_of(found, "reviewDecision").lower() or None


def _methods(data: dict[str, Any]) -> frozenset[str]:
    return frozenset(method for field, method in _METHODS.items() if data.get(field))


def _unresolved_threads(threads: dict[str, Any] | None) -> int | None:
    # One unresolved thread on a page is enough to know; that there is none needs the whole list.
    if threads is None:
        return None
    found = sum(not node["isResolved"] for node in nodes(threads))
    return found if found or not (threads.get("pageInfo") or {}).get("hasNextPage") else None


def _pull(data: dict[str, Any]) -> PullRecord:
    merged = bool(data["merged"])
    commit = (data.get("mergeCommit") or {}).get("oid")
    return PullRecord(
        number=PullNumber(int(data["number"])),
        # GraphQL has a third state MERGED, REST has not.
        state="closed" if merged else str(data["state"]).lower(),
        merged=merged,
        draft=bool(data["isDraft"]),
        head_branch=str(data["headRefName"]),
        head=HeadSha(CommitSha(str(data["headRefOid"]))),
        base_branch=str(data["baseRefName"]),
        base=BaseSha(CommitSha(str(data["baseRefOid"]))),
        author=login_of(data.get("author")),
        body=text_of(data, "body"),
        title=text_of(data, "title"),
        html_url=str(data["url"]),
        merge_commit=CommitSha(str(commit)) if merged and commit else None,
        # UNKNOWN, while GitHub computes it in the background.
        # https://docs.github.com/en/graphql/reference/enums#mergeablestate
        mergeable={"MERGEABLE": True, "CONFLICTING": False}.get(str(data["mergeable"])),
        labels=tuple(str(node["name"]) for node in nodes(data.get("labels"))),
    )
