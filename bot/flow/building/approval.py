"""Approvals: the text must be what trusted people saw, and an outsider's diff is shown before it is pushed."""

from __future__ import annotations

from bot.config.model import RepoConfig
from bot.core.errors import Refused
from bot.core.names import STOP_LABEL, BaseSha, CommitSha, is_revert
from bot.core.states import RunState
from bot.flow.context import RunContext
from bot.github_api.issue_records import IssueHistory
from bot.intake.authority import (
    Authority,
    Cancelled,
    Go,
    NeedsApproval,
    blueprint_digest,
    settle,
    who_must_be_known,
)
from bot.publish.status_comment_text import ApprovalAsked
from bot.weakening.gate import weakening_findings
from bot.weakening.model import WeakeningFinding

S = RunState


def authority_of(context: RunContext, config: RepoConfig) -> tuple[IssueHistory, Authority]:
    """Read the issue's history and find out who labelled it and who edited its text since."""
    history = context.calls.issues.history(context.run.issue)
    people = who_must_be_known(history, config.trigger.label)
    permissions = {login: context.calls.permission(login).permission for login in sorted(people)}
    return history, settle(history, permissions, label=config.trigger.label, needed=config.trigger.permission)


def text_approved(context: RunContext, config: RepoConfig) -> bool:
    """Whether the run may work on the issue's present text; else the run stops or waits, and says so."""
    history, authority = authority_of(context, config)
    digest = blueprint_digest(history.title, history.body)
    run = context.run
    cancelled = authority.reason if isinstance(authority, Cancelled) else _stop_label(history)
    if cancelled:
        context.move(S.STOPPED, cancelled)
        context.tell()
        return False
    if isinstance(authority, NeedsApproval) and run.approved_digest != digest:
        return _wait_for_text(context, history, authority, digest)
    trusted = authority.text_trusted if isinstance(authority, Go) else False
    edited = bool(run.changeset_digest and run.blueprint_digest and run.blueprint_digest != digest)
    if edited:
        # Trusted people changed the text after it was planned: the current plan answers another question.
        context.update(changeset_digest="")
    context.update(title=history.title, body=history.body, blueprint_digest=digest, text_trusted=trusted)
    if edited and run.state in (S.PUBLISHING, S.JUDGING):
        raise Refused(
            "the blueprint was edited while it was being worked on",
            code="blueprint.edited",
            remedy="Comment `/cadence replan` to plan what it says now.",
        )
    return True


def _stop_label(history: IssueHistory) -> str:
    """Why the issue's labels stop the run: `cadence:stop` may have been there before the run was."""
    return f"the label `{STOP_LABEL}` is set" if STOP_LABEL in {one.casefold() for one in history.labels} else ""


def _wait_for_text(context: RunContext, history: IssueHistory, authority: NeedsApproval, digest: str) -> bool:
    reason = "; ".join(authority.reasons)
    context.update(asked_digest=digest, blueprint_digest=digest)
    if context.run.state is S.REPAIRING:
        context.move(S.GATED, reason)
    else:
        context.move(S.WAITING_APPROVAL, reason)
    shown = f"{history.title}\n\n{history.body}"
    context.tell(asked=ApprovalAsked(digest, "text", shown[:20_000]))
    return False


def diff_approved(context: RunContext, config: RepoConfig) -> bool:
    """Whether the diff may be pushed; False where a named person has to see it first: the run waits, and says why.

    Pushing starts the target's CI with its secrets, so an outsider's text is pushed only on an approved diff. Whoever
    wrote the text, tests and CI are weakened only by a person. Where the config wants every plan approved, exactly the
    approved ChangeSet is pushed: another one has another hash, and needs its own approval.
    """
    run = context.run
    if run.approved_diff == run.changeset_digest:
        return True
    weakened = _weakened(context)
    outside = not run.text_trusted and config.ci.trust != "anyone"
    planned = config.plan.approval == "required"
    if not (outside or weakened or planned):
        return True
    diff = context.mirror.diff(BaseSha(CommitSha(run.base_sha)), CommitSha(run.head_sha))
    reasons = ["approval.diff: the text is by a person without write permission"] if outside else []
    reasons += ["plan.unapproved: `plan.approval: required` is set in .github/cadence.yml"] if planned else []
    reasons += [f"{weakened[0].code}: {weakened[0].message}"] if weakened else []
    context.update(asked_digest=run.changeset_digest)
    context.move(S.WAITING_APPROVAL, "; ".join(reasons))
    verdicts = context.services.ledger.verdicts_for(run.run_id)
    context.tell(
        next_step="A person with write permission comments `/cadence go` to have exactly this diff pushed, which "
        "starts this repository's CI on it.",
        details=(
            *(f"{v.kind}: {v.conclusion} - {v.summary}" for v in verdicts),
            *(f"`{one.code}` {one.path}{f':{one.line}' if one.line else ''}: {one.message}" for one in weakened[:20]),
        ),
        asked=ApprovalAsked(run.changeset_digest, "diff", diff[:40_000]),
    )
    return False


def _weakened(context: RunContext) -> tuple[WeakeningFinding, ...]:
    """How the commit weakens tests or CI. A revert restores exactly what was there before, so nothing is looked for."""
    run = context.run
    if is_revert(run.cause):
        return ()
    base, head = CommitSha(run.base_sha), CommitSha(run.head_sha)
    mirror = context.mirror
    return weakening_findings(mirror.tree(base), mirror.tree(head), mirror.changes(base, head))
