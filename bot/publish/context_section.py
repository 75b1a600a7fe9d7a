"""The folded section of a pull request's text that lists what the model was shown for its plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.escape import cell, code_span, escape_line
from bot.ledger.context_entry import ContextEntry
from bot.plan.context.pack import LeftOut
from bot.plan.shown_files import ShownFile

MOST_FILES = 40
MOST_LEFT_OUT = 20
MOST_RANGES = 160
"""Characters of a file's ranges."""
MOST_CHANGED = 20
_PATH = 120


@dataclass(frozen=True, slots=True)
class MovedBase:
    """The base as it is now, where it is another commit than the plan was made from.

    `changed` are the shown files that differ there.
    """

    commit: str
    changed: tuple[str, ...]


def context_section(context: ContextEntry, moved: MovedBase | None = None) -> str:
    """Markdown of at most 40,000 characters, folded: files, lines, rank, reason, and what was left out."""
    files, missing = context.shown(), context.missing()
    count = f"{len(files)} file{'' if len(files) == 1 else 's'}"
    summary = f"What the model was shown: {count}, {context.used_tokens:,} of {context.budget:,} tokens"
    parts = [f"Made from the base {code_span(context.base[:12])}. {_moved(moved)}".strip()]
    if files:
        parts.append(_table(files))
    if missing:
        parts.append(f"Asked for, and not shown or only in part:\n\n{_list(missing)}")
    body = "\n\n".join(parts)
    # GitHub reads Markdown inside HTML only after an empty line:
    # https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/organizing-information-with-collapsed-sections
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def _moved(moved: MovedBase | None) -> str:
    if moved is None:
        return ""
    text = f"The base is now {code_span(moved.commit[:12])}; "
    if not moved.changed:
        return f"{text}none of these files changed in between."
    named = ", ".join(code_span(path, _PATH) for path in moved.changed[:MOST_CHANGED])
    more = len(moved.changed) - MOST_CHANGED
    return f"{text}of these files, {named}{f' and {more} more' if more > 0 else ''} changed in between."


def _table(files: Sequence[ShownFile]) -> str:
    rows = [
        (str(one.rank or ""), cell(code_span(one.path, _PATH)), _lines(one), cell(escape_line(one.reason)[:120]))
        for one in files[:MOST_FILES]
    ]
    head = ["| rank | file | lines | why |", "|---|---|---|---|"]
    table = "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])
    more = len(files) - MOST_FILES
    return f"{table}\n\n… and {more} more." if more > 0 else table


def _lines(one: ShownFile) -> str:
    text = one.lines()
    return text if len(text) <= MOST_RANGES else f"{text[: MOST_RANGES - 1]}…"


def _list(missing: Sequence[LeftOut]) -> str:
    rows = [
        f"- {code_span(one.path, _PATH)}: {escape_line(one.message)[:200]} ({code_span(one.code)})"
        for one in missing[:MOST_LEFT_OUT]
    ]
    more = len(missing) - MOST_LEFT_OUT
    return "\n".join([*rows, f"- and {more} more"] if more > 0 else rows)
