"""Pull requests and their branches, through REST; drafts through GraphQL."""

from __future__ import annotations

from typing import Any

from bot.core.errors import NotFound, Unprocessable
from bot.core.names import BaseSha, CommitSha, HeadSha, PullNumber
from bot.effects.guard import side_effect
from bot.github_api.json_fields import text_of
from bot.github_api.permissions import MERGE, REVIEW_WRITE
from bot.github_api.records import AppIdentity, MergeResult, PullRecord
from bot.github_api.repository import RepositoryLink

_LIST = "/repos/{owner}/{repo}/pulls"
_ONE = "/repos/{owner}/{repo}/pulls/{pull_number}"


# REST cannot change whether a pull request is a draft.
# https://docs.github.com/en/graphql/reference/mutations#convertpullrequesttodraft
TO_DRAFT = """
mutation ToDraft($pull: ID!) { convertPullRequestToDraft(input: {pullRequestId: $pull}) { clientMutationId } }
"""
# https://docs.github.com/en/graphql/reference/mutations#markpullrequestreadyforreview
TO_READY = """
mutation ToReady($pull: ID!) { markPullRequestReadyForReview(input: {pullRequestId: $pull}) { clientMutationId } }
"""


class PullCalls:
    """Pull requests of one repository."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity) -> None:
        self._link = link
        self._identity = identity

    def find_open(self, branch: str) -> PullRecord | None:
        """The open pull request from that branch of this repository, or None; the App's own is preferred."""
        # `head` is `owner:branch`, so that a branch of the same name in a fork does not match. One branch may have a
        # pull request per base. https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
        query = {"head": f"{self._link.ref.name.owner}:{branch}", "state": "open"}
        found = [pull for pull in map(_pull, self._link.listed(_LIST, query=query)) if pull.head_branch == branch]
        own = [pull for pull in found if pull.author == self._identity.bot_login]
        return next(iter(own or found), None)

    @side_effect
    def open(self, *, title: str, body: str, head: str, base: str, draft: bool = False) -> PullRecord:
        """Open a pull request between two branches of this repository.

        Raises Unprocessable, also for a draft where the plan of a private repository has none.
        """
        # https://docs.github.com/en/rest/pulls/pulls#create-a-pull-request
        fields: dict[str, Any] = {"title": title, "body": body, "head": head, "base": base}
        fields |= {"maintainer_can_modify": True} | ({"draft": True} if draft else {})
        return _pull(self._link.change("POST", _LIST, REVIEW_WRITE, body=fields))

    @side_effect
    def edit(
        self, number: PullNumber, *, title: str | None = None, body: str | None = None, base: str | None = None
    ) -> PullRecord:
        """Change the fields that are not None."""
        # https://docs.github.com/en/rest/pulls/pulls#update-a-pull-request
        fields = {key: value for key, value in (("title", title), ("body", body), ("base", base)) if value is not None}
        return _pull(self._link.change("PATCH", _ONE, REVIEW_WRITE, body=fields, pull_number=number))

    @side_effect
    def close(self, number: PullNumber) -> PullRecord:
        """Close it without a merge; a closed one stays closed."""
        return _pull(self._link.change("PATCH", _ONE, REVIEW_WRITE, body={"state": "closed"}, pull_number=number))

    def get(self, number: PullNumber) -> PullRecord:
        """One pull request. Raises NotFound."""
        return _pull(self._link.read(_ONE, pull_number=number))

    @side_effect
    def merge(self, number: PullNumber, *, head: HeadSha, method: str, title: str, message: str) -> MergeResult:
        """Merge exactly that head by `merge`, `squash` or `rebase`.

        Raises HeadMoved (409), NotMergeable (405), Forbidden (workflow files among others) or UnknownOutcome.
        """
        # `sha` makes GitHub refuse with 409 when the head has moved since it was reviewed.
        # https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
        fields = {"sha": head, "merge_method": method}
        # A rebase keeps the commits' own messages.
        if method != "rebase":
            fields |= {"commit_title": title, "commit_message": message}
        data = self._link.change("PUT", f"{_ONE}/merge", MERGE, body=fields, pull_number=number)
        return MergeResult(CommitSha(str(data["sha"])), bool(data["merged"]))

    @side_effect
    def set_draft(self, node_id: str, *, draft: bool) -> None:
        """Make it a draft, or ready for review. `node_id` is GraphQL's id.

        Raises NotMergeable or Forbidden, also where the plan of a private repository has no drafts
        (https://docs.github.com/en/pull-requests/collaborating-with-pull-requests/proposing-changes-to-your-work-with-pull-requests/about-pull-requests#draft-pull-requests).
        """
        if draft:
            self._link.mutate(TO_DRAFT, MERGE, pull=node_id)
        else:
            self._link.mutate(TO_READY, MERGE, pull=node_id)

    def branch_sha(self, branch: str) -> CommitSha | None:
        """The commit at a branch's tip, or None for a branch that does not exist."""
        try:
            # https://docs.github.com/en/rest/git/refs#get-a-reference
            data = self._link.read("/repos/{owner}/{repo}/git/ref/{ref}", ref=f"heads/{branch}")
        except NotFound:
            return None
        return CommitSha(str(data["object"]["sha"]))

    @side_effect
    def delete_branch(self, branch: str) -> None:
        """Delete a branch; one that is already gone is success."""
        # GitHub may have deleted it after the merge (`delete_branch_on_merge`), and then answers 422 "Reference does
        # not exist". https://docs.github.com/en/rest/git/refs#delete-a-reference
        try:
            self._link.change("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", MERGE, ref=f"heads/{branch}")
        except NotFound:
            return
        except Unprocessable as error:
            if "does not exist" not in error.summary.lower():
                raise


def _pull(data: Any) -> PullRecord:
    head, base = data["head"], data["base"]
    # A list has no `merged`, only `merged_at`. https://docs.github.com/en/rest/pulls/pulls#list-pull-requests
    merged = bool(data.get("merged") or data.get("merged_at"))
    return PullRecord(
        number=PullNumber(int(data["number"])),
        state=str(data["state"]),
        merged=merged,
        draft=bool(data.get("draft")),
        head_branch=str(head["ref"]),
        head=HeadSha(CommitSha(str(head["sha"]))),
        base_branch=str(base["ref"]),
        base=BaseSha(CommitSha(str(base["sha"]))),
        author=(data.get("user") or {}).get("login"),
        body=text_of(data, "body"),
        title=text_of(data, "title"),
        html_url=text_of(data, "html_url"),
        # Until the merge this field names a test merge commit that GitHub made to compute mergeability.
        # https://docs.github.com/en/rest/pulls/pulls#get-a-pull-request
        merge_commit=CommitSha(str(data["merge_commit_sha"])) if merged and data.get("merge_commit_sha") else None,
        # Null while GitHub computes it in the background; a list never has it.
        mergeable=data.get("mergeable"),
        labels=tuple(str(label["name"]) for label in data.get("labels") or ()),
    )
