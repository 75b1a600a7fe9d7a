"""A run whose issue was deleted, or moved to another repository: it ends, and its pull request says so."""

from __future__ import annotations

from bot.core.errors import Forbidden, NotFound
from bot.core.names import IssueNumber, marker
from bot.core.states import TERMINAL, RunState
from bot.flow.context import RunContext, log
from bot.github_api.records import CheckOutput
from bot.publish.comments import post_comment

CODE = "issue.gone"
NEXT = (
    "Nothing more is done here. Merge or close this pull request by hand; to go on with Cadence, file an issue in this "
    "repository and label it."
)


def issue_is_gone(context: RunContext) -> bool:
    """Whether GitHub shows the repository, and not the run's issue in it."""
    try:
        context.calls.issues.history(context.run.issue)
    except NotFound:
        try:
            # GitHub answers 404 for a repository that the App may not see as well.
            context.calls.repository()
        except NotFound:
            return False
        return True
    return False


def end_without_issue(context: RunContext) -> None:
    """Stop the run, and say so where something can still be said. Safe to repeat; a merged run stays as it is."""
    run = context.run
    log.warning("issue.gone", run=run.run_id, issue=run.issue, pull=run.pull)
    if run.state in TERMINAL or run.state is RunState.WATCHING:
        return
    reason = f"Issue #{run.issue} was deleted or moved to another repository."
    if run.pull is not None and context.calls.pulls.get(run.pull).merged:
        context.move(RunState.MERGED, f"{CODE}: {reason}")
        return
    context.move(RunState.STOPPED, f"{CODE}: {reason}")
    if run.pull is None:
        return
    try:
        _show_at_the_gate(context, reason)
        _say_on_the_pull(context, reason)
    except (NotFound, Forbidden) as error:
        log.warning("status.untold", run=run.run_id, code=error.code, summary=error.summary)


def _show_at_the_gate(context: RunContext, reason: str) -> None:
    """End `cadence/gate` on the present head: it is not looked at any more."""
    run = context.run
    assert run.pull is not None
    head = context.calls.pulls.get(run.pull).head
    decision, _ = context.services.ledger.record_decision(
        run.run_id,
        pull=run.pull,
        head=head,
        outcome="block",
        reasons=[{"code": CODE, "text": reason}],
        now=context.services.clock.now(),
    )
    context.services.merger.put_gate_check(
        run,
        context.calls.checks,
        head=head,
        decision_id=decision,
        conclusion="action_required",
        output=CheckOutput(title="Stopped: the issue is gone", summary=f"`{CODE}`: {reason}\n\n{NEXT}"),
    )


def _say_on_the_pull(context: RunContext, reason: str) -> None:
    assert context.run.pull is not None
    post_comment(
        context.services.effects,
        context.actor,
        context.calls.issues,
        IssueNumber(context.run.pull),
        key="gone",
        marker=marker("gone", run=context.run.run_id),
        text=f"### Cadence\n\n**⏹ Stopped.** {reason}\n\n**Next:** {NEXT}",
        told_anyway=True,
    )
