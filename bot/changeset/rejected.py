"""The error of a text that is not a ChangeSet."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.errors import Audience, CadenceError
from bot.core.findings import Finding


class ChangeSetRejected(CadenceError):
    """What was handed in is not a ChangeSet and cannot be mapped to one without guessing; `findings` say where and
    why."""

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
