"""docs/commands-shown.md: what each command did, in each place, for each role and in each state, as journeys saw it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.shown.naming import ROOT

PAGE = Path("docs/commands-shown.md")
MOST_SHOWN = 170
"""Characters of a reply that the page shows."""
_HEAD = """# Every command, shown

<!-- Made by `make commands-shown`, which runs the journeys; edit the code instead. -->

What Cadence did with each command, seen from outside: signed deliveries go in, and GitHub's state afterwards is read.
The commands are in [authors.md](authors.md#commands). `tests/journeys/test_commands_shown.py` makes every cell, and
fails where this page says something else.

A cell lists, in this order: the reactions on the comment; the state of the run before and after, where it changed; what
else is new; lines of the status comment that changed; and the number of the reply, whose beginning follows the table.
`nothing` means that none of it was seen. An admin and a writer may write to the repository; a triager may label; a
reader may only comment.
"""
_SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Seen:
    """What was seen after one command; `reply` is the text of the answer, empty without one."""

    outcome: str
    reply: str = ""


def section(title: str, columns: Sequence[str], cells: Mapping[str, Mapping[str, Seen]]) -> str:
    """One table: a row for each command, a column for each role or state, and the replies below it."""
    replies: list[str] = []

    def shown(seen: Seen) -> str:
        if not seen.reply:
            return seen.outcome or "nothing"
        text = as_shown(seen.reply)
        if text not in replies:
            replies.append(text)
        return "; ".join(filter(None, (seen.outcome, f"reply {replies.index(text) + 1}")))

    rows = [[command, *(shown(row[column]) for column in columns)] for command, row in cells.items()]
    lines = [["", *columns], ["---"] * (len(columns) + 1), *rows]
    table = "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
    below = "\n".join(f"{number}. {text}" for number, text in enumerate(replies, 1))
    return f"## {title}\n\n{table}\n" + (f"\n{below}\n" if below else "")


def as_shown(reply: str) -> str:
    """A reply on one line, without what differs from run to run, and cut."""
    text = re.sub(r"<!--.*?-->", "", reply.replace("\u200b", ""), flags=re.DOTALL)
    text = re.sub(r" \(\[details\]\([^)]*\)\)", "", text)
    text = re.sub(r"\b[0-9]{5,}-[0-9]+-[0-9a-f]{10}\b", "RUN", text)
    text = re.sub(r"\b(?=[0-9a-f]*[0-9])[0-9a-f]{12,40}\b", "HASH", text)
    text = re.sub(r"#[0-9]+", "#N", " ".join(text.split()))
    return text if len(text) <= MOST_SHOWN else text[: MOST_SHOWN - 1].rstrip() + "…"


def sections(page: str) -> dict[str, str]:
    """The text of each section of the page by its title."""
    starts = list(_SECTION.finditer(page))
    ends = [start.start() for start in starts[1:]] + [len(page)]
    return {start["title"]: page[start.start() : end].strip() + "\n" for start, end in zip(starts, ends, strict=True)}


def committed() -> dict[str, str]:
    """The sections of the page as it is in the tree."""
    path = ROOT / PAGE
    return sections(path.read_text("utf-8")) if path.is_file() else {}


def write(made: Mapping[str, str], order: Sequence[str]) -> None:
    """Put new sections into the page in that order; those of the page that are not in it go."""
    known = {**committed(), **made}
    parts = [_HEAD, *(known[title] for title in order if title in known)]
    (ROOT / PAGE).write_text("\n".join(parts), "utf-8")
