"""What the gate answers: a decision with every reason, each with its code, who can change it and what happens next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.codes.lookup import code_entry
from bot.core.codes.reason_code import GITHUB
from bot.core.names import HeadSha


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing between the pull request and its merge.

    `code` is stable (docs/codes.md); `text` one sentence; `who` can change it; `next_step` says how; `links` are URLs;
    `short` is a few words for a title, made to follow `Waiting ` or `Blocked: `; `when` completes `Merges when ...`.
    """

    code: str
    text: str
    who: str
    next_step: str
    links: tuple[str, ...] = ()
    short: str = ""
    when: str = ""


def reason(
    code: str,
    text: str,
    *,
    who: str = "",
    then: str = "",
    short: str = "",
    when: str = "",
    links: Iterable[str] = (),
) -> Reason:
    """A reason whose empty parts are those of its code. Raises KeyError for a code that codes.py does not describe."""
    entry = code_entry(code)
    return Reason(
        code,
        text,
        who or entry.who,
        then or entry.next_step,
        tuple(link for link in links if link),
        short or text,
        when or entry.when,
    )


@dataclass(frozen=True, slots=True)
class Merge:
    """Merge exactly `head` with `method`, or put it into the base's merge queue, whose method is its own.

    `notes` blocks nothing and are shown.
    """

    method: str
    head: HeadSha
    notes: tuple[Reason, ...] = ()
    passed: tuple[str, ...] = ()
    queue: bool = False

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """None are left."""
        return ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Not yet: events (or the time `until`) can change every reason without a person undoing anything."""

    reasons: tuple[Reason, ...]
    until: datetime | None = None
    passed: tuple[str, ...] = ()
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """No, until a person changes something. The blocking reasons come first, what would also be waited for after.

    `until` is when waiting alone changes one of the latter.
    """

    reasons: tuple[Reason, ...]
    until: datetime | None = None
    passed: tuple[str, ...] = ()
    notes: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing to decide: the pull request is merged or closed."""

    how: Literal["merged", "closed"]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """None: it is over."""
        return ()


Decision = Merge | Wait | Block | Done


STAYS_QUEUED = frozenset({"rule.merge_queue", "mergeable.unknown", "ci.pending", "ci.settling", "review.unposted"})
"""Reasons that take nothing out of a merge queue: the queue itself, and facts that GitHub is about to tell."""


def fits_the_queue(decision: Decision) -> bool:
    """Whether an entry of a merge queue may stay in it: every reason against it ends with time alone."""
    return isinstance(decision, Merge) or (
        isinstance(decision, Wait) and all(one.code in STAYS_QUEUED for one in decision.reasons)
    )


class Findings:
    """Collects what one look finds; every check adds to it, none returns early."""

    def __init__(self) -> None:
        self.blocks: list[Reason] = []
        self.waits: list[Reason] = []
        self.notes: list[Reason] = []
        self.passed: list[str] = []
        self.until: datetime | None = None

    def block(
        self, code: str, text: str, *, then: str = "", short: str = "", when: str = "", links: Iterable[str] = ()
    ) -> None:
        """A person has to change something."""
        self.blocks.append(reason(code, text, then=then, short=short, when=when, links=links))

    def wait(
        self, code: str, text: str, *, then: str = "", short: str = "", when: str = "", links: Iterable[str] = ()
    ) -> None:
        """An event will change it."""
        self.waits.append(reason(code, text, then=then, short=short, when=when, links=links))

    def look_at(self, when: datetime) -> None:
        """Time alone may change something then: the earliest such time is kept."""
        self.until = when if self.until is None else min(self.until, when)

    def note(self, code: str, text: str) -> None:
        """It blocks nothing as far as can be seen: GitHub itself enforces it at the merge."""
        self.notes.append(reason(code, text, who=GITHUB, then="Nothing is needed unless GitHub refuses the merge."))

    def unread(self, field: str, what: str) -> None:
        """A fact that could not be read never passes."""
        text = f"{what} could not be read."
        self.wait(
            f"unread.{field}",
            text[0].upper() + text[1:],
            short=f"for an answer from GitHub: {what} could not be read",
            when=f"GitHub tells {what}",
        )

    def decision(self, method: str, head: HeadSha, *, queue: bool = False) -> Merge | Wait | Block:
        """Block before Wait before Merge."""
        passed, notes = tuple(self.passed), tuple(self.notes)
        if self.blocks:
            return Block((*self.blocks, *self.waits), self.until, passed, notes)
        if self.waits:
            return Wait(tuple(self.waits), self.until, passed, notes)
        return Merge(method, head, notes, passed, queue)
