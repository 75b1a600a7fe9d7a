"""What the file of a verb gets: everything about one command."""

from __future__ import annotations

from typing import NamedTuple

from bot.config.model import RepoConfig
from bot.flow.services import Services
from bot.intake.command_text import Command
from bot.intake.events import CommandGiven
from bot.ledger.entries import RunEntry


class Note(str):
    """An answer to a command that was carried out. Any other answer says why one was not."""

    __slots__ = ()


class Request(NamedTuple):
    """A command that its sender may give. `run` is the newest of the issue or pull request, None without one.

    `config` is the base's, except for verbs that need less than write permission: these work with a config that cannot
    be used, and get the defaults.
    """

    services: Services
    event: CommandGiven
    command: Command
    run: RunEntry | None
    config: RepoConfig
