"""What people ask of an issue beyond one run: a hold, and the files that its plans are made with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from bot.core.names import IssueNumber, RepositoryId
from bot.ledger.database import Store, insert
from bot.ledger.entries import SteeringEntry
from bot.ledger.tables import steering


class Steering(Store):
    """The part of the ledger that knows holds and files to use."""

    def steering(self, repository_id: RepositoryId, issue: IssueNumber) -> SteeringEntry:
        """What people asked of an issue; without anything, an empty entry."""
        here = sa.and_(steering.c.repository_id == repository_id, steering.c.issue == issue)
        return self._entry(SteeringEntry, sa.select(steering).where(here)) or SteeringEntry(repository_id, issue, ())

    def hold(self, repository_id: RepositoryId, issue: IssueNumber, *, by: str, reason: str, at: datetime) -> None:
        """Keep the merge of an issue's pull request back, whichever run it is of."""
        self._steer(repository_id, issue, held_by=by, held_reason=reason, held_at=at)

    def release(self, repository_id: RepositoryId, issue: IssueNumber) -> bool:
        """End the hold; False where there was none."""
        held = bool(self.steering(repository_id, issue).held_by)
        if held:
            self._steer(repository_id, issue, held_by="", held_reason="", held_at=None)
        return held

    def use_paths(self, repository_id: RepositoryId, issue: IssueNumber, paths: Sequence[str]) -> None:
        """Keep the files that the issue's next plans are made with, in place of those before."""
        self._steer(repository_id, issue, use_paths=list(paths))

    def _steer(self, repository_id: RepositoryId, issue: IssueNumber, **values: object) -> None:
        row: dict[str, object] = {"held_by": "", "held_reason": "", "held_at": None, "use_paths": []}
        with self._engine.begin() as connection:
            made = insert(connection, steering).values(repository_id=repository_id, issue=issue, **{**row, **values})
            connection.execute(made.on_conflict_do_update(index_elements=["repository_id", "issue"], set_=values))
