"""GitHub's state as people see it, without what differs between two runs of one story: ids, times and addresses."""

from __future__ import annotations

import re
from typing import Any, Protocol

from bot.core.json_types import JsonDict
from bot.core.names import CHECK_GATE

_DIFFERS = (
    (re.compile(r"http://127\.0\.0\.1:\d+"), "URL"),
    (re.compile(r"#issuecomment-\d+|\b(?:comment|check|id)=\d+"), "ID"),
    (re.compile(r"\bsha256:[0-9a-f]{64}\b"), "DIGEST"),
    # The receipt names spent tokens and seconds; a crash may double a call.
    (re.compile(r"### Cost\n.*?\n\n(?=###)", re.S), "COST"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z| UTC)?"), "TIME"),
)


def _text(body: str | None) -> str:
    for pattern, word in _DIFFERS:
        body = pattern.sub(word, body or "")
    return body or ""


class Played(Protocol):
    """A story that was played: tests.journeys.world.World, or a run of real processes."""

    repo: Any
    app: Any

    def state(self, issue: int, /) -> str: ...
    def bot_comments(self, issue: int) -> list[str]: ...


def end_of(world: Played, issue: int) -> JsonDict:
    """Branches, pull requests, reviews, checks that count, comments and the issue, as plain data."""
    repo = world.repo
    bare = repo.world.bare(repo.state)
    comments = world.bot_comments(issue)
    checks: dict[str, list[Any]] = {}
    for run in repo.check_runs():
        if run.app.id == world.app.app_id:
            checks.setdefault(f"{run.name} {bare.info(run.head_sha).tree}", []).append(run)
    return {
        "state of the run": str(world.state(issue)),
        "branches": {name: bare.info(sha).tree for name, sha in bare.refs().items() if name.startswith("refs/heads/")},
        "commits on the base": len(bare.text("rev-list", "--first-parent", "main").splitlines()),
        "pull requests": [
            {
                "title": pull.issue.title,
                "body": _text(pull.issue.body),
                "state": pull.issue.state,
                "merged": pull.merged_at is not None,
                "tree": bare.info(pull.head_sha).tree,
                "reviews": sorted(_review(review.body, bare.info(review.commit_id).tree) for review in pull.reviews),
            }
            for pull in repo.pulls()
        ],
        "issue": [repo.issue(issue).state, sorted(label.name for label in repo.issue(issue).labels)],
        "status comments": [_status(body) for body in comments if "cadence:status" in body],
        "other comments": sorted(_text(body) for body in comments if "cadence:status" not in body),
        # The gate's check is made again whenever its answer changes; of the reviews' checks one counts on each head.
        "checks": {
            name: runs[-1].conclusion if CHECK_GATE in name else sorted(str(run.conclusion) for run in runs)
            for name, runs in sorted(checks.items())
        },
        "unfinished checks": sorted(run.name for runs in checks.values() for run in runs if run.status != "completed"),
    }


def _review(body: str, tree: str) -> str:
    kind = re.search(r"review=(\w+)", body)
    return f"{kind.group(1) if kind else body} {tree}"


def _status(body: str) -> str:
    """The first bold line and the last marker's state: the table names spent tokens, which a crash may double."""
    head = re.search(r"\*\*(.+?)\*\*", body)
    state = re.search(r"state=([\w: ]+)", body)
    return f"{head.group(1) if head else ''} {state.group(1) if state else ''}"


def differences(undisturbed: JsonDict, other: JsonDict) -> list[str]:
    """What of the end differs, one line for each."""
    return [
        f"{name}: {other[name]!r} instead of {undisturbed[name]!r}"
        for name in undisturbed
        if undisturbed[name] != other[name]
    ]
