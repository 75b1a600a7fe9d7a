"""`/cadence ...`: permission checks, the acts in order, and an answer where there is something to say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.commands.go import go
from bot.commands.help import help_answer
from bot.commands.hold import hold
from bot.commands.replan import replan
from bot.commands.request import Note, Request
from bot.commands.resume import resume
from bot.commands.retry import retry
from bot.commands.review import review
from bot.commands.status import status
from bot.commands.stop import stop
from bot.commands.use import use
from bot.commands.why import why
from bot.config.load import LoadedConfig
from bot.config.model import RepoConfig
from bot.core.command_table import ROWS
from bot.core.errors import NotFound
from bot.core.escape import escape_markdown
from bot.core.names import CONFIG_PATH
from bot.flow.building.trigger import config_for
from bot.flow.context import RunContext
from bot.flow.events import errands
from bot.flow.recovery.issue_gone import NEXT, issue_is_gone
from bot.flow.services import Services
from bot.intake.authority import RANKS, may_triage
from bot.intake.command_text import Command, CommandError, corrected, parse_commands
from bot.intake.events import CommandGiven, Handled, Ignored
from bot.ledger.command_records import DONE, PENDING
from bot.ledger.entries import CommandEntry, RunEntry

READING: Mapping[str, Callable[[Services, RunEntry | None], str]] = {"help": help_answer, "status": status, "why": why}
"""Verbs that only ask; their answers are read when they are posted."""
ACTING: Mapping[str, Callable[[Request], str]] = {
    "go": go,
    "replan": replan,
    "review": review,
    "use": use,
    "stop": stop,
    "hold": hold,
    "resume": resume,
    "retry": retry,
}
"""Verbs that do something; the text that they give is posted as an answer. It says why they did not, unless a Note."""


def handle_command(services: Services, event: CommandGiven) -> Handled | Ignored:
    """Do what the comment asks, command by command; answers and reactions are errands, so nothing is written here.

    A command that the ledger knows is not carried out again, so a delivery that comes twice does no harm. The sender's
    permission is asked before anything else, so that people without it cost only capped answers.
    """
    given = corrected(event.before, event.body) if event.edited else parse_commands(event.body)
    if not given:
        return Ignored("the comment holds no command")
    known = [services.ledger.command(event.repo.repository_id, event.comment, _place(event, n)) for n in _count(given)]
    if all(known):
        waiting = next((one for one in known if one is not None and one.state == PENDING), None)
        if waiting is not None:
            errands.book(services, waiting)
        return Ignored("the command was taken already")
    run = _run(services, event)
    if run is None and event.is_pull:
        return Ignored(f"pull request #{event.issue} is not a Cadence pull request")
    permission = services.github.at(event.repo).permission(event.sender.login)
    writer, triager = permission.permission in ("admin", "write"), may_triage(permission)
    # Each reaction takes a write slot of the installation, so passers-by only get their answers, which are capped.
    if triager:
        errands.react(services, event, "eyes")
    notes, refused = [], False
    for number, (command, taken) in enumerate(zip(given, known, strict=True)):
        if taken is not None:
            continue
        note, answer = _carry_out(services, event, command)
        notes.append(note)
        refused = refused or (bool(answer) and not isinstance(answer, Note))
        verb = command.verb if isinstance(command, Command) and command.verb in READING and not answer else ""
        _note(services, event, _place(event, number), writer=writer, verb=verb, answer=answer)
    if triager:
        errands.react(services, event, "confused" if refused else "rocket")
    last = _run(services, event) or run
    return Handled("; ".join(notes), last.run_id if last else None)


def answer_command(services: Services, entry: CommandEntry) -> str:
    """What a command that only asks is answered, read now; empty for a command whose answer is noted already."""
    asks = READING.get(entry.verb)
    run = errands.run_at(services, entry.repository_id, entry.issue, is_pull=entry.is_pull)
    return asks(services, run) if asks else ""


def _count(given: list[Command | CommandError]) -> range:
    return range(len(given))


def _place(event: CommandGiven, number: int) -> str:
    """Which command of which edit of the comment: the first one's name is that of the edit alone."""
    return f"{event.edit}.{number}" if number else event.edit


def _run(services: Services, event: CommandGiven) -> RunEntry | None:
    return errands.run_at(services, event.repo.repository_id, event.issue, is_pull=event.is_pull)


def _carry_out(services: Services, event: CommandGiven, command: Command | CommandError) -> tuple[str, str]:
    """Do it where the sender may: the outcome in a few words, and the answer, empty where none is needed."""
    if isinstance(command, CommandError):
        return f"answered a command that is wrong: {command.code}", command.answer
    if command.verb in READING:
        return f"command {command.verb}", ""
    # Read again for each command: the one before it may have begun another run.
    run, config = _run(services, event), RepoConfig()
    if ROWS[command.verb].who == "write":
        loaded = config_for(services, event.repo, run.base_branch if run else "")
        refusal = _refusal(services, event, command, loaded)
        if refusal or loaded.config is None:
            return f"refused `{command.verb}`: {refusal}", refusal
        config = loaded.config
    elif not may_triage(services.github.at(event.repo).permission(event.sender.login)):
        refusal = _denied(command.verb, "triage")
        return f"refused `{command.verb}`: {refusal}", refusal
    try:
        answer = ACTING[command.verb](Request(services, event, command, run, config))
    except NotFound:
        if run is None or not issue_is_gone(RunContext(services, run.run_id)):
            raise
        answer = f"Issue #{run.issue} is not there any more, so nothing was done. {NEXT}"
    return f"command {command.verb}", answer


def _note(services: Services, event: CommandGiven, edit: str, *, writer: bool, verb: str, answer: str) -> None:
    """Keep that the command was taken, and have it answered where there is something to say."""
    entry = CommandEntry(
        repository_id=event.repo.repository_id,
        comment_id=event.comment,
        edit=edit,
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
    return "" if RANKS.get(have, 0) >= RANKS[needed] else _denied(command.verb, needed)


def _denied(verb: str, needed: str) -> str:
    return (
        f"`/cadence {verb}` needs {needed} permission on this repository, which you do not have. "
        "Ask a maintainer to give the command."
    )
