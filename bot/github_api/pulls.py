"""Pull requests and their branches."""

from __future__ import annotations

from typing import Any

from bot.core.errors import NotFound, Unprocessable
from bot.core.names import BaseSha, CommitSha, HeadSha, PullNumber, RepositoryId
from bot.effects.guard import side_effect
from bot.github_api.permissions import MERGE, REVIEW_WRITE
from bot.github_api.records import AppIdentity, MergeResult, PullRecord
from bot.github_api.repository import RepositoryLink

_LIST = "/repos/{owner}/{repo}/pulls"
_ONE = "/repos/{owner}/{repo}/pulls/{pull_number}"


class PullCalls:
    """Pull requests of one repository."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity) -> None:
        self._link = link
        self._identity = identity

    def find_open(self, branch: str) -> PullRecord | None:
        """The open pull request from that branch of this repository; our own, where several bases have one."""
        query = {"head": f"{self._link.ref.name.owner}:{branch}", "state": "open"}
        found = [_pull(data) for data in self._link.listed(_LIST, query=query)]
        here = [pull for pull in found if pull.head_branch == branch]
        own = [pull for pull in here if pull.author == self._identity.bot_login]
        return next(iter(own or here), None)

    @side_effect
    def open(self, *, title: str, body: str, head: str, base: str, draft: bool = False) -> PullRecord:
        """Open a pull request between two branches of this repository.

        Raises Unprocessable for a draft where the plan has none (GitHub: public repositories and paid plans only).
        """
        asked: dict[str, Any] = {"title": title, "body": body, "head": head, "base": base}
        asked |= {"maintainer_can_modify": True} | ({"draft": True} if draft else {})
        return _pull(self._link.change("POST", _LIST, REVIEW_WRITE, body=asked))

    @side_effect
    def edit(
        self, number: PullNumber, *, title: str | None = None, body: str | None = None, base: str | None = None
    ) -> PullRecord:
        """Change what is given."""
        asked = {key: value for key, value in (("title", title), ("body", body), ("base", base)) if value is not None}
        return _pull(self._link.change("PATCH", _ONE, REVIEW_WRITE, body=asked, pull_number=number))

    @side_effect
    def close(self, number: PullNumber) -> PullRecord:
        """Close it without a merge; one that is closed already stays so."""
        return _pull(self._link.change("PATCH", _ONE, REVIEW_WRITE, body={"state": "closed"}, pull_number=number))

    def get(self, number: PullNumber) -> PullRecord:
        """One pull request."""
        return _pull(self._link.read(_ONE, pull_number=number))

    @side_effect
    def merge(self, number: PullNumber, *, head: HeadSha, method: str, title: str, message: str) -> MergeResult:
        """Merge exactly that head. A rebase takes no message; GitHub keeps the commits' own.

        Raises HeadMoved (409), NotMergeable (405), Forbidden (workflow files among others), UnknownOutcome.
        """
        asked = {"sha": head, "merge_method": method}
        if method != "rebase":
            asked |= {"commit_title": title, "commit_message": message}
        data = self._link.change("PUT", f"{_ONE}/merge", MERGE, body=asked, pull_number=number)
        return MergeResult(CommitSha(str(data["sha"])), bool(data["merged"]))

    def branch_sha(self, branch: str) -> CommitSha | None:
        """Where a branch stands, or None when it is gone."""
        try:
            data = self._link.read("/repos/{owner}/{repo}/git/ref/{ref}", ref=f"heads/{branch}")
        except NotFound:
            return None
        return CommitSha(str(data["object"]["sha"]))

    @side_effect
    def delete_branch(self, branch: str) -> None:
        """Delete a branch; one that is gone already is fine (a repository may delete merged branches automatically)."""
        try:
            self._link.change("DELETE", "/repos/{owner}/{repo}/git/refs/{ref}", MERGE, ref=f"heads/{branch}")
        except NotFound:
            return
        except Unprocessable as error:
            if "does not exist" not in error.summary.lower():
                raise


def _pull(data: Any) -> PullRecord:
    head, base, user = data["head"], data["base"], data.get("user") or {}
    repository = head.get("repo") or {}
    merged = bool(data.get("merged") or data.get("merged_at"))
    return PullRecord(
        number=PullNumber(int(data["number"])),
        state=str(data["state"]),
        merged=merged,
        draft=bool(data.get("draft")),
        head_branch=str(head["ref"]),
        head=HeadSha(CommitSha(str(head["sha"]))),
        head_repository_id=RepositoryId(int(repository["id"])) if repository.get("id") else None,
        base_branch=str(base["ref"]),
        base=BaseSha(CommitSha(str(base["sha"]))),
        author=user.get("login"),
        author_is_bot=user.get("type") == "Bot",
        body=str(data.get("body") or ""),
        title=str(data.get("title") or ""),
        html_url=str(data.get("html_url") or ""),
        # Before a merge this field names GitHub's test merge, which is nobody's evidence.
        merge_commit=CommitSha(str(data["merge_commit_sha"])) if merged and data.get("merge_commit_sha") else None,
        mergeable=data.get("mergeable"),
        labels=tuple(str(label["name"]) for label in data.get("labels") or ()),
    )
