"""A finding: one thing wrong with a ChangeSet, for a person and for a model."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """`error` refuses the ChangeSet; `warning` is shown to both reviewers; `note` is only recorded."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is stable (docs/codes.md); `edit` the index in `edits`, None for the whole; `line` counts from 1.

    `message` says it to a person, `instruction` tells a model what would make it acceptable.
    """

    code: str
    message: str
    instruction: str
    severity: Severity = Severity.ERROR
    edit: int | None = None
    path: str | None = None
    line: int | None = None

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def sentence(text: str) -> str:
    """The text with a full stop, unless it ends a sentence already: messages of findings have none."""
    text = text.rstrip()
    return text if text.endswith((".", "!", "?", ":", "…")) else f"{text}."
