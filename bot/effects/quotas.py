"""Quotas: how many comments, pushes and pull requests a run may make, and how large the change that it pushes may be.

The ledger's effects are what is counted, so a restart and a second worker change nothing. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.core.errors import QuotaReached
from bot.effects.kinds import EffectKind

KINDS: Mapping[str, frozenset[EffectKind]] = MappingProxyType(
    {
        "comments": frozenset({EffectKind.COMMENT_CREATE, EffectKind.REVIEW_POST, EffectKind.REVIEW_DECIDE}),
        "pushes": frozenset({EffectKind.BRANCH_PUSH}),
        "pulls": frozenset({EffectKind.PULL_OPEN}),
    }
)
"""The effects that each quota counts. Edits, reactions and check runs are not counted."""
COUNTED: Mapping[EffectKind, str] = MappingProxyType({kind: name for name, kinds in KINDS.items() for kind in kinds})
"""The quota that counts a kind of effect."""
_NOUNS = {"comments": "comments and reviews", "pushes": "pushes", "pulls": "pull requests"}


def shown_setting(setting: str, *, is_operators: bool) -> str:
    """A limit's setting as sentences name it: a variable of the operator's, or a key of the repository's config."""
    return setting if is_operators else f"`{setting}`"


def raised_by(setting: str, *, is_operators: bool) -> str:
    """How a limit is raised, and what to do then."""
    if is_operators:
        return f"The operator raises {setting}; then comment `/cadence resume`."
    return f"Raise `{setting}` in .github/cadence.yml, then comment `/cadence resume`."


@dataclass(frozen=True, slots=True)
class ChangeSize:
    """How large a change is: files that differ from its base, and the bytes of their new contents."""

    files: int
    content_bytes: int

    @property
    def kilobytes(self) -> int:
        """Of 1,000 bytes, rounded up."""
        return -(-self.content_bytes // 1000)


@dataclass(frozen=True, slots=True)
class Quota:
    """One quota in force: `name` as in the codes, `setting` as people write it, `amount` is still allowed."""

    name: str
    setting: str
    amount: int
    is_operators: bool

    @property
    def shown_setting(self) -> str:
        """The setting as sentences name it."""
        return shown_setting(self.setting, is_operators=self.is_operators)

    @property
    def remedy(self) -> str:
        """How it is raised."""
        return raised_by(self.setting, is_operators=self.is_operators)


def count_reached(quotas: Sequence[Quota], name: str, made: int) -> QuotaReached | None:
    """Why a run that has made so many of what the quota counts may not make one more; None where it may."""
    quota = _lowest(quotas, name)
    if quota is None or made < quota.amount:
        return None
    summary = (
        f"the run has made {made:,} {_NOUNS[name]}, and {quota.shown_setting} allows {quota.amount:,}; no more was sent"
    )
    return QuotaReached(summary, code=f"quota.{name}", remedy=quota.remedy)


def size_reached(quotas: Sequence[Quota], change: ChangeSize) -> QuotaReached | None:
    """Why a change of that size may not be pushed; None where it may."""
    for name, amount in (("files", change.files), ("kilobytes", change.kilobytes)):
        quota = _lowest(quotas, name)
        if quota is None or amount <= quota.amount:
            continue
        figures = f"the change has {amount:,} {name}, and {quota.shown_setting} allows {quota.amount:,}"
        smaller = " Or comment `/cadence replan` and say how the change gets smaller."
        return QuotaReached(f"{figures}; it is not pushed", code=f"quota.{name}", remedy=quota.remedy + smaller)
    return None


def _lowest(quotas: Sequence[Quota], name: str) -> Quota | None:
    return min((one for one in quotas if one.name == name), key=lambda one: one.amount, default=None)
