"""One verdict for one commit: filed already, carried over from an identical diff, or judged now."""

from __future__ import annotations

from dataclasses import replace

from bot.config.load import LoadedConfig
from bot.core.names import BaseSha, HeadSha, is_revert, sha256
from bot.flow.context import RunContext
from bot.ledger.entries import RunEntry
from bot.plan.blueprint import Blueprint, read_blueprint
from bot.review.diff import read_diff
from bot.review.review_kinds import Conclusion, EvidenceKey, ReviewKind, Verdict
from bot.review.reviewer import JudgeRequest


def judge_commit(
    context: RunContext, kind: ReviewKind, *, head: HeadSha, merge_base: BaseSha, policy: LoadedConfig, attempt: int = 1
) -> Verdict:
    """The verdict of a kind on exactly (head, merge base, policy), made and filed unless that attempt has one.

    A crash after the filing therefore judges nothing twice; who wants another opinion asks for a higher attempt.
    """
    run, ledger = context.run, context.services.ledger
    filed = ledger.newest_verdict(run.run_id, kind, head, merge_base, policy.digest)
    if filed is not None and filed.key.attempt >= attempt:
        return filed
    key = EvidenceKey(head, merge_base, policy.digest, attempt=attempt)
    diff = context.mirror.diff(merge_base, head)
    verdict = _carried_over(context, kind, key, policy, diff) if attempt == 1 else None
    verdict = verdict or _judged(context, kind, key, policy, diff)
    ledger.save_verdict(run.run_id, verdict)
    return verdict


def _carried_over(
    context: RunContext, kind: ReviewKind, key: EvidenceKey, policy: LoadedConfig, diff: str
) -> Verdict | None:
    """A verdict on a byte-identical diff, by the same blueprint and policy, speaks for the rebuilt head, and says so.

    Only the newest does: somebody asked again after the older ones. Rules look at the whole tree, which moved: they are
    run again, and must find what they found before.
    """
    digest = sha256(diff)
    alike = [
        verdict
        for verdict in context.services.ledger.verdicts_for(context.run.run_id)
        if verdict.kind is kind
        and verdict.receipt.diff_digest == digest
        and verdict.receipt.blueprint == context.run.blueprint_digest
        and verdict.key.policy == key.policy
    ]
    newest = alike[-1] if alike else None
    if newest is not None and newest.key.attempt < context.run.least_attempt(kind, newest.key.head):
        return None
    if newest is None or newest.conclusion not in (Conclusion.APPROVE, Conclusion.REJECT):
        return None
    broken = context.services.judge.rules(kind, read_diff(diff), context.mirror.tree(key.head), policy.require_config())
    if broken != tuple(finding for finding in newest.findings if finding.rule is not None):
        return None
    origin = f"{newest.key.head}..{newest.key.merge_base}"
    return replace(newest, key=key, receipt=replace(newest.receipt, origin=newest.receipt.origin or origin))


def _judged(context: RunContext, kind: ReviewKind, key: EvidenceKey, policy: LoadedConfig, diff: str) -> Verdict:
    run = context.run
    blueprint = _what_is_asked(run)
    return context.services.judge.judge(
        JudgeRequest(
            kind=kind,
            key=key,
            blueprint_digest=run.blueprint_digest,
            blueprint_title=blueprint.title,
            blueprint_text=blueprint.text,
            acceptance=blueprint.acceptance,
            guidance=run.guidance,
            plan=run.plan,
            diff=diff,
            base_tree=context.mirror.tree(key.merge_base),
            tree=context.mirror.tree(key.head),
            config=policy.require_config(),
            ask=context.ask(f":{key.digest(kind)}"),
            declared=_declared(context),
        )
    )


def _what_is_asked(run: RunEntry) -> Blueprint:
    """The issue's text; a change that takes a merge back is there to undo what that text asks."""
    if not is_revert(run.cause):
        return read_blueprint(run.title, run.body)
    wanted = "Every file of this change is again as it was before the merge that it reverts."
    return Blueprint(title=run.summary, text=wanted, acceptance=(wanted,))


def _declared(context: RunContext) -> tuple[str, ...]:
    """What the run's ChangeSet says it removes on purpose."""
    change_set = (
        context.services.ledger.changeset(context.run.changeset_digest) if context.run.changeset_digest else None
    )
    return tuple(name for edit in change_set.edits for name in edit.removes) if change_set else ()
