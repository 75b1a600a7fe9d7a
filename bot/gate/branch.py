"""What GitHub's own rules of the base branch ask: approvals, conversations, signatures, methods, and what is unread."""

from __future__ import annotations

from bot.config.model import RepoConfig
from bot.gate.reasons import Findings
from bot.gate.snapshot import Snapshot
from bot.github_api.records import BranchRules


def branch_findings(found: Findings, snapshot: Snapshot, rules: RepoConfig) -> None:
    """Add everything about the base branch's rules but its required checks, which are CI's part."""
    _method(found, snapshot, rules)
    branch = snapshot.rules
    if branch is None:
        found.block(
            "rule.unreadable",
            "The rules of the base branch could not be read.",
            then="Cadence reads them again; grant the App `metadata: read` if it lasts.",
            short="the branch's rules are unreadable",
        )
        return
    _enforced_by_github(found, branch)
    _closed(found, branch)
    if branch.merge_queue:
        _queue(found, snapshot)
    _approvals(found, snapshot, branch)
    _conversations(found, snapshot, branch)
    if branch.signatures and not branch.merge_queue:
        _signatures(found, rules)


def _enforced_by_github(found: Findings, branch: BranchRules) -> None:
    """Rules that only GitHub can hold us to: fine where it does, a block where it would let this App pass.

    GitHub says to an App whether it may bypass a ruleset (`current_user_can_bypass` of `GET /rulesets/{id}`). Classic
    protection keeps its list of exceptions to administrators; there, GitHub's refusal is what is relied upon.
    """
    if branch.may_bypass and (branch.unchecked or not branch.readable):
        kinds = ", ".join(f"`{kind}`" for kind in branch.unchecked) or "some rules"
        found.block(
            "rule.unreadable",
            f"Cadence cannot check {kinds} of the base branch, and GitHub would let this App bypass that.",
            short="rules this App could bypass",
            when="this App may not bypass that ruleset",
        )
        return
    for kind in branch.unchecked:
        found.note(f"rule.{kind}", f"The rule `{kind}` of the base branch is enforced by GitHub at the merge.")
    if not branch.readable:
        text = "Some rules of the base branch cannot be read; GitHub itself enforces them at the merge."
        found.note("rule.unreadable", text)


def _closed(found: Findings, branch: BranchRules) -> None:
    """Branches that only some of the people with write permission may change."""
    if branch.locked:
        found.block("rule.lock_branch", "The base branch is locked.", short="the base branch is locked")
    if branch.restricted:
        text = "Branch protection lets only named people, teams and Apps push, and this App is not among them."
        found.block("rule.restrictions", text, short="this App may not push to the base")
    if branch.update and branch.may_bypass is False:
        text = "A ruleset lets only those on its bypass list change the base branch, and this App is not on it."
        found.block("rule.update", text, short="this App may not change the base")
    elif branch.update and branch.may_bypass is None:
        found.note("rule.update", "A ruleset lets only those on its bypass list change the base branch.")


def _queue(found: Findings, snapshot: Snapshot) -> None:
    """Whether it is in the queue already, or was and is not any more."""
    if snapshot.queued:
        text = "It is in the merge queue of the base branch."
        found.wait("rule.merge_queue", text, short="for the merge queue")
    elif snapshot.left_queue:
        found.wait(
            "queue.left",
            "The merge queue, or a person, took this head out of the queue.",
            short="for a person: taken out of the merge queue",
        )


def _approvals(found: Findings, snapshot: Snapshot, branch: BranchRules) -> None:
    """GitHub's own review decision. None is fine only where no approval is required."""
    decision = snapshot.review_decision
    if decision == "approved":
        found.passed.append("approved")
        if branch.last_push_approval:
            text = "Only an approval after the last push, by another person than the pusher, counts for GitHub."
            found.note("rule.last_push_approval", text)
        return
    wanted = max(branch.required_approvals, int(branch.last_push_approval))
    if decision == "changes_requested":
        found.wait(
            "approval.missing",
            "A reviewer requested changes.",
            short="for an approval",
            when="the request for changes is withdrawn",
        )
    elif wanted or (decision is not None and not branch.code_owner):
        late = " after the last push, by another person than the pusher" if branch.last_push_approval else ""
        text = f"{max(wanted, 1)} approving review(s) of a person are required{late}."
        when = f"{wanted} reviewers approve" if wanted > 1 else "a reviewer approves"
        found.wait("approval.missing", text, short="for an approval", when=when)
    if branch.code_owner:
        found.wait(
            "rule.code_owner",
            "A code owner of the changed files has to approve, and an App cannot be a code owner.",
            short="for a code owner",
        )


def _conversations(found: Findings, snapshot: Snapshot, branch: BranchRules) -> None:
    # What could not be read has a reason of its own.
    if branch.conversations and snapshot.open_conversations:
        found.wait(
            "rule.conversations",
            f"{snapshot.open_conversations} conversation(s) are open, and a rule requires that every one is resolved.",
            short="for open conversations",
        )


def _signatures(found: Findings, rules: RepoConfig) -> None:
    """Commits that Cadence pushes are not signed; a squash makes one new commit, which GitHub signs itself."""
    if rules.merge.method == "squash":
        found.note("rule.required_signatures", "The base branch needs signed commits; GitHub signs the squash.")
        return
    found.block(
        "rule.required_signatures",
        f"The base branch needs signed commits, and `merge.method: {rules.merge.method}` keeps unsigned commits.",
        short="the base needs signed commits",
    )


def allowed_methods(of_repository: frozenset[str], branch: BranchRules | None) -> frozenset[str]:
    """The methods that both the repository's settings and its rules of the base branch allow."""
    if branch is None:
        return of_repository
    allowed = of_repository & branch.allowed_methods
    return allowed - {"merge"} if branch.linear_history else allowed


def _method(found: Findings, snapshot: Snapshot, rules: RepoConfig) -> None:
    """Whether the repository and its rules allow the configured method; a merge queue has a method of its own."""
    if snapshot.rules is not None and snapshot.rules.merge_queue:
        return
    allowed = allowed_methods(snapshot.repository_methods, snapshot.rules)
    if rules.merge.method not in allowed:
        instead = ", ".join(sorted(allowed)) or "none"
        found.block(
            "merge.method",
            f"`merge.method: {rules.merge.method}` is not allowed here (allowed: {instead}).",
            short="merge method not allowed",
            when=f"`merge.method` is one of: {instead}" if allowed else "",
        )
