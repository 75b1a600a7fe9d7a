"""`/cadence help`: the commands that work here."""

from __future__ import annotations

from bot.core.command_table import help_text
from bot.flow.services import Services
from bot.ledger.entries import RunEntry


def help_answer(_services: Services, _run: RunEntry | None) -> str:
    """The table of commands, as a list."""
    return help_text()
