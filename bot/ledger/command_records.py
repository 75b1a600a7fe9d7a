"""Commands that people gave, and which of them still wait for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.core.names import CommentId, IssueNumber, RepositoryId
from bot.ledger.columns import row_of
from bot.ledger.database import Store, insert_once
from bot.ledger.entries import CommandEntry
from bot.ledger.tables import commands

PENDING, DONE = "pending", "done"


class CommandRecords(Store):
    """The part of the ledger that knows commands. A comment gives at most one, and so does each edit of it."""

    def command(self, repository_id: RepositoryId, comment: CommentId, edit: str = "") -> CommandEntry | None:
        """The command that a comment, or an edit of it, gave, if it was taken."""
        here = sa.and_(
            commands.c.repository_id == repository_id, commands.c.comment_id == comment, commands.c.edit == edit
        )
        return self._entry(CommandEntry, sa.select(commands).where(here))

    def record_command(self, entry: CommandEntry) -> bool:
        """Keep a command; False when it is known."""
        with self._engine.begin() as connection:
            return insert_once(connection, commands, row_of(entry)) is not None

    def pending_commands(self, repository_id: RepositoryId, issue: IssueNumber, login: str) -> list[CommandEntry]:
        """What one person asked on one issue and was not answered yet, oldest first."""
        query = (
            sa.select(commands)
            .where(
                commands.c.repository_id == repository_id,
                commands.c.login == login,
                commands.c.issue == issue,
                commands.c.state == PENDING,
            )
            .order_by(commands.c.at, commands.c.comment_id)
        )
        return self._entries(CommandEntry, query)

    def answered_since(
        self, repository_id: RepositoryId, login: str, since: datetime, issue: IssueNumber | None = None
    ) -> list[datetime]:
        """When answers to one person were posted, oldest first: on one issue, or in the whole repository."""
        query = sa.select(commands.c.answered_at, commands.c.issue).where(
            commands.c.repository_id == repository_id, commands.c.login == login, commands.c.answered_at > since
        )
        if issue is not None:
            query = query.where(commands.c.issue == issue)
        # One comment answers several commands: they share its time.
        return [at for at, _ in sorted({(row["answered_at"], row["issue"]) for row in self._all(query)})]

    def mark_answered(self, repository_id: RepositoryId, answered: Sequence[CommandEntry], at: datetime) -> None:
        """One comment answered all of these."""
        # A comment holds several commands, and all buttons and labels share the comment 0: the edit tells them apart.
        named = [(entry.comment_id, entry.edit) for entry in answered]
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(commands)
                .where(
                    commands.c.repository_id == repository_id,
                    sa.tuple_(commands.c.comment_id, commands.c.edit).in_(named),
                )
                .values(state=DONE, answered_at=at)
            )
