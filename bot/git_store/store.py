"""The mirrors of all repositories: one directory with one bare repository per repository id."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from bot.core.errors import CadenceError
from bot.core.names import RepositoryId
from bot.git_store.commits import Author
from bot.git_store.mirror import Mirror, remove_mirror
from bot.github_api.records import AppIdentity

OPEN_READERS = 16
"""How many mirrors keep their reading processes; those of the least recently used ones are ended."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """The mirrors of this machine that were tidied, removed, or could not be tidied."""

    tidied: list[RepositoryId]
    forgotten: list[RepositoryId]
    failed: list[RepositoryId]


class GitStore:
    """Opens mirrors by repository id. Safe to share between threads."""

    def __init__(self, directory: Path, *, web: str) -> None:
        """`web` is GitHub's address (`https://github.com`; a directory in tests); other clone URLs are refused."""
        self._directory = directory
        self._web = web
        self._lock = threading.Lock()
        self._mirrors: dict[RepositoryId, Mirror] = {}

    def mirror(self, repository_id: RepositoryId) -> Mirror:
        """The repository's mirror; it exists on disk after its first fetch."""
        with self._lock:
            # The id and not the name: a repository may be renamed or moved.
            mirror = self._mirrors.pop(repository_id, None) or Mirror(self._path(repository_id), origin=self._web)
            self._mirrors[repository_id] = mirror
            for old in list(self._mirrors)[:-OPEN_READERS]:
                self._mirrors.pop(old).close()
            return mirror

    def context_index(self, repository_id: RepositoryId) -> Path:
        """The file of the repository's context index; the planner makes it."""
        return self._directory.parent / "context" / f"{repository_id}.sqlite"

    def author(self, identity: AppIdentity) -> Author:
        """The bot as a commit's author, with the address by which GitHub shows the commit as the bot's."""
        # `ID+LOGIN@users.noreply.HOST`, with the id of the bot's user, not of the App.
        # https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
        host = urlsplit(self._web).hostname or "github.com"
        return Author(identity.bot_login, f"{identity.bot_user_id}+{identity.bot_login}@users.noreply.{host}")

    def forget(self, repository_id: RepositoryId) -> None:
        """Remove the repository's mirror and its context index from this machine."""
        with self._lock:
            mirror = self._mirrors.pop(repository_id, None)
            if mirror:
                mirror.close()
            remove_mirror(self._path(repository_id))
            index = self.context_index(repository_id)
            for ending in ("", "-wal", "-shm"):
                Path(f"{index}{ending}").unlink(missing_ok=True)

    def tidy(self, known: Collection[RepositoryId] | None, *, unused_since: datetime) -> Tidied:
        """Tidy this machine's mirrors of known repositories, and remove unused ones.

        A mirror is removed when its repository is not known and nothing was fetched since `unused_since`. `known` None
        means that the repositories could not be listed: no mirror is removed then. A mirror that cannot be tidied is
        left for the next time.
        """
        done = Tidied([], [], [])
        for path in sorted(self._directory.glob("*.git")):
            if not path.stem.isdigit():
                continue
            repository = RepositoryId(int(path.stem))
            if known is None or repository in known:
                try:
                    self.mirror(repository).tidy()
                    done.tidied.append(repository)
                except CadenceError:
                    done.failed.append(repository)
            elif path.stat().st_mtime < unused_since.timestamp():
                self.forget(repository)
                done.forgotten.append(repository)
        return done

    def close(self) -> None:
        """End every reading process."""
        with self._lock:
            for mirror in self._mirrors.values():
                mirror.close()

    def _path(self, repository_id: RepositoryId) -> Path:
        return self._directory / f"{repository_id}.git"
