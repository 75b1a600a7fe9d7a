"""The mirrors of every repository Cadence works on, one directory, one bare repository per repository id."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from bot.core.clock import Clock
from bot.core.errors import CadenceError
from bot.core.names import RepositoryId
from bot.git_store.commits import Author
from bot.git_store.mirror import Mirror, forget

OPEN_READERS = 16
"""Mirrors whose reading processes stay alive; older ones are closed and start again when read."""


class ServerUrls(Protocol):
    """Where the configured GitHub is."""

    @property
    def web(self) -> str:
        """Its address, `https://github.com`; a directory in tests. Clone URLs outside it are refused."""


class BotIdentity(Protocol):
    """Who Cadence is on that server."""

    @property
    def bot_login(self) -> str:
        """`<slug>[bot]`."""

    @property
    def bot_user_id(self) -> int:
        """The id of the bot's user (not of the App)."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """What became of the mirrors of this machine."""

    tidied: list[RepositoryId]
    forgotten: list[RepositoryId]
    failed: list[RepositoryId]


class GitStore:
    """Gives out mirrors. Safe to share between threads."""

    def __init__(self, directory: Path, *, urls: ServerUrls, clock: Clock) -> None:
        self._directory = directory
        self._urls = urls
        self._clock = clock
        self._lock = threading.Lock()
        self._mirrors: dict[RepositoryId, Mirror] = {}

    def mirror(self, repository_id: RepositoryId) -> Mirror:
        """The repository's mirror; it exists on disk after its first fetch."""
        with self._lock:
            mirror = self._mirrors.pop(repository_id, None) or Mirror(
                self._path(repository_id), origin=self._urls.web, clock=self._clock
            )
            self._mirrors[repository_id] = mirror
            for old in list(self._mirrors)[:-OPEN_READERS]:
                self._mirrors.pop(old).close()
            return mirror

    def author(self, identity: BotIdentity) -> Author:
        """The bot as a commit's author, by the address under which GitHub shows its commits as the bot's."""
        host = urlsplit(self._urls.web).hostname or "github.com"
        return Author(identity.bot_login, f"{identity.bot_user_id}+{identity.bot_login}@users.noreply.{host}")

    def forget(self, repository_id: RepositoryId) -> None:
        """Remove the repository's mirror from this machine."""
        with self._lock:
            mirror = self._mirrors.pop(repository_id, None)
            if mirror:
                mirror.close()
            forget(self._path(repository_id))

    def tidy(self, known: Collection[RepositoryId] | None, *, unused_since: datetime) -> Tidied:
        """Tidy this machine's mirrors of known repositories, and remove those that nobody uses.

        A mirror goes when its repository is not known and nothing was fetched since that time. None as `known` says
        that it could not be found out, so that none goes. A mirror that fails is left for the next time.
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
