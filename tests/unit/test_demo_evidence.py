"""Each claim of the demo fails when what it claims is not so."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from bot.core.names import OWN_CHECKS
from bot.sandbox.demo.claims import Rejection, check_claims
from bot.sandbox.demo.repository_view import Seen, SeenCheck, SeenPull, SeenReview
from bot.sandbox.github.bare import CommitInfo, Person

BOT = "cadence[bot]"
ME, CI = 1, 2
HEAD = "a" * 40
WHO = Person("cadence[bot]", "bot@example.org")
MESSAGE = (
    "[Cadence] Do it (#7)\n\nWhy.\n\nCadence-Run: r\nCadence-ChangeSet: c\nCadence-Issue: 7\nCadence-Proof: sha256:p"
)
COMMIT = CommitInfo("c" * 40, "t" * 40, ("b" * 40,), WHO, WHO, "2026-01-02T03:04:05Z", MESSAGE)
CHECKS = (
    *(SeenCheck(name, ME, "cadence", "success", "", "") for name in OWN_CHECKS),
    SeenCheck("tests", CI, "sandbox-ci", "success", "", ""),
)
REVIEW = SeenReview(BOT, "COMMENTED", HEAD, ())
PULL = SeenPull(
    number=8,
    state="merged",
    head=HEAD,
    branch_exists=False,
    checks=CHECKS,
    reviews=(REVIEW, REVIEW, SeenReview("sam", "APPROVED", HEAD, ()), SeenReview(BOT, "COMMENTED", "0" * 40, ())),
    merge_commit=COMMIT,
    merged_tree_is_head_tree=True,
    on_base=True,
)
SEEN = Seen(issue=7, issue_open=False, status_comments=1, state="merged", why="", status="", model="", pull=PULL)
REJECTION = Rejection(
    "0" * 40, (SeenCheck("cadence/efficiency", ME, "cadence", "failure", "", ""),), ("a.py:2",), stayed_open=True
)


def broken(seen: Seen, rejection: Rejection | None = None, *, sample: bool = True) -> list[str]:
    told = check_claims(seen, app_id=ME, bot_login=BOT, rejection=rejection, sample=sample)
    return [proof.claim for proof in told if not proof.holds]


def pull(**changes: Any) -> Seen:
    return dataclasses.replace(SEEN, pull=dataclasses.replace(PULL, **changes))


def commit(**changes: Any) -> Seen:
    return pull(merge_commit=dataclasses.replace(COMMIT, **changes))


def check(index: int, **changes: Any) -> Seen:
    checks = list(CHECKS)
    checks[index] = dataclasses.replace(checks[index], **changes)
    return pull(checks=tuple(checks))


def test_everything_as_told_breaks_no_claim() -> None:
    assert broken(SEEN) == []
    assert broken(SEEN, REJECTION) == []


@pytest.mark.parametrize(
    ("seen", "claims"),
    [
        (dataclasses.replace(SEEN, pull=None), ["a pull request was opened"]),
        (dataclasses.replace(SEEN, issue_open=True), ["the issue is closed"]),
        (dataclasses.replace(SEEN, status_comments=2), ["there is one status comment"]),
        (pull(state="open"), ["the pull request is merged"]),
        (pull(branch_exists=True), ["the branch is deleted"]),
        (pull(on_base=False), ["the base branch has the merge commit"]),
        (pull(merged_tree_is_head_tree=False), ["its tree is the reviewed and tested tree"]),
        (pull(reviews=(REVIEW,)), ["the merged head has two reviews by Cadence"]),
        (pull(reviews=(REVIEW, REVIEW, REVIEW)), ["the merged head has two reviews by Cadence"]),
        (pull(checks=CHECKS[:-1]), ["CI, another App, passed on that head"]),
        (check(0, conclusion="neutral"), ["Cadence's three checks passed on that head"]),
        (check(3, conclusion="failure"), ["CI, another App, passed on that head"]),
        (commit(parents=("1", "2")), ["it is one squashed commit"]),
        (commit(message=MESSAGE.replace("(#7)", "(#8)")), ["its subject names the issue"]),
        (
            commit(message=MESSAGE.replace("Cadence-ChangeSet", "ChangeSet")),
            ["its trailers name run, ChangeSet and issue"],
        ),
    ],
)
def test_each_claim_can_fail(seen: Seen, claims: list[str]) -> None:
    assert broken(seen) == claims


def test_our_own_check_by_another_app_does_not_count() -> None:
    assert broken(check(0, app_id=CI)) == ["Cadence's three checks passed on that head"]


@pytest.mark.parametrize(
    ("changes", "claim"),
    [
        ({"checks": ()}, "a review rejected the first head"),
        ({"remarks": ()}, "with a comment at the line in question"),
        ({"stayed_open": False}, "which was not merged before a person spoke"),
        ({"head": HEAD}, "another head was merged"),
    ],
)
def test_the_rejection_is_claimed_too(changes: dict[str, Any], claim: str) -> None:
    assert broken(SEEN, dataclasses.replace(REJECTION, **changes)) == [claim]


def test_another_repository_may_merge_as_it_likes() -> None:
    seen = pull(branch_exists=True, merge_commit=dataclasses.replace(COMMIT, parents=("1", "2"), message="Merge"))
    assert broken(seen, sample=False) == []
    assert broken(pull(on_base=False), sample=False) == ["the base branch has the merge commit"]


def test_each_claim_fits_one_line_of_a_narrow_terminal() -> None:
    made = check_claims(SEEN, app_id=ME, bot_login=BOT, rejection=REJECTION)
    assert [proof.claim for proof in made if len(proof.claim) > 44] == []
