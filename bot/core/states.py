"""The states of a run and the moves between them: one table, from which docs/states.md is generated."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """The state of a run. Values are what people read."""

    RECEIVED = "received"
    WAITING_APPROVAL = "waiting: approval"
    WAITING_ANSWER = "waiting: answer"
    WAITING_DEPENDENCY = "waiting: dependency"
    WAITING_LIMIT = "waiting: limit"
    PLANNING = "planning"
    JUDGING = "judging"
    PUBLISHING = "publishing"
    REVIEWING = "reviewing"
    GATED = "gated"
    REPAIRING = "repairing"
    HELD = "held"
    MERGING = "merging"
    WATCHING = "watching"
    MERGED = "merged"
    REFUSED = "refused"
    NEEDS_HUMAN = "needs human"
    STOPPED = "stopped"
    STOPPED_BUDGET = "stopped: budget"
    BLOCKED = "blocked"
    SUPERSEDED = "superseded"
    REVERTED = "reverted"


S = RunState

TERMINAL = frozenset(
    {S.MERGED, S.REFUSED, S.NEEDS_HUMAN, S.STOPPED, S.STOPPED_BUDGET, S.BLOCKED, S.SUPERSEDED, S.REVERTED}
)
"""No more work of its own; some can be woken by a command, which the table below says."""

# The names are public, and the ledger may hold them one day; the capabilities that lead to them come later.
NOT_ENTERED = frozenset({S.WAITING_ANSWER, S.WAITING_DEPENDENCY, S.BLOCKED})
"""No run comes into these yet."""

FINAL = frozenset({S.MERGED, S.SUPERSEDED, S.REVERTED})
"""Nothing wakes these for new work (a merged run may still be reverted)."""

ENDINGS = frozenset({S.REFUSED, S.NEEDS_HUMAN, S.STOPPED, S.STOPPED_BUDGET, S.BLOCKED, S.SUPERSEDED})
"""Ends that any unfinished run can come to."""

WAITING = frozenset({S.WAITING_APPROVAL, S.WAITING_ANSWER, S.WAITING_DEPENDENCY, S.WAITING_LIMIT})

BUILDING = frozenset({S.RECEIVED, S.PLANNING, S.JUDGING, S.PUBLISHING, S.WAITING_LIMIT})
"""`build` has work to do in these."""

AT_THE_GATE = frozenset({S.REVIEWING, S.GATED, S.HELD, S.MERGING, S.WATCHING, S.REPAIRING})
"""A pull request exists and `reconcile` drives the run."""

# A pull request may be merged by a person in any state after it was opened, so `watching` and `merged` follow them all.
_FORWARD: dict[RunState, frozenset[RunState]] = {
    S.RECEIVED: frozenset({S.WAITING_APPROVAL, S.WAITING_DEPENDENCY, S.WAITING_LIMIT, S.PLANNING}),
    S.WAITING_APPROVAL: frozenset({S.RECEIVED, S.PLANNING, S.PUBLISHING}),
    S.WAITING_ANSWER: frozenset({S.PLANNING}),
    S.WAITING_DEPENDENCY: frozenset({S.RECEIVED, S.PLANNING}),
    S.WAITING_LIMIT: frozenset({S.RECEIVED, S.PLANNING, S.JUDGING, S.PUBLISHING}),
    S.PLANNING: frozenset({S.WAITING_ANSWER, S.WAITING_APPROVAL, S.WAITING_LIMIT, S.JUDGING}),
    S.JUDGING: frozenset({S.WAITING_APPROVAL, S.WAITING_LIMIT, S.PLANNING, S.PUBLISHING}),
    S.PUBLISHING: frozenset({S.WAITING_APPROVAL, S.WAITING_LIMIT, S.PLANNING, S.REVIEWING, S.WATCHING, S.MERGED}),
    S.REVIEWING: frozenset({S.GATED, S.REPAIRING, S.HELD, S.MERGING, S.WATCHING, S.MERGED}),
    S.GATED: frozenset({S.REVIEWING, S.REPAIRING, S.HELD, S.MERGING, S.WATCHING, S.MERGED}),
    S.REPAIRING: frozenset({S.WAITING_APPROVAL, S.REVIEWING, S.GATED, S.HELD, S.WATCHING, S.MERGED}),
    S.HELD: frozenset({S.REVIEWING, S.GATED, S.REPAIRING, S.WATCHING, S.MERGED}),
    S.MERGING: frozenset({S.GATED, S.HELD, S.WATCHING, S.MERGED}),
    S.WATCHING: frozenset({S.MERGED, S.REVERTED}),
    S.MERGED: frozenset({S.REVERTED}),
    S.REFUSED: frozenset({S.RECEIVED, S.SUPERSEDED, S.STOPPED}),
    S.NEEDS_HUMAN: frozenset({S.RECEIVED, S.GATED, S.SUPERSEDED, S.STOPPED, S.MERGED}),
    S.STOPPED: frozenset({S.RECEIVED, S.GATED, S.SUPERSEDED, S.MERGED}),
    S.STOPPED_BUDGET: frozenset({S.RECEIVED, S.GATED, S.SUPERSEDED, S.STOPPED, S.MERGED}),
    S.BLOCKED: frozenset({S.RECEIVED, S.SUPERSEDED, S.STOPPED}),
    S.SUPERSEDED: frozenset(),
    S.REVERTED: frozenset(),
}


def may_move(current: RunState, to: RunState) -> bool:
    """Whether the table allows the move. Every unfinished state may also come to any ending."""
    if current not in TERMINAL and to in ENDINGS:
        return True
    return to in _FORWARD[current]


def moves(current: RunState) -> frozenset[RunState]:
    """Every state that can follow the given one."""
    return frozenset(to for to in RunState if may_move(current, to))
