"""The gate: one frozen snapshot and the repository's config in, one decision with all of its reasons out."""

from __future__ import annotations

from bot.config.model import RepoConfig
from bot.core.names import HOLD_LABEL, STOP_LABEL
from bot.gate.branch import branch_findings
from bot.gate.ci import ci_findings
from bot.gate.pushed import pushed_findings
from bot.gate.reasons import Block, Decision, Done, Findings, Merge, Reason, Wait
from bot.gate.snapshot import OwnVerdict, PullState, Snapshot
from bot.review.review_kinds import Conclusion, ReviewKind

__all__ = ["Block", "Decision", "Done", "Merge", "Reason", "Wait", "decide"]

_UNREADABLE_CODES = frozenset({"review.unreadable", "review.unread", "review.uncovered"})


def decide(snapshot: Snapshot, rules: RepoConfig, *, settle_seconds: int) -> Decision:
    """What to do with the pull request now. Pure; fail-closed: what is missing, stale or unreadable never merges.

    `rules.ci.settle` goes before `settle_seconds`. `cadence/gate` itself is not input.
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
    pushed_findings(found, snapshot, rules)
    for kind in ReviewKind:
        _verdict(found, snapshot, kind)
    settle = rules.ci.settle if rules.ci.settle is not None else settle_seconds
    ci_findings(found, snapshot, rules, settle_seconds=settle)
    branch_findings(found, snapshot, rules)
    _unread(found, snapshot)
    branch = snapshot.rules
    if branch is not None and branch.merge_queue:
        return found.decision(branch.queue_method or rules.merge.method, snapshot.head, queue=True)
    return found.decision(rules.merge.method, snapshot.head)


def _wanted(found: Findings, snapshot: Snapshot) -> None:
    """Whether people still want the change: the label, the issue, approvals, pauses and stops."""
    if snapshot.issue_open is False:
        found.block("stopped", f"Issue #{snapshot.issue} is closed.", short="issue closed")
    if snapshot.issue_labelled is False:
        text = f"Issue #{snapshot.issue} lost its trigger label."
        found.block("stopped", text, short="label removed")
    if STOP_LABEL in snapshot.labels:
        then = "Take the label off, then comment `/cadence resume`."
        found.block("stopped", f"The label `{STOP_LABEL}` is set.", then=then, short="stop label set")
    if HOLD_LABEL in snapshot.labels:
        found.wait(
            "hold",
            f"The label `{HOLD_LABEL}` is set." + (f" The hold was {snapshot.held}." if snapshot.held else ""),
            then="Take the label off.",
            short="for a person: held",
        )
    elif snapshot.held:
        found.wait(
            "hold", f"The hold was {snapshot.held}.", then="Comment `/cadence resume`.", short="for a person: held"
        )
    if not snapshot.blueprint_approved:
        found.wait(
            "blueprint.edited",
            "The issue's text is not the one that was planned and approved.",
            short="for a person: the blueprint was edited",
        )


def _policy(found: Findings, snapshot: Snapshot, rules: RepoConfig) -> None:
    if snapshot.config_error is not None:
        found.block(
            "config.invalid",
            f".github/cadence.yml cannot be used: {snapshot.config_error}",
            short=".github/cadence.yml is invalid",
        )
    if snapshot.paused or rules.paused:
        found.wait(
            "paused",
            "`paused: true` is set in .github/cadence.yml.",
            short="for a maintainer: Cadence is paused here",
        )
    judged = {verdict.kind for verdict in snapshot.verdicts}
    if snapshot.budget and judged != set(ReviewKind):
        # A change that is judged costs nothing more; only one that has to be judged does.
        text = f"{snapshot.budget[0].upper()}{snapshot.budget[1:]}."
        found.block("budget", text, short="the budget is spent")
    if not rules.merge.auto:
        found.wait(
            "merge.manual",
            "`merge.auto: false`: Cadence does not merge in this repository.",
            short="for a person to merge",
        )


def _pull(found: Findings, snapshot: Snapshot) -> None:
    if snapshot.draft:
        found.wait("draft", "The pull request is a draft.", short="for a person: draft")
    if snapshot.base_branch != snapshot.expected_base_branch:
        found.block(
            "base.retargeted",
            f"The base is `{snapshot.base_branch}`; `{snapshot.expected_base_branch}` was planned for and reviewed.",
            short="another base branch",
            when=f"the base is `{snapshot.expected_base_branch}` again",
        )
    if snapshot.mergeable is False:
        found.block(
            "conflict",
            "The change conflicts with the base branch.",
            short="conflict with the base",
        )
    elif snapshot.mergeable is None:
        found.wait(
            "mergeable.unknown",
            "GitHub has not yet computed whether it can be merged.",
            short="for GitHub: mergeability unknown",
        )
    else:
        found.passed.append("no conflict with the base")


def _base(found: Findings, snapshot: Snapshot, rules: RepoConfig) -> None:
    """Whether the head must hold the base's tip, and does. A rule that may exist and was not read counts as one."""
    if snapshot.base_tip is None or snapshot.merge_base is None:
        return
    if snapshot.built_on and snapshot.merge_base != snapshot.built_on:
        # A forced push took commits out of the base. They are in this head, and merging it would bring them back.
        found.wait(
            "base.behind",
            f"The base was moved back: this head was built on {snapshot.built_on[:12]}, which the base does not hold.",
            short="for its turn: the base was moved back",
        )
        return
    if snapshot.rules is not None and snapshot.rules.merge_queue:
        return  # The queue tests the change on the tip, and on everything that goes before it.
    strict = snapshot.rules is not None and snapshot.rules.strict
    doubtful = rules.merge.up_to_date == "rules" and (snapshot.rules is None or not snapshot.rules.readable)
    if snapshot.merge_base == snapshot.base_tip:
        found.passed.append("contains the base's tip")
    elif rules.merge.up_to_date == "always" or strict or doubtful:
        found.wait(
            "base.behind",
            f"The base has moved: its tip {snapshot.base_tip[:12]} is not in this head.",
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
    when = f"the {kind} review approves this head"
    if snapshot.verdict_heads and not snapshot.verdicts:
        text = f"The {kind} review is for another head, base or config."
        found.wait("review.stale", text, short=f"for the {kind} review of this head", when=when)
    else:
        text = f"The {kind} review of this head is not done."
        found.wait("review.missing", text, short=f"for the {kind} review", when=when)


def _one_verdict(found: Findings, kind: ReviewKind, verdict: OwnVerdict) -> None:
    if verdict.conclusion == Conclusion.REJECT:
        found.block(
            "review.rejected",
            f"The {kind} review rejects the change: {verdict.summary}",
            short=f"the {kind} review rejects it",
            when=f"the {kind} review approves a corrected change",
        )
    elif verdict.conclusion == Conclusion.ABSENT:
        found.block(
            "model.absent",
            f"The {kind} review has no model to ask.",
            short="no model is configured",
            when=f"a model is configured and its {kind} review approves",
        )
    elif verdict.conclusion != Conclusion.APPROVE:
        found.block(
            verdict.code if verdict.code in _UNREADABLE_CODES else "review.unreadable",
            f"The {kind} review gave no usable verdict: {verdict.summary}",
            short=f"no usable {kind} verdict",
            when=f"the {kind} review gives a usable verdict and approves",
        )
    if not verdict.check_posted:
        found.wait(
            "review.unposted",
            f"The {kind} verdict is not on GitHub yet.",
            short=f"for the {kind} verdict to be posted",
            when=f"the {kind} verdict is on GitHub",
        )


def _unread(found: Findings, snapshot: Snapshot) -> None:
    """Every fact that could not be read, except those that already have a reason of their own."""
    facts: dict[str, tuple[object, str]] = {
        "issue_open": (snapshot.issue_open, "whether the issue is open"),
        "issue_labelled": (snapshot.issue_labelled, "the issue's labels"),
        "base_tip": (snapshot.base_tip, "the base branch's tip"),
        "merge_base": (snapshot.merge_base, "the merge base of head and base"),
        "checks": (snapshot.checks, "the head's checks"),
        "suites": (snapshot.suites, "the head's check suites"),
        "base_checks": (snapshot.base_checks, "the base's checks"),
        "head_seen_at": (snapshot.head_seen_at, "when the head appeared"),
        "open_conversations": (snapshot.open_conversations, "which conversations are open"),
    }
    if snapshot.config_error is None:
        facts["policy"] = (snapshot.config_digest, ".github/cadence.yml")
    if any(check.app_id != snapshot.app_id for check in snapshot.checks or ()):
        # Without a check of another App there is no such time, and `head_seen_at` alone starts the settle time.
        facts["last_check_seen_at"] = (snapshot.last_check_seen_at, "when the newest check appeared")
    for field, (value, what) in facts.items():
        if value is None:
            found.unread(field, what)
