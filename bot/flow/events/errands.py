"""Errands: what an event leads to that is written on GitHub. They may wait for their write slots.

Answers to commands: one comment for everything that a person asked recently, and only so many an hour.
Everyone may comment on a public repository, and each answer takes one of the installation's write slots. So a command
is only noted when it arrives; the answer is an errand, which waits for its slot outside the workers that take events.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.core.errors import CadenceError
from bot.core.names import (
    CommentId,
    InstallationId,
    IssueNumber,
    PullNumber,
    RepoName,
    RepoRef,
    RepositoryId,
    RunId,
    marker,
)
from bot.effects.kinds import repository_actor
from bot.flow.building.start import react_to_comment
from bot.flow.recovery.stopped import confirm_stop
from bot.flow.services import Services
from bot.intake.events import CommandGiven
from bot.ledger.entries import CommandEntry, RunEntry
from bot.publish.comments import post_comment

log = structlog.get_logger("cadence.errands")

HOUR = timedelta(hours=1)
PAUSE_SECONDS = 60.0
"""After an answer that GitHub did not take."""
MOST_TO_WRITERS, MOST_TO_OTHERS, MOST_TO_OTHERS_IN_ALL = 30, 4, 10
"""Comments in an hour to one person on one issue; to a person without write permission also in the repository."""
MOST_IN_ONE = 5
"""Different answers in one comment."""


def react(services: Services, event: CommandGiven, content: str) -> None:
    """Have a reaction put on the command's comment; a button of a check run has none."""
    if event.press:
        return
    repo, installation = event.repo, int(event.repo.installation_id)
    arguments: list[str | int] = [int(repo.repository_id), str(repo.name), installation, int(event.comment)]
    key = f"comment:{event.comment}{event.edit}"
    services.engine.start_errand(content, installation, key if content == "eyes" else f"{key}:{content}", arguments)


def book(services: Services, entry: CommandEntry) -> None:
    """Have what the person asked on that issue answered, now or when the next answer is allowed."""
    key = f"{entry.repository_id}:{entry.issue}:{entry.login}"
    arguments: list[str | int] = [int(entry.repository_id), int(entry.issue), entry.login]
    due = _due(services, entry)
    if due is None:
        number = services.ledger.next_number(f"answer:{key}")
        services.engine.start_errand("answer", int(entry.installation_id), f"{key}:n{number}", arguments)
        return
    delay = (due - services.clock.now()).total_seconds() + 1.0
    name = f"{key}:at-{due.timestamp():.0f}"
    services.engine.start_errand("answer", int(entry.installation_id), name, arguments, delay=delay)


def answer(services: Services, repository_id: RepositoryId, issue: IssueNumber, login: str) -> None:
    """Post one comment for everything that waits, unless the person has had enough of them in this hour."""
    waiting = services.ledger.pending_commands(repository_id, issue, login)
    if not waiting:
        return
    if _due(services, waiting[-1]) is not None:
        book(services, waiting[-1])
        return
    first = waiting[0]
    ref = RepoRef(repository_id, RepoName.parse(first.repository), InstallationId(first.installation_id))
    # What a command's verb asks for is read now; after it comes what was noted when the command was taken.
    parts = ([services.answer_command(services, entry), entry.answer] for entry in waiting)
    texts = list(dict.fromkeys("\n\n".join(filter(None, part)) for part in parts))
    more = len(texts) - MOST_IN_ONE
    if more > 0:
        texts = [*texts[:MOST_IN_ONE], f"{more} more answers were left out; ask again for what you still need."]
    first_asked = f"{first.comment_id}{first.edit}"
    post_comment(
        services.effects,
        repository_actor(repository_id, ref.installation_id),
        services.github.at(ref).issues,
        issue,
        key=f"answer:{first_asked}",
        marker=marker("answer", comment=first_asked),
        text="\n\n---\n\n".join(texts),
        fresh=True,
    )
    services.ledger.mark_answered(repository_id, waiting, services.clock.now())


def again(services: Services, repository_id: RepositoryId, issue: IssueNumber, login: str) -> None:
    """Try again in a minute."""
    waiting = services.ledger.pending_commands(repository_id, issue, login)
    if waiting:
        key = f"{repository_id}:{issue}:{login}:again-{services.clock.now().timestamp():.0f}"
        arguments: list[str | int] = [int(repository_id), int(issue), login]
        installation = int(waiting[0].installation_id)
        services.engine.start_errand("answer", installation, key, arguments, delay=PAUSE_SECONDS)


def _due(services: Services, entry: CommandEntry) -> datetime | None:
    """When the person may be answered next on that issue; None for now."""
    now, ledger = services.clock.now(), services.ledger
    here = ledger.answered_since(entry.repository_id, entry.login, now - HOUR, entry.issue)
    most = MOST_TO_WRITERS if entry.may_write else MOST_TO_OTHERS
    times = [here[-most] + HOUR] if len(here) >= most else []
    if not entry.may_write:
        everywhere = ledger.answered_since(entry.repository_id, entry.login, now - HOUR)
        if len(everywhere) >= MOST_TO_OTHERS_IN_ALL:
            times.append(everywhere[-MOST_TO_OTHERS_IN_ALL] + HOUR)
    due = max(times, default=now)
    return due if due > now else None


def run_at(services: Services, repository_id: RepositoryId, number: IssueNumber, *, is_pull: bool) -> RunEntry | None:
    """The newest run of an issue, or of a pull request."""
    if is_pull:
        return services.ledger.run_for_pull(repository_id, PullNumber(number))
    return services.ledger.latest_run(repository_id, number)


def run(services: Services, name: str, arguments: Sequence[str | int]) -> None:
    """Do one errand; `arguments` are as whoever booked it gave them. Typed errors are logged and end it."""
    with structlog.contextvars.bound_contextvars(errand=name):
        try:
            _run(services, name, arguments)
        except CadenceError as error:
            log.warning("errand.failed", code=error.code, summary=error.summary)
            if name == "answer" and error.retry:
                again(services, RepositoryId(int(arguments[0])), IssueNumber(int(arguments[1])), str(arguments[2]))


def _run(services: Services, name: str, arguments: Sequence[str | int]) -> None:
    match name, *arguments:
        case "answer", repository_id, issue, login:
            answer(services, RepositoryId(int(repository_id)), IssueNumber(int(issue)), str(login))
        case ("eyes" | "rocket" | "confused") as content, repository_id, repository, installation_id, comment:
            ref = RepoRef(
                RepositoryId(int(repository_id)), RepoName.parse(str(repository)), InstallationId(int(installation_id))
            )
            react_to_comment(services, ref, CommentId(int(comment)), content)
        case "stopped", run_id, move, number:
            confirm_stop(services, RunId(str(run_id)), int(move), int(number))
        case _:
            log.error("errand.unknown", name=name)
