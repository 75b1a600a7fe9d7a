"""The ChangeSet: a list of edits and a message. Versions 1 and 2 share one immutable model; `version` says which."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bot.core.names import Digest, sha256

Mode = Literal["add", "modify", "delete"]


class Replacement(BaseModel):
    """Exact text to find and what is there afterwards; `count` is how many matches must exist (default 1)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    old: str
    new: str
    count: int | None = Field(default=None, ge=1)


class Edit(BaseModel):
    """One path's change. Exactly one of `after`, `after_base64`, `replace` for a modify; the first two for an add."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    mode: Mode
    after: str | None = None
    before_sha: str | None = None
    replace: tuple[Replacement, ...] | None = None
    rename_from: str | None = None
    executable: bool | None = None
    after_base64: str | None = None
    removes: tuple[str, ...] = ()


class ChangeSet(BaseModel):
    """A message and the edits it describes. `author` is a recorded claim; the git author is always the bot."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1, 2] = 1
    message: str
    author: str | None = None
    meta: dict[str, Any] | None = None
    base: str | None = None
    edits: tuple[Edit, ...]

    def canonical_json(self) -> str:
        """Sorted keys, no white space, absent keys left out: the bytes that `digest` and the trailer name."""
        return json.dumps(
            self.model_dump(mode="json", exclude_defaults=True),
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )

    def digest(self) -> Digest:
        """sha256 of the canonical JSON; is in the commit's `Cadence-ChangeSet` trailer."""
        return sha256(self.canonical_json())
