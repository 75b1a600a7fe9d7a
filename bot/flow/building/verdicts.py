"""One verdict for one commit: recorded already, carried over from an identical diff, or made now."""

from __future__ import annotations

from dataclasses import replace

from bot.config.load import LoadedConfig
from bot.core.names import BaseSha, HeadSha, is_revert, sha256
from bot.flow.context import RunContext
from bot.flow.recorded import record_review, review_attempt, without_secrets
from bot.plan.blueprint import Blueprint, read_blueprint
from bot.review.diff import read_diff
from bot.review.review_kinds import Conclusion, EvidenceKey, ReviewKind, Verdict
from bot.review.reviewer import JudgeRequest


def judge_commit(
    context: RunContext, kind: ReviewKind, *, head: HeadSha, merge_base: BaseSha, config: LoadedConfig, attempt: int = 1
) -> Verdict:
    """The verdict of a kind on exactly (head, merge base, config), made and filed unless that attempt has one.

    After a crash nothing that was filed is judged twice. A higher `attempt` asks for another opinion.
    """
    run, ledger = context.run, context.services.ledger
    filed = ledger.newest_verdict(run.run_id, kind, head, merge_base, config.digest)
    if filed is not None and filed.key.attempt >= attempt:
        return filed
    key = EvidenceKey(head, merge_base, config.digest, attempt=attempt)
    diff = context.mirror.diff(merge_base, head)
    verdict = _carried_over(context, kind, key, config, diff) if attempt == 1 else None
    verdict = verdict or _judged(context, kind, key, config, diff)
    ledger.save_verdict(run.run_id, verdict)
    return verdict


def _carried_over(
    context: RunContext, kind: ReviewKind, key: EvidenceKey, config: LoadedConfig, diff: str
) -> Verdict | None:
    """A verdict on a byte-identical diff, by the same blueprint and config, counts for a rebuilt head too.

    Only the newest may: after each older one a person asked for another. Rules look at the whole tree, which changed
    with the base, so they are run again and must find what they found before.
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
    broken = context.services.judge.rules(kind, read_diff(diff), context.mirror.tree(key.head), config.require_config())
    if broken != tuple(finding for finding in newest.findings if finding.rule is not None):
        return None
    origin = f"{newest.key.head}..{newest.key.merge_base}"
    return replace(newest, key=key, receipt=replace(newest.receipt, origin=newest.receipt.origin or origin))


def _judged(context: RunContext, kind: ReviewKind, key: EvidenceKey, config: LoadedConfig, diff: str) -> Verdict:
    run = context.run
    if is_revert(run.cause):
        # A revert undoes what the text asks for, so that text cannot be what it is judged by.
        wanted = "Every file of this change is again as it was before the merge that it reverts."
        blueprint = Blueprint(title=run.summary, text=wanted, acceptance=(wanted,))
    else:
        blueprint = without_secrets(read_blueprint(run.title, run.body))
    change_set = context.services.ledger.changeset(run.changeset_digest) if run.changeset_digest else None
    request = JudgeRequest(
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
        config=config.require_config(),
        ask=context.ask(review_attempt(key, kind)),
        declared=tuple(name for edit in change_set.edits for name in edit.removes) if change_set else (),
    )
    verdict = context.services.judge.judge(request)
    record_review(context.services.ledger, run.run_id, request, verdict)
    return verdict
