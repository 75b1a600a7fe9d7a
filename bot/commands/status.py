"""`/cadence status`: the state of the run, from the ledger."""

from __future__ import annotations

from bot.core.escape import escape_line
from bot.core.names import IssueNumber
from bot.core.states import AT_THE_GATE, TERMINAL, RunState
from bot.flow.services import Services
from bot.ledger.entries import RunEntry
from bot.publish.status_comment_text import NEXT


def status(services: Services, run: RunEntry | None) -> str:
    """The state of the run, its pull request, its hold, and the reasons of the newest decision."""
    if run is None:
        return "This issue has no run. A maintainer starts one with the label `blueprint`."
    lines = [f"Run `{run.run_id}` is **{run.state}**."]
    if run.reason:
        lines.append(f"Why: {escape_line(run.reason)}")
    if run.pull is not None:
        lines.append(f"Pull request: #{run.pull}")
    asked = services.ledger.steering(run.repository_id, IssueNumber(run.issue))
    if asked.held_by and run.state not in TERMINAL | {RunState.HELD}:
        lines.append(f"Hold: {escape_line(asked.hold_text())}")
    decision = services.ledger.newest_decision(run.run_id)
    if decision is not None and run.state in AT_THE_GATE:
        lines += [f"- `{reason['code']}`: {escape_line(reason['text'])}" for reason in decision.reasons]
    elif run.state in NEXT:
        lines.append(f"Next: {NEXT[run.state]}")
    return "\n".join(lines)
