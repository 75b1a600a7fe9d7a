"""One row of the table of reason codes, and the words for who can act on one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.core.findings import Severity

AUTHOR = "whoever wrote the ChangeSet"
CADENCE = "Cadence"
CI = "CI"
CODE_OWNER = "a code owner"
COMMENTER = "whoever wrote the comment"
GITHUB = "GitHub"
ISSUE_AUTHOR = "the author of the issue"
MAINTAINER = "a maintainer"
OPERATOR = "the operator of Cadence"
OWNER = "the owner of the installation"
REVIEWER = "a reviewer"
USER = "whoever runs the command"
VERIFIER = "whoever checks the proof"
WRITER = "a person with write access"

Kind = Literal["wait", "block", "note"]
WAIT: tuple[Kind, ...] = ("wait",)
BLOCK: tuple[Kind, ...] = ("block",)
NOTE: tuple[Kind, ...] = ("note",)

APPROVE = "Revert it, or approve the pull request's diff with `/cadence go`."
APPROVED = "a person approves what was pushed"


@dataclass(frozen=True, slots=True)
class ReasonCode:
    """A stable code: scripts may depend on it, so codes are added and never renamed.

    `meaning` is a clause without a full stop: what the code says happened. `next_step` is a sentence to `who`, who can
    change it. A code that ends in `<...>` stands for all codes with that beginning.

    `severity` is set for findings in a ChangeSet: `error` refuses it. `kinds` is set for reasons of the gate: the ways
    the code can appear there; `when` completes `Merges when ...` and is empty for codes that are only notes. A code
    with neither is shown in a status comment, in an answer to a command or delivery, in the log or in a terminal, as
    the text of its `Section` says.
    """

    code: str
    meaning: str
    next_step: str
    who: str
    severity: Severity | None = None
    kinds: tuple[Kind, ...] = ()
    when: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A section of docs/codes.md: its title, a sentence on where its codes are shown, and its rows in order."""

    title: str
    shown: str
    rows: tuple[ReasonCode, ...]
