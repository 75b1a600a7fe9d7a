"""The values of this package: a finding, and what a test file is made of, whatever its language."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class WeakeningFinding:
    """`code` is stable (docs/codes.md); `line` counts from 1 in the head's file, None when it is gone."""

    code: str
    path: str
    line: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Skip:
    """A mark or call that keeps tests from running, or from counting. `text` is normalised and has no reason in it;
    `where`: the branch that a call is in."""

    kind: str
    text: str
    line: int
    conditional: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class Assertion:
    """One check. `text` is normalised; `conditions` are the branches it is in; `loop`: in how many loops.

    `dead` says why its failure cannot reach the runner: swallowed, unreachable, vacuous, floating. Empty: it can.
    """

    text: str
    line: int
    conditions: tuple[str, ...] = ()
    loop: int = 0
    source: str = ""
    dead: str = ""
    awaited: bool = False


# Mutable while the body is read; no one changes it afterwards.
@dataclass(slots=True)
class Body:
    """What a unit does: its checks, its skips, and the rows of data it runs on. `dead` are the checks that cannot
    fail the test."""

    asserts: list[Assertion] = field(default_factory=list)
    dead: list[Assertion] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    row_lists: int = 0
    """How many lists of rows there are, empty ones too."""
    cut: list[str] = field(default_factory=list)
    """Slices of the lists that are run over."""
