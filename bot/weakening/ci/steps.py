"""What every file of jobs comes down to: named lists of steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from bot.weakening.ci.commands import action_checks, checks_of


@dataclass(frozen=True)
class Step:
    """One step: its command lines, or the action it uses without a version."""

    lines: tuple[str, ...]
    uses: str = ""
    pin: str = ""
    lenient: bool = False
    off: bool = False
    condition: str = ""
    """What the step waits for, as written; empty where it always runs."""

    # The name of a step is free text, so its commands or its action identify it.
    @property
    def key(self) -> str:
        """By which the step is known on the other side."""
        return self.uses or "\n".join(self.lines)

    @property
    def checks(self) -> frozenset[str]:
        found = action_checks(self.uses) if self.uses else frozenset()
        return found.union(*(checks_of(line) for line in self.lines))


@dataclass
class Job:
    """A job, a tox environment, a make target, a package script: a named list of steps."""

    path: str
    name: str
    steps: list[Step] = field(default_factory=list)
    lenient: bool = False
    off: bool = False
    condition: str = ""
    needs: tuple[str, ...] = ()
    pipefail: bool = True
    """Whether the shell looks at every command of a pipe, not only at the last."""
    stops: bool = True
    """Whether the shell stops at the first command that fails (`sh -e`)."""
    matrix: dict[str, list[str]] = field(default_factory=dict)
    excluded: list[tuple[str, ...]] = field(default_factory=list)

    @cached_property
    def lines(self) -> list[str]:
        """All command lines; asked for only when the steps are complete."""
        return [line for step in self.steps for line in step.lines]

    @cached_property
    def keys(self) -> frozenset[str]:
        return frozenset([*self.lines, *(step.uses for step in self.steps if step.uses)])

    @cached_property
    def checks(self) -> frozenset[str]:
        return frozenset().union(*(step.checks for step in self.steps))
