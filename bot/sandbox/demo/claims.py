"""Did it end as expected? Each claim about a merged blueprint, compared with what is in the sandbox."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.names import CHECK_EFFICIENCY, OWN_CHECKS, RESERVED_TRAILERS
from bot.sandbox.demo.repository_view import Seen, SeenCheck, SeenPull


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim and whether it holds; `found` says what was there instead."""

    claim: str
    holds: bool
    found: str = ""


@dataclass(frozen=True, slots=True)
class Rejection:
    """A head that was rejected: its checks, and the inline comments of the reviews on it."""

    head: str
    checks: tuple[SeenCheck, ...]
    remarks: tuple[str, ...]
    stayed_open: bool


def check_claims(
    seen: Seen, *, app_id: int, bot_login: str, rejection: Rejection | None = None, sample: bool = True
) -> tuple[Claim, ...]:
    """Every claim about one blueprint. `rejection` adds what the second story claims about its first head.

    `sample`: also what another repository's own cadence.yml may decide otherwise (squash, subject, deleted branch).
    """
    pull = seen.pull
    if pull is None:
        return (Claim("a pull request was opened", False, "none for the blueprint's branch"),)
    found = [
        Claim("the pull request is merged", pull.state == "merged", pull.state),
        *_reviews(pull, bot_login),
        *_checks(pull, app_id),
        Claim("the base branch has the merge commit", pull.on_base, "it has not"),
        *(_merge_style(seen, pull) if sample else ()),
        Claim("the issue is closed", not seen.issue_open, "open"),
        Claim("there is one status comment", seen.status_comments == 1, f"{seen.status_comments} comments"),
    ]
    if rejection is not None:
        found += _rejected(rejection, pull)
    return tuple(found)


def _reviews(pull: SeenPull, bot_login: str) -> list[Claim]:
    own = [review for review in pull.reviews if review.author == bot_login and review.head == pull.head]
    states = [review.state for review in own]
    return [Claim("the merged head has two reviews by Cadence", states == ["COMMENTED"] * 2, str(states))]


def _checks(pull: SeenPull, app_id: int) -> list[Claim]:
    own = {check.name: check.conclusion for check in pull.checks if check.app_id == app_id}
    foreign = {check.name: check.conclusion for check in pull.checks if check.app_id != app_id}
    green = bool(foreign) and set(foreign.values()) == {"success"}
    return [
        Claim("Cadence's three checks passed on that head", own == dict.fromkeys(OWN_CHECKS, "success"), str(own)),
        Claim("CI, another App, passed on that head", green, str(foreign)),
    ]


def _merge_style(seen: Seen, pull: SeenPull) -> list[Claim]:
    commit = pull.merge_commit
    if commit is None:
        return []
    lines = commit.message.splitlines() or [""]
    trailers = {line.partition(": ")[0] for line in lines if ": " in line}
    missing = [name for name in RESERVED_TRAILERS if name not in trailers]
    subject = lines[0].startswith("[Cadence] ") and f"(#{seen.issue})" in lines[0]
    return [
        Claim("it is one squashed commit", len(commit.parents) == 1, f"{len(commit.parents)} parents"),
        Claim("its tree is the reviewed and tested tree", pull.merged_tree_is_head_tree, commit.tree[:12]),
        Claim("its subject names the issue", subject, lines[0]),
        Claim("its trailers name run, ChangeSet and issue", not missing, f"missing: {', '.join(missing)}"),
        Claim("the branch is deleted", not pull.branch_exists, "it is still there"),
    ]


def _rejected(rejection: Rejection, pull: SeenPull) -> list[Claim]:
    by_name = {check.name: check.conclusion for check in rejection.checks}
    return [
        Claim("a review rejected the first head", by_name.get(CHECK_EFFICIENCY) == "failure"),
        Claim("with a comment at the line in question", bool(rejection.remarks), "no inline remark"),
        Claim("which was not merged before a person spoke", rejection.stayed_open, "it was not open"),
        Claim("another head was merged", rejection.head != pull.head, pull.head[:12]),
    ]
