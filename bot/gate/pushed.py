"""Commits that people pushed: what Cadence asks about before its own push, it asks about after theirs.

Writers may push what they like onto the branch, and Cadence merges. So a weakened test, a changed pipeline, a secret or
a file outside an approved plan waits there for a person who says by name that it is meant.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.config.model import RepoConfig
from bot.gate.reasons import Findings
from bot.gate.snapshot import PushedFinding, Snapshot

SHOWN = 3
"""Places named for each code; the rest is counted."""


def pushed_findings(found: Findings, snapshot: Snapshot, rules: RepoConfig) -> None:
    """Add every finding in people's commits that was not approved, and a plan that should have been and was not."""
    if snapshot.pushed is None:
        found.unread("pushed", "the commits that people pushed")
        return
    if snapshot.own_config:
        found.block(
            "config.invalid",
            f"The pull request's own .github/cadence.yml cannot be used: {snapshot.own_config}",
            then="Correct the file on the pull request's branch.",
            short="its .github/cadence.yml is invalid",
            when="the pull request's .github/cadence.yml is corrected",
        )
    approved = bool(snapshot.pushed_digest) and snapshot.pushed_approved == snapshot.pushed_digest
    if rules.plan.approval == "required" and not (snapshot.plan_approved or approved):
        text = "The plan is not approved, and the config requires an approval."
        found.wait("plan.unapproved", text, then=_go(snapshot), short="for a person: the plan")
    if approved:
        found.passed.append("what people pushed is approved")
        return
    for code in dict.fromkeys(one.code for one in snapshot.pushed):
        _ask(found, code, [one for one in snapshot.pushed if one.code == code], snapshot)


def _ask(found: Findings, code: str, findings: Sequence[PushedFinding], snapshot: Snapshot) -> None:
    places = "; ".join(f"{one.place}: {one.message}" for one in findings[:SHOWN])
    more = f" (and {len(findings) - SHOWN} more)" if len(findings) > SHOWN else ""
    found.wait(
        code,
        f"In commits that people pushed: {places}{more}",
        then=_go(snapshot),
        short=f"for a person: pushed commits, {code}",
        when="a person approves what was pushed",
    )


def _go(snapshot: Snapshot) -> str:
    named = f" {snapshot.pushed_digest[:12]}" if snapshot.pushed_digest else ""
    return f"Revert it, or read the pull request's diff and comment `/cadence go{named}`."
