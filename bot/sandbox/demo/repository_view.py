"""Reads a blueprint in the sandbox: what is there now, whatever Cadence says about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from bot.core.names import IssueNumber, branch_for, markers
from bot.sandbox.github.bare import Bare, CommitInfo
from bot.sandbox.github.state import CheckRun, Comment, Issue, Pull, Repository

_WHY = re.compile(r"^\*\*Why:\*\* (.+)$", re.MULTILINE)
_MODEL = re.compile(r"^\| model \| (.+?) \|$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class SeenCheck:
    """The newest check run of one App and name on one commit; `conclusion` is None while unfinished."""

    name: str
    app_id: int
    app: str
    conclusion: str | None
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class SeenReview:
    """A submitted review; `remarks` are its inline comments as `path:line`."""

    author: str
    state: str
    head: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeenPull:
    """The pull request of a blueprint's branch, with everything on its present head."""

    number: int
    state: str
    head: str
    branch_exists: bool
    checks: tuple[SeenCheck, ...]
    reviews: tuple[SeenReview, ...]
    merge_commit: CommitInfo | None
    merged_tree_is_head_tree: bool
    on_base: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """An issue, Cadence's status comment on it (`state`, `why`, `model` are read from it) and its pull request."""

    issue: int
    issue_open: bool
    status_comments: int
    state: str
    why: str
    status: str
    model: str
    pull: SeenPull | None


class RepositoryView:
    """Reads one repository of the sandbox while its lock is held. `bot_login` is Cadence's own account."""

    def __init__(self, repository: Repository, lock: AbstractContextManager[Any], *, bot_login: str) -> None:
        self._repository = repository
        self._lock = lock
        self._bot_login = bot_login

    def read(self, number: int) -> Seen:
        """What is there now. Raises KeyError for an issue that does not exist."""
        with self._lock:
            issue = self._repository.issues[number]
            own = [comment for comment in issue.comments if comment.user.login == self._bot_login]
            statuses = [comment for comment in own if _is_status(comment)]
            body = statuses[-1].body if statuses else ""
            return Seen(
                issue=number,
                issue_open=issue.state == "open",
                status_comments=len(statuses),
                state=_run_state(body),
                why=_first(_WHY, body),
                status=body,
                model=_first(_MODEL, body),
                pull=self._pull(issue),
            )

    def _pull(self, issue: Issue) -> SeenPull | None:
        branch = branch_for(IssueNumber(issue.number))
        found = [pull for pull in self._repository.pulls() if pull.head_ref == branch]
        if not found:
            return None
        return self._seen_pull(max(found, key=lambda pull: pull.number))

    def _seen_pull(self, pull: Pull) -> SeenPull:
        bare = Bare(self._repository.path)
        merged = bare.info(pull.merge_commit_sha) if pull.merged_at and pull.merge_commit_sha else None
        tip = bare.tip(pull.base_ref)
        return SeenPull(
            number=pull.number,
            state="merged" if pull.merged_at else pull.issue.state,
            head=pull.head_sha,
            branch_exists=bare.tip(pull.head_ref) is not None,
            checks=newest_checks(self._repository.check_runs.values(), pull.head_sha),
            reviews=tuple(
                SeenReview(
                    review.user.login,
                    review.state,
                    review.commit_id,
                    tuple(f"{remark.path}:{remark.line}" for remark in review.comments),
                )
                for review in pull.reviews
            ),
            merge_commit=merged,
            merged_tree_is_head_tree=merged is not None and merged.tree == bare.info(pull.head_sha).tree,
            on_base=merged is not None and tip is not None and bare.is_ancestor(merged.sha, tip),
        )


def newest_checks(runs: Iterable[CheckRun], sha: str) -> tuple[SeenCheck, ...]:
    """Of every (App, name) on that commit only the newest run, by name."""
    newest = {(run.app.id, run.name): run for run in sorted(runs, key=lambda run: run.id) if run.head_sha == sha}
    return tuple(
        SeenCheck(run.name, run.app.id, run.app.slug, run.conclusion, run.title or "", run.summary or "")
        for run in sorted(newest.values(), key=lambda run: run.name)
    )


def _is_status(comment: Comment) -> bool:
    return any(mark.kind == "status" for mark in markers(comment.body))


def _run_state(body: str) -> str:
    return next((mark.get("state") or "" for mark in markers(body) if mark.kind == "run"), "")


def _first(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1].strip() if match else ""
