"""Every documented code in the order of docs/codes.md, and which documented row a code that was given belongs to."""

from __future__ import annotations

from functools import cache

from bot.core.codes.gate_reasons import FAMILIES
from bot.core.codes.lookup import CODES, SECTIONS

ANY_READ, ANY_TYPE, ANY_RULE = "unread.<fact>", "rule.<type>", "rule.<id>"
assert {row.code for row in FAMILIES} == {ANY_READ, ANY_TYPE, ANY_RULE}, "a new family needs a line in `row_of`"


@cache
def sections() -> dict[str, tuple[str, ...]]:
    """The codes of each section of docs/codes.md by its title; families by their name in the table."""
    return {section.title: tuple(row.code for row in section.rows) for section in SECTIONS}


@cache
def every_code() -> frozenset[str]:
    """All codes of all sections."""
    return frozenset(CODES)


def row_of(code: str) -> str | None:
    """The documented row of a code that was given, or None for one that the table does not have.

    A rule of cadence.yml has an id of its owner's choice, so it is recorded as `rule.<id>=that`.
    """
    if code in every_code():
        return code
    if code.startswith(f"{ANY_RULE}="):
        return ANY_RULE
    if code.startswith("unread."):
        return ANY_READ
    return ANY_TYPE if code.startswith("rule.") else None
