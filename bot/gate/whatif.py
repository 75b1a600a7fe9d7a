"""`What if ...?`: a snapshot with facts supposed, so that the same decision can be asked about it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.core.errors import WrongUse
from bot.core.names import AppId
from bot.gate.ci import is_own_name
from bot.gate.snapshot import OwnVerdict, Snapshot
from bot.github_api.records import BranchRules, CheckState
from bot.review.review_kinds import Conclusion, ReviewKind

CONCLUSIONS = ("success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale")
PENDING = "pending"
FORMS = (
    "check=NAME:CONCLUSION",
    "approval=LOGIN",
    "review=reasoning:approve|reject",
    "label=-NAME|+NAME",
    "mergeable=true|false|unknown",
    "draft=true|false",
    "behind=true|false",
    "conversations=NUMBER",
    "settled=true",
    "issue=open|closed",
)
"""Everything that can be supposed, as it is written."""


def suppose(snapshot: Snapshot, wishes: Sequence[str], *, trigger: str) -> Snapshot:
    """The snapshot in which every wish (`check=lint:success`, ...) holds; `trigger` is the label that starts runs.

    An approval counts as one more of a person who may give it; it does not take another's request for changes back.
    Raises WrongUse `what_if.invalid` for a wish that cannot be understood.
    """
    approvers = {value for key, value in map(_split, wishes) if key == "approval"}
    for wish in wishes:
        key, value = _split(wish)
        if key == "approval":
            snapshot = _approved(snapshot, approvers)
        elif key == "label":
            snapshot = _labelled(snapshot, wish, value, trigger)
        else:
            snapshot = _FACTS[key](snapshot, wish, value)
    return snapshot


def _split(wish: str) -> tuple[str, str]:
    key, equals, value = wish.partition("=")
    known = [form.partition("=")[0] for form in FORMS]
    if not equals or key not in known:
        near = difflib.get_close_matches(key, known, n=1)
        hint = f" Did you mean `{near[0]}`?" if near else ""
        raise _invalid(wish, f"{key!r} is not a fact that can be supposed.{hint}")
    if not value:
        raise _invalid(wish, f"`{key}` needs a value.")
    return key, value


def _invalid(wish: str, fault: str) -> WrongUse:
    return WrongUse(
        f"--what-if {wish}: {fault}", code="what_if.invalid", remedy=f"Facts that can be supposed: {', '.join(FORMS)}."
    )


def _one_of(wish: str, value: str, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise _invalid(wish, f"{value!r} is not one of {', '.join(allowed)}.")
    return value


def _truth(wish: str, value: str) -> bool:
    return _one_of(wish, value, ("true", "false")) == "true"


def _check(snapshot: Snapshot, wish: str, value: str) -> Snapshot:
    name, colon, word = value.rpartition(":")
    if not colon or not name:
        raise _invalid(wish, "a check is written NAME:CONCLUSION.")
    _one_of(wish, word, (*CONCLUSIONS, PENDING))
    if is_own_name(name):
        raise _invalid(wish, f"`{name}` is Cadence's own, and counts through its verdict: suppose `review=...`.")
    present = snapshot.checks or ()
    made = [
        CheckState(
            name,
            app,
            "",
            None if word == PENDING else word,
            started_at=snapshot.now,
            database_id=max((check.database_id for check in present), default=0) + 1,
        )
        for app in _apps_of(snapshot, name)
    ]
    others = [check for check in present if check.name != name]
    # What a suite says follows from its checks: where one of them is supposed, the suite's own word no longer holds.
    supposed = {check.suite for check in present if check.name == name and check.suite}
    suites = None if snapshot.suites is None else tuple(one for one in snapshot.suites if one.id not in supposed)
    seen = snapshot.last_check_seen_at or snapshot.head_seen_at
    return replace(snapshot, checks=(*others, *made), suites=suites, last_check_seen_at=seen)


def _apps_of(snapshot: Snapshot, name: str) -> list[AppId | None]:
    """Who would report it: who has, else who does on the base, else whom the rule names, else a commit status."""
    rules = snapshot.rules or BranchRules()
    for apps in (
        {check.app_id for check in snapshot.checks or () if check.name == name},
        {check.app_id for check in snapshot.base_checks or () if check.name == name},
        {check.app_id for check in rules.required_checks if check.name == name},
    ):
        if apps:
            return sorted(apps, key=lambda app: app or 0)
    return [None]


def _approved(snapshot: Snapshot, approvers: set[str]) -> Snapshot:
    wanted = max(1, (snapshot.rules or BranchRules()).required_approvals)
    if snapshot.review_decision == "changes_requested" or len(approvers) < wanted:
        return snapshot
    return replace(snapshot, review_decision="approved")


def _review(snapshot: Snapshot, wish: str, value: str) -> Snapshot:
    name, _, word = value.partition(":")
    kind = ReviewKind(_one_of(wish, name, [one.value for one in ReviewKind]))
    conclusion = _one_of(wish, word, (Conclusion.APPROVE.value, Conclusion.REJECT.value))
    others = tuple(verdict for verdict in snapshot.verdicts if verdict.kind is not kind)
    made = OwnVerdict(kind, conclusion, "", "supposed", check_posted=True)
    return replace(snapshot, verdicts=(*others, made))


def _labelled(snapshot: Snapshot, wish: str, value: str, trigger: str) -> Snapshot:
    sign, name = value[0], value[1:]
    if sign not in "+-" or not name:
        raise _invalid(wish, "a label is written `-NAME` (taken off) or `+NAME` (put on).")
    named = {name.casefold()}
    labels = snapshot.labels | named if sign == "+" else snapshot.labels - named
    triggers = name.casefold() == trigger.casefold()
    return replace(snapshot, labels=labels, issue_labelled=sign == "+" if triggers else snapshot.issue_labelled)


def _mergeable(snapshot: Snapshot, wish: str, value: str) -> Snapshot:
    known = {"true": True, "false": False, "unknown": None}
    return replace(snapshot, mergeable=known[_one_of(wish, value, tuple(known))])


def _behind(snapshot: Snapshot, wish: str, value: str) -> Snapshot:
    if _truth(wish, value):
        raise _invalid(wish, "only `behind=false` can be supposed: the head then contains the base's tip.")
    return replace(snapshot, merge_base=snapshot.base_tip)


def _conversations(snapshot: Snapshot, wish: str, value: str) -> Snapshot:
    if not value.isdecimal():
        raise _invalid(wish, f"{value!r} is not a number.")
    return replace(snapshot, open_conversations=int(value))


def _settled(snapshot: Snapshot, wish: str, value: str) -> Snapshot:
    """As if the last push and the newest check were long ago."""
    if not _truth(wish, value):
        raise _invalid(wish, "only `settled=true` can be supposed.")
    long_ago = snapshot.now.replace(year=snapshot.now.year - 1, day=1)
    last = None if snapshot.last_check_seen_at is None else long_ago
    return replace(snapshot, head_seen_at=long_ago, last_check_seen_at=last)


_FACTS: dict[str, Callable[[Snapshot, str, str], Snapshot]] = {
    "check": _check,
    "review": _review,
    "mergeable": _mergeable,
    "draft": lambda snapshot, wish, value: replace(snapshot, draft=_truth(wish, value)),
    "behind": _behind,
    "conversations": _conversations,
    "settled": _settled,
    "issue": lambda snapshot, wish, value: replace(
        snapshot, issue_open=_one_of(wish, value, ("open", "closed")) == "open"
    ),
}
