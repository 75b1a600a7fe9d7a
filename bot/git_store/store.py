"""The mirrors of every repository Cadence works on, one directory, one bare repository per repository id."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from bot.clock import Clock
from bot.git_store.mirror import Mirror, forget
from bot.names import RepositoryId
from bot.publish.commits import Author

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

    def close(self) -> None:
        """End every reading process."""
        with self._lock:
            for mirror in self._mirrors.values():
                mirror.close()

    def _path(self, repository_id: RepositoryId) -> Path:
        return self._directory / f"{repository_id}.git"
