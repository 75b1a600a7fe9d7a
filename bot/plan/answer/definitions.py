"""The definitions of a file by their paths in the outline (`Reader.parse`), for edits that name one."""

from __future__ import annotations

from bot.plan.answer.assemble import Definition
from bot.syntax.languages import language_of
from bot.syntax.structure import structure


def definitions_of(path: str, text: str) -> tuple[Definition, ...]:
    """Every definition with the names of the definitions around it; none for a language that Cadence does not read."""
    language = language_of(path)
    if language is None:
        return ()
    found: list[Definition] = []
    around: list[Definition] = []
    for one in structure(text.encode(), language).definitions:
        around = [outer for outer in around if outer.last >= one.end]
        made = Definition(".".join([*([around[-1].name] if around else []), one.name]), one.start, one.end)
        found.append(made)
        if one.scope:
            around.append(made)
    return tuple(found)
