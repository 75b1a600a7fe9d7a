"""The gate: one frozen snapshot and the repository's policy in, one decision with all of its reasons out."""

from __future__ import annotations

from bot.gate.ci import judge_ci
from bot.gate.reasons import (
    CADENCE,
    GITHUB,
    MAINTAINER,
    OPERATOR,
    REVIEWER,
    WRITER,
    Block,
    Decision,
    Done,
    Findings,
    Merge,
    Reason,
    Wait,
)
from bot.gate.snapshot import BranchRules, OwnVerdict, PullState, Snapshot
from bot.names import HOLD_LABEL, STOP_LABEL
from bot.repo_config import RepoConfig
from bot.review.kinds import Conclusion, ReviewKind

__all__ = ["Block", "Decision", "Done", "Merge", "Reason", "Wait", "decide"]

_UNREADABLE_CODES = frozenset({"review.unreadable", "review.unread", "review.uncovered"})


def decide(snapshot: Snapshot, rules: RepoConfig, *, settle_seconds: int) -> Decision:
    """What to do with the pull request now. Pure; fail-closed: what is missing, stale or unreadable never merges.

    `rules.ci.settle` goes before `settle_seconds`. `cadence/gate` itself is no input.
    """
    if snapshot.state is PullState.MERGED:
        return Done("merged")
    if snapshot.state is not PullState.OPEN:
        return Done("closed")
    found = Findings()
    _wanted(found, snapshot)
    _policy(found, snapshot, rules)
    _pull(found, snapshot)
    _base(found, snapshot, rules)
    for kind in ReviewKind:
        _verdict(found, snapshot, kind)
    settle = rules.ci.settle if rules.ci.settle is not None else settle_seconds
    judge_ci(found, snapshot, rules, settle_seconds=settle)
    _branch_rules(found, snapshot)
    _method(found, snapshot, rules)
    _unread(found, snapshot)
    return found.decision(rules.merge.method, snapshot.head)


def _wanted(found: Findings, snapshot: Snapshot) -> None:
    """Does anybody still want it?"""
    then = "Open and label the issue again: that starts a new run."
    if snapshot.issue_open is False:
        found.block("stopped", f"Issue #{snapshot.issue} is closed.", who=WRITER, then=then, short="issue closed")
    if snapshot.issue_labelled is False:
        text = f"Issue #{snapshot.issue} lost its trigger label."
        found.block("stopped", text, who=WRITER, then=then, short="label removed")
    if STOP_LABEL in snapshot.labels:
        then = "Take the label off, then label the issue again: that starts a new run."
        found.block("stopped", f"The label `{STOP_LABEL}` is set.", who=WRITER, then=then, short="stop label set")
    if HOLD_LABEL in snapshot.labels:
        found.wait(
            "hold",
            f"The label `{HOLD_LABEL}` is set.",
            who=WRITER,
            then="Take the label off.",
            short="for a person: held",
        )
    if not snapshot.blueprint_approved:
        found.wait(
            "blueprint.edited",
            "The issue's text was changed by somebody who may not approve it.",
            who=WRITER,
            then="Read the text and comment `/cadence go`.",
            short="for a person: the blueprint was edited",
        )


def _policy(found: Findings, snapshot: Snapshot, rules: RepoConfig) -> None:
    if snapshot.config_error is not None:
        found.block(
            "config.invalid",
            f".github/cadence.yml cannot be used: {snapshot.config_error}",
            who=MAINTAINER,
            then="Correct the file on the base branch (`cadence config check` tells more).",
            short=".github/cadence.yml is invalid",
        )
    if snapshot.paused or rules.paused:
        found.wait(
            "paused",
            "`paused: true` stands in .github/cadence.yml.",
            who=MAINTAINER,
            then="Take it out on the base branch.",
            short="for a maintainer: Cadence is paused here",
        )
    if not rules.merge.auto:
        found.wait(
            "merge.manual",
            "`merge.auto: false`: Cadence does not merge in this repository.",
            who=WRITER,
            then="A person merges when they are content.",
            short="for a person to merge",
        )


def _pull(found: Findings, snapshot: Snapshot) -> None:
    if snapshot.draft:
        then = "Mark it ready for review."
        found.wait("draft", "The pull request is a draft.", who=WRITER, then=then, short="for a person: draft")
    if snapshot.base_branch != snapshot.expected_base_branch:
        found.block(
            "base.retargeted",
            f"The base is `{snapshot.base_branch}`; `{snapshot.expected_base_branch}` was planned and judged.",
            who=WRITER,
            then="Set the base back, or comment `/cadence replan`.",
            short="another base branch",
        )
    if snapshot.mergeable is False:
        found.block(
            "conflict",
            "The change conflicts with the base branch.",
            who=CADENCE,
            then="Cadence rebuilds its own change on the new base; otherwise resolve it or `/cadence replan`.",
            short="conflict with the base",
        )
    elif snapshot.mergeable is None:
        found.wait(
            "mergeable.unknown",
            "GitHub is still working out whether it can be merged.",
            who=GITHUB,
            then="Cadence asks again.",
            short="for GitHub: mergeability unknown",
        )
    else:
        found.passed.append("no conflict with the base")


def _base(found: Findings, snapshot: Snapshot, rules: RepoConfig) -> None:
    """Whether the head must hold the base's tip, and does. A rule that may exist and was not read counts as one."""
    if snapshot.base_tip is None or snapshot.merge_base is None:
        return
    strict = snapshot.rules is not None and snapshot.rules.strict
    doubtful = rules.merge.up_to_date == "rules" and (snapshot.rules is None or not snapshot.rules.readable)
    if snapshot.merge_base == snapshot.base_tip:
        found.passed.append("holds the base's tip")
    elif rules.merge.up_to_date == "always" or strict or doubtful:
        found.wait(
            "base.behind",
            f"The base moved on: its tip {snapshot.base_tip[:12]} is not in this head.",
            who=CADENCE,
            then="Cadence rebuilds the change on the tip when its turn comes, and judges it again.",
            short="for its turn: behind the base",
        )


def _verdict(found: Findings, snapshot: Snapshot, kind: ReviewKind) -> None:
    mine = [verdict for verdict in snapshot.verdicts if verdict.kind is kind]
    if not mine:
        return _no_verdict(found, snapshot, kind)
    for verdict in mine:
        _one_verdict(found, kind, verdict)
    if all(v.conclusion == Conclusion.APPROVE and v.check_posted for v in mine):
        found.passed.append(f"{kind} review")
    return None


def _no_verdict(found: Findings, snapshot: Snapshot, kind: ReviewKind) -> None:
    then = "Cadence judges this head and posts the verdict."
    if snapshot.verdict_heads and not snapshot.verdicts:
        text = f"The {kind} review speaks of another head, base or policy."
        found.wait("review.stale", text, who=CADENCE, then=then, short=f"for the {kind} review of this head")
    else:
        text = f"The {kind} review of this head is not done."
        found.wait("review.missing", text, who=CADENCE, then=then, short=f"for the {kind} review")


def _one_verdict(found: Findings, kind: ReviewKind, verdict: OwnVerdict) -> None:
    if verdict.conclusion == Conclusion.REJECT:
        found.block(
            "review.rejected",
            f"The {kind} review rejects the change: {verdict.summary}",
            who=WRITER,
            then="Cadence repairs it where it may; or push a fix, or `/cadence replan` with guidance.",
            short=f"the {kind} review rejects it",
        )
    elif verdict.conclusion == Conclusion.ABSENT:
        found.block(
            "model.absent",
            f"The {kind} review has no model to ask.",
            who=OPERATOR,
            then="Configure a model and comment `/cadence review`; a person may merge.",
            short="no model is configured",
        )
    elif verdict.conclusion != Conclusion.APPROVE:
        found.block(
            verdict.code if verdict.code in _UNREADABLE_CODES else "review.unreadable",
            f"The {kind} review gave no usable verdict: {verdict.summary}",
            who=WRITER,
            then="Comment `/cadence review` to ask again; a person may merge.",
            short=f"no usable {kind} verdict",
        )
    if not verdict.check_posted:
        found.wait(
            "review.unposted",
            f"The {kind} verdict does not stand on GitHub yet.",
            who=CADENCE,
            then="Cadence posts it.",
            short=f"for the {kind} verdict to be posted",
        )


def _branch_rules(found: Findings, snapshot: Snapshot) -> None:
    branch = snapshot.rules
    if branch is None:
        found.block(
            "rule.unreadable",
            "The rules of the base branch could not be read.",
            who=CADENCE,
            then="Cadence reads them again; grant the App `metadata: read` if it lasts.",
            short="the branch's rules are unreadable",
        )
        return
    if not branch.readable:
        text = "Not every rule of the base branch can be read; GitHub itself enforces them at the merge."
        note = Reason("rule.unreadable", text, GITHUB, "Nothing, unless GitHub refuses the merge.", (), "rules unread")
        found.notes.append(note)
    if branch.merge_queue:
        found.wait(
            "rule.merge_queue",
            "The base branch has a merge queue, which Cadence does not feed yet.",
            who=WRITER,
            then="Put the pull request into the queue by hand.",
            short="for a person: merge queue",
        )
    _approvals(found, snapshot, branch)


def _approvals(found: Findings, snapshot: Snapshot, branch: BranchRules) -> None:
    """GitHub's own review decision. None is fine only where no approval is required."""
    decision = snapshot.review_decision
    if decision == "approved" or (decision is None and branch.required_approvals == 0):
        return
    text = (
        "A reviewer requested changes."
        if decision == "changes_requested"
        else f"{max(branch.required_approvals, 1)} approving review(s) of a person are required."
    )
    then = "Approve the pull request, or dismiss the request for changes."
    found.wait("approval.missing", text, who=REVIEWER, then=then, short="for an approval")


def _method(found: Findings, snapshot: Snapshot, rules: RepoConfig) -> None:
    allowed = set(snapshot.repository_methods)
    if snapshot.rules is not None:
        allowed &= snapshot.rules.allowed_methods
        allowed -= {"merge"} if snapshot.rules.linear_history else set()
    if rules.merge.method not in allowed:
        instead = ", ".join(sorted(allowed)) or "none"
        found.block(
            "merge.method",
            f"`merge.method: {rules.merge.method}` is not allowed here (allowed: {instead}).",
            who=MAINTAINER,
            then="Change `merge.method` in .github/cadence.yml, or allow the method in the repository.",
            short="merge method not allowed",
        )


def _unread(found: Findings, snapshot: Snapshot) -> None:
    """Every fact that could not be read, except those that already have a reason of their own."""
    facts: dict[str, tuple[object, str]] = {
        "issue_open": (snapshot.issue_open, "whether the issue is open"),
        "issue_labelled": (snapshot.issue_labelled, "the issue's labels"),
        "base_tip": (snapshot.base_tip, "the base branch's tip"),
        "merge_base": (snapshot.merge_base, "where the head left the base"),
        "checks": (snapshot.checks, "the head's checks"),
        "base_checks": (snapshot.base_checks, "the base's checks"),
        "head_seen_at": (snapshot.head_seen_at, "when the head appeared"),
    }
    if snapshot.config_error is None:
        facts["policy"] = (snapshot.policy, ".github/cadence.yml")
    if any(check.app_id != snapshot.app_id for check in snapshot.checks or ()):
        # Without a check of anybody else there is no such moment, and `head_seen_at` alone starts the settle time.
        facts["last_check_seen_at"] = (snapshot.last_check_seen_at, "when the newest check appeared")
    for field, (value, what) in facts.items():
        if value is None:
            found.unread(field, what)
