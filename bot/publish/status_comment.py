"""Keeps the one status comment of an issue: written once, then edited in place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from bot.core.escape import code_span, escape_line
from bot.core.json_types import JsonDict
from bot.core.names import (
    CommentId,
    is_revert,
    marker,
    reverted_merge,
    sha256,
)
from bot.core.states import TERMINAL, RunState
from bot.effects.kinds import EffectActor, EffectKind
from bot.effects.perform import Effects
from bot.github_api.issue_records import CommentRecord
from bot.github_api.issues import IssueCalls
from bot.ledger.entries import DecisionEntry, ModelCallEntry, RunEntry, actor_of
from bot.ledger.ledger import Ledger
from bot.publish.cost_text import expected_text, outcome_text, receipt_table
from bot.publish.status_comment_text import ApprovalAsked, StatusView, status_text


class StatusComment:
    """Writes and edits the status comment through the effect gateway."""

    def __init__(self, effects: Effects, ledger: Ledger) -> None:
        self._effects = effects
        self._ledger = ledger

    def tell(
        self,
        issues: IssueCalls,
        run: RunEntry,
        *,
        state: RunState | None = None,
        next_step: str = "",
        details: tuple[str, ...] = (),
        asked: ApprovalAsked | None = None,
        decision: DecisionEntry | None = None,
    ) -> None:
        """Show the state of the run (`state` overrides the recorded one when the move is about to be made).

        `decision` is the gate's newest, whose first reason is shown instead of the run's own.
        """
        view = _view(run, state or run.state, next_step, details, asked, self._ledger)
        if decision is not None and decision.reasons:
            first = decision.reasons[0]
            view = replace(view, reason=escape_line(f"{first['code']}: {first.get('text', '')}"))
        body = status_text(view)
        actor = actor_of(run)
        comment_id = run.status_comment or self._earlier(run)
        if comment_id is None:
            shown = self._create(issues, run, actor, body, self._ledger.last_transition(run.run_id))
        else:
            # The same text may be right again later: after another move, or after another decision.
            at = f"{self._ledger.last_transition(run.run_id)}{f'.{decision.id}' if decision else ''}"
            key = f"status:{at}:{sha256(body)[:12]}"
            shown = self._effects.perform(
                actor,
                EffectKind.COMMENT_EDIT,
                key,
                fresh=True,
                find=lambda: None,
                do=lambda: _outcome(issues.edit_comment(CommentId(comment_id), body)),
            )
        if run.status_comment != int(shown["id"]):
            self._ledger.update_run(run.run_id, status_comment=int(shown["id"]))
        if comment_id is None and status_text(replace(view, held=_held(self._ledger, run))) != body:
            # A hold that was set while the comment was written found none that it could be shown in.
            there = replace(run, status_comment=int(shown["id"]))
            self.tell(issues, there, state=state, next_step=next_step, details=details, asked=asked, decision=decision)
        if asked is not None and run.asked_at is None and shown.get("at"):
            self._ledger.update_run(run.run_id, asked_at=datetime.fromisoformat(shown["at"]))

    def is_there(self, run: RunEntry) -> bool:
        """Whether the issue has the comment. The first one is written by the run itself, and by nothing else."""
        return run.status_comment is not None or self._earlier(run) is not None

    def _earlier(self, run: RunEntry) -> int | None:
        """The comment another run of this issue already keeps."""
        for other in self._ledger.runs_of_issue(run.repository_id, run.issue):
            if other.status_comment:
                return int(other.status_comment)
        return None

    def _create(self, issues: IssueCalls, run: RunEntry, actor: EffectActor, body: str, move: int) -> JsonDict:
        """Create the comment, or take over the one a lost ledger left behind.

        `move` is the run's last move, which the outcome keeps as `shown`: by it the ledger knows what was shown.
        """
        wanted = marker("status", issue=run.issue)

        def find() -> JsonDict | None:
            existing = issues.find_comment(run.issue, wanted)
            return None if existing is None else _outcome(issues.edit_comment(existing.id, body)) | {"shown": move}

        def do() -> JsonDict:
            return _outcome(issues.comment(run.issue, body)) | {"shown": move}

        return self._effects.perform(actor, EffectKind.COMMENT_CREATE, "status", find=find, do=do, told_anyway=True)


def _outcome(comment: CommentRecord) -> JsonDict:
    """What the ledger keeps of a comment. `at` is GitHub's time: ours may be off, and approvals are compared."""
    return {"id": int(comment.id), "url": comment.html_url, "at": comment.updated_at.isoformat()}


def _view(
    run: RunEntry,
    state: RunState,
    next_step: str,
    details: tuple[str, ...],
    asked: ApprovalAsked | None,
    ledger: Ledger,
) -> StatusView:
    proof = ledger.proof_of_run(run.run_id) if run.merge_sha else None
    reverted = ledger.run_for_merge(run.repository_id, reverted_merge(run.cause)) if is_revert(run.cause) else None
    estimate = next(reversed(ledger.estimates_of(run.run_id)), None)
    # Only at the end: figures that grow while the run goes on would need edits of their own.
    ended = state in TERMINAL or state is RunState.WATCHING
    return StatusView(
        run_id=run.run_id,
        issue=run.issue,
        cause=run.cause,
        state=state,
        started_by=f"@\u200b{run.started_by}" if run.started_by else "",
        reason=escape_line(run.reason or (reverted.reason if reverted else "")),
        next_step=escape_line(next_step),
        details=tuple(escape_line(line) for line in details),
        summary=escape_line(run.summary),
        pull=run.pull,
        head=run.head_sha,
        merge_sha=run.merge_sha,
        proof=proof.digest if proof else "",
        model=_models(ledger.model_calls_of(run.run_id)),
        asked=asked,
        held=_held(ledger, run),
        reverts=reverted.pull if reverted else None,
        expected=expected_text(estimate) if estimate else "",
        outcome=outcome_text(estimate) if estimate else "",
        receipt=receipt_table(ledger.phases_of(run.run_id)) if ended else "",
    )


def _held(ledger: Ledger, run: RunEntry) -> str:
    return escape_line(ledger.steering(run.repository_id, run.issue).hold_text())


def _models(calls: Sequence[ModelCallEntry]) -> str:
    """Which models answered, by the names their servers gave; a recorded answer is called recorded."""
    named = {
        code_span(call.model_answered, 80) + (" (recorded answers, not a real review)" if call.recorded else "")
        for call in calls
        if call.model_answered
    }
    return ", ".join(sorted(named))
