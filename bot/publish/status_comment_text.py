"""The one status comment on an issue: what people read while a run goes on and after it ended."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.escape import cell, fenced, shorten
from bot.core.names import HOLD_LABEL, STOP_LABEL, IssueNumber, PullNumber, RunId, marker
from bot.core.states import TERMINAL, RunState

S = RunState

_HEADLINES = {
    S.RECEIVED: "👀 Received.",
    S.WAITING_APPROVAL: "✋ Waiting for approval by a person with write permission.",
    S.WAITING_ANSWER: "❓ Waiting for an answer.",
    S.WAITING_DEPENDENCY: "⏸ Waiting for another blueprint to be merged.",
    S.WAITING_LIMIT: "⏳ Waiting; Cadence tries again automatically.",
    S.PLANNING: "📝 Planning the change.",
    S.JUDGING: "🔎 The commit is built; two reviewers read it before it is pushed.",
    S.PUBLISHING: "📤 Pushing the branch and opening the pull request.",
    S.REVIEWING: "🔎 The pull request is open; posting the reviews.",
    S.GATED: "🚦 The pull request is open. `cadence/gate` merges it when CI and both reviews pass.",
    S.REPAIRING: "🔧 Building a new commit for the pull request.",
    S.HELD: "✋ On hold: everything goes on except the merge.",
    S.MERGING: "🚀 Everything passed; merging.",
    S.WATCHING: "👁 Merged; watching CI on the base branch.",
    S.MERGED: "✅ Merged.",
    S.REFUSED: "🛑 Refused; nothing was changed.",
    S.NEEDS_HUMAN: "🙋 This needs a person.",
    S.STOPPED: "⏹ Stopped.",
    S.STOPPED_BUDGET: "⏹ Stopped: a cap is reached.",
    S.BLOCKED: "⛔ Blocked.",
    S.SUPERSEDED: "↪ Superseded by a newer run.",
    S.REVERTED: "↩ Reverted.",
}

NEXT = {
    S.WAITING_APPROVAL: "A person with write permission comments `/cadence go` to approve exactly what is shown here.",
    S.REFUSED: "Change the blueprint or fix the cause above, then comment `/cadence replan`.",
    S.NEEDS_HUMAN: "After the cause is fixed, comment `/cadence retry`, or `/cadence replan` for a new plan.",
    S.STOPPED: "To go on, undo what stopped it (open the issue or pull request again, add the trigger label, take "
    f"`{STOP_LABEL}` off, take `paused: true` out) and comment `/cadence resume`; or remove the trigger label and add "
    "it again.",
    S.STOPPED_BUDGET: "Raise the cap that is named above, then comment `/cadence resume`.",
    S.GATED: "The `cadence/gate` check lists the open reasons. To change the plan: `/cadence replan <guidance>`.",
}
"""What people can do in a state, where nothing better is known."""

_STAGES = ((S.PLANNING, "plan"), (S.JUDGING, "review"), (S.PUBLISHING, "push"), (S.REVIEWING, "post reviews"))
_ORDER = [
    S.RECEIVED,
    S.PLANNING,
    S.JUDGING,
    S.PUBLISHING,
    S.REVIEWING,
    S.GATED,
    S.HELD,
    S.MERGING,
    S.WATCHING,
    S.MERGED,
]

MAX_BODY = 60_000
"""GitHub refuses bodies above 65,536 characters; this leaves room for markers and closing fences."""


@dataclass(frozen=True, slots=True)
class ApprovalAsked:
    """What `/cadence go` would approve: its digest, what it is, and the text or diff itself."""

    digest: str
    what: str
    shown: str


@dataclass(frozen=True, slots=True)
class StatusView:
    """Everything the status comment shows.

    Texts that come from models or strangers are single lines that `quiet_line` has neutralised; `asked` is as it is.
    """

    run_id: RunId
    issue: IssueNumber
    cause: str
    state: RunState
    started_by: str
    reason: str = ""
    next_step: str = ""
    details: tuple[str, ...] = ()
    summary: str = ""
    pull: PullNumber | None = None
    head: str = ""
    merge_sha: str = ""
    proof: str = ""
    """Digest of the manifest of the merge, once its seal is there."""
    model: str = ""
    reverts: PullNumber | None = None
    """The pull request whose merge this run takes back."""
    asked: ApprovalAsked | None = None
    held: str = ""
    """Who set the issue's hold and why, or nothing."""
    expected: str = ""
    """What the run is expected to use."""
    outcome: str = ""
    """What was expected of it and what it used, once its pull request was opened."""
    receipt: str = ""
    """A Markdown table of what each phase used, once the run has ended."""


def status_marker(issue: IssueNumber) -> str:
    """The marker by which an issue's status comment is found again."""
    return str(marker("status", issue=issue))


def status_text(view: StatusView) -> str:
    """Markdown of the status comment, below GitHub's limit, ending in its markers."""
    headline = _HEADLINES[view.state]
    if view.reverts is not None:
        building = view.state in (S.RECEIVED, S.PLANNING, S.JUDGING)
        rest = "The commit that restores the files is being built." if building else headline
        headline = f"↩ Taking back the merge of #{view.reverts}. {rest}"
    parts = [f"### Cadence\n\n**{headline}**"]
    # The line of the hold says why and what comes next.
    hold_says_it = bool(view.held) and view.state is S.HELD and view.reason.startswith(("hold:", "set by"))
    if view.reason and not hold_says_it:
        parts.append(f"**Why:** {view.reason}")
    if view.held and view.state not in TERMINAL:
        # `/cadence resume` does not end a hold while the label is on.
        how = (
            f"takes the label `{HOLD_LABEL}` off"
            if view.held.endswith(f"the label `{HOLD_LABEL}`")
            else "comments `/cadence resume`"
        )
        parts.append(f"**On hold:** {view.held}. To end the hold, a person with write permission {how}.")
    if view.details:
        parts.append("\n".join(f"- {line}" for line in view.details))
    next_step = view.next_step or NEXT.get(view.state, "")
    if next_step and not hold_says_it:
        parts.append(f"**Next:** {next_step}")
    if view.asked is not None:
        parts.append(_asked(view.asked))
    parts.append(_facts(view))
    if view.receipt:
        parts.append(f"**What the run used:**\n\n{view.receipt}")
    tail = (
        f"\n\n{status_marker(view.issue)}\n{marker('run', run=view.run_id, cause=view.cause, state=_slug(view.state))}"
    )
    body = "\n\n".join(parts)
    return shorten(body, MAX_BODY) + tail


def _slug(state: RunState) -> str:
    return state.value.replace(": ", "-").replace(" ", "-")


def _asked(asked: ApprovalAsked) -> str:
    language = "diff" if asked.what == "diff" else "text"
    return (
        f"`/cadence go {asked.digest[:12]}` approves this {asked.what}, and nothing else:\n\n"
        f"<details open><summary>the {asked.what} to approve</summary>\n\n"
        f"{fenced(asked.shown, language)}\n\n</details>"
    )


def _facts(view: StatusView) -> str:
    rows = [f"| run | `{view.run_id}`, started by {view.started_by or 'an unknown person'} |"]
    if view.summary:
        rows.append(f"| plan | {cell(view.summary)} |")
    if view.pull is not None:
        rows.append(f"| pull request | #{view.pull} |")
    if view.head and view.pull is not None:
        rows.append(f"| head | {view.head[:12]} |")
    if view.merge_sha:
        rows.append(f"| merged as | {view.merge_sha} |")
    if view.proof:
        rows.append(f"| proof | `sha256:{view.proof}`: `cadence verify {view.merge_sha[:12]}` |")
    if view.model:
        rows.append(f"| model | {cell(view.model)} |")
    if view.outcome:
        rows.append(f"| cost up to the pull request | {cell(view.outcome)} |")
    elif view.expected:
        rows.append(f"| expected | {cell(view.expected)} |")
    rows.append(f"| stages | {_stages(view.state)} |")
    return "| | |\n|---|---|\n" + "\n".join(rows)


def _stages(state: RunState) -> str:
    """A tick for every stage that is behind, an arrow for the present one; unknown outside the normal sequence."""
    if state not in _ORDER:
        return state.value
    here = _ORDER.index(state)
    marks = []
    for stage, name in _STAGES:
        at = _ORDER.index(stage)
        marks.append(("✅ " if at < here else "▶ " if at == here else "· ") + name)
    marks.append(
        ("✅ " if state in (S.WATCHING, S.MERGED) else "▶ " if here >= _ORDER.index(S.GATED) else "· ") + "merge"
    )
    return " ".join(marks)
