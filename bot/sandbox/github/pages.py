"""Pages on which people look at the sandbox's issues and pull requests, without any script; forms are optional."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from bot.core.json_types import JsonDict
from bot.sandbox.github.accounts import stamp
from bot.sandbox.github.bare import Bare, CommitInfo, FileChange
from bot.sandbox.github.markdown import rendered
from bot.sandbox.github.page_forms import ActAs, Find, add_forms
from bot.sandbox.github.state import CheckRun, Issue, Repository, Review, ReviewComment, TimelineEvent

_SHOWN_EVENTS = {
    "labeled": "added the label",
    "unlabeled": "removed the label",
    "renamed": "changed the title",
    "closed": "closed this",
    "reopened": "reopened this",
    "merged": "merged this",
    "head_ref_deleted": "deleted the branch",
    "head_ref_force_pushed": "force-pushed the branch",
    "cross-referenced": "mentioned this",
}
_GOOD, _BAD, _BUSY, _IDLE = "good", "bad", "busy", "idle"


@dataclass(frozen=True, slots=True)
class Note:
    """An inline remark of a review with the last lines of the diff above it."""

    where: str
    body: Markup
    hunk: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing in a conversation: `text` says what was done (`added the label blueprint`), `body` what was written."""

    at: datetime
    who: str
    text: str
    body: Markup | None = None
    notes: tuple[Note, ...] = field(default=())

    @property
    def when(self) -> str:
        return stamp(self.at)


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check run of a head."""

    name: str
    app: str
    words: str
    tone: str
    title: str
    summary: Markup


def pages(find: Find, lock: AbstractContextManager[Any], people: ActAs | None = None) -> Blueprint:
    """The pages as a Flask blueprint; `find` looks a repository up while `lock` is held.

    With `people` the pages also have forms, with which the reader acts as the repository's owner.
    """
    blueprint = Blueprint("sandbox_pages", __name__, template_folder="templates")

    def page(template: str, owner: str, name: str, shown: Callable[[Repository], JsonDict | None]) -> str:
        with lock:
            repository = find(owner, name)
            values = shown(repository) if repository else None
            if repository is None or values is None:
                abort(404)
            return render_template(template, repository=repository.full_name, forms=people is not None, **values)

    @blueprint.get("/<owner>/<name>")
    def overview(owner: str, name: str) -> str:
        return page("sandbox_overview.html", owner, name, _overview)

    @blueprint.get("/<owner>/<name>/issues/<int:number>")
    def issue(owner: str, name: str, number: int) -> ResponseReturnValue:
        with lock:
            found = find(owner, name)
            known = found.issues.get(number) if found else None
        # GitHub sends the reader of /issues/N on to /pull/N where N is a pull request.
        if known is not None and known.pull is not None:
            return redirect(f"/{owner}/{name}/pull/{number}")
        return page("sandbox_issue.html", owner, name, lambda found: _issue_page(found, number))

    @blueprint.get("/<owner>/<name>/pull/<int:number>")
    def pull(owner: str, name: str, number: int) -> str:
        return page("sandbox_pull.html", owner, name, lambda found: _pull_page(found, number))

    @blueprint.after_request
    def harden(answer: Response) -> Response:
        forms = "'self'" if people else "'none'"
        policy = f"default-src 'none'; style-src 'unsafe-inline'; form-action {forms}"
        answer.headers["Content-Security-Policy"] = policy
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    if people is not None:
        add_forms(blueprint, find, people)
    return blueprint


def _overview(repository: Repository) -> JsonDict:
    tip = Bare(repository.path).tip(repository.default_branch)
    newest_first = sorted(repository.issues.values(), key=lambda issue: -issue.number)
    return {
        "issues": [issue for issue in newest_first if issue.pull is None],
        "pulls": [issue for issue in newest_first if issue.pull],
        "branch": repository.default_branch,
        "commits": _recent(repository.path, tip),
        "checks": check_lines(repository, tip or ""),
        "state_of": state_of,
    }


def _recent(path: Any, tip: str | None, limit: int = 10) -> list[CommitInfo]:
    if tip is None:
        return []
    bare = Bare(path)
    return [bare.info(sha) for sha in bare.text("rev-list", f"--max-count={limit}", tip).split()]


def _issue_page(repository: Repository, number: int) -> JsonDict | None:
    issue = repository.issues.get(number)
    if issue is None or issue.pull is not None:
        return None
    return {"issue": issue, "state": state_of(issue), "turns": conversation(issue)}


def _pull_page(repository: Repository, number: int) -> JsonDict | None:
    issue = repository.issues.get(number)
    if issue is None or issue.pull is None:
        return None
    pull = issue.pull
    bare = Bare(repository.path)
    base = pull.closed_base_sha or pull.base_sha
    return {
        "issue": issue,
        "pull": pull,
        "state": state_of(issue),
        "turns": conversation(issue),
        "checks": check_lines(repository, pull.head_sha),
        "commits": [bare.info(sha) for sha in bare.between(base, pull.head_sha)],
        "files": [_file(change) for change in bare.files(base, pull.head_sha)],
    }


def state_of(issue: Issue) -> str:
    """`open`, `closed` or `merged`."""
    return "merged" if issue.pull and issue.pull.merged_at else issue.state


def conversation(issue: Issue) -> list[Turn]:
    """The opening text, comments, events and reviews, in the order in which they happened."""
    turns = [Turn(one.created_at, one.user.login, "", _html(one.body, issue.repository)) for one in issue.comments]
    turns += [turn for event in issue.timeline if (turn := _event(event))]
    turns += [_review(review) for review in (issue.pull.reviews if issue.pull else ())]
    opening = Turn(issue.created_at, issue.user.login, "", _html(issue.body, issue.repository))
    return [opening, *sorted(turns, key=lambda turn: turn.at)]


def _html(text: str | None, repository: Repository) -> Markup:
    """A text of this repository, with links to its issues and pull requests."""
    home = f"/{repository.full_name}/issues"
    return rendered(text, lambda number: f"{home}/{number}" if number in repository.issues else None)


def _event(event: TimelineEvent) -> Turn | None:
    act = _SHOWN_EVENTS.get(event.kind)
    if act is None:
        return None
    label = event.detail.get("label")
    name = label.get("name") if isinstance(label, dict) else getattr(label, "name", label)
    return Turn(event.at, event.actor.login, f"{act} {name}" if name else act)


def _review(review: Review) -> Turn:
    act = {"COMMENTED": "reviewed", "APPROVED": "approved", "CHANGES_REQUESTED": "requested changes"}
    text = f"{act.get(review.state, review.state.lower())} {review.commit_id[:7]}"
    notes = tuple(_note(comment) for comment in review.comments)
    return Turn(review.submitted_at, review.user.login, text, _html(review.body, review.pull.repository), notes)


def _note(comment: ReviewComment) -> Note:
    hunk = tuple(comment.diff_hunk.splitlines()[-4:])
    return Note(f"{comment.path}:{comment.line}", _html(comment.body, comment.review.pull.repository), hunk)


def check_lines(repository: Repository, sha: str) -> list[CheckLine]:
    """The newest check run of every (App, name) on a commit, by name."""
    newest: dict[tuple[int, str], CheckRun] = {}
    for run in sorted(repository.check_runs.values(), key=lambda run: run.id):
        if run.head_sha == sha:
            newest[run.app.id, run.name] = run
    return [_check(run) for run in sorted(newest.values(), key=lambda run: run.name)]


def _check(run: CheckRun) -> CheckLine:
    if run.status != "completed":
        tone = _BUSY
    elif run.conclusion == "success":
        tone = _GOOD
    else:
        tone = _IDLE if run.conclusion in ("neutral", "skipped") else _BAD
    words = (run.conclusion or run.status).replace("_", " ")
    return CheckLine(run.name, run.app.slug, words, tone, run.title or "", _html(run.summary, run.repository))


def _file(change: FileChange) -> JsonDict:
    kinds = {"+": "plus", "-": "minus", "@": "hunk"}
    lines = [(kinds.get(line[:1], "same"), line) for line in (change.patch or "").splitlines()]
    return {"change": change, "lines": lines}
