"""What protects a branch: rulesets and classic branch protection."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.core.json_types import JsonDict


@dataclass(eq=False)
class Ruleset:
    """Rules of one ruleset, active for the branches named (`~DEFAULT_BRANCH` allowed).

    They bind everyone but `bypass`, ids of Apps on the ruleset's bypass list.
    """

    id: int
    branches: tuple[str, ...]
    rules: list[JsonDict]
    bypass: frozenset[int] = frozenset()


@dataclass(eq=False)
class Protection:
    """Classic branch protection of one branch; `checks` are (context, app id or None).

    `push_apps` None lets everyone with write access push; else only the Apps of those ids (and administrators).
    """

    checks: list[tuple[str, int | None]] = field(default_factory=list)
    strict: bool = False
    approvals: int = 0
    linear: bool = False
    conversations: bool = False
    push_apps: frozenset[int] | None = None
