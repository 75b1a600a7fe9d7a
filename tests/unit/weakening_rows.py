"""Running one row of a table test: files before, files after, the codes that come out."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from bot.weakening.gate import weakening_findings
from tests.fakes.dict_tree import DictTree, changes


def codes(base: Mapping[str, str], head: Mapping[str, str], renames: Mapping[str, str] | None = None) -> set[str]:
    """The codes of all findings."""
    before = {path: dedent(text) for path, text in base.items()}
    after = {path: dedent(text) for path, text in head.items()}
    found = weakening_findings(DictTree(before), DictTree(after), changes(before, after, renames))
    return {one.code for one in found}


def edited(path: str, before: str, after: str) -> set[str]:
    """The codes when one file is edited."""
    return codes({path: before}, {path: after})
