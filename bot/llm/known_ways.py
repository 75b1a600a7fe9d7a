"""What was found about each server and model, kept in the data directory: found once, and used by every process.

Each pair has a file of its own, replaced in one step, so that of several workers that write at once one wins and none
reads half a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from bot.core.names import sha256
from bot.llm.ways import Way, read_way
from bot.llm.whole_file import write_whole

FOLDER = "models"
VERSION = 1
log = structlog.get_logger("cadence.model")


@dataclass(frozen=True, slots=True)
class Known:
    """How a server is asked, the name that the model answered with then, and when that was."""

    way: Way
    answered: str
    at: str


class KnownWays:
    """The files of one data directory; without a directory it is kept until the process ends.

    Only the server's host, port and path are written, never its key or the user's name of its address.
    """

    def __init__(self, directory: Path | None, now: Callable[[], datetime]) -> None:
        self._folder = directory / FOLDER if directory is not None else None
        self._now = now
        self._kept: dict[tuple[str, str], Known] = {}

    def find(self, server: str, model: str) -> Known | None:
        """What is known; None for nothing. Reads the file each time: another process may have found out more."""
        if self._folder is None:
            return self._kept.get((server, model))
        try:
            kept = json.loads(self._path(server, model).read_text("utf-8"))
        # A missing or damaged file costs a few refused requests, which find the same again.
        except (OSError, ValueError):
            return self._kept.get((server, model))
        if not isinstance(kept, dict) or (kept.get("server"), kept.get("model")) != (server, model):
            return None
        way = read_way(kept.get("way")) if kept.get("version") == VERSION else None
        return Known(way, str(kept.get("answered", "")), str(kept.get("at", ""))) if way is not None else None

    def keep(self, server: str, model: str, way: Way, answered: str) -> None:
        """Keep how an answer was asked for. A directory that cannot be written is logged; the answer counts."""
        known = Known(way, answered, self._now().isoformat(timespec="seconds"))
        self._kept[server, model] = known
        if self._folder is None:
            return
        entry = {"version": VERSION, "server": server, "model": model, "answered": answered, "at": known.at}
        try:
            write_whole(self._path(server, model), json.dumps(entry | {"way": way.as_json()}, indent=2) + "\n")
        except OSError as error:
            log.warning("model.not_kept", server=server, model=model, cause=error.strerror)

    def forget(self, server: str, model: str) -> None:
        """Find out again with the next question."""
        self._kept.pop((server, model), None)
        if self._folder is not None:
            self._path(server, model).unlink(missing_ok=True)

    def _path(self, server: str, model: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{sha256(f'{server} {model}')[:32]}.json"
