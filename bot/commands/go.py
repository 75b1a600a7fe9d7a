"""`/cadence go`: a person with permission approves exactly what was shown, and is named with it from then on."""

from __future__ import annotations

from datetime import datetime

from bot.commands.request import Request
from bot.config.model import RepoConfig
from bot.core.names import CHECK_GATE
from bot.core.states import AT_THE_GATE, RunState
from bot.flow.building.approval import authority_of
from bot.flow.context import RunContext
from bot.flow.gate.look import look
from bot.flow.services import Services
from bot.gate.snapshot import Snapshot
from bot.intake.authority import blueprint_digest
from bot.intake.command_text import Command
from bot.intake.events import CommandGiven
from bot.ledger.entries import RunEntry

S = RunState
NOTHING = "Nothing is waiting for approval here"


def go(request: Request) -> str:
    """Approve the hash given, or what was shown before the comment was written; else say why not."""
    services, event, command, run, config = request
    if run is None:
        return f"{NOTHING}."
    if run.state in AT_THE_GATE:
        return _at_the_gate(services, event, command, run, config)
    if run.state is not S.WAITING_APPROVAL or not run.asked_digest:
        return f"{NOTHING}: the run is **{run.state}**."
    if command.argument and not run.asked_digest.startswith(command.argument.lower()):
        return f"`{command.argument}` is not the hash that waits for approval; `{run.asked_digest[:12]}` is."
    if not command.argument and not _shown_before(run.asked_at, event.created_at):
        again = f"`/cadence go {run.asked_digest[:12]}`"
        return f"The text to approve changed after your comment. Read it again, then {again}."
    field = "approved_diff" if run.asked_digest == run.changeset_digest else "approved_digest"
    services.ledger.update_run(run.run_id, **{field: run.asked_digest, "approved_by": event.sender.login})
    services.ledger.move(run.run_id, S.RECEIVED, reason=f"approved by @{event.sender.login}", by=event.sender.login)
    services.engine.start_build(run.run_id, f"go-{event.comment}-{run.asked_digest[:12]}")
    return ""


def _shown_before(shown_at: datetime | None, comment_at: datetime) -> bool:
    """Whether it was shown before the comment was written; both times are GitHub's, in whole seconds.

    A person cannot read and answer within one second, so the same second counts as too early.
    """
    return shown_at is not None and shown_at.replace(microsecond=0) < comment_at


def _at_the_gate(services: Services, event: CommandGiven, command: Command, run: RunEntry, config: RepoConfig) -> str:
    """Approve the issue's present text, people's commits, or a plan without an approval; then look at the gate again.

    A bare `go` approves each of them as far as it was shown before the comment.
    """
    context = RunContext(services, run.run_id)
    history, _ = authority_of(context, config)
    text = blueprint_digest(history.title, history.body)
    seen, _ = look(context)
    on_the_pull = _on_the_pull(run, seen.snapshot)
    fields = {"approved_digest": text, **on_the_pull}
    if command.argument:
        fields = {name: digest for name, digest in fields.items() if digest.startswith(command.argument.lower())}
        if not fields:
            named = " ".join(f"`{digest[:12]}` is what was pushed." for digest in on_the_pull.values())
            return f"`{command.argument}` is not the issue's present text; `{text[:12]}` is. {named}".strip()
    elif any(edit.at >= event.created_at for edit in history.edits):
        return f"The issue was edited after your comment. Read it again, then `/cadence go {text[:12]}`."
    elif on_the_pull and not _head_shown_before(seen.snapshot, event.created_at):
        again = next(iter(on_the_pull.values()))[:12]
        return f"The pushed commits are newer than your comment. Read them, then `/cadence go {again}`."
    context.update(**fields, approved_by=event.sender.login)
    assert run.pull is not None
    services.engine.tick(run.repository_id, run.pull)
    return ""


def _on_the_pull(run: RunEntry, snapshot: Snapshot) -> dict[str, str]:
    """The run's field and the digest for what waits on the pull request itself: people's commits, or the plan."""
    if snapshot.pushed_digest:
        return {"approved_pushed": snapshot.pushed_digest}
    if run.changeset_digest and not snapshot.plan_approved and snapshot.head == run.head_sha:
        return {"approved_diff": run.changeset_digest}
    return {}


def _head_shown_before(snapshot: Snapshot, comment_at: datetime) -> bool:
    """Whether `cadence/gate` was there on this head when the comment was written.

    GitHub sets the start of a check run that is made without one (https://docs.github.com/rest/checks/runs).
    """
    shown = [
        check.started_at
        for check in snapshot.checks or ()
        if check.name == CHECK_GATE and check.app_id == snapshot.app_id and check.started_at is not None
    ]
    return _shown_before(min(shown, default=None), comment_at)
