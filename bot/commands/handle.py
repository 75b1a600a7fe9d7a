"""`/cadence ...`: a permission check, the act, and an answer where there is something to say."""

from __future__ import annotations

from bot.commands.go import go
from bot.commands.replan import replan
from bot.commands.review import review
from bot.config.load import LoadedConfig
from bot.config.model import RepoConfig
from bot.core.errors import NotFound
from bot.core.escape import escape_markdown
from bot.core.names import (
    CONFIG_PATH,
)
from bot.core.states import RunState
from bot.flow.building.trigger import config_for
from bot.flow.context import RunContext
from bot.flow.events import errands
from bot.flow.recovery.issue_gone import NEXT, issue_is_gone
from bot.flow.services import Services
from bot.intake.authority import RANKS
from bot.intake.command_text import Command, CommandError, needs_write, parse_command
from bot.intake.events import CommandGiven, Handled, Ignored
from bot.ledger.command_records import DONE, PENDING
from bot.ledger.entries import CommandEntry, RunEntry

S = RunState
ONLY_THE_FIRST = "Only the first command of a comment is carried out. Give the others in comments of their own."


def handle_command(services: Services, event: CommandGiven) -> Handled | Ignored:
    """Do what the comment asks, or note the answer to it. Nothing is written on GitHub here: answers are errands.

    The sender's permission is asked before anything else, so that people without it cost only capped answers.
    """
    command = parse_command(event.body)
    if command is None:
        return Ignored("the comment holds no command")
    known = services.ledger.command(event.repo.repository_id, event.comment, event.edit)
    if known is not None:
        if known.state == PENDING:
            errands.book(services, known)
        return Ignored("the command was taken already")
    run = errands.run_at(services, event.repo.repository_id, event.issue, is_pull=event.is_pull)
    if run is None and event.is_pull:
        return Ignored(f"pull request #{event.issue} is not a Cadence pull request")
    writer = services.github.at(event.repo).permission(event.sender.login).permission in ("admin", "write")
    if writer:
        repo, installation = event.repo, int(event.repo.installation_id)
        arguments: list[str | int] = [int(repo.repository_id), str(repo.name), installation, int(event.comment)]
        services.engine.start_errand("eyes", installation, f"comment:{event.comment}{event.edit}", arguments)
    if isinstance(command, CommandError):
        _note(services, event, writer=writer, answer=command.answer)
        return Handled(f"answered a command that is wrong: {command.code}", run.run_id if run else None)
    return Handled(_carry_out(services, event, command, run, writer=writer), run.run_id if run else None)


def _carry_out(services: Services, event: CommandGiven, command: Command, run: RunEntry | None, *, writer: bool) -> str:
    """Do it where the sender may, and note the answer; gives the outcome in a few words."""
    more = ONLY_THE_FIRST if command.more else ""
    if command.verb in _READING:
        _note(services, event, writer=writer, verb=command.verb, answer=more)
        return f"command {command.verb}"
    config = RepoConfig()
    if needs_write(command):
        loaded = config_for(services, event.repo, run.base_branch if run else "")
        refusal = _refusal(services, event, command, loaded)
        if refusal or loaded.config is None:
            _note(services, event, writer=writer, answer=refusal)
            return f"refused `{command.verb}`: {refusal}"
        config = loaded.config
    try:
        answer = _act(services, event, command, run, config)
    except NotFound:
        if run is None or not issue_is_gone(RunContext(services, run.run_id)):
            raise
        answer = f"Issue #{run.issue} is not there any more, so nothing was done. {NEXT}"
    _note(services, event, writer=writer, answer=f"{answer}\n\n{more}".strip())
    return f"command {command.verb}"


_READING = frozenset({"help", "status", "why"})
"""Commands that only ask; their answers are read when they are posted."""


def _note(services: Services, event: CommandGiven, *, writer: bool, verb: str = "", answer: str = "") -> None:
    """Keep that the command was taken, and have it answered where there is something to say."""
    entry = CommandEntry(
        repository_id=event.repo.repository_id,
        comment_id=event.comment,
        edit=event.edit,
        repository=str(event.repo.name),
        installation_id=event.repo.installation_id,
        issue=event.issue,
        is_pull=event.is_pull,
        login=event.sender.login,
        may_write=writer,
        verb=verb,
        answer=answer,
        state=PENDING if verb or answer else DONE,
        at=services.clock.now(),
    )
    services.ledger.record_command(entry)
    if entry.state == PENDING:
        errands.book(services, entry)


def _refusal(services: Services, event: CommandGiven, command: Command, loaded: LoadedConfig) -> str:
    """Why the sender may not give the command; empty where the config lets them.

    The permission is asked of GitHub now: what a payload says of its sender cannot be relied on.
    """
    if loaded.config is None:
        # The file that says who may give commands is the one that cannot be used.
        return (
            f"`/cadence {command.verb}` was not carried out: `{CONFIG_PATH}` says who may give it, and cannot be used: "
            f"{escape_markdown(str(loaded.error))}\n\nCorrect the file, then give the command again."
        )
    needed = loaded.config.trigger.permission
    have = services.github.at(event.repo).permission(event.sender.login).permission
    if RANKS.get(have, 0) >= RANKS[needed]:
        return ""
    return (
        f"`/cadence {command.verb}` needs {needed} permission on this repository, which you do not have. "
        "Ask a maintainer to give the command."
    )


def _act(services: Services, event: CommandGiven, command: Command, run: RunEntry | None, config: RepoConfig) -> str:
    """The command's own work; what it returns is posted as an answer, and an empty text means that none is needed."""
    if command.verb == "review":
        return review(services, run)
    if command.verb == "go":
        return go(services, event, command, run, config)
    return replan(services, event, command, run, config)
