"""Errands: what an event leads to that is written on GitHub. They may wait for their write slots."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from bot.core.errors import CadenceError
from bot.core.names import CommentId, InstallationId, IssueNumber, RepoName, RepoRef, RepositoryId
from bot.flow import answers
from bot.flow.building.start import eyes
from bot.flow.services import Services

log = structlog.get_logger("cadence.errands")


def run(services: Services, name: str, arguments: Sequence[str | int]) -> None:
    """Do one errand; `arguments` are as whoever booked it gave them. Typed errors are logged and end it."""
    with structlog.contextvars.bound_contextvars(errand=name):
        try:
            _run(services, name, arguments)
        except CadenceError as error:
            log.warning("errand.failed", code=error.code, summary=error.summary)
            if name == "answer" and error.retry:
                answers.again(
                    services, RepositoryId(int(arguments[0])), IssueNumber(int(arguments[1])), str(arguments[2])
                )


def _run(services: Services, name: str, arguments: Sequence[str | int]) -> None:
    match name, *arguments:
        case "answer", repository_id, issue, login:
            answers.answer(services, RepositoryId(int(repository_id)), IssueNumber(int(issue)), str(login))
        case "eyes", repository_id, repository, installation_id, comment:
            ref = RepoRef(
                RepositoryId(int(repository_id)), RepoName.parse(str(repository)), InstallationId(int(installation_id))
            )
            eyes(services, ref, CommentId(int(comment)))
        case _:
            log.error("errand.unknown", name=name)
