"""Every documented code in the order of docs/codes.md, and which documented row a code that was given belongs to."""

from __future__ import annotations

from functools import cache

from bot.core.codes.changeset import CODES
from bot.core.codes.table import FAMILIES, SECTIONS

MADE_AT_RUN_TIME = "Codes made at run time"
ANY_READ, ANY_TYPE, ANY_RULE = "unread.*", "rule.<type>", "rule.<id>"
assert set(FAMILIES) == {ANY_READ, ANY_TYPE, ANY_RULE}, "a new family needs a line in `row_of`"


@cache
def sections() -> dict[str, tuple[str, ...]]:
    """The codes of each section of docs/codes.md; families by the name that stands there."""
    return {
        "ChangeSets": tuple(CODES),
        **{title: tuple(meanings) for title, meanings in SECTIONS.items()},
        MADE_AT_RUN_TIME: tuple(FAMILIES),
    }


@cache
def every_code() -> frozenset[str]:
    """All codes of all sections."""
    return frozenset(code for codes in sections().values() for code in codes)


def row_of(code: str) -> str | None:
    """The documented row of a code that was given, or None for one that nobody documented.

    A rule of cadence.yml has an id of its owner's choice, so it is recorded as `rule.<id>=that`.
    """
    if code in every_code():
        return code
    if code.startswith(f"{ANY_RULE}="):
        return ANY_RULE
    if code.startswith("unread."):
        return ANY_READ
    return ANY_TYPE if code.startswith("rule.") else None
