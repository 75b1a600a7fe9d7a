"""The error of a text that is no ChangeSet."""

from __future__ import annotations

from collections.abc import Sequence

from bot.changeset.findings import Finding
from bot.errors import Audience, CadenceError


class ChangeSetRejected(CadenceError):
    """What was handed in is no ChangeSet and cannot be mapped to one without guessing; `findings` say where and why."""

    code = "contract.not_a_change_set"
    audience = Audience.AUTHOR

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        first = self.findings[0]
        super().__init__(
            first.message,
            code=first.code,
            remedy=first.instruction,
            details=[f"{f.code}: {f.message}" for f in self.findings],
        )
