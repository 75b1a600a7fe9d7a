"""Who may: the text must be what trusted people saw, and an outsider's text is shown as a diff before it is pushed."""

from __future__ import annotations

from bot.errors import Refused
from bot.flow.desk import Desk
from bot.github_api.records import IssueHistory
from bot.intake.authority import (
    Authority,
    Cancelled,
    Go,
    NeedsApproval,
    blueprint_digest,
    settle,
    who_must_be_known,
)
from bot.names import BaseSha, CommitSha, is_revert
from bot.publish.status_text import ApprovalAsked
from bot.repo_config import RepoConfig
from bot.states import RunState
from bot.weakening.gate import weakening_findings
from bot.weakening.model import WeakeningFinding

S = RunState


def authority_of(desk: Desk, config: RepoConfig) -> tuple[IssueHistory, Authority]:
    """Read the issue's history and settle who labelled it and who touched its text since."""
    history = desk.calls.issues.history(desk.run.issue)
    people = who_must_be_known(history, config.trigger.label)
    permissions = {login: desk.calls.permission(login).permission for login in sorted(people)}
    return history, settle(history, permissions, label=config.trigger.label, needed=config.trigger.permission)


def text_approved(desk: Desk, config: RepoConfig) -> bool:
    """Whether the run may work on the issue's present text; else the run stops or waits, and says so."""
    history, authority = authority_of(desk, config)
    digest = blueprint_digest(history.title, history.body)
    run = desk.run
    if isinstance(authority, Cancelled):
        desk.move(S.STOPPED, authority.reason)
        desk.tell()
        return False
    if isinstance(authority, NeedsApproval) and run.approved_digest != digest:
        return _wait_for_text(desk, history, authority, digest)
    trusted = authority.text_trusted if isinstance(authority, Go) else False
    if run.changeset_digest and run.blueprint_digest and run.blueprint_digest != digest:
        # Trusted people changed the text after it was planned: the plan in hand answers another question.
        desk.update(changeset_digest="")
        desk.update(title=history.title, body=history.body, blueprint_digest=digest, text_trusted=trusted)
        if run.state is S.PUBLISHING or run.state is S.JUDGING:
            raise Refused(
                "the blueprint was edited while it was being worked on",
                code="blueprint.edited",
                remedy="Comment `/cadence replan` to plan what it says now.",
            )
        return True
    desk.update(title=history.title, body=history.body, blueprint_digest=digest, text_trusted=trusted)
    return True


def _wait_for_text(desk: Desk, history: IssueHistory, authority: NeedsApproval, digest: str) -> bool:
    reason = "; ".join(authority.reasons)
    desk.update(asked_digest=digest, blueprint_digest=digest)
    if desk.run.state is S.REPAIRING:
        desk.move(S.GATED, reason)
    else:
        desk.move(S.WAITING_APPROVAL, reason)
    shown = f"{history.title}\n\n{history.body}"
    desk.tell(asked=ApprovalAsked(digest, "text", shown[:20_000]))
    return False


def diff_approval_needed(desk: Desk, config: RepoConfig) -> bool:
    """Whether a named person has to see the diff before it is pushed; then the run waits, and says why.

    Pushing starts the target's CI with its secrets, so an outsider's text is pushed only on an approved diff. Whoever
    wrote the text, tests and CI are weakened only by a person. Where the policy wants every plan approved, exactly the
    approved ChangeSet is pushed: another one has another hash, and is asked about again.
    """
    run = desk.run
    if run.approved_diff == run.changeset_digest:
        return False
    weakened = _weakened(desk)
    outside = not run.text_trusted and config.ci.trust != "anyone"
    planned = config.plan.approval == "required"
    if not (outside or weakened or planned):
        return False
    diff = desk.mirror.diff(BaseSha(CommitSha(run.base_sha)), CommitSha(run.head_sha))
    reasons = ["approval.diff: the text is by a person without write permission"] if outside else []
    reasons += ["plan.unapproved: `plan.approval: required` is set in .github/cadence.yml"] if planned else []
    reasons += [f"{weakened[0].code}: {weakened[0].message}"] if weakened else []
    desk.update(asked_digest=run.changeset_digest)
    desk.move(S.WAITING_APPROVAL, "; ".join(reasons))
    verdicts = desk.house.ledger.verdicts_for(run.run_id)
    desk.tell(
        next_step="A person with write permission comments `/cadence go` to have exactly this diff pushed, which "
        "starts this repository's CI on it.",
        details=(
            *(f"{v.kind}: {v.conclusion} - {v.summary}" for v in verdicts),
            *(f"`{one.code}` {one.path}{f':{one.line}' if one.line else ''}: {one.message}" for one in weakened[:20]),
        ),
        asked=ApprovalAsked(run.changeset_digest, "diff", diff[:40_000]),
    )
    return True


def _weakened(desk: Desk) -> tuple[WeakeningFinding, ...]:
    """How the commit weakens tests or CI. What takes a merge back is exactly what stood there before."""
    run = desk.run
    if is_revert(run.cause):
        return ()
    base, head = CommitSha(run.base_sha), CommitSha(run.head_sha)
    mirror = desk.mirror
    return weakening_findings(mirror.tree(base), mirror.tree(head), mirror.changes(base, head))
