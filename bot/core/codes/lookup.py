"""The table of reason codes: every code of Cadence once, and the ways to look one up. docs/codes.md is made from it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from bot.core.codes.changesets import CHANGESETS
from bot.core.codes.gate_reasons import FAMILIES, GATE
from bot.core.codes.planning import PLANNING
from bot.core.codes.proofs import PROOFS
from bot.core.codes.reason_code import APPROVE, APPROVED, WAIT, WRITER, ReasonCode, Section
from bot.core.codes.requests import REQUESTS
from bot.core.codes.run_quotas import RUN_QUOTAS
from bot.core.codes.running import RUNNING
from bot.core.codes.weakened import WEAKENED
from bot.core.findings import Finding, Severity

SECTIONS = (
    Section(
        "ChangeSets",
        "In the status comment, by `cadence apply` and `cadence diff`, and in the request that asks the model for a "
        "correction. An `error` refuses the ChangeSet, a `warning` is shown to both reviewing models, a `note` is only "
        "recorded. "
        "[changesets.md](changesets.md) explains the format.",
        CHANGESETS,
    ),
    Section("The gate, CI and reviews", "In the check run `cadence/gate` and the status comment.", GATE),
    Section("Planning and models", "In the status comment, and in the check run of a review.", PLANNING),
    Section(
        "GitHub, pushes, commands and deliveries",
        "In the status comment, in the answer to a command or a delivery, and in the log.",
        REQUESTS,
    ),
    Section(
        "Weakened tests and CI",
        "By `cadence check`, and in `cadence/gate` for commits that people pushed. [weakening.md](weakening.md) "
        "explains them.",
        WEAKENED,
    ),
    Section(
        "Proofs of merges",
        "By `cadence verify` and `cadence export`. [proof.md](proof.md) explains them.",
        PROOFS,
    ),
    Section(
        "Quotas of a run",
        "In the status comment, and in the log. [operators.md](operators.md#how-much-a-run-may-do) has the defaults.",
        RUN_QUOTAS,
    ),
    Section("Running Cadence", "In the terminal and in the log.", RUNNING),
    Section("Codes made at run time", "Where the other codes of the gate and the reviews are.", FAMILIES),
)
"""The sections of docs/codes.md in their order; together they hold every code exactly once."""

# One test holds that no code is twice in SECTIONS, where the later row would win here.
CODES = MappingProxyType({row.code: row for section in SECTIONS for row in section.rows})

CHANGESET_CODES = MappingProxyType({code: row for code, row in CODES.items() if row.severity is not None})
"""The codes of findings, which `make_finding` takes and `guards.severities` may name."""


def make_finding(
    code: str,
    message: str,
    *,
    edit: int | None = None,
    path: str | None = None,
    line: int | None = None,
    severity: Severity | None = None,
    instruction: str = "",
) -> Finding:
    """A finding with the table's next step and severity where none are given.

    The only way to make a finding, so that the table has every code. Raises KeyError for a code that is not one of a
    ChangeSet's.
    """
    row = CHANGESET_CODES[code]
    return Finding(
        code=code,
        message=message,
        instruction=instruction or row.next_step,
        severity=severity or row.severity or Severity.ERROR,
        edit=edit,
        path=path,
        line=line,
    )


def code_entry(code: str) -> ReasonCode:
    """The row of a code that the gate may give, or of the family it belongs to. Raises KeyError for any other.

    Secrets, protected paths and size are refused in a ChangeSet. In commits that people pushed they are questions: a
    writer may have meant them, so the gate waits for an approval instead.
    """
    row = CODES.get(code)
    if row is not None and row.kinds:
        return row
    if row is not None and (code == "size" or code.startswith(("protected.", "secret."))) and row.severity is not None:
        return replace(row, next_step=APPROVE, who=WRITER, severity=None, kinds=WAIT, when=APPROVED)
    # A code of its own goes before its family: `rule.code_owner` is not `rule.<type>`.
    for family in FAMILIES:
        if row is None and family.kinds and code.startswith(family.code.partition("<")[0]):
            return family
    raise KeyError(code)


def remedy_of(code: str) -> str:
    """The next step that a status comment names for a run that ended with the code.

    Empty for codes outside the table and for those of a ChangeSet, whose next step is written to its author and not to
    the people who read the issue.
    """
    row = CODES.get(code)
    if row is None or row.severity is not None:
        return ""
    return f"{row.who[0].upper()}{row.who[1:]}: {row.next_step}" if row.kinds else row.next_step
