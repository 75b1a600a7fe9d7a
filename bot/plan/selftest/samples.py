"""A sample repository of the planner's self test. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.changeset.files_tree import Files

LANGUAGES = ("python", "typescript", "go")


@dataclass(frozen=True, slots=True)
class Sample:
    """A repository of one language."""

    name: str
    language: str
    files: Files = field(repr=False, hash=False)

    @property
    def lines(self) -> int:
        """How many lines its files have together."""
        return sum(text.count("\n") for text in self.files.values())
